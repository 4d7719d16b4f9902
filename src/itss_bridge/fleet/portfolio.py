"""The portfolio: every organisation of a fleet by framework and level, compared, with what they have in common.

A pure function of what the workspaces told, whoever asked them and in whatever order they answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from itss_bridge import __version__
from itss_bridge.fleet.benchmarks import Benchmark, benchmarks
from itss_bridge.fleet.shared_gaps import SharedGap, shared_gaps
from itss_bridge.fleet.told import FrameworkCounts, LevelCounts, Standing
from itss_bridge.model import Status, Text

State = Literal["failed", "incomplete", "complete"]
_LOUDEST_FIRST: tuple[State, ...] = ("failed", "incomplete", "complete")


@dataclass(frozen=True, slots=True)
class Organisation:
    """One workspace's row. *standing* is None where nothing could be judged; *error* and *exit_code* then say why.

    *error* has the parts `what where cause fix` that are filled.
    """

    workspace: str
    group: str
    standing: Standing | None
    error: Mapping[str, str]
    exit_code: int

    @property
    def name(self) -> str:
        """What the organisation calls itself; its folder where that cannot be read."""
        return self.standing.organisation if self.standing else self.workspace

    @property
    def state(self) -> State:
        """How far its row is to be trusted: never *complete* while any stream is not, or without any."""
        if self.standing is None:
            return "failed"
        return "incomplete" if self.standing.short or not self.standing.streams else "complete"

    @property
    def reached(self) -> int | None:
        """The highest level that the evidence shows."""
        return self.standing.reached if self.standing else None

    def framework(self, name: str) -> FrameworkCounts | None:
        """Its counts for one framework, None where it does not pursue it."""
        found = self.standing.frameworks if self.standing else ()
        return next((counts for counts in found if counts.framework == name), None)

    def level(self, number: int) -> LevelCounts | None:
        """Its state for one level."""
        found = self.standing.levels if self.standing else ()
        return next((counts for counts in found if counts.level == number), None)


@dataclass(frozen=True, slots=True)
class FrameworkTotal:
    """One framework across the group: how many *organisations* pursue it, and their counts together."""

    framework: str
    title: Text
    organisations: int
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class LevelTotal:
    """One level across the group: how many organisations have *reached* it or a higher one, and the states of all."""

    level: int
    reached: int
    states: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything that a fleet's exporters may show.

    *organisations* stand with the failed ones first, then those whose evidence is not complete. *as_of* is what was
    asked for, a day or a moment. *releases* are those of itss-bridge that judged; more than one is worth a look.
    """

    name: str
    as_of: str
    version: str
    organisations: tuple[Organisation, ...]
    frameworks: tuple[FrameworkTotal, ...]
    levels: tuple[LevelTotal, ...]
    benchmarks: tuple[Benchmark, ...]
    gaps: tuple[SharedGap, ...]
    releases: tuple[str, ...]

    def of(self, state: State) -> tuple[Organisation, ...]:
        """The organisations in one state."""
        return tuple(o for o in self.organisations if o.state == state)

    @property
    def groups(self) -> tuple[tuple[str, tuple[Organisation, ...]], ...]:
        """Organisations by group, sorted by its name; what belongs to no group comes last."""
        names = sorted({o.group for o in self.organisations}, key=lambda name: (not name, name))
        return tuple((name, tuple(o for o in self.organisations if o.group == name)) for name in names)


def portfolio(name: str, as_of: str, organisations: Iterable[Organisation]) -> Portfolio:
    """All of a fleet's organisations put together, the same whatever order they come in."""
    rows = tuple(sorted(organisations, key=lambda o: (_LOUDEST_FIRST.index(o.state), o.workspace)))
    told = {o.workspace: o.standing for o in sorted(rows, key=lambda o: o.workspace) if o.standing}
    failed = [o.workspace for o in rows if o.standing is None]
    return Portfolio(
        name=name,
        as_of=as_of,
        version=__version__,
        organisations=rows,
        frameworks=_frameworks(tuple(told.values())),
        levels=_levels(rows),
        benchmarks=benchmarks({workspace: s.figures for workspace, s in told.items()}, failed),
        gaps=shared_gaps({workspace: s.gaps for workspace, s in told.items()}),
        releases=tuple(sorted({s.version for s in told.values()})),
    )


def _frameworks(standings: Sequence[Standing]) -> tuple[FrameworkTotal, ...]:
    """In the order in which the organisations' reports have them."""
    shelves: dict[str, list[FrameworkCounts]] = {}
    for found in (counts for standing in standings for counts in standing.frameworks):
        shelves.setdefault(found.framework, []).append(found)
    return tuple(_total(of) for _, of in sorted(shelves.items(), key=lambda item: (item[0] != "itss", item[0])))


def _total(of: Sequence[FrameworkCounts]) -> FrameworkTotal:
    sums = {status: sum(counts.counts[status] for counts in of) for status in Status}
    return FrameworkTotal(of[0].framework, of[0].title, len(of), sums)


def _levels(rows: Sequence[Organisation]) -> tuple[LevelTotal, ...]:
    numbers = sorted({counts.level for row in rows if row.standing for counts in row.standing.levels}, reverse=True)
    return tuple(_level(number, rows) for number in numbers)


def _level(number: int, rows: Sequence[Organisation]) -> LevelTotal:
    states = [counts.state for row in rows if (counts := row.level(number))]
    reached = sum(row.reached is not None and row.reached <= number for row in rows)
    return LevelTotal(number, reached, {status: states.count(status) for status in Status})
