"""One certificate and the life cycle that it is kept by: which rules hold for it, and how a date by them looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from itss_bridge.catalogue.lifecycle import LifeCycle, Rule
from itss_bridge.lifecycle.days import not_after
from itss_bridge.lifecycle.known import Known, confirmed
from itss_bridge.lifecycle.register import Certificate
from itss_bridge.model import Milestone, Text

Standing: TypeAlias = Literal["ahead", "open", "overdue", "missing"]

# How many days before its end to be reminded of a date: our choice, it moves no date.
LEAD = {
    "expiry": 90,
    "surveillance": 60,
    "papers": 30,
    "re-assessment": 90,
    "edition": 180,
    "application": 30,
    "visit": 30,
    "internal-audit": 30,
    "management-review": 30,
    "rectification": 30,
    "cancellation": 30,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One certificate with the life cycle that it is kept by."""

    certificate: Certificate
    cycle: LifeCycle
    known: Known

    @property
    def end(self) -> date | None:
        """The day on which it ends: as registered, else by the rule on validity."""
        rule = next(self.rules("validity"), None)
        if self.certificate.expires or self.certificate.awarded is None or not (rule and rule.quantity):
            return self.certificate.expires
        return not_after(self.certificate.awarded, rule.quantity.values[0])

    def rules(self, subject: str, of: str = "") -> Iterator[Rule]:
        """The rules to go by on a subject, for this certificate's level and day of award."""
        level, awarded = self.certificate.level, self.certificate.awarded
        for rule in self.cycle.rules:
            if rule.subject != subject or rule.varies or (rule.levels and level not in map(str, rule.levels)):
                continue
            case = rule.case
            if case is None or (case.of == of and awarded and case.first_day <= awarded.day <= case.last_day):
                yield rule

    def milestone(
        self,
        kind: str,
        rule: Rule,
        days: tuple[date | None, date | None],
        title: Text,
        note: Text,
        *,
        part: int = 0,
        certain: bool | None = None,
        also: tuple[Rule, ...] = (),
    ) -> Milestone:
        """A date by *rule*, and *also* by others; *part* tells apart what comes again in one cycle."""
        on, until = days
        again = f"#{part}" if part else ""
        return Milestone(
            id=f"{self.cycle.id}/{rule.id}@{self.certificate.id}{again}",
            kind=kind,
            on=on,
            until=until,
            title=title,
            note=note,
            frameworks=(self.cycle.framework,),
            rules=tuple(f"{self.cycle.id}/{r.id}" for r in (rule, *also)),
            certain=all(confirmed(r.origin) for r in (rule, *also)) if certain is None else certain,
            origin=rule.origin,
            state=standing(on, until, self.known.today),
            lead=LEAD[kind],
        )


def standing(on: date | None, until: date | None, today: date) -> Standing:
    """Where *today* lies: before, within, or after; a date that cannot be told is missing."""
    if on is None:
        return "missing"
    if (until or on) < today:
        return "overdue"
    return "open" if on <= today else "ahead"
