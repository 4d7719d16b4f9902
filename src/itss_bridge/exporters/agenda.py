"""Dates, levels and positions of a life cycle as JSON: what `calendar --json` prints."""

from itss_bridge.model import Condition, Json, Milestone, Text

JsonObject = dict[str, Json]


def milestone_json(milestone: Milestone) -> JsonObject:
    """One date; its shape is an item of `schemas/cli/calendar.json`."""
    return {
        "id": milestone.id,
        "kind": milestone.kind,
        "on": _day(milestone.on),
        "until": _day(milestone.until),
        "state": milestone.state,
        "certain": milestone.certain,
        "title": _text(milestone.title),
        "note": _text(milestone.note),
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
        "title": _text(condition.title),
        "state": condition.state,
        "on": _day(condition.on),
        "note": _text(condition.note),
        "certain": condition.certain,
        "source": list(condition.origin.source),
        "confidence": condition.origin.confidence,
    }


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}
