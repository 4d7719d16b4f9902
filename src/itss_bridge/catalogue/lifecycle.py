"""The life cycle of a certificate: processes, states, rules about time and people, dates, materials to hand in."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Literal

from itss_bridge.catalogue.yaml import Document, Path_
from itss_bridge.data import stream_names
from itss_bridge.errors import UsageError
from itss_bridge.model import Origin, Text


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a rule names: one value, both ends of a range (`between`), or alternatives (`either`)."""

    operator: Literal["==", ">=", "<=", "between", "either"]
    values: tuple[int, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody who acts or provides: a role, never a name."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a process; *states* are the canonical states that it passes through."""

    title: Text
    states: tuple[str, ...]
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """Where a process goes back to when a step fails; steps are counted from 1."""

    source: int
    target: int
    when: Text
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """The way to a certificate as one source tells it."""

    id: str
    title: Text
    steps: tuple[Step, ...]
    back: Return | None
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where an organisation can stand; *side* states lie off the straight way."""

    id: str
    title: Text
    meaning: Text
    side: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Move:
    """From one state to another: on what condition, and by which role."""

    source: str
    target: str
    when: Text
    actor: str
    rules: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule about time, people or numbers. *varies* names the rule to go by where this one differs from it."""

    id: str
    subject: str
    title: Text
    quantity: Quantity | None
    levels: tuple[int, ...]
    varies: str
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date fixed once for everybody."""

    id: str
    on: date
    title: Text
    edition: str
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """One thing to hand in: who provides it, what kind of evidence it is, and where it shows itself."""

    id: str
    title: Text
    owner: str
    evidence: Literal["document", "record", "attestation", "ticket-metric", "certificate"]
    requirements: tuple[str, ...]
    streams: tuple[str, ...]
    quantity: Quantity | None
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """What one source asks to be handed in; no *levels* means every level."""

    id: str
    title: Text
    levels: tuple[int, ...]
    items: tuple[Material, ...]
    numbers: tuple[str, ...]
    origin: Origin
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """Everything known about getting and keeping the certificate of one framework; the first state is the start."""

    id: str
    framework: str
    title: Text
    origin: Origin
    roles: tuple[Role, ...] = ()
    processes: tuple[Process, ...] = ()
    states: tuple[State, ...] = ()
    moves: tuple[Move, ...] = ()
    rules: tuple[Rule, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    note: Text | None = None

    @property
    def numbers(self) -> frozenset[str]:
        """Register ids of all numbers of the consultants' pages that are represented somewhere in here."""
        rows: list[Process | Step | Return | Rule | Deadline | Checklist | Material] = [
            *self.processes,
            *chain.from_iterable(process.steps for process in self.processes),
            *(process.back for process in self.processes if process.back),
            *self.rules,
            *self.deadlines,
            *self.checklists,
            *self.materials,
        ]
        return frozenset(chain.from_iterable(row.numbers for row in rows))

    @property
    def materials(self) -> tuple[Material, ...]:
        """The items of all checklists."""
        return tuple(chain.from_iterable(checklist.items for checklist in self.checklists))


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
        **_told(document, path, row),
    )


def _deadline(document: Document, path: Path_, row: dict[str, Any]) -> Deadline:
    try:
        day = date.fromisoformat(row["on"])
    except ValueError:
        raise UsageError(f"there is no day {row['on']}", where=document.where((*path, "on"))) from None
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


def problems(found: LifeCycle, requirements: Collection[str] | None = None) -> list[str]:
    """What doesn't hang together, one sentence each with file and line; empty when all is well.

    Args:
        found: the life cycle to look at.
        requirements: ids of all requirements there are; `None` leaves references to them unchecked.
    """
    return [
        *_doubled(found),
        *_lost_states(found),
        *_lost_moves(found),
        *_lost_steps(found),
        *_lost_rules(found),
        *_lost_materials(found, requirements),
    ]


def _doubled(found: LifeCycle) -> Iterator[str]:
    names = chain(
        (("role", role.id) for role in found.roles),
        (("process", process.id) for process in found.processes),
        (("state", state.id) for state in found.states),
        (("transition", f"{move.source} → {move.target}") for move in found.moves),
        (("rule", rule.id) for rule in found.rules),
        (("deadline", deadline.id) for deadline in found.deadlines),
        (("checklist", checklist.id) for checklist in found.checklists),
        (("material", item.id) for item in found.materials),
    )
    for what, name in (named for named, times in Counter(names).items() if times > 1):
        yield f"{found.origin.where}: the {what} {name!r} is declared twice"


def _lost_states(found: LifeCycle) -> Iterator[str]:
    reached = reachable(found)
    for state in found.states:
        if state.id not in reached:
            yield f"{state.origin.where}: the state {state.id!r} cannot be reached from {found.states[0].id!r}"


def reachable(found: LifeCycle) -> frozenset[str]:
    """Ids of the states that can be reached from the first one, itself included."""
    reached: set[str] = set()
    ahead = [found.states[0].id] if found.states else []
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += [move.target for move in found.moves if move.source == here]
    return frozenset(reached)


def _lost_moves(found: LifeCycle) -> Iterator[str]:
    for move in found.moves:
        where = move.origin.where
        yield from _unknown({move.source, move.target}, [state.id for state in found.states], "state", where)
        yield from _unknown({move.actor}, [role.id for role in found.roles], "role", where)
        yield from _unknown(move.rules, [rule.id for rule in found.rules], "rule", where)


def _lost_steps(found: LifeCycle) -> Iterator[str]:
    states = {state.id for state in found.states}
    for process in found.processes:
        for step in process.steps:
            yield from _unknown(step.states, states, "state", step.origin.where)
        back = process.back
        if back and not 1 <= back.target < back.source <= len(process.steps):
            yield f"{process.origin.where}: {process.id!r} cannot go back from step {back.source} to {back.target}"


def _lost_rules(found: LifeCycle) -> Iterator[str]:
    standing = {rule.id for rule in found.rules if not rule.varies}
    for rule in found.rules:
        if rule.varies:
            yield from _unknown({rule.varies}, standing, "rule to go by", rule.origin.where)
        yield from _odd(rule.quantity, rule.origin.where)


def _lost_materials(found: LifeCycle, requirements: Collection[str] | None) -> Iterator[str]:
    roles = {role.id for role in found.roles}
    for item in found.materials:
        where = item.origin.where
        yield from _unknown({item.owner}, roles, "role", where)
        yield from _unknown(item.streams, stream_names(), "stream", where)
        yield from _odd(item.quantity, where)
        if requirements is not None:
            yield from _unknown(item.requirements, requirements, "requirement", where)


def _odd(quantity: Quantity | None, where: str) -> Iterator[str]:
    """A quantity with too few or too many values, or with values out of order."""
    if quantity is None:
        return
    n, least = len(quantity.values), {"between": 2, "either": 2}.get(quantity.operator, 1)
    if n < least or (n > least and quantity.operator != "either"):
        yield f"{where}: {quantity.operator!r} takes {least} value(s), not {n}"
    elif list(quantity.values) != sorted(set(quantity.values)):
        yield f"{where}: the values {list(quantity.values)} must rise"


def _unknown(names: Collection[str], known: Collection[str], what: str, where: str) -> Iterator[str]:
    for name in sorted(set(names) - set(known)):
        yield f"{where}: there is no {what} {name!r}"
