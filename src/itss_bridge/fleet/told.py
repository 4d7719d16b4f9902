"""What one workspace tells its fleet: little enough to travel, everything that a portfolio shows of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from itss_bridge.model import Gap, LevelOutcome, Measurement, Metric, Report, Status, Text, Verdict

MOST_MISSING = 3
"""How many gaps are named for each level of one organisation."""


@dataclass(frozen=True, slots=True)
class FrameworkCounts:
    """How many assessable requirements of one framework have each status; every status is a key."""

    framework: str
    title: Text
    counts: Mapping[Status, int]

    @property
    def applicable(self) -> int:
        """All but those taken out of scope."""
        return sum(self.counts.values()) - self.counts[Status.NOT_APPLICABLE]

    @property
    def assessed(self) -> int:
        """Those of the applicable ones about which the evidence says something."""
        return self.applicable - self.counts[Status.UNDETERMINED]


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that holds a level back."""

    check: str
    title: Text


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """One ITSS level: its binding rules by verdict, and the gaps to close first on the way to it."""

    level: int
    state: Status
    verdicts: Mapping[Verdict, int]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Short:
    """A stream that is not complete; *stream* is empty where a configured source was never read at all."""

    source: str
    stream: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one organisation over the benchmark's window; *value* None and *unknown* empty: no data."""

    metric: str
    title: Text
    unit: str
    better: str
    calendar: str
    value: float | None
    n: int
    numerator: float | None
    denominator: int
    unknown: str


@dataclass(frozen=True, slots=True)
class OpenGap:
    """One gap of one organisation; gaps with the same *metric* and *arguments* are the same everywhere."""

    metric: str
    arguments: tuple[tuple[str, str], ...]
    check: str
    title: Text
    verdict: Verdict
    levels: tuple[int, ...]
    frameworks: tuple[str, ...]
    opens: int
    effort: int
    assumed: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one organisation stands at a moment. *streams* is how many there are, *short* which are not complete."""

    organisation: str
    as_of: str
    target: int | None
    reached: int | None
    frameworks: tuple[FrameworkCounts, ...]
    levels: tuple[LevelCounts, ...]
    streams: int
    short: tuple[Short, ...]
    figures: tuple[Figure, ...]
    gaps: tuple[OpenGap, ...]
    catalogue: str
    version: str


def standing(report: Report, sources: Iterable[str], figures: Sequence[Figure]) -> Standing:
    """What the finished *report* says of the organisation whose configuration names these *sources*."""
    levels = sorted(report.assessment.levels.items(), reverse=True)
    return Standing(
        organisation=report.organisation,
        as_of=report.as_of.isoformat().replace("+00:00", "Z"),
        target=report.target,
        reached=report.assessment.reached,
        frameworks=tuple(FrameworkCounts(f.id, f.title, report.counts(f.id)) for f in report.frameworks),
        levels=tuple(_level(outcome, report.gaps) for _, outcome in levels),
        streams=len(report.streams),
        short=tuple(_short(report, sources)),
        figures=tuple(figures),
        gaps=tuple(_gap(gap) for gap in report.gaps),
        catalogue=report.catalogue,
        version=report.version,
    )


def figure(metric: Metric, measured: Measurement, calendar: str) -> Figure:
    """What a measurement says, without the items behind it; *calendar* is empty where no business time is measured."""
    about = (metric.id, metric.title, metric.unit, metric.better, calendar)
    numbers = (measured.n, measured.numerator, measured.denominator)
    return Figure(*about, None if measured.unknown else measured.value, *numbers, measured.unknown)


def _level(outcome: LevelOutcome, gaps: Iterable[Gap]) -> LevelCounts:
    found = [rule.verdict for pack in outcome.packs if pack.binding for rule in pack.rules]
    held = [gap.result.check for gap in gaps if outcome.level in gap.levels][:MOST_MISSING]
    missing = tuple(Missing(check.id, check.title) for check in held)
    return LevelCounts(outcome.level, outcome.status, {v: found.count(v) for v in Verdict}, missing)


def _short(report: Report, sources: Iterable[str]) -> Iterable[Short]:
    """Streams that are not complete, and configured sources that have left nothing: those look like nothing at all."""
    for state in report.streams:
        if state.state != "complete":
            yield Short(state.source, state.stream, state.state, state.reason)
    held = {state.source for state in report.streams}
    for source in sources:
        if source not in held:
            yield Short(source, "", "never", "")


def _gap(gap: Gap) -> OpenGap:
    check = gap.result.check
    return OpenGap(
        metric=check.metric,
        arguments=tuple(sorted(check.arguments.items())),
        check=check.id,
        title=check.title,
        verdict=gap.result.verdict,
        levels=gap.levels,
        frameworks=gap.frameworks,
        opens=gap.opens,
        effort=gap.effort,
        assumed=gap.assumed,
    )
