"""What every oracle is made of: one period, rows as plain dictionaries, and a verdict for each item.

An oracle is the definition of a metric once more, written from its text in plain Python: no SQL, no code of
`itss_bridge.metrics`. It says for each item what it is: met or not, how much, or why it is left out.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """Rows per stream, the half-open period they are looked at over, and the metric's arguments."""

    streams: Mapping[str, Sequence[Row]]
    start: datetime | None
    end: datetime
    arguments: Mapping[str, str]

    def holds(self, at: datetime | None) -> bool:
        """Whether a moment lies in the period; an unknown one does not."""
        return at is not None and (self.start is None or at >= self.start) and at < self.end

    def begun(self, at: datetime | None) -> bool:
        """Whether something with this beginning was there when the period ended; unknown counts as yes."""
        return at is None or at < self.end


@dataclass(frozen=True, slots=True)
class Judged:
    """One item: met, a value, or the reason it is left out."""

    id: str
    met: bool | None = None
    value: float | None = None
    excluded: str | None = None


Oracle = Callable[[Given], Iterator[Judged]]


def first(*values: Any) -> Any:
    """The first value that is known."""
    return next((value for value in values if value is not None), None)


def marked(row: Row, *, by_code: bool = False, cancelled: bool = True) -> str | None:
    """Why a ticket never counts: cancelled, a duplicate (*by_code*: the resolution code says so, too), a test."""
    labels = row.get("labels") or ()
    if cancelled and row.get("state") == "cancelled":
        return "cancelled"
    if "duplicate" in labels or (by_code and (row.get("resolution_code") or "").lower() == "duplicate"):
        return "duplicate"
    return "test ticket" if "test" in labels else None


def open_again(row: Row) -> str | None:
    """A ticket that bears the time of a resolution but is being worked on."""
    return "open again" if row.get("state") in {"new", "active", "waiting"} else None


@dataclass(frozen=True, slots=True)
class Summed:
    """What a metric must say of its items."""

    value: float | None
    n: int
    numerator: float | None
    excluded: Mapping[str, int]
    failing: Sequence[str]


def summed(items: Sequence[Judged], summary: str, unit: str, better: str) -> Summed:
    """The items summed up as the metric declares."""
    counted = [item for item in items if item.excluded is None]
    value, numerator = _number(counted, summary, 100 if unit == "%" else 1)
    bad = better == "down"
    failing = sorted(item.id for item in counted if item.met is bad)
    excluded = Counter(item.excluded for item in items if item.excluded is not None)
    return Summed(value, len(counted), numerator, excluded, failing)


def _number(counted: Sequence[Judged], summary: str, scale: float) -> tuple[float | None, float | None]:
    values = [item.value for item in counted if item.value is not None]
    if summary == "count":
        kept = float(sum(item.met is not False for item in counted))
        return kept, kept
    if summary == "ratio":
        met = sum(item.met is True for item in counted)
        return (met / len(counted) * scale, float(met)) if counted else (None, None)
    if not values:
        return None, None
    return {"mean": fmean(values), "median": median(values), "sum": sum(values)}[summary], sum(values)
