"""Life cycles out of YAML."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from itss_bridge.catalogue.lifecycle.shapes import (
    Case,
    Checklist,
    Deadline,
    LifeCycle,
    Material,
    Move,
    Process,
    Quantity,
    Return,
    Role,
    Rule,
    State,
    Step,
)
from itss_bridge.catalogue.yaml import Document, Path_
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Origin, Text


def lifecycle(document: Document) -> LifeCycle:
    """A life cycle from a file that fits `schemas/lifecycle.json`.

    Raises:
        UsageError: a date that doesn't exist.
    """
    content = document.content
    return LifeCycle(
        id=content["lifecycle"],
        framework=content["framework"],
        title=_text(content["title"]),
        origin=_origin(document, (), content),
        roles=tuple(Role(row["id"], _text(row["title"])) for row in content.get("roles", ())),
        processes=tuple(_process(document, path, row) for path, row in _rows(content, "processes")),
        states=tuple(_state(document, path, row) for path, row in _rows(content, "states")),
        moves=tuple(_move(document, path, row) for path, row in _rows(content, "transitions")),
        rules=tuple(_rule(document, path, row) for path, row in _rows(content, "rules")),
        deadlines=tuple(_deadline(document, path, row) for path, row in _rows(content, "deadlines")),
        checklists=tuple(_checklist(document, path, row) for path, row in _rows(content, "checklists")),
        note=_text(content["note"]) if "note" in content else None,
    )


def _rows(content: Mapping[str, Any], name: str) -> Iterator[tuple[Path_, dict[str, Any]]]:
    for index, row in enumerate(content.get(name, ())):
        yield (name, index), row


def _process(document: Document, path: Path_, row: dict[str, Any]) -> Process:
    steps = tuple(
        Step(states=_names(step, "states"), **_told(document, (*path, "steps", index), step, row))
        for index, step in enumerate(row["steps"])
    )
    return Process(id=row["id"], steps=steps, back=_return(row.get("back")), **_told(document, path, row))


def _return(row: dict[str, Any] | None) -> Return | None:
    return None if row is None else Return(row["from"], row["to"], _text(row["when"]), _names(row, "numbers"))


def _state(document: Document, path: Path_, row: dict[str, Any]) -> State:
    origin = _origin(document, path, document.content)
    return State(row["id"], _text(row["title"]), _text(row["meaning"]), row.get("side", False), origin)


def _move(document: Document, path: Path_, row: dict[str, Any]) -> Move:
    origin = _origin(document, path, row)
    return Move(row["from"], row["to"], _text(row["when"]), row["actor"], _names(row, "rules"), origin)


def _rule(document: Document, path: Path_, row: dict[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        subject=row["subject"],
        quantity=_quantity(row.get("quantity")),
        levels=tuple(row.get("levels", ())),
        varies=row.get("varies", ""),
        case=Case(**row["case"]) if "case" in row else None,
        **_told(document, path, row),
    )


def _deadline(document: Document, path: Path_, row: dict[str, Any]) -> Deadline:
    try:
        day = date.fromisoformat(row["on"])
    except ValueError:
        raise UsageError(say("there is no day {row}", row=row["on"]), where=document.where((*path, "on"))) from None
    return Deadline(id=row["id"], on=day, edition=row.get("edition", ""), **_told(document, path, row))


def _checklist(document: Document, path: Path_, row: dict[str, Any]) -> Checklist:
    items = tuple(_material(document, (*path, "items", index), item, row) for index, item in enumerate(row["items"]))
    levels = tuple(row.get("levels", ()))
    return Checklist(id=row["id"], levels=levels, items=items, **_told(document, path, row))


def _material(document: Document, path: Path_, row: dict[str, Any], checklist: dict[str, Any]) -> Material:
    return Material(
        id=row["id"],
        owner=row["owner"],
        evidence=row["evidence"],
        requirements=_names(row, "requirements"),
        streams=_names(row, "streams"),
        quantity=_quantity(row.get("quantity")),
        **_told(document, path, row, checklist),
    )


def _told(document: Document, path: Path_, row: dict[str, Any], around: Mapping[str, Any] = {}) -> dict[str, Any]:
    """What every row says about itself; a source that it doesn't name is that of the row *around* it."""
    return {
        "title": _text(row["title"]),
        "numbers": _names(row, "numbers"),
        "origin": _origin(document, path, {**around, **row}),
        "note": _text(row["note"]) if "note" in row else None,
    }


def _text(value: Mapping[str, str]) -> Text:
    return Text(value["en"].strip(), value["zh"].strip())


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(row.get(key, ()))


def _quantity(row: dict[str, Any] | None) -> Quantity | None:
    return None if row is None else Quantity(row["operator"], tuple(row["values"]), row["unit"])


def _origin(document: Document, path: Path_, row: Mapping[str, Any]) -> Origin:
    return Origin(tuple(row["source"]), row["confidence"], document.where(path))
