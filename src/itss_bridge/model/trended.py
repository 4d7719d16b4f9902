"""How a metric went, month by month."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import datetime

from itss_bridge.model.asked import Check
from itss_bridge.model.found import Measurement


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month, half-open, by the evidence of the report; the running month is not yet *whole*.

    The measurement lists no failing items. Where it is unknown or has no data, nothing may be drawn: never a zero.
    """

    month: str
    start: datetime
    end: datetime
    whole: bool
    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric with its arguments over the months before the report, earliest first; *checks* are those that ask it.

    A check's own number is taken over its own window: no month need reach the threshold for the check to be met.
    """

    metric: str
    arguments: MappingOf[str, str]
    checks: tuple[Check, ...]
    points: tuple[TrendPoint, ...]
