"""Three ways at once: what was exported, what the workbook says now, what the workspace's files say now.

A pure function; it decides nothing that both sides changed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, TypeAlias

from itss_bridge.messages import Message, say
from itss_bridge.roundtrip.entered import FIELDS, Entered, Kind

State: TypeAlias = Literal["taken", "there", "kept", "conflict", "invalid"]
Side: TypeAlias = Literal["workbook", "workspace"]
Values: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One field that somebody changed since the workbook was written.

    *taken*: only the workbook changed it. *there*: both say the same now. *kept*: only the workspace changed it.
    *conflict*: both changed it, differently. *invalid*: it cannot be taken, *reason* says why; *where* is `SHEET!CELL`.
    """

    kind: Kind
    id: str
    field: str
    base: str
    workbook: str
    workspace: str
    state: State
    where: str
    reason: Message | None = None


def compare(
    base: Mapping[str, Any], cells: Iterable[Entered], present: Mapping[Kind, Values], day: date, role: str = ""
) -> tuple[Line, ...]:
    """Every field that differs somewhere, in the order of the workbook's cells.

    Args:
        base: what was exported (`exporters.xlsx.base.base_json`).
        cells: the workbook's cells for people.
        present: what the workspace's files say now, by kind, then by gap or requirement; what is not in it is unknown.
        day: the first day on which a judgement that is taken counts.
        role: who judges, where the workbook does not say.
    """
    shelves: dict[Kind, Values] = {"action": base["gaps"], "judgement": base["judgements"]}
    grouped: dict[tuple[Kind, str], dict[str, list[Entered]]] = {}
    for cell in cells:
        grouped.setdefault((cell.kind, cell.id), {}).setdefault(cell.field, []).append(cell)
    found: list[Line] = []
    for (kind, name), fields in grouped.items():
        before, now = shelves[kind].get(name), present[kind].get(name)
        if before is None or now is None:
            found += _unknown(fields, before is None)
            continue
        lines = [_field(before, now, fields[field]) for field in FIELDS[kind] if field in fields]
        changed = [line for line in lines if line is not None]
        found += _judged(changed, before, now, day, role) if kind == "judgement" else changed
    return tuple(found)


def decided(lines: Iterable[Line], take: Side | None) -> tuple[Line, ...]:
    """The lines with every conflict decided for one side; unchanged without a side."""
    states: dict[Side, State] = {"workbook": "taken", "workspace": "kept"}
    if take is None:
        return tuple(lines)
    return tuple(replace(line, state=states[take]) if line.state == "conflict" else line for line in lines)


def _unknown(fields: Mapping[str, list[Entered]], foreign: bool) -> Iterator[Line]:  # noqa: FBT001 - which of two words
    """Filled cells beside an id that the workbook was not given, or that the catalogue does not have any more."""
    reason = (
        say("this id was not in the exported workbook")
        if foreign
        else say("the workspace's catalogue does not have this id any more")
    )
    for cell in (cell for cells in fields.values() for cell in cells if cell.value):
        yield Line(cell.kind, cell.id, cell.field, "", cell.value, "", "invalid", cell.where, reason)


def _field(before: Mapping[str, str], now: Mapping[str, str], cells: list[Entered]) -> Line | None:
    """One field, which may stand on several sheets: whichever cell was changed speaks."""
    field, was, present = cells[0].field, before[cells[0].field], now[cells[0].field]
    changed = [cell for cell in cells if cell.problem or cell.value != was]
    speaks = changed[0] if changed else cells[0]
    line = Line(speaks.kind, speaks.id, field, was, speaks.value, present, "taken", speaks.where)
    problem = next((cell for cell in changed if cell.problem), None)
    if problem is not None:
        return replace(line, workbook=problem.value, where=problem.where, state="invalid", reason=problem.problem)
    if len({cell.value for cell in changed}) > 1:
        places = ", ".join(cell.where for cell in changed)
        return replace(line, state="invalid", where=places, reason=say("these cells say different things"))
    if not changed:
        return None if present == was else replace(line, state="kept")
    if speaks.value == present:
        return replace(line, state="there")
    return line if present == was else replace(line, state="conflict")


def _judged(lines: list[Line], before: Mapping[str, str], now: Mapping[str, str], day: date, role: str) -> list[Line]:
    """A judgement counts as a whole: it needs a status, a reason and a role, and ends after it begins."""
    ours = [line for line in lines if line.state in {"taken", "conflict", "there"}]
    if not any(line.state in {"taken", "conflict"} for line in ours):
        return lines
    said = {**now, **{line.field: line.workbook for line in lines if line.state != "kept"}}
    if not said["status"]:
        return _without_status(lines, before)
    first = ours[0]
    if not said["role"] and role:
        said["role"] = role
        new = Line(first.kind, first.id, "role", before["role"], role, now["role"], "taken", first.where)
        lines = [*(line for line in lines if line.field != "role"), new]
    reason = _lacks(said, day)
    if reason is None:
        return lines
    return [replace(line, state="invalid", reason=reason) if line in ours else line for line in lines]


def _without_status(lines: list[Line], before: Mapping[str, str]) -> list[Line]:
    """An emptied status takes the judgement back with all that belongs to it; a reason alone judges nothing."""
    if before["status"]:
        return [line for line in lines if line.field == "status"]
    reason = say("a judgement needs a status")
    return [replace(line, state="invalid", reason=reason) if line.workbook else line for line in lines]


def _lacks(said: Mapping[str, str], day: date) -> Message | None:
    if not said["reason"]:
        return say("a judgement needs a reason")
    if not said["role"]:
        return say("a judgement needs a role: fill in the column, or say --role")
    if said["expires"] and date.fromisoformat(said["expires"]) <= day:
        return say("the judgement would expire before it begins on {day}", day=day)
    return None
