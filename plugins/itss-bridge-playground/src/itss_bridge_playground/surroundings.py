"""What the recorded incidents refer to, made up from a seed: problems, changes, configuration items.

The recording names ids only. Each named thing gets a story, dated so that nothing is referred to before it exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from itertools import accumulate, takewhile
from random import Random

from itss_bridge_playground.uci import Event, IncidentLog, stamp

Steps = list[tuple[int, dict[str, str]]]
"""What happened to a synthetic row: epoch seconds and the cells that changed then, oldest first."""


DAY = 86_400
_PROBLEM_DAYS = ((0.2, 2), (1, 5), (3, 20), (5, 30), (3, 14))
_CHANGE_DAYS = ((0.2, 2), (0.5, 3), (0.5, 2), (1, 6), (0.1, 0.5), (1, 5))
_CLASSES = ("cmdb_ci_linux_server", "cmdb_ci_win_server", "cmdb_ci_appl", "cmdb_ci_netgear")
_NAMES: dict[str, str] = {}


@cache
def identity(table: str, key: str) -> str:
    """The sys_id of a thing: 32 hex digits, the same in every run; empty for nothing."""
    sys_id = blake2b(f"{table}:{key}".encode(), digest_size=16).hexdigest() if key else ""
    _NAMES[sys_id] = key
    return sys_id


def display_name(sys_id: str) -> str:
    """What people call the thing with this sys_id."""
    return _NAMES.get(sys_id, "")


def rows_at(things: Iterable[Steps], now: int) -> Iterator[dict[str, str]]:
    """The rows that exist at *now*, each with all that has happened to it until then."""
    for steps in things:
        past = list(takewhile(lambda step: step[0] <= now, steps))
        if past:
            row: dict[str, str] = {}
            for _, cells in past:
                row |= cells
            row["sys_created_on"], row["sys_updated_on"] = moment(past[0][0]), moment(past[-1][0])
            yield row | {"sys_mod_count": str(len(past) - 1)}


def _task(table: str, number: str, event: Event) -> dict[str, str]:
    """What a ticket takes over from the incident that led to it."""
    return {
        "number": number,
        "sys_class_name": table,
        "active": "true",
        "priority": event.priority[:1],
        "impact": event.impact[:1],
        "urgency": event.urgency[:1],
        "category": event.category,
        "subcategory": event.subcategory,
        "short_description": f"{event.u_symptom or 'Unknown symptom'}: {event.category or 'no category'}",
        "assignment_group": identity("sys_user_group", event.assignment_group),
        "opened_by": identity("sys_user", event.opened_by),
        "assigned_to": identity("sys_user", event.assigned_to),
        "cmdb_ci": identity("cmdb_ci", event.cmdb_ci),
        "knowledge": "false",
        "made_sla": "true",
        "contact_type": "phone",
        "reassignment_count": "0",
    }


def _times(start: int, days: Sequence[float]) -> list[int]:
    """*start* and the moments after each of *days*, in whole minutes."""
    return [start + round(passed * DAY / 60) * 60 for passed in accumulate(days, initial=0.0)]


def problems(log: IncidentLog, seed: int) -> list[Steps]:
    """One problem for each `problem_id` of the recording."""
    return [
        _problem(name, event, Random(f"{seed}:problem:{name}"))  # noqa: S311 - synthetic data, not a secret
        for name, event in log.first_naming("problem_id").items()
    ]


def _problem(name: str, event: Event, chance: Random) -> Steps:
    """Opened when first named; assessed, cause sought, fix under way, resolved, closed; every seventh gets stuck."""
    number = f"PRB{int(name.rsplit(maxsplit=1)[-1]):07d}"
    at = _times(epoch(event.sys_updated_at), [chance.uniform(*span) for span in _PROBLEM_DAYS])
    opened = _task("problem", number, event)
    opened |= {"sys_id": identity("problem", name), "state": "101", "reopen_count": "0"}
    known = chance.choice(("true", "false"))
    steps: Steps = [
        (at[0], opened | {"opened_at": moment(at[0]), "known_error": "false"}),
        (at[1], {"state": "102"}),
        (at[2], {"state": "103", "workaround": "Restart the service." if chance.random() < 0.7 else ""}),  # noqa: PLR2004
        (at[3], {"state": "104", "cause_notes": "Configuration drift.", "known_error": known}),
        (at[4], {"state": "106", "fix_notes": "Corrected by change.", "resolved_at": moment(at[4])}),
        (at[5], {"state": "107", "active": "false", "closed_at": moment(at[5])}),
    ]
    return steps[: 3 if chance.random() < 1 / 7 else None]


def changes(log: IncidentLog, seed: int) -> list[Steps]:
    """Changes that mend are raised when first named; one that is named as a cause was over before its incident."""
    mends, causes = log.first_naming("rfc"), log.first_naming("caused_by")
    return [
        _change(name, mends.get(name), causes.get(name), Random(f"{seed}:change:{name}"))  # noqa: S311
        for name in sorted(mends | causes)
    ]


def _change(number: str, mends: Event | None, causes: Event | None, chance: Random) -> Steps:
    kind = chance.choices(("normal", "standard", "emergency"), (7, 2, 1))[0]
    pace = {"normal": 1.0, "standard": 0.5, "emergency": 0.1}[kind]
    at = _times(0, [pace * chance.uniform(*span) for span in _CHANGE_DAYS])
    starts = [epoch(mends.sys_updated_at)] if mends else []
    starts += [epoch(causes.opened_at) - at[-1]] if causes else []
    at = [min(starts) + passed for passed in at]
    return _change_steps(_task("change_request", number, mends or causes), number, kind, at, chance)  # type: ignore[arg-type]


def _change_steps(task: dict[str, str], number: str, kind: str, at: list[int], chance: Random) -> Steps:
    """New, assess, authorise, scheduled, implement, review, closed; a few are refused instead of scheduled."""
    raised = task | {"sys_id": identity("change_request", number), "state": "-5", "type": kind}
    raised |= {"opened_at": moment(at[0]), "approval": "not requested", "requested_by": task["assigned_to"]}
    plan = {"start_date": moment(at[4]), "end_date": moment(at[5]), "risk": chance.choice("234")}
    plan["backout_plan"] = "Restore the previous version." if chance.random() < 0.9 else ""  # noqa: PLR2004
    outcome = chance.choices(("successful", "successful_issues", "unsuccessful"), (85, 9, 6))[0]
    steps: Steps = [
        (at[0], raised),
        (at[1], {"state": "-4"} | plan),
        (at[2], {"state": "-3", "approval": "requested"}),
        (at[3], {"state": "-2", "approval": "approved", "approval_set": moment(at[3])}),
        (at[4], {"state": "-1", "work_start": moment(at[4])}),
        (at[5], {"state": "0", "work_end": moment(at[5])}),
        (at[6], {"state": "3", "active": "false", "closed_at": moment(at[6]), "close_code": outcome}),
    ]
    steps[-1][1]["review_date"] = moment(at[6])[:10] if chance.random() < 0.9 else ""  # noqa: PLR2004
    if chance.random() < 0.05:  # noqa: PLR2004
        refused = {"state": "4", "approval": "rejected", "active": "false", "closed_at": moment(at[3])}
        return [*steps[:3], (at[3], refused)]
    return steps


def configuration_items(log: IncidentLog, seed: int) -> list[Steps]:
    """One configuration item for each `cmdb_ci` of the recording."""
    return [
        _configuration_item(name, Random(f"{seed}:ci:{name}"))  # noqa: S311
        for name in log.first_naming("cmdb_ci")
    ]


def _configuration_item(name: str, chance: Random) -> Steps:
    """Recorded well before the first incident, found again every thirty days; some are lost sight of, some retired."""
    start = epoch("2014-01-06 00:00:00") + chance.randrange(600) * DAY + chance.randrange(1440) * 60
    recorded = {
        "sys_id": identity("cmdb_ci", name),
        "name": name,
        "sys_class_name": chance.choice(_CLASSES),
        "install_status": "1",
        "operational_status": "1",
        "environment": chance.choices(("Production", "Test"), (4, 1))[0],
        "owned_by": identity("sys_user", f"Owner {chance.randrange(9)}"),
        "support_group": identity("sys_user_group", f"Group {chance.randrange(1, 80)}"),
    }
    rounds = chance.randrange(6, 20) if chance.random() < 1 / 8 else 40
    steps = [(start + n * 30 * DAY, {"last_discovered": moment(start + n * 30 * DAY)}) for n in range(rounds)]
    steps[0][1].update(recorded)
    if chance.random() < 1 / 16:
        steps[-1][1].update({"install_status": "7", "operational_status": "6"})
    return steps


@cache
def epoch(text: str) -> int:
    """Seconds since 1970 of a `YYYY-MM-DD HH:MM:SS` in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def moment(seconds: int) -> str:
    """The reverse of `epoch`."""
    return stamp(datetime.fromtimestamp(seconds, UTC))
