"""How the metrics behind the checks went: the last whole months and the running one, by the evidence of one moment."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from itss_bridge.catalogue import Catalogue
from itss_bridge.contracts import Engine
from itss_bridge.metrics import Month, by_month, months_until, obstacle, unknown
from itss_bridge.model import Check, Measurement, Metric, StreamState, Trend, TrendPoint

MONTHS = 13
"""Twelve and the running one; on the first of a month thirteen whole ones."""


def trends(
    catalogue: Catalogue,
    rules: Sequence[Check],
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    as_of: datetime,
    zone: ZoneInfo,
) -> tuple[Trend, ...]:
    """One trend for each metric and arguments that a check on tickets asks, in the order of *rules*.

    A metric of a moment (window `snapshot`) has no months; it is left out.
    """
    asked: defaultdict[tuple[str, tuple[tuple[str, str], ...]], list[Check]] = defaultdict(list)
    for rule in rules:
        if rule.kind == "ticket-metric" and catalogue.metrics[rule.metric].window != "snapshot":
            asked[rule.metric, tuple(sorted(rule.arguments.items()))].append(rule)
    months = months_until(as_of, MONTHS, zone)
    found = []
    for (name, given), checks in asked.items():
        metric, arguments = catalogue.metrics[name], dict(given)
        told = points(metric, engine, months, arguments, obstacle(metric, states))
        found.append(Trend(name, arguments, tuple(checks), told))
    return tuple(found)


def points(
    metric: Metric, engine: Engine, months: Sequence[Month], arguments: Mapping[str, str], reason: str
) -> tuple[TrendPoint, ...]:
    """A metric month by month; *reason* says why nothing may be concluded from the evidence, if so."""
    found: Sequence[Measurement]
    if reason:
        found = [replace(unknown(metric, month.end, arguments, reason), start=month.start) for month in months]
    else:
        found = by_month(metric, engine, months, arguments)
    return tuple(
        TrendPoint(month.name, month.start, month.end, month.whole, measured)
        for month, measured in zip(months, found, strict=True)
    )
