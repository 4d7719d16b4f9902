"""Business time on Spark: the pieces of a calendar, sent to every worker once, and a look into them."""

from bisect import bisect_right
from datetime import datetime
from typing import Any, NamedTuple

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.metrics import working_time
from itss_bridge_spark.dialect import BusinessTime


class Told(NamedTuple):
    """The row of the table `calendar`."""

    id: str
    first_year: int | None
    last_year: int | None


def business_time(calendar: Calendar | None) -> BusinessTime:
    """How queries are to tell business time."""
    return BusinessTime(working_time.day_seconds(calendar), working_time.rests(calendar))


def teach(spark: Any, calendar: Calendar | None, now: datetime) -> Told:
    """Make `working_seconds` known where the calendar rests; what queries are told about the calendar."""
    if calendar is None or not working_time.rests(calendar):
        return Told(working_time.AROUND_THE_CLOCK, None, None)
    from pyspark.sql.functions import udf

    first, last = working_time.years(calendar, now)
    pieces = list(working_time.pieces(calendar, first, last))
    look = _look(
        spark.sparkContext.broadcast(
            (
                [float(piece.from_second) for piece in pieces],
                [float(piece.to_second) for piece in pieces],
                [float(piece.before_seconds) for piece in pieces],
                [float(piece.working) for piece in pieces],
            )
        )
    )
    spark.udf.register("working_seconds", udf(look, "double", useArrow=False))
    return Told(calendar.id, first, last)


def _look(sent: Any) -> Any:
    """A function within a function goes to the workers as it is: nothing of ours needs to be installed there."""

    def working_seconds(at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - types would go to the workers too
        if at is None:
            return None
        starts, ends, before, working = sent.value
        place = bisect_right(starts, at) - 1
        if place < 0 or at >= ends[place]:
            return None
        return before[place] + working[place] * (at - starts[place])

    return working_seconds
