"""Where a trend's points lie in a small chart. A month that has no value is a gap; every axis shows zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from itss_bridge.model import Trend, TrendPoint

WIDTH, HEIGHT = 260, 84
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 8, 8
_WHOLE_SHARE = 100.0


_SIGN = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}


@dataclass(frozen=True, slots=True, order=True)
class Goal:
    """A threshold: `≥ 90`."""

    sign: str
    value: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A month with a value; the running month is *hollow*."""

    x: str
    y: str
    hollow: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One trend drawn: *line* joins months that follow each other, *tail* leads to the running month."""

    line: str
    tail: str
    dots: tuple[Dot, ...]
    gaps: tuple[str, ...]
    thresholds: tuple[str, ...]
    low: float
    top: float
    base: str


def value(point: TrendPoint) -> float | None:
    """What may be drawn of a month: nothing where it is unknown or has no data."""
    measured = point.measurement
    finite = measured.value is not None and abs(measured.value) < float("inf")
    return measured.value if finite and not measured.unknown else None


def goals(trend: Trend) -> tuple[Goal, ...]:
    """What checks want the value to reach, each once."""
    asked = ((c.criterion.operator, c.criterion.threshold) for c in trend.checks)
    return tuple(sorted({Goal(_SIGN[sign], float(n)) for sign, n in asked if sign in _SIGN and n is not None}))


def told(trend: Trend) -> bool:
    """Whether any month has a value."""
    return any(value(point) is not None for point in trend.points)


def ordered(trends: Iterable[Trend]) -> list[Trend]:
    """Those that can be drawn, the ones with a threshold first."""
    return sorted(filter(told, trends), key=lambda trend: not goals(trend))


def last(trend: Trend) -> TrendPoint | None:
    """The latest whole month that has a value."""
    return next((p for p in reversed(trend.points) if p.whole and value(p) is not None), None)


def chart(trend: Trend, unit: str) -> Chart:
    """The trend drawn into WIDTH by HEIGHT; a share reaches up to 100 %."""
    values = [value(point) for point in trend.points]
    wanted = [goal.value for goal in goals(trend)]
    known = [number for number in (*values, *wanted) if number is not None]
    low = min([0.0, *known])
    top = max([*known, _WHOLE_SHARE if unit == "%" else 0.0]) or 1.0
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(values) - 1)
    xs = [f"{_LEFT + step * n:.1f}" for n in range(len(values))]
    ys = [None if number is None else _height(number, low, top) for number in values]
    whole = [y if point.whole else None for y, point in zip(ys, trend.points, strict=True)]
    return Chart(
        line=_path(xs, whole),
        tail=_path(xs[-2:], ys[-2:]) if not trend.points[-1].whole else "",
        dots=tuple(
            Dot(x, y, hollow=not point.whole) for x, y, point in zip(xs, ys, trend.points, strict=True) if y is not None
        ),
        gaps=tuple(x for x, y in zip(xs, ys, strict=True) if y is None),
        thresholds=tuple(_height(goal, low, top) for goal in wanted),
        low=low,
        top=top,
        base=_height(0, low, top),
    )


def _height(number: float, low: float, top: float) -> str:
    room = HEIGHT - _TOP - _BOTTOM
    return f"{_TOP + room * (top - number) / (top - low):.1f}"


def _path(xs: Sequence[str], ys: Sequence[str | None]) -> str:
    """An SVG path that is lifted over gaps; a value between two gaps has its dot alone."""
    parts, drawn = [], False
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            parts.append(f"{'L' if drawn else 'M'}{x} {y}")
        drawn = y is not None
    return "".join(parts)
