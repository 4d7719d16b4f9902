"""What changed between two reports, as JSON: what `matrix diff --json` prints."""

from itss_bridge.exporters.values import JsonObject, moment, number_json, text_json
from itss_bridge.model import ChangedCheck, ChangedFinding, ChangedLevel, Changes, Side


def changes_json(found: Changes) -> JsonObject:
    """All that changed; its shape is `schemas/cli/changes.json`."""
    return {
        "from": moment(found.since),
        "to": moment(found.until),
        "catalogue": found.catalogue,
        "evidence": found.evidence,
        "reached": {"from": found.reached_before, "to": found.reached_after},
        "levels": [_level(level) for level in found.levels],
        "changes": [_finding(one) for one in found.findings],
        "notes": [text_json(note) for note in found.notes],
    }


def _finding(one: ChangedFinding) -> JsonObject:
    return {
        "requirement": one.requirement,
        "clause": one.clause,
        "title": text_json(one.title),
        "from": _side(one.before),
        "to": _side(one.after),
        "causes": list(one.causes),
        "checks": [_check(check) for check in one.checks],
        "by": list(one.by),
    }


def _side(side: Side | None) -> JsonObject | None:
    if side is None:
        return None
    measured = side.measured.value if side.measured else None
    return {"status": side.status.value, "measured": measured, "basis": side.basis}


def _check(check: ChangedCheck) -> JsonObject:
    return {
        "id": check.id,
        "needed": check.needed,
        "from": {"verdict": check.before.value, "value": number_json(check.value_before)},
        "to": {"verdict": check.after.value, "value": number_json(check.value_after)},
    }


def _level(level: ChangedLevel) -> JsonObject:
    return {
        "level": level.level,
        "from": level.before.value if level.before else None,
        "to": level.after.value if level.after else None,
        "rules": [
            {
                "id": rule.id,
                "from": rule.before.value if rule.before else None,
                "to": rule.after.value if rule.after else None,
            }
            for rule in level.rules
        ],
    }
