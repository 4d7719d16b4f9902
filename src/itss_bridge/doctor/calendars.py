"""Does the working calendar know the years that the evidence and the next twelve months need."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from itss_bridge.bridge import Bridge
from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.doctor.finding import Finding
from itss_bridge.evidence import Lake
from itss_bridge.evidence.kinds import INSTANT
from itss_bridge.evidence.query import connect, listed
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.messages import say
from itss_bridge.metrics import working_time

_AHEAD = timedelta(days=365)
_ENVELOPE = {"changed_at", "collected_at"}


def covered(bridge: Bridge, now: datetime) -> Iterator[Finding]:
    """A year that is not published leaves business time in it unknown."""
    calendar = bridge.catalogue.calendars[bridge.workspace.calendar]
    if calendar.years is None:
        yield Finding("calendar", "ok", say("{name}: the same in every year", name=calendar.id))
        return
    metrics = [metric for metric in bridge.catalogue.metrics.values() if working_time.used_by(metric)]
    first = _first_year(bridge.lake, {stream for metric in metrics for stream in metric.streams}, calendar.zone)
    moment = bridge.now() if bridge.workspace.follows_source_clock else now
    yield from _missing(calendar, range(min(first or moment.year, moment.year), (moment + _AHEAD).year + 1))


def _missing(calendar: Calendar, needed: range) -> Iterator[Finding]:
    years = calendar.years or {}
    told = say("{name}: {first} to {last}", name=calendar.id, first=min(years), last=max(years))
    missing = [str(year) for year in needed if year not in years]
    if not missing:
        yield Finding("calendar", "ok", told)
        return
    what = say("{name} does not publish {years}", name=calendar.id, years=", ".join(missing))
    cause = say("business time in these years is undetermined; it is never guessed")
    fix = say("when the official notice is out, add the year under `years` of the calendar, or update itss-bridge")
    yield Finding("calendar", "warning", what, cause=cause, fix=fix)


def _first_year(lake: Lake, streams: set[str], zone: ZoneInfo) -> int | None:
    """The year of the earliest moment in the streams whose business time is measured."""
    moments = [moment for stream in sorted(streams & {*lake.streams()}) if (moment := _earliest(lake, stream))]
    return min(moments).astimezone(zone).year if moments else None


def _earliest(lake: Lake, stream: str) -> datetime | None:
    table = lake.table(stream)
    times = [name for name, sql in StreamRows.of(stream).types.items() if sql == INSTANT and name not in _ENVELOPE]
    files = table.files()
    if not files:
        return None
    with closing(connect(lake.root, lake.bounds)) as database:
        rows = f"read_parquet([{listed(files)}], union_by_name = true)"
        there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}  # noqa: S608 - our files
        held = ", ".join(f'min("{name}")' for name in times if name in there)
        found = database.execute(f"SELECT {held} FROM {rows}").fetchone() if held else None  # noqa: S608 - our columns
    return min((moment for moment in found or () if moment), default=None)
