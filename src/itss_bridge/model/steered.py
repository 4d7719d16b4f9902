"""What is planned and followed up beside what machines measure: gaps, nonconformities, dates, documents."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from itss_bridge.model.asked import DocumentedInformation
from itss_bridge.model.decided import Action
from itss_bridge.model.found import CheckResult, Item
from itss_bridge.model.words import Origin, Text

Grade = Literal["major", "minor", "observation"]
Progress = Literal["open", "correcting", "corrected", "closed"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Checks that are not met or lack evidence for one reason, and what closing it opens.

    They share a metric and its arguments; *result* is the one that decides and asks for most, *also* are the others.
    *requirements* are those they speak to, *reaches* further ones by mappings that would carry or support; *levels* are
    those held back. *opens* is clauses x frameworks x levels, each counted as one at least. *effort* is in person-days
    and *assumed* where nobody has said; *earliest* is the first day that it can be closed at all, where only time
    closes it. *rank* starts at 1.
    """

    rank: int
    result: CheckResult
    requirements: tuple[str, ...]
    reaches: tuple[str, ...]
    frameworks: tuple[str, ...]
    levels: tuple[int, ...]
    opens: int
    action: Action | None
    binding: bool
    also: tuple[CheckResult, ...] = ()
    effort: int = 0
    assumed: bool = True
    earliest: date | None = None


@dataclass(frozen=True, slots=True)
class Quarter:
    """What the roadmap puts into one quarter: *days* of *capacity* person-days are taken by its gaps.

    *overdue* are gaps whose due date had passed; *reached* are levels for which nothing is left to do after it.
    """

    year: int
    number: int
    gaps: tuple[Gap, ...]
    days: int
    capacity: int
    overdue: tuple[Gap, ...]
    reached: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where a nonconformity is worked on; *state* is the tool's own word when it was last read, *id* never changes."""

    source: str
    id: str
    ref: str
    url: str
    state: str
    done: bool


@dataclass(frozen=True, slots=True)
class Nonconformity:
    """A finding that is tracked until it is measured as conforming again.

    *id* never changes (`NC-2016-003`); *subject* is the check or requirement that does not conform.
    """

    id: str
    subject: str
    requirements: tuple[str, ...]
    grade: Grade
    progress: Progress
    title: Text
    opened: date
    due: date | None
    closed: date | None
    owner: str
    root_cause: str
    correction: str
    corrective_action: str
    effectiveness: str
    ticket: Ticket | None
    failing: tuple[Item, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition for applying for a level: since when it is fulfilled, or from when it can be.

    *fulfilled* since *on* (None: today, nobody recorded since when); *waiting* until *on*, by time alone; *action*: it
    takes somebody's doing, not time; *unknown*: evidence is missing, *note* says which.
    """

    rule: str
    title: Text
    state: Literal["fulfilled", "waiting", "action", "unknown"]
    on: date | None
    note: Text
    certain: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Milestone:
    """A date on the way to a certificate or in keeping it; *id* never changes for the same thing.

    It lies on *on*, or between *on* and *until*; *on* is None where no date can be told, and *note* says why. *certain*
    is False where it rests on an unconfirmed rule or on a choice. *rules* are named `LIFECYCLE/RULE`, or by their id in
    a rule pack. *lead* is how many days before its end to remind of it. *conditions* come with dates of application.
    """

    id: str
    kind: str
    on: date | None
    until: date | None
    title: Text
    note: Text
    frameworks: tuple[str, ...]
    rules: tuple[str, ...]
    certain: bool
    origin: Origin
    state: Literal["ahead", "open", "overdue", "missing"] = "ahead"
    lead: int = 0
    conditions: tuple[Condition, ...] = ()

    @property
    def end(self) -> date | None:
        """The last day of it."""
        return self.until or self.on


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document or record that a requirement asks for, and what was found of it."""

    requirement: str
    information: DocumentedInformation
    state: Literal["current", "approved", "present", "missing", "unknown"]
    found: tuple[Item, ...]
    reason: Text


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One thing that an applicant hands in, who provides it, and where it is; *found* lists documents, first ones."""

    id: str
    checklist: Text
    levels: tuple[int, ...]
    title: Text
    owner: Text
    evidence: str
    requirements: tuple[str, ...]
    state: Literal["current", "approved", "present", "missing", "unknown"]
    found: tuple[Item, ...]
    reason: Text
    note: Text | None
    origin: Origin
