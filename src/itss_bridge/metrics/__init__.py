"""Run population queries over the evidence of a moment: number, denominator, exclusions and items from one query."""

from itss_bridge.metrics.duck import DuckEngine
from itss_bridge.metrics.measuring import (
    Asked,
    measure,
    measure_all,
    measure_each,
    obstacle,
    obstacle_of,
    population,
    split,
    unknown,
)
from itss_bridge.metrics.monthly import by_month
from itss_bridge.metrics.months import Month, months_before, months_until

__all__ = [
    "Asked",
    "DuckEngine",
    "Month",
    "by_month",
    "measure",
    "measure_all",
    "measure_each",
    "months_before",
    "months_until",
    "obstacle",
    "obstacle_of",
    "population",
    "split",
    "unknown",
]
