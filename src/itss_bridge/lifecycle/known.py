"""Everything that dates are computed from: the register, statements, verdicts, and what could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.catalogue.lifecycle import LifeCycle
from itss_bridge.lifecycle.register import Certificate, Statement
from itss_bridge.model import CheckResult, Origin, RulePack, Text

_CONFIRMED = re.compile(r"high($|[;,]? ?\()")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known on *today*, and on what terms.

    *obstacles* says why a stream may not be relied on (streams that may are left out). *since* is when something began
    that a pack's rule counts in months by a metric of its own. *audits* and *reviews* are days of internal audits and
    management reviews, in order. *days* is the calendar of working days, None where there is none.
    """

    today: date
    cycles: Mapping[str, LifeCycle] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    statements: Mapping[str, Statement] = field(default_factory=dict)
    audits: tuple[date, ...] = ()
    reviews: tuple[date, ...] = ()
    packs: tuple[RulePack, ...] = ()
    results: Mapping[str, CheckResult] = field(default_factory=dict)
    since: Mapping[str, date] = field(default_factory=dict)
    obstacles: Mapping[str, Text] = field(default_factory=dict)
    days: Calendar | None = None
    target: int | None = None

    def certificate(self, scheme: str) -> Certificate | None:
        """The one to keep up: that of the highest ITSS level, then the newest award."""
        standing = [c for c in self.certificates if c.scheme == scheme and c.stands(self.today)]
        return min(standing, key=lambda c: (c.level or "9", -(c.awarded or date.min).toordinal(), c.id), default=None)

    @property
    def held(self) -> int | None:
        """The ITSS level whose certificate stands, None without one."""
        certificate = self.certificate("itss")
        level = certificate.level if certificate else ""
        return int(level) if level in {"1", "2", "3", "4"} else None


def confirmed(origin: Origin) -> bool:
    """Whether a fact is sure without a condition: `high`, or `high (why)`; `high for 2020` is sure for 2020 alone."""
    return bool(_CONFIRMED.match(origin.confidence))
