"""The weeks ahead, by exponential smoothing, believed only where it beats “as last week” on weeks it has not seen."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any, Literal

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

LEAST_WEEKS = 26
"""Half a year: with less there is no telling a trend from chance. Our choice."""

TESTED_WEEKS = 8
LIKELY = 0.8


@dataclass(frozen=True, slots=True)
class Forecast:
    """*expected* for each week ahead, and between *low* and *high* with a probability of 80 %.

    *error* is the mean absolute error on the weeks held back, *naive_error* that of “as last week” on the same weeks;
    *method* is the one with the smaller error.
    """

    method: Literal["smoothing", "as-last-week"]
    expected: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    error: float
    naive_error: float
    weeks: int


Ahead = Callable[[Sequence[float], int], tuple[list[float], list[float], list[float]]]


def forecast(series: Sequence[float], ahead: int) -> Forecast:
    """The next *ahead* values of a weekly series of counts.

    Raises:
        UsageError: fewer than `LEAST_WEEKS` weeks, or the extra `forecast` is not installed.
    """
    if len(series) < LEAST_WEEKS:
        raise UsageError(
            say(
                "a forecast needs {LEAST_WEEKS} whole weeks, there are {count}",
                LEAST_WEEKS=LEAST_WEEKS,
                count=len(series),
            ),
            cause=say("with less, a trend cannot be told from chance"),
            fix=say("sync more history, or look at the weeks themselves"),
        )
    known, held_back = series[:-TESTED_WEEKS], series[-TESTED_WEEKS:]
    errors = {ways: _error(ways(known, TESTED_WEEKS)[0], held_back) for ways in (_smoothed, _as_last_week)}
    better = _smoothed if errors[_smoothed] < errors[_as_last_week] else _as_last_week
    expected, low, high = better(series, ahead)
    return Forecast(
        method="smoothing" if better is _smoothed else "as-last-week",
        expected=tuple(expected),
        low=tuple(low),
        high=tuple(high),
        error=errors[better],
        naive_error=errors[_as_last_week],
        weeks=len(series),
    )


def _error(said: Sequence[float], came: Sequence[float]) -> float:
    return fmean(abs(one - other) for one, other in zip(said, came, strict=True))


def _smoothed(series: Sequence[float], ahead: int) -> tuple[list[float], list[float], list[float]]:
    """Error-trend-seasonal with a damped additive trend (Hyndman et al. 2008); counts are never below nought."""
    model, series_of = _library()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that does not converge shows in the error on the weeks held back
        values = series_of([float(value) for value in series])
        fitted = model(values, error="add", trend="add", damped_trend=True).fit(disp=False)
        told = fitted.get_prediction(len(series), len(series) + ahead - 1).summary_frame(alpha=1 - LIKELY)
    expected, low, high = ([max(0.0, float(v)) for v in told[name]] for name in ("mean", "pi_lower", "pi_upper"))
    return expected, low, high


def _as_last_week(series: Sequence[float], ahead: int) -> tuple[list[float], list[float], list[float]]:
    """The last value; its spread grows with the root of the distance, as for a random walk."""
    steps = [after - before for before, after in pairwise(series)]
    spread = fmean(step * step for step in steps) ** 0.5
    last, normal = float(series[-1]), 1.2816  # the 90 % point of the normal distribution leaves 80 % between both sides
    reach = [normal * spread * (step + 1) ** 0.5 for step in range(ahead)]
    return [last] * ahead, [max(0.0, last - far) for far in reach], [last + far for far in reach]


def _library() -> tuple[Any, Any]:
    try:
        from pandas import Series
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    except ImportError:
        raise UsageError(
            say("forecasts need statsmodels, which is not installed"),
            fix=say("python3 -m pip install 'itss-bridge[forecast]'"),
        ) from None
    return ETSModel, Series
