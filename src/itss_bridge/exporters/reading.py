"""How a finished report is read: look-ups and groupings that several exporters share. Nothing is judged here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from itss_bridge import wording
from itss_bridge.model import (
    CheckResult,
    Finding,
    Framework,
    Measurement,
    Metric,
    PackOutcome,
    Report,
    Requirement,
    Row,
    Status,
    StreamState,
    Text,
    Verdict,
)

CAUTION = (Status.NONCONFORMING, Status.UNDETERMINED, Status.PARTIAL, Status.CONFORMING, Status.NOT_APPLICABLE)
GAPS = (Status.NONCONFORMING, Status.PARTIAL, Status.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one pack at one level; *key* names its entry."""

    level: int
    pack: PackOutcome
    result: CheckResult
    key: str


@dataclass(slots=True)
class Entry:
    """One check result, shown once, with the requirements and the levels that it speaks to."""

    key: str
    result: CheckResult
    requirements: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)


def most_cautious(statuses: Iterable[Status]) -> Status:
    """The status that colours a cell of several; nothing at all is undetermined, and so never green."""
    return min(statuses, key=CAUTION.index, default=Status.UNDETERMINED)


def tally(statuses: Iterable[Status]) -> tuple[tuple[Status, int], ...]:
    """How often each status occurs, the most cautious first; statuses that do not occur are left out."""
    found = list(statuses)
    return tuple((status, found.count(status)) for status in CAUTION if status in found)


