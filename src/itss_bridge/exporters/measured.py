"""What metrics gave, as JSON: over one window, and month by month."""

from itss_bridge.exporters.values import JsonObject, moment, needed, number_json, text_json, window_json
from itss_bridge.model import Measurement, Metric, Trend, TrendPoint

NUMBERS = ("value", "n", "numerator", "denominator", "excluded", "mean", "median", "p90", "unknown")
"""What differs from part to part and from month to month."""


def measurement_json(measurement: Measurement, metric: Metric | None = None) -> JsonObject:
    """What `metric show --json` prints; its shape is `schemas/cli/metric.json`.

    *value* is null where there is no data, and *unknown* says why nothing may be concluded (empty otherwise).
    """
    return {
        "id": measurement.metric,
        "arguments": dict(measurement.arguments),
        "value": number_json(measurement.value),
        "unit": measurement.unit or (metric.unit if metric else ""),
        "n": measurement.n,
        "numerator": number_json(measurement.numerator),
        "denominator": measurement.denominator,
        "excluded": dict(measurement.excluded),
        **window_json(measurement),
        **{name: number_json(measurement.spread.get(name)) for name in ("mean", "median", "p90")},
        "unknown": measurement.unknown,
        "calendar": measurement.calendar,
    }


def numbers_json(measurement: Measurement) -> JsonObject:
    """The numbers alone: what is the same for every part or month is said once."""
    shape = measurement_json(measurement)
    return {name: shape[name] for name in NUMBERS}


def month_json(point: TrendPoint) -> JsonObject:
    """One month of `metric history --json`."""
    window = {"from": moment(point.start), "to": moment(point.end), "whole": point.whole}
    return {"month": point.month, **window, **numbers_json(point.measurement)}


def trend_json(trend: Trend, metric: Metric | None) -> JsonObject:
    """One trend of `schemas/cli/report.json`."""
    return {
        "id": trend.metric,
        "arguments": dict(trend.arguments),
        "title": text_json(metric.title) if metric else {"en": trend.metric, "zh": trend.metric},
        "unit": metric.unit if metric else "",
        "better": metric.better if metric else "up",
        "checks": [{"id": check.id, "level": check.level, "needed": needed(check.criterion)} for check in trend.checks],
        "months": [month_json(point) for point in trend.points],
    }
