"""What people decide, read from the workspace: judgements on requirements, and actions on what is not met.

Both are data files of the organisation's own, read as strictly as the catalogue: what is wrong is named with file, line
and column, and nothing in them is silently without effect.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from itss_bridge.catalogue.yaml import Document, Path_, read
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Action, Judgement, Status, Text


@dataclass(frozen=True, slots=True)
class Plan:
    """All actions by check, and how many person-days a quarter there are; None where nobody has said."""

    actions: dict[str, Action]
    capacity: int | None = None


def judgements(paths: Iterable[Path], assessable: Collection[str]) -> tuple[Judgement, ...]:
    """All judgements in the files, in the order of files and lines.

    Raises:
        UsageError: a file does not fit, a day does not exist, a requirement is none that can be judged, a judgement
            expires before it begins, or two on one requirement begin on one day.
    """
    found: dict[tuple[str, date], Judgement] = {}
    for document in (read(path, "judgements") for path in paths):
        for index, row in enumerate(document.content["judgements"]):
            judgement = _judgement(document, ("judgements", index), row, assessable)
            first = found.setdefault((judgement.requirement, judgement.on), judgement)
            if first is not judgement:
                raise UsageError(
                    say("{requirement} is judged twice on {on}", requirement=judgement.requirement, on=judgement.on),
                    where=judgement.where,
                    cause=say("the other judgement stands in {where}", where=first.where),
                    fix=say("keep one of them, or let the later one begin later"),
                )
    return tuple(found.values())


def _judgement(document: Document, path: Path_, row: dict[str, Any], assessable: Collection[str]) -> Judgement:
    if row["requirement"] not in assessable:
        raise UsageError(
            say("{row!r} is no requirement that can be judged", row=row["requirement"]),
            where=document.where((*path, "requirement")),
            fix=say("itss-bridge catalogue list shows the ids; judge the items, not what groups them"),
        )
    on, expires = _day(document, (*path, "on"), row), _day(document, (*path, "expires"), row)
    assert on is not None, "the schema requires it"
    if expires is not None and expires <= on:
        raise UsageError(
            say("the judgement on {row} expires before it begins", row=row["requirement"]),
            where=document.where((*path, "expires")),
            fix=say("`expires` is the first day on which it no longer counts"),
        )
    return Judgement(
        row["requirement"], Status(row["status"]), row["reason"], row["role"], on, expires, document.where(path)
    )


def _day(document: Document, path: Path_, row: dict[str, Any]) -> date | None:
    text = row.get(str(path[-1]))
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            say("there is no day {text}", text=text), where=document.where(path), fix=say("write 2026-03-31")
        ) from None


def standing(all_of_them: Sequence[Judgement], day: date) -> dict[str, Judgement]:
    """The judgement that counts on *day*, by requirement: the newest that has begun, if it has not expired."""
    newest: dict[str, Judgement] = {}
    for judgement in sorted(all_of_them, key=lambda j: j.on):
        if judgement.on <= day:
            newest[judgement.requirement] = judgement
    return {name: judgement for name, judgement in newest.items() if judgement.stands(day)}


def notes(all_of_them: Sequence[Judgement], day: date) -> tuple[Text, ...]:
    """What a reader must know of judgements that once counted and do so no longer."""
    counts = standing(all_of_them, day)
    expired = [
        j
        for j in all_of_them
        if j.on <= day and not j.stands(day) and (j.requirement not in counts or counts[j.requirement].on < j.on)
    ]
    return tuple(
        Text(
            f"The judgement of {j.role} on {j.requirement} expired on {j.expires}: what was measured counts again.",
            f"{j.role} 对 {j.requirement} 的人工判定已于 {j.expires} 到期，恢复以实测结果为准。",
        )
        for j in expired
    )


def plan(paths: Iterable[Path], checks: Collection[str]) -> Plan:
    """All actions in the files.

    Raises:
        UsageError: a file does not fit, a day does not exist, there is no such check, or something is said twice.
    """
    actions: dict[str, Action] = {}
    capacity: tuple[int, str] | None = None
    for document in (read(path, "actions") for path in paths):
        if "capacity" in document.content:
            if capacity is not None:
                raise _twice("the capacity", document.where(("capacity",)), capacity[1])
            capacity = document.content["capacity"], document.where(("capacity",))
        for index, row in enumerate(document.content["actions"]):
            action = _action(document, ("actions", index), row, checks)
            first = actions.setdefault(action.check, action)
            if first is not action:
                raise _twice(f"the action on {action.check}", action.where, first.where)
    return Plan(actions, capacity[0] if capacity else None)


def _action(document: Document, path: Path_, row: dict[str, Any], checks: Collection[str]) -> Action:
    if row["check"] not in checks:
        raise UsageError(
            say("there is no check {row!r}", row=row["check"]),
            where=document.where((*path, "check")),
            fix=say("itss-bridge gap --json lists the checks that are open"),
        )
    return Action(
        check=row["check"],
        owner=row.get("owner", ""),
        due=_day(document, (*path, "due"), row),
        effort=row.get("effort"),
        next_action=row.get("next_action", ""),
        where=document.where(path),
    )


def _twice(what: str, where: str, first: str) -> UsageError:
    return UsageError(
        say("{what} is said twice", what=what),
        where=where,
        cause=say("first in {first}", first=first),
        fix=say("keep one of them"),
    )
