"""What the catalogue asks: frameworks, crosswalks, metrics, checks, rule packs."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from itss_bridge.model.words import Operator, Origin, Relationship, Text


@dataclass(frozen=True, slots=True)
class Edition:
    """One published edition of a framework; clause numbers are looked up by its *id*."""

    id: str
    name: Text
    status: str
    note: Text | None = None
    short: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One node of a framework. *clauses* maps edition id to number, `None` where it is not confirmed."""

    id: str
    framework: str
    parent: str | None
    title: Text
    intent: Text
    element: str
    assessable: bool
    clauses: MappingOf[str, str | None]
    origin: Origin
    note: Text | None = None
    stages: tuple[str, ...] = ()
    documents: tuple["DocumentedInformation", ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentedInformation:
    """A document or record that a requirement asks for."""

    id: str
    kind: Literal["document", "record"]
    title: Text
    origin: Origin


@dataclass(frozen=True, slots=True)
class Group:
    """A family of standards that a framework belongs to."""

    id: str
    title: Text
    intent: Text
    origin: Origin


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one requirement from one edition to the next."""

    requirement: str
    change: Literal["unchanged", "reworded", "extended", "renumbered", "new", "withdrawn", "unconfirmed"]
    note: Text
    origin: Origin


@dataclass(frozen=True, slots=True)
class Transition:
    """From one edition to another, requirement by requirement."""

    before: str
    after: str
    note: Text | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """A catalogue of requirements, in the order of the standard; *editions* starts with the one in force."""

    id: str
    title: Text
    editions: tuple[Edition, ...]
    requirements: tuple[Requirement, ...]
    origin: Origin
    note: Text | None = None
    group: str = ""
    groups: tuple[Group, ...] = ()
    transitions: tuple[Transition, ...] = ()

    def clause(self, requirement: Requirement) -> str | None:
        """The first confirmed number, editions in order; `None` when no edition's number is confirmed."""
        for edition in self.editions:
            number = requirement.clauses.get(edition.id)
            if number:
                return f"{edition.short} {number}".strip()
        return None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row of a crosswalk: *source* stands in *relationship* to *target*; *strength* 1 to 10."""

    source: str
    target: str
    relationship: Relationship
    strength: int
    rationale: Text
    review: Literal["proposed", "reviewed"]
    reviewer: str = ""
    reviewed_on: str = ""
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A requirement that a crosswalk leaves out, and why."""

    requirement: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """All mappings between exactly two frameworks."""

    id: str
    source: str
    target: str
    title: Text
    mappings: tuple[Mapping, ...]
    unmapped: tuple[Unmapped, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Metric:
    """A population query and how it is summed up.

    *population* is SQL over the streams named in *streams*, giving one row per item with `id`, `value` or `met`,
    `excluded` (null or the reason) and `at`. *window* says who applies the period: `event` keeps rows whose `at`
    lies in it, `period` and `snapshot` queries read the one-row table `period(start_at, end_at)` themselves.
    *needs* tells which fields an exclusion's reason is about: where no record has any of them, nothing is concluded.
    """

    id: str
    title: Text
    definition: Text
    unit: str
    better: Literal["up", "down"]
    summary: Literal["ratio", "count", "mean", "median", "p90", "sum"]
    window: Literal["event", "period", "snapshot"]
    streams: tuple[str, ...]
    parameters: tuple[str, ...]
    population: str
    origin: Origin
    needs: MappingOf[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a measured value must satisfy; *months* is the length of the window before `as_of`, `None` for all time.

    `measured` asks that the value can be produced at all: n is at least *threshold* (1 unless said otherwise).
    """

    operator: Operator
    threshold: Decimal | None
    months: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """A metric with a criterion, and the requirements and ITSS level it speaks to (level `None`: every level).

    A *conditional* check is asked only where its requirements apply: the standard makes it depend on the services.
    """

    id: str
    title: Text
    kind: Literal["ticket-metric", "document", "record", "attestation"]
    metric: str
    arguments: MappingOf[str, str]
    criterion: Criterion
    requirements: tuple[str, ...]
    level: int | None
    origin: Origin
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class RulePack:
    """Named, dated level rules. *official* packs decide, *advisory* ones are shown beside them unless made binding."""

    id: str
    title: Text
    authority: Literal["official", "advisory"]
    dated: str
    rules: tuple[Check, ...]
    origin: Origin
