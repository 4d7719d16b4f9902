"""What a life cycle is made of, as frozen values."""

from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Literal

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
class Case:
    """When a rule is the one to go by: for which kind of step, and for awards from which to which day of a month."""

    of: str
    first_day: int = 1
    last_day: int = 31


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
    case: Case | None = None


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
