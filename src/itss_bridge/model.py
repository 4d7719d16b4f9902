"""The words of the field as frozen values: what the catalogue declares, what was measured, what was found."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
Operator: TypeAlias = Literal[">=", ">", "<=", "<", "==", "measured"]


class Status(StrEnum):
    """What may be said of one requirement."""

    CONFORMING = "conforming"
    PARTIAL = "partial"
    NONCONFORMING = "nonconforming"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"


class Verdict(StrEnum):
    """What may be said of one check."""

    MET = "met"
    NOT_MET = "not_met"
    UNDETERMINED = "undetermined"


class Relationship(StrEnum):
    """Source relative to target, set theory as in NIST IR 8477."""

    EQUAL = "equal-to"
    SUBSET = "subset-of"
    SUPERSET = "superset-of"
    INTERSECTS = "intersects-with"
    NONE = "no-relationship"


@dataclass(frozen=True, slots=True)
class Text:
    """One text of ours in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: str) -> str:
        """The text in *language* (`en` or `zh`)."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from and how sure it is; *where* is the file and line that states it here."""

    source: tuple[str, ...] = ()
    confidence: str = ""
    where: str = ""


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
    """A metric with a criterion, and the requirements and ITSS level it speaks to (level `None`: every level)."""

    id: str
    title: Text
    kind: Literal["ticket-metric", "document", "record", "attestation"]
    metric: str
    arguments: MappingOf[str, str]
    criterion: Criterion
    requirements: tuple[str, ...]
    level: int | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class RulePack:
    """Named, dated level rules. *official* packs decide, *advisory* ones are shown beside them unless made binding."""

    id: str
    title: Text
    authority: Literal["official", "advisory"]
    dated: str
    rules: tuple[Check, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a population: a ticket, a document, a person."""

    id: str
    ref: str
    url: str
    value: float | None
    met: bool | None
    excluded: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a metric gave over one window, number and denominator from the same query.

    *value* is `None` when there is no data (denominator 0); *unknown* says why nothing may be concluded at all
    (a stream is missing or incomplete) and is empty otherwise. *failing* lists the first items that are not met.
    """

    metric: str
    arguments: MappingOf[str, str]
    value: float | None
    unit: str
    n: int
    numerator: float | None
    denominator: int
    excluded: MappingOf[str, int]
    start: datetime | None
    end: datetime
    spread: MappingOf[str, float]
    items: int
    failing: tuple[Item, ...]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check, measured."""

    check: Check
    verdict: Verdict
    measurement: Measurement | None
    reason: str


@dataclass(frozen=True, slots=True)
class Support:
    """One mapping by which another requirement's finding reaches this one, and what it contributes."""

    mapping: Mapping
    requirement: str
    status: Status
    contributes: Status


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one requirement, with everything it rests on."""

    requirement: str
    status: Status
    basis: Literal["checks", "mappings", "children", "none", "scope"]
    checks: tuple[CheckResult, ...]
    supports: tuple[Support, ...]
    evidence: int
    reason: Text


@dataclass(frozen=True, slots=True)
class PackOutcome:
    """One rule pack at one level, rule by rule."""

    pack: RulePack
    binding: bool
    rules: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True)
class LevelOutcome:
    """One ITSS level: decided by its binding packs and by all lower levels."""

    level: int
    status: Status
    packs: tuple[PackOutcome, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class StreamState:
    """How far one stream of one source is to be trusted at a moment."""

    source: str
    stream: str
    state: Literal["complete", "incomplete", "failed", "running"]
    expected: int | None
    seen: int
    collected_at: datetime | None
    head: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """All findings at one moment: a pure function of catalogue, measurements and *as_of*."""

    as_of: datetime
    findings: MappingOf[str, Finding]
    levels: MappingOf[int, LevelOutcome]
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """Another framework's requirement as one matrix row sees it."""

    requirement: str
    relationship: Relationship
    strength: int
    review: str
    status: Status


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement across all frameworks."""

    requirement: str
    clause: str | None
    status: Status
    cells: MappingOf[str, tuple[Cell, ...]]
    evidence: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything an exporter may show, and nothing it could compute for itself."""

    organisation: str
    languages: tuple[str, ...]
    time_zone: str
    target: int | None
    as_of: datetime
    frameworks: tuple[Framework, ...]
    crosswalks: tuple[Crosswalk, ...]
    metrics: MappingOf[str, Metric]
    assessment: Assessment
    rows: tuple[Row, ...]
    streams: tuple[StreamState, ...]
    version: str
    notes: tuple[Text, ...] = ()

    def requirement(self, requirement_id: str) -> Requirement:
        """The requirement with this id; KeyError if the catalogue has none."""
        return self._requirements()[requirement_id]

    def framework_of(self, requirement_id: str) -> Framework:
        """The framework whose prefix the id carries."""
        return next(f for f in self.frameworks if requirement_id.startswith(f"{f.id}:"))

    def counts(self, framework_id: str) -> dict[Status, int]:
        """How many assessable requirements of a framework have each status; every status is a key."""
        counts = dict.fromkeys(Status, 0)
        for finding in self.findings(framework_id):
            counts[finding.status] += 1
        return counts

    def findings(self, framework_id: str) -> tuple[Finding, ...]:
        """Findings of the assessable requirements of one framework, in the order of the standard."""
        framework = next(f for f in self.frameworks if f.id == framework_id)
        found = self.assessment.findings
        return tuple(found[r.id] for r in framework.requirements if r.assessable)

    def _requirements(self) -> dict[str, Requirement]:
        return {r.id: r for f in self.frameworks for r in f.requirements}
