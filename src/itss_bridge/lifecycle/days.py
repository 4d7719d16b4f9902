"""Days and months: a wait ends no earlier, and a deadline no later, than whole calendar months allow."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from itss_bridge.catalogue.calendars import Calendar, is_working_day

DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def not_before(day: date, months: int) -> date:
    """The first day on which *months* whole months have passed since *day*: six after 31 August is 1 March."""
    year, month = _month(day, months)
    if not date.min.year <= year <= date.max.year:
        return date.max
    if day.day <= monthrange(year, month)[1]:
        return date(year, month, day.day)
    return date(year, month, monthrange(year, month)[1]) + DAY


def not_after(day: date, months: int) -> date:
    """The last day of *months* months from *day*, backwards when negative: six after 31 August is 28 February."""
    year, month = _month(day, months)
    if year > date.max.year:
        return date.max
    if year < date.min.year:
        return date.min
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _month(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1


def working_days_before(calendar: Calendar, day: date, number: int) -> date:
    """The day that lies *number* working days before *day*.

    Raises:
        UnknownYear: the calendar doesn't publish a year that lies between.
    """
    while number:
        day -= DAY
        number -= is_working_day(calendar, day)
    return day


def today(as_of: datetime, zone: ZoneInfo) -> date:
    """The day that a moment speaks of: its midnight is the end of the day before."""
    return (as_of - _INSTANT).astimezone(zone).date()


def day_of(moment: datetime | None, zone: ZoneInfo) -> date | None:
    """The day of a recorded moment. A date without a time is kept as midnight UTC: it means that date everywhere."""
    if moment is None:
        return None
    return moment.date() if moment.timetz().replace(tzinfo=None) == time() else moment.astimezone(zone).date()
