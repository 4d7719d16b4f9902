"""Business time: when work is done by a calendar, and how much of it lies between two instants.

All functions are pure. A span of working hours lasts from the first moment the wall clock of the calendar's zone has
reached its beginning to the first moment it has reached its end; so hours that the clock skips or shows twice are
counted exactly once, and around the clock is time on the clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from itss_bridge.catalogue.yaml import Document, Path_
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Origin, Text

Hours: TypeAlias = tuple[tuple[int, int], ...]
"""Working hours of a day: pairs of seconds since midnight on the wall clock, in order, not overlapping."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class UnknownYear(UsageError):
    """A calendar was asked about a year that it doesn't publish; business time there is never guessed."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An announcement that dates come from; *number* is empty where it has none."""

    number: str
    where: str


@dataclass(frozen=True, slots=True)
class Year:
    """What is announced for one year, beside the week that always holds."""

    holidays: frozenset[date]
    workdays: frozenset[date]
    notices: tuple[Notice, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is done. *week* starts on Monday; *years* is `None` when the week holds in every year."""

    id: str
    title: Text
    zone: ZoneInfo
    week: tuple[Hours, ...]
    moved_workday: Hours
    years: Mapping[int, Year] | None
    origin: Origin = field(default_factory=Origin)
    note: Text | None = None


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Whether any work is done on *day*, a date in the calendar's zone.

    Raises:
        UnknownYear: the calendar doesn't publish the year.
    """
    return bool(working_hours(calendar, day))


def working_hours(calendar: Calendar, day: date) -> Hours:
    """The working hours of *day*, a date in the calendar's zone; empty when it is off.

    Raises:
        UnknownYear: the calendar doesn't publish the year.
    """
    usual = calendar.week[day.weekday()]
    if calendar.years is None:
        return usual
    year = calendar.years.get(day.year)
    if year is None:
        raise _unknown(calendar, calendar.years, day.year)
    if day in year.holidays:
        return ()
    return calendar.moved_workday if day in year.workdays else usual


def working_spans(calendar: Calendar, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """All spans of working time of the days *first* to *last* (both included), in order, half-open, in UTC.

    Raises:
        UnknownYear: the calendar doesn't publish one of the years.
    """
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        for begin, end in working_hours(calendar, day):
            yield _instant(calendar.zone, day, begin), _instant(calendar.zone, day, end)


def business_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Seconds of working time from *start* to *end*, both aware; negative when *end* comes before *start*.

    Additive: the time from a to c is the time from a to b plus that from b to c, whatever their order.

    Raises:
        UnknownYear: the calendar doesn't publish a year that the interval touches.
        ValueError: an instant has no time zone.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("business time needs instants with a time zone")
    start, end = start.astimezone(UTC), end.astimezone(UTC)  # within one zone Python compares wall clocks, not instants
    if end < start:
        return -business_seconds(calendar, end, start)
    if start == end:
        return 0.0
    first = start.astimezone(calendar.zone).date()
    last = (end - timedelta.resolution).astimezone(calendar.zone).date()
    total = timedelta()
    for begin, until in working_spans(calendar, first, last):
        total += max(min(until, end) - max(begin, start), timedelta())
    return total.total_seconds()


def _unknown(calendar: Calendar, years: Mapping[int, Year], year: int) -> UnknownYear:
    return UnknownYear(
        say("the calendar {id!r} doesn't publish {year}", id=calendar.id, year=year),
        where=calendar.origin.where,
        cause=say(
            "it has {min} to {max}; business time in another year would be a guess", min=min(years), max=max(years)
        ),
        fix=say("add {year} under `years` from the official notice, or leave that time out", year=year),
    )


def _instant(zone: ZoneInfo, day: date, second: int) -> datetime:
    """The first moment of *day* at which the wall clock has reached *second*, in UTC."""
    wall = datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001 - a wall clock's reading
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _skip(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment)


def _skip(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between the two at which the wall clock jumps, to the second."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def calendar(document: Document) -> Calendar:
    """A calendar from a file that fits `schemas/calendar.json`.

    Raises:
        UsageError: an unknown time zone, hours out of order, or a date that contradicts itself.
    """
    content = document.content
    week = tuple(_hours(document, ("week", name), content["week"][name]) for name in WEEKDAYS)
    moved = _hours(document, ("moved_workday",), content.get("moved_workday", []))
    found = Calendar(
        id=content["calendar"],
        title=_text(content["title"]),
        zone=_zone(document, content["time_zone"]),
        week=week,
        moved_workday=moved,
        years=None if content["years"] == "every" else _years(document, content["years"]),
        origin=Origin(tuple(content["source"]), content["confidence"], document.where()),
        note=_text(content["note"]) if "note" in content else None,
    )
    _consistent(document, found)
    return found


def _text(value: Mapping[str, str]) -> Text:
    return Text(value["en"].strip(), value["zh"].strip())


def _zone(document: Document, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        where = document.where(("time_zone",))
        raise UsageError(
            say("there is no time zone {name!r}", name=name), where=where, fix=say("write it like Asia/Shanghai")
        ) from None


def _hours(document: Document, path: Path_, pairs: list[list[str]]) -> Hours:
    hours = tuple((_seconds(begin), _seconds(end)) for begin, end in pairs)
    flat = [second for pair in hours for second in pair]
    ordered = all(begin < end for begin, end in hours) and flat == sorted(flat)
    if not ordered:
        raise UsageError(
            say("working hours are out of order"),
            where=document.where(path),
            fix=say("earliest first, without overlap"),
        )
    return hours


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _years(document: Document, years: Mapping[str, Any]) -> dict[int, Year]:
    """The published years; they follow each other, so that time from one to another can be counted."""
    told = sorted(map(int, years))
    for year in range(told[0], told[-1]):
        if str(year) not in years:
            where = document.where(("years",))
            raise UsageError(
                say("the year {year} is missing between others", year=year),
                where=where,
                fix=say("add {year}", year=year),
            )
    return {int(name): _year(document, name, value) for name, value in years.items()}


def _year(document: Document, name: str, value: Mapping[str, Any]) -> Year:
    path = ("years", name)
    return Year(
        holidays=_dates(document, (*path, "holidays"), int(name), value["holidays"]),
        workdays=_dates(document, (*path, "workdays"), int(name), value["workdays"]),
        notices=tuple(Notice(n.get("number", ""), n["where"]) for n in value.get("notices", ())),
        origin=Origin(tuple(value["source"]), document.content["confidence"], document.where(path)),
    )


def _dates(document: Document, path: Path_, year: int, texts: list[str]) -> frozenset[date]:
    return frozenset(_date(document, (*path, index), year, text) for index, text in enumerate(texts))


def _date(document: Document, path: Path_, year: int, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(say("there is no day {text}", text=text), where=document.where(path)) from None
    if day.year != year:
        raise UsageError(
            say("{text} stands under {year}", text=text, year=year),
            where=document.where(path),
            fix=say("move it to {year}", year=day.year),
        )
    return day


def _consistent(document: Document, found: Calendar) -> None:
    """Refuse a day that is both off and worked, and a moved working day that changes nothing or has no hours."""
    for name, year in (found.years or {}).items():
        path = ("years", str(name), "workdays")
        for day in sorted(year.workdays):
            if day in year.holidays:
                raise UsageError(say("{day} is both a holiday and a working day", day=day), where=document.where(path))
            if found.week[day.weekday()]:
                raise UsageError(
                    say("{day} is a working day by its weekday already", day=day), where=document.where(path)
                )
        if year.workdays and not found.moved_workday:
            raise UsageError(
                say("`moved_workday` is missing"),
                where=document.where(path),
                fix=say("give the hours of a moved working day"),
            )
