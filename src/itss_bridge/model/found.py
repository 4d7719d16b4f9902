"""What was measured and found: items, measurements, findings, levels."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from itss_bridge.model.asked import Check, Mapping, RulePack
from itss_bridge.model.decided import Judgement
from itss_bridge.model.words import Status, Text, Verdict


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
    (a stream is missing or incomplete, a field that no source gives, a year that the calendar does not cover) and is
    empty otherwise. *failing* lists the first items that are not met. *calendar* is the id of the calendar that
    business time was measured by, empty where the metric measures none.
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
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check, measured.

    *distance* says how far the value lies from what is needed, in the metric's unit (percentage points for rates, items
    for `measured`): negative by what is missing, zero or positive by what there is to spare; None without a value.
    """

    check: Check
    verdict: Verdict
    measurement: Measurement | None
    reason: str
    distance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """One mapping by which another requirement's finding reaches this one, and what it contributes."""

    mapping: Mapping
    requirement: str
    status: Status
    contributes: Status


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one requirement, with everything it rests on.

    Where a *judgement* decides, *status* is its word and *measured* stays what the machine found; else None.
    """

    requirement: str
    status: Status
    basis: Literal["checks", "mappings", "children", "none", "scope", "judgement"]
    checks: tuple[CheckResult, ...]
    supports: tuple[Support, ...]
    evidence: int
    reason: Text
    measured: Status | None = None
    judgement: Judgement | None = None


@dataclass(frozen=True, slots=True)
class PackOutcome:
    """One rule pack at one level, rule by rule; *waived* are conditional rules about what does not apply here."""

    pack: RulePack
    binding: bool
    rules: tuple[CheckResult, ...]
    waived: tuple[CheckResult, ...] = ()


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
    """All findings at one moment: a pure function of catalogue, measurements, judgements and *as_of*.

    *reached* is the highest level that conforms with all lower ones (1 is the highest), None when level 4 does not.
    """

    as_of: datetime
    findings: MappingOf[str, Finding]
    levels: MappingOf[int, LevelOutcome]
    measurements: tuple[Measurement, ...]
    reached: int | None = None