class Reading:
    """A report with its look-ups made once."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._zone = ZoneInfo(report.time_zone)

    def local(self, moment: datetime) -> datetime:
        """*moment* on the organisation's clock."""
        return moment.astimezone(self._zone)

    def day(self, moment: datetime | None) -> str:
        """The organisation's date, or an empty string."""
        return f"{self.local(moment):%Y-%m-%d}" if moment else ""

    def minute(self, moment: datetime | None) -> str:
        """The organisation's date and time, or an empty string."""
        return f"{self.local(moment):%Y-%m-%d %H:%M}" if moment else ""

    def window(self, measurement: Measurement | None) -> str:
        """The half-open window of a measurement: `[2016-01-01, 2016-06-01)`; empty when nothing was measured."""
        if measurement is None:
            return ""
        return f"[{self.day(measurement.start) or '−∞'}, {self.day(measurement.end)})"

    @cached_property
    def requirements(self) -> dict[str, Requirement]:
        """Every requirement by id."""
        return {r.id: r for f in self.report.frameworks for r in f.requirements}

    @cached_property
    def frameworks(self) -> dict[str, Framework]:
        """Every framework by id."""
        return {f.id: f for f in self.report.frameworks}

    def title(self, requirement_id: str) -> Text:
        """A requirement's title; its id where the catalogue has none."""
        found = self.requirements.get(requirement_id)
        return found.title if found else Text(requirement_id, requirement_id)

    def above(self, requirement_id: str) -> Text | None:
        """The title of the clause that a requirement stands in, unless that is a whole chapter."""
        found = self.requirements.get(requirement_id)
        parent = self.requirements.get(found.parent or "") if found else None
        return parent.title if parent and parent.parent else None

    def clause(self, requirement_id: str) -> str:
        """The confirmed clause number, or an empty string."""
        found = self.requirements.get(requirement_id)
        return (self.frameworks[found.framework].clause(found) or "") if found else ""

    def number(self, requirement_id: str) -> str:
        """The clause number, or the id where none is confirmed."""
        return self.clause(requirement_id) or requirement_id

    def status(self, requirement_id: str) -> Status | None:
        """The status found; None for a requirement that is not assessed itself."""
        finding = self.report.assessment.findings.get(requirement_id)
        return finding.status if finding else None

    @cached_property
    def rows(self) -> dict[str, tuple[Row, ...]]:
        """Matrix rows by the framework they belong to, in the report's order."""
        grouped: dict[str, list[Row]] = {}
        for row in self.report.rows:
            requirement = self.requirements[row.requirement]
            grouped.setdefault(requirement.framework, []).append(row)
        return {framework: tuple(rows) for framework, rows in grouped.items()}

    @cached_property
    def ordered(self) -> tuple[Framework, ...]:
        """All frameworks, the one that the matrix starts from first."""
        first = next(iter(self.rows), "")
        return tuple(sorted(self.report.frameworks, key=lambda framework: framework.id != first))

    @cached_property
    def findings(self) -> dict[str, tuple[Finding, ...]]:
        """Findings of assessable requirements by framework, in the order of the standard."""
        return {f.id: self.report.findings(f.id) for f in self.ordered}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Each check result once, by key: those of requirements first, then what only level rules ask."""
        return self._indexed[0]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all packs, level 4 first."""
        return self._indexed[1]

    @cached_property
    def _indexed(self) -> tuple[dict[str, Entry], tuple[Rule, ...]]:
        entries: dict[str, Entry] = {}
        rules: list[Rule] = []
        for finding in (f for findings in self.findings.values() for f in findings):
            for result in finding.checks:
                _entry(entries, result, finding.requirement).requirements.append(finding.requirement)
        for level, outcome in sorted(self.report.assessment.levels.items(), reverse=True):
            for pack in outcome.packs:
                for result in pack.rules:
                    entry = _entry(entries, result, f"{pack.pack.id}-{level}")
                    entry.levels.append(level)
                    rules.append(Rule(level, pack, result, entry.key))
        return entries, tuple(rules)

    def entry_of(self, requirement_id: str) -> str:
        """The key of the first check behind a requirement, or an empty string."""
        finding = self.report.assessment.findings.get(requirement_id)
        return self.key(finding.checks[0], requirement_id) if finding and finding.checks else ""

    def key(self, result: CheckResult, owner: str) -> str:
        """The key of a check result that *owner* rests on."""
        return _entry(self.entries, result, owner).key

    def rules_of(self, level: int, pack_id: str) -> tuple[Rule, ...]:
        """The rules of one pack at one level."""
        return tuple(r for r in self.rules if r.level == level and r.pack.pack.id == pack_id)

    @cached_property
    def unfinished(self) -> tuple[StreamState, ...]:
        """Streams that are not complete."""
        return tuple(s for s in self.report.streams if s.state != "complete")

    @cached_property
    def gaps(self) -> tuple[Finding, ...]:
        """Findings that still have to be closed, the worst first, then in the order of the standards."""
        findings = [f for found in self.findings.values() for f in found]
        return tuple(f for status in GAPS for f in findings if f.status is status)

    @cached_property
    def missing_rules(self) -> tuple[Rule, ...]:
        """Rules not met or undetermined of levels 4 up to the target (all levels when none is set), lowest first."""
        goal = self.report.target or 1
        return tuple(r for r in self.rules if r.level >= goal and r.result.verdict is not Verdict.MET)

    @cached_property
    def unmapped(self) -> dict[tuple[str, str], Text]:
        """Why a requirement has no counterpart in a framework, by both ids."""
        return {
            (unmapped.requirement, framework): unmapped.reason
            for walk in self.report.crosswalks
            for unmapped in walk.unmapped
            for framework in (walk.source, walk.target)
            if not unmapped.requirement.startswith(f"{framework}:")
        }

    def metric(self, metric_id: str) -> Metric | None:
        """A metric's declaration, where the catalogue still has it."""
        return self.report.metrics.get(metric_id)

    def editions(self, framework: Framework) -> str:
        """Ids of a framework's editions, the one in force first."""
        return " · ".join(edition.id for edition in framework.editions)


def _entry(entries: dict[str, Entry], result: CheckResult, owner: str) -> Entry:
    """The entry of *result*: by its check's id, unless that id already stands for another result."""
    key = result.check.id
    if key in entries and entries[key].result != result:
        key = f"{owner}/{key}"
    return entries.setdefault(key, Entry(key, result))


def measured_state(measurement: Measurement | None) -> str:
    """`measured`, `no-data` or `unknown`: the key of `wording.MEASURED`."""
    if measurement is None or measurement.unknown:
        return "unknown"
    return "no-data" if measurement.value is None else "measured"


def measured_value(result: CheckResult) -> Text:
    """The measured value of a check for people, with its unit."""
    measurement = result.measurement
    if measurement is None or measurement.unknown:
        return wording.PHRASE["not_measured"]
    return wording.quantity(measurement.value, measurement.unit)


def unit_of(result: CheckResult) -> str:
    """The unit of a check's metric, empty where nothing was measured."""
    return result.measurement.unit if result.measurement else ""
