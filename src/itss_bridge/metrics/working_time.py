"""Business time for SQL: a calendar as the plain table `working_time`, with two functions over it.

`business_seconds(from, to)` is the working time between two moments, `business_days(from, to)` the same in days as long
as the calendar's longest working day. Around the clock they are seconds and days on the clock.

The table cuts the time that a calendar knows at every beginning and end of work and at midnight UTC: one row a piece,
found by its *day* (days since 1970) and its bounds (seconds since 1970, *to_second* left out). *before_seconds* is the
working time before the piece, *working* is 1 where work is done and 0 where it rests. The difference of two moments'
working time is the business time between them, which any engine can compute that joins tables.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple

from itss_bridge.catalogue.calendars import Calendar, working_spans
from itss_bridge.model import Metric

_FUNCTION = re.compile(r"\bbusiness_(seconds|days)\b", re.IGNORECASE)
AROUND_THE_CLOCK = "around-the-clock"
_DAY = 86_400
_INSTANT = 1e-6
_YEARS_BACK, _YEARS_AHEAD = 30, 2

# A moment that the calendar does not cover gives NaN, which `measure` never counts: null would pass for no data.
_BY_CALENDAR = (
    """
    CREATE OR REPLACE MACRO working_seconds(at_second) AS (
        SELECT before_seconds + working * (at_second - from_second)
        FROM working_time
        WHERE day = CAST(floor(at_second / 86400) AS BIGINT) AND at_second >= from_second AND at_second < to_second
    )
    """,
    """
    CREATE OR REPLACE MACRO business_seconds(begun, ended) AS
        CASE WHEN begun = ended THEN 0.0
             WHEN begun <> ended
             THEN coalesce(working_seconds(epoch(ended)) - working_seconds(epoch(begun)), CAST('NaN' AS DOUBLE)) END
    """,
)
_DAYS = "CREATE OR REPLACE MACRO business_days(begun, ended) AS business_seconds(begun, ended) / {day_seconds}"
_ON_THE_CLOCK = ("CREATE OR REPLACE MACRO business_seconds(begun, ended) AS epoch(ended) - epoch(begun)",)


class Piece(NamedTuple):
    """One row of `working_time`."""

    day: int
    from_second: int
    to_second: float
    before_seconds: int
    working: int


def used_by(metric: Metric) -> bool:
    """Whether the metric measures business time."""
    return bool(_FUNCTION.search(metric.population))


def functions(calendar: Calendar | None) -> tuple[str, ...]:
    """SQL that makes the functions known; with a calendar that rests they read `working_time`."""
    seconds = _BY_CALENDAR if rests(calendar) else _ON_THE_CLOCK
    return (*seconds, _DAYS.format(day_seconds=day_seconds(calendar)))


def day_seconds(calendar: Calendar | None) -> int:
    """How many seconds of business time are a business day: the calendar's longest."""
    if calendar is None or not rests(calendar):
        return _DAY
    longest = max(sum(end - begin for begin, end in hours) for hours in (*calendar.week, calendar.moved_workday))
    return longest or _DAY


def rests(calendar: Calendar | None) -> bool:
    """Whether there is a time at which nobody works; without a calendar there is none."""
    return calendar is not None and (calendar.years is not None or any(day != ((0, _DAY),) for day in calendar.week))


def years(calendar: Calendar, now: datetime) -> tuple[int, int]:
    """First and last year to count by: those published, or, where the week always holds, those around *now*."""
    if calendar.years is None:
        return now.year - _YEARS_BACK, now.year + _YEARS_AHEAD
    return min(calendar.years), max(calendar.years)


def pieces(calendar: Calendar, first: int, last: int) -> Iterator[Piece]:
    """The years *first* to *last* of the calendar, without a gap.

    Raises:
        UnknownYear: the calendar doesn't publish one of them.
    """
    before = 0
    for begin, end, working in _alternating(calendar, first, last):
        for start, stop in _by_day(begin, end):
            yield Piece(start // _DAY, start, stop, before, working)
            before += working * (stop - start)
    # the very moment at which the last year ends is still known
    yield Piece(end // _DAY, end, end + _INSTANT, before, 0)


def _alternating(calendar: Calendar, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    at, until = (int(datetime(year, 1, 1, tzinfo=calendar.zone).timestamp()) for year in (first, last + 1))
    spans = working_spans(calendar, date(first, 1, 1), date(last, 12, 31))
    for begin, end in chain(((int(b.timestamp()), int(e.timestamp())) for b, e in spans), [(until, until)]):
        yield at, begin, 0
        yield begin, end, 1
        at = end


def _by_day(begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        midnight = (begin // _DAY + 1) * _DAY
        yield begin, min(midnight, end)
        begin = midnight
