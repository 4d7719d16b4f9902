"""How much the desk gets done, and how many people the weeks ahead would take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from itss_bridge.analysis.tickets import Tickets

RECENT = 12
"""Weeks that the present pace is taken from: a quarter. Our choice."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """*people* who ended tickets and *each* how many, both in the median week of the last quarter.

    *backlog_weeks* is how long that desk would need for what lies there, if nothing came in; *needed* how many people
    of the same pace each week ahead would take. All None where nobody's work is on record.
    """

    people: float | None
    each: float | None
    backlog: int
    backlog_weeks: float | None
    needed: tuple[int, ...] | None


_PACE = """
    SELECT count(DISTINCT assignee), count(*) FILTER (assignee IS NOT NULL)
    FROM ticket
    WHERE ended_at < date_trunc('week', $as_of::TIMESTAMPTZ)
      AND ended_at >= date_trunc('week', $as_of::TIMESTAMPTZ) - to_days(7 * $weeks)
    GROUP BY date_trunc('week', ended_at)
"""
_BACKLOG = "SELECT count(*) FROM ticket WHERE ended_at IS NULL OR ended_at >= $as_of"


def capacity(tickets: Tickets, expected: Sequence[float] = ()) -> Capacity:
    """The desk's pace; *expected* is what is to come in, week by week."""
    weeks = [(people, done) for people, done in tickets.ask(_PACE, _of(tickets, weeks=RECENT)) if people]
    ((backlog,),) = tickets.ask(_BACKLOG, _of(tickets))
    if not weeks:
        return Capacity(None, None, backlog, None, None)
    people = float(median(people for people, _ in weeks))
    each = float(median(done / people for people, done in weeks))
    needed = tuple(math.ceil(round(volume / each, 9)) for volume in expected)
    return Capacity(people, each, backlog, backlog / (people * each), needed)


def _of(tickets: Tickets, **more: int) -> dict[str, object]:
    return {"as_of": tickets.as_of, **more}
