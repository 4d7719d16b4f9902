"""How organisations compare, KPI by KPI: only those whose value is known, and how many are not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles

from itss_bridge.fleet.told import Figure
from itss_bridge.model import Text

MONTHS = 12
"""The window of all benchmarks: the last twelve months, however long a window some rule asks for."""

_QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """One organisation's value with its denominator; *rank* 1 is the best, equal values share one."""

    workspace: str
    rank: int
    value: float
    n: int
    numerator: float | None
    denominator: int


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One KPI across organisations that measure business time by the same *calendar* (empty where it measures none).

    The quartiles are interpolated between values, as a spreadsheet's QUARTILE.INC does. *no_data*: known, but the
    window holds nothing to count. *unknown*: evidence is missing or incomplete.
    """

    metric: str
    title: Text
    unit: str
    better: str
    calendar: str
    places: tuple[Place, ...]
    lower: float | None
    median: float | None
    upper: float | None
    no_data: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def best(self) -> Place | None:
        """The first by rank, None where nobody's value is known."""
        return self.places[0] if self.places else None

    @property
    def worst(self) -> Place | None:
        """The last by rank."""
        return self.places[-1] if self.places else None


def benchmarks(figures: Mapping[str, Iterable[Figure]], failed: Iterable[str] = ()) -> tuple[Benchmark, ...]:
    """One for each KPI and calendar, by id, from the figures of each workspace.

    Of those that *failed* nothing is known, whatever is asked.
    """
    shelves: dict[tuple[str, str], dict[str, Figure]] = {}
    for workspace, of in figures.items():
        for found in of:
            shelves.setdefault((found.metric, found.calendar), {})[workspace] = found
    lost = tuple(failed)
    return tuple(_benchmark(shelves[key], lost) for key in sorted(shelves))


def _benchmark(figures: Mapping[str, Figure], failed: tuple[str, ...]) -> Benchmark:
    one = figures[min(figures)]
    places = _places(figures, downwards=one.better == "down")
    lower, middle, upper = _quartiles([place.value for place in places])
    return Benchmark(
        metric=one.metric,
        title=one.title,
        unit=one.unit,
        better=one.better,
        calendar=one.calendar,
        places=places,
        lower=lower,
        median=middle,
        upper=upper,
        no_data=tuple(sorted(w for w, f in figures.items() if f.value is None and not f.unknown)),
        unknown=tuple(sorted([*failed, *(w for w, f in figures.items() if f.unknown)])),
    )


def _places(figures: Mapping[str, Figure], *, downwards: bool) -> tuple[Place, ...]:
    known = [(f.value, workspace) for workspace, f in figures.items() if f.value is not None]
    known.sort(key=lambda pair: (pair[0] if downwards else -pair[0], pair[1]))
    ranks: dict[float, int] = {}
    for position, (value, _) in enumerate(known, 1):
        ranks.setdefault(value, position)
    return tuple(_place(figures[workspace], workspace, value, ranks[value]) for value, workspace in known)


def _place(found: Figure, workspace: str, value: float, rank: int) -> Place:
    return Place(workspace, rank, value, found.n, found.numerator, found.denominator)


def _quartiles(values: list[float]) -> tuple[float | None, float | None, float | None]:
    if len(values) <= 1:
        one = values[0] if values else None
        return one, one, one
    lower, _, upper = quantiles(values, n=_QUARTERS, method="inclusive")
    return lower, median(values), upper
