"""What ServiceNow wrote down about each update of an incident: `sys_audit` and `metric_instance`, from the recording.

`sys_audit` has one row for each column that an update changed, none for the insert. `metric_instance` has one row for
as long as a column kept a value. Both say the same; nothing in them is made up.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from itss_bridge_playground.surroundings import epoch, identity, moment
from itss_bridge_playground.uci import Event

HOLD = {"Awaiting User Info": "1", "Awaiting Problem": "3", "Awaiting Vendor": "4", "Awaiting Evidence": "5"}
_STATES = {"New": "1", "Active": "2", "Resolved": "6", "Closed": "7"}
_LABELS = {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed"}
_MEASURED = ("incident_state", "assignment_group", "assigned_to")


def state(event: Event) -> str:
    """The raw state of an incident: `On Hold` whatever it waits for, and what we have no number for as it is."""
    return "3" if event.incident_state in HOLD else _STATES.get(event.incident_state, event.incident_state)


def audited(event: Event) -> dict[str, str]:
    """The columns whose changes are written down, raw."""
    return {
        "state": state(event),
        "incident_state": state(event),
        "hold_reason": HOLD.get(event.incident_state, ""),
        "assignment_group": identity("sys_user_group", event.assignment_group),
        "assigned_to": identity("sys_user", event.assigned_to),
        "priority": event.priority[:1],
    }


def sys_audit(shown: Sequence[Event]) -> Iterator[dict[str, str]]:
    """One row for each column that a recorded update of one incident changed."""
    for before, after in pairwise(shown):
        was = audited(before)
        for column, value in audited(after).items():
            if was[column] != value:
                yield {
                    "sys_id": identity("sys_audit", f"{after.number} {after.sys_updated_at} {column}"),
                    "tablename": "incident",
                    "documentkey": identity("incident", after.number),
                    "fieldname": column,
                    "oldvalue": was[column],
                    "newvalue": value,
                    "user": after.sys_updated_by,
                    "sys_created_on": after.sys_updated_at,
                    "sys_updated_on": after.sys_updated_at,
                }


def metric_instance(shown: Sequence[Event]) -> Iterator[dict[str, str]]:
    """How long one incident kept each state, group and person; the last stretch ends when the incident is closed."""
    for column in _MEASURED:
        starts = [(event.sys_updated_at, audited(event)[column]) for event in shown]
        runs = [starts[0], *(after for before, after in pairwise(starts) if before[1] != after[1])]
        ends = [at for at, _ in runs[1:]] + [shown[-1].sys_updated_at if state(shown[-1]) == "7" else ""]
        for (start, value), end in zip(runs, ends, strict=True):
            # a metric stops with the ticket: of the state Closed itself there is no stretch
            if value and not (column == "incident_state" and value == "7"):
                yield _stretch(shown[0].number, column, value, start, end)


def _stretch(number: str, column: str, value: str, start: str, end: str) -> dict[str, str]:
    return {
        "sys_id": identity("metric_instance", f"{number} {column} {start}"),
        "definition": identity("metric_definition", column),
        "definition.type": "field_value_duration",
        "table": "incident",
        "field": column,
        "id": identity("incident", number),
        "field_value": value,
        "value": _LABELS.get(value, value),
        "start": start,
        "end": end,
        "duration": moment(epoch(end) - epoch(start)) if end else "",
        "calculation_complete": "true" if end else "false",
        "sys_created_on": start,
        "sys_updated_on": end or start,
    }
