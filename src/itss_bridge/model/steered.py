"""What people decide and plan beside what machines measure: judgements, gaps, nonconformities, dates, documents."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from itss_bridge.model.asked import DocumentedInformation
from itss_bridge.model.found import CheckResult, Item
from itss_bridge.model.words import Origin, Status, Text

Grade = Literal["major", "minor", "observation"]
Progress = Literal["open", "correcting", "corrected", "closed"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A role's own word on one requirement, with its reason; it stands from *on* until *expires* (None: no end)."""

    requirement: str
    status: Status
    reason: str
    role: str
    on: date
    expires: date | None
    where: str

    def stands(self, day: date) -> bool:
        """Whether it counts on *day*."""
        return self.on <= day and (self.expires is None or day < self.expires)


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody is to do about one check: *owner* is a role, *effort* person-days, None where nobody has said."""

    check: str
    owner: str
    due: date | None
    effort: int | None
    next_action: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """One check that is not met or lacks evidence, and what its being met would open.

    *requirements* are those it speaks to, *reaches* further ones by mappings that would carry or support; *levels* are
    those it holds back; *opens* is how many requirements and levels wait for it. *rank* starts at 1.
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


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where a nonconformity is worked on; *state* is the tool's own word when it was last read."""

    source: str
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
class Milestone:
    """A date on the way to a certificate or in keeping it; *id* never changes for the same thing.

    It lies on *on*, or between *on* and *until*. *certain* is False where it rests on an unconfirmed rule.
    """

    id: str
    kind: str
    on: date
    until: date | None
    title: Text
    note: Text
    frameworks: tuple[str, ...]
    rules: tuple[str, ...]
    certain: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document or record that a requirement asks for, and what was found of it."""

    requirement: str
    information: DocumentedInformation
    state: Literal["current", "approved", "present", "missing", "unknown"]
    found: tuple[Item, ...]
    reason: Text
