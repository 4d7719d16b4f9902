"""Moments as a clock on the wall shows them, for a tool that reads them there and to the minute only."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FARTHEST_WEST = timezone(timedelta(hours=-12))
"""What a clock shows here, every other clock on earth has shown before."""


def zone_named(name: str) -> tzinfo:
    """The zone of that name; for a name that is not known here, the one whose clocks are never early."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return FARTHEST_WEST


def words(at: datetime, zone: tzinfo) -> str:
    """`2016-05-01 08:00` in *zone*: a minute that is not later than *at*, however it is read.

    In autumn the clock shows an hour twice. Nobody says which of the two is meant, so of its first passing the hour
    before is named.
    """
    local = at.astimezone(zone)
    later = local.replace(fold=1).astimezone(UTC) - at
    return f"{local - max(later, timedelta()):%Y-%m-%d %H:%M}"
