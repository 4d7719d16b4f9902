"""One metric over many months: in one query where the months are only a grouping of its rows."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from itss_bridge.contracts import Engine
from itss_bridge.metrics.measuring import SUMMARY, Measuring, measure
from itss_bridge.metrics.months import Month
from itss_bridge.model import Measurement, Metric

_READS_PERIOD = re.compile(r"(?i)\bperiod\b")


def by_month(
    metric: Metric, engine: Engine, months: Sequence[Month], arguments: Mapping[str, str]
) -> tuple[Measurement, ...]:
    """What `measure` gives for each of *months*, which follow each other, but without failing items."""
    if metric.window != "event" or _READS_PERIOD.search(metric.population):
        return tuple(_alone(metric, engine, month, arguments) for month in months)
    engine.hold(metric, arguments, months[0].start, months[-1].end)
    rows: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in engine.rows(SUMMARY.format(by=_number_of_month(months))):
        rows[row["part"]].append(row)
    found = [
        Measuring(metric, engine, month.start, month.end, arguments).measured(rows[number])
        for number, month in enumerate(months)
    ]
    # a reason that names items must name those of its own month
    return tuple(
        _alone(metric, engine, month, arguments) if one.unknown else one
        for month, one in zip(months, found, strict=True)
    )


def _alone(metric: Metric, engine: Engine, month: Month, arguments: Mapping[str, str]) -> Measurement:
    return replace(measure(metric, engine, month.start, month.end, arguments), failing=())


def _number_of_month(months: Sequence[Month]) -> str:
    """SQL that tells in which of *months* a row of the population lies."""
    whens = " ".join(
        f"WHEN \"at\" < TIMESTAMPTZ '{month.end.isoformat()}' THEN {number}" for number, month in enumerate(months)
    )
    return f"CASE {whens} END"
