"""Dates, levels and positions of a life cycle as JSON: what `calendar --json` prints."""

from itss_bridge.exporters.values import JsonObject, day_json, text_json
from itss_bridge.model import Condition, Milestone


def milestone_json(milestone: Milestone) -> JsonObject:
    """One date; its shape is an item of `schemas/cli/calendar.json`."""
    return {
        "id": milestone.id,
        "kind": milestone.kind,
        "on": day_json(milestone.on),
        "until": day_json(milestone.until),
        "state": milestone.state,
        "certain": milestone.certain,
        "title": text_json(milestone.title),
        "note": text_json(milestone.note),
        "frameworks": list(milestone.frameworks),
        "rules": list(milestone.rules),
        "source": list(milestone.origin.source),
        "confidence": milestone.origin.confidence,
        "lead": milestone.lead,
        "conditions": [_condition(c) for c in milestone.conditions],
    }


def _condition(condition: Condition) -> JsonObject:
    return {
        "rule": condition.rule,
        "title": text_json(condition.title),
        "state": condition.state,
        "on": day_json(condition.on),
        "note": text_json(condition.note),
        "certain": condition.certain,
        "source": list(condition.origin.source),
        "confidence": condition.origin.confidence,
    }
