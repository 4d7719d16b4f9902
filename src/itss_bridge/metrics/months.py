"""Months as people count them: in one named zone, each from its first moment to the next month's, half-open."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a history, in UTC: *start* belongs to it, *end* does not. The running month is not yet *whole*."""

    name: str
    start: datetime
    end: datetime
    whole: bool


def months_until(moment: datetime, count: int, zone: ZoneInfo) -> tuple[Month, ...]:
    """The last *count* months that began before *moment*, earliest first; the last one ends with it at the latest."""
    local = moment.astimezone(zone)
    index = local.year * 12 + local.month - 1
    if _first_moment(index, zone) >= moment:
        index -= 1
    return tuple(_month(number, zone, moment) for number in range(index - count + 1, index + 1))


def _month(index: int, zone: ZoneInfo, moment: datetime) -> Month:
    year, month = divmod(index, 12)
    start, end = _first_moment(index, zone), _first_moment(index + 1, zone)
    return Month(f"{year:04}-{month + 1:02}", start, min(end, moment.astimezone(UTC)), whole=end <= moment)


def _first_moment(index: int, zone: ZoneInfo) -> datetime:
    year, month = divmod(index, 12)
    return datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time *months* earlier; the last day of the month where that day does not exist."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    for day in range(moment.day, 27, -1):
        with suppress(ValueError):
            return moment.replace(year=year, month=month + 1, day=day)
    return moment.replace(year=year, month=month + 1)
