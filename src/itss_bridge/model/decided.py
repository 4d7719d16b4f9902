"""What people decide: a role's word on a requirement, what is to be done about a check, what a review resolved."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from itss_bridge.model.words import Status


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
        """Whether it counts on *day*; on the day it expires it no longer does."""
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
class Decision:
    """What a review decided; *owner* is a role, *done* the day it was carried out."""

    id: str
    review: date
    decision: str
    owner: str
    due: date | None
    done: date | None

    def state(self, day: date) -> Literal["done", "overdue", "open"]:
        """How it stood on *day*; on its due day it is not overdue yet."""
        if self.done and self.done <= day:
            return "done"
        return "overdue" if self.due and self.due < day else "open"
