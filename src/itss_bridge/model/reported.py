"""The matrix and the finished report: everything that an exporter may show."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import datetime

from itss_bridge.model.asked import Crosswalk, Framework, Metric, Requirement
from itss_bridge.model.changed import Changes
from itss_bridge.model.decided import Judgement
from itss_bridge.model.found import Assessment, Finding, Item, StreamState
from itss_bridge.model.steered import DocumentRow, Gap, MaterialRow, Milestone, Nonconformity
from itss_bridge.model.trended import Trend
from itss_bridge.model.words import Relationship, Status, Text


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
class Template:
    """An organisation's own document for a report to be filled into; *where* names its file."""

    content: bytes
    where: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything an exporter may show, and nothing it could compute for itself.

    *catalogue* is the digest of all that was asked, signatures included: two reports with the same one asked the same.
    *changes* is what changed since an earlier moment, None where nobody asked for one. *word_template* is carried along
    because exporters see nothing else: None means the shipped one.
    """

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
    judgements: tuple[Judgement, ...] = ()
    gaps: tuple[Gap, ...] = ()
    nonconformities: tuple[Nonconformity, ...] = ()
    calendar: tuple[Milestone, ...] = ()
    documents: tuple[DocumentRow, ...] = ()
    orphans: tuple[Item, ...] = ()
    materials: tuple[MaterialRow, ...] = ()
    catalogue: str = ""
    trends: tuple[Trend, ...] = ()
    changes: Changes | None = None
    word_template: Template | None = None

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
