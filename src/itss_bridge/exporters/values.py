"""Moments, numbers, texts and items as JSON has them: one way for all documents."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

from itss_bridge.model import CheckResult, Criterion, Item, Json, Measurement, Text
from itss_bridge.shortfall import distance

JsonObject = dict[str, Json]
_EXACT = 2**53


def day_json(day: date | None) -> str | None:
    """A day as `2016-06-01`."""
    return day.isoformat() if day else None


def moment(when: datetime | None) -> str | None:
    """A moment in UTC: `2016-06-01T00:00:00Z`."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None


def number_json(value: float | Decimal | None) -> float | None:
    """JSON has no infinity and no NaN; whole numbers stay whole."""
    if value is None or not math.isfinite(value):
        return None
    shown = float(value)
    return int(shown) if shown.is_integer() and abs(shown) < _EXACT else shown


def text_json(text: Text) -> dict[str, str]:
    """A text in both languages."""
    return {"en": text.en, "zh": text.zh}


def item_json(item: Item) -> JsonObject:
    """One item of a population."""
    return {
        "id": item.id,
        "ref": item.ref,
        "url": item.url,
        "value": number_json(item.value),
        "at": moment(item.at),
    }


def window_json(measurement: Measurement) -> JsonObject:
    """The half-open window of a measurement."""
    return {"from": moment(measurement.start), "to": moment(measurement.end)}


def needed(criterion: Criterion) -> str:
    """A criterion in one short text for scripts: `>= 90`, `measured (n >= 1)`."""
    if criterion.operator == "measured":
        least = Decimal(1) if criterion.threshold is None else criterion.threshold
        return f"measured (n >= {_decimal(least)})"
    return f"{criterion.operator} {'?' if criterion.threshold is None else _decimal(criterion.threshold)}"


def figures_json(result: CheckResult) -> JsonObject:
    """Everything that an auditor asks about one number, but for the number itself."""
    measured = result.measurement
    return {
        "title": text_json(result.check.title),
        "metric": result.check.metric,
        "arguments": dict(result.check.arguments),
        "unit": measured.unit if measured else "",
        "distance": number_json(result.distance),
        "distance_text": text_json(distance(result)),
        "n": measured.n if measured else 0,
        "window": window_json(measured) if measured else None,
        "reason": result.reason,
    }


def _decimal(value: Decimal) -> str:
    return f"{value.normalize():f}"
