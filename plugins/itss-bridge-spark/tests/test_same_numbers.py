"""Every shipped metric on both engines: the cases that an auditor can read, and random populations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.oracles.populations import populations
from tests.oracles.test_every_kpi import _given
from tests.test_metric_cases import CALENDARS, CASES, ENVELOPE, METRICS, CaseEngine, _stored, _verdict, moment

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.evidence import Lake
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.metrics import measure, population
from itss_bridge.metrics.measuring import SUMMARY
from itss_bridge.model import Metric

pytest.importorskip("itss_bridge_spark", reason="itss-bridge-spark is not installed")

from itss_bridge_spark.business_time import business_time
from itss_bridge_spark.engine import SparkEngine

pytestmark = pytest.mark.spark

END = datetime(2016, 6, 1, tzinfo=UTC)
# of those drawn, the ones with the most rows: most draws are small
DRAWN, KEPT = 60, 2
FEW = {"kpi-esc", "kpi-mttr", "kpi-sla"}


Rows = Sequence[Mapping[str, Any]]


@dataclass
class Sample:
    """Rows of the streams that a metric reads, the window, and its arguments."""

    streams: Mapping[str, Rows]
    start: datetime | None
    end: datetime
    arguments: Mapping[str, str] = field(default_factory=dict)
    calendar: str = "around-the-clock"


class SampleEngine(SparkEngine):
    """The real engine, fed with rows in place of a lake."""

    def give(self, streams: Mapping[str, Rows], calendar: Calendar) -> None:
        """Forget what was read before and read *streams* from now on, business time by *calendar*."""
        self._streams = streams
        self._ready.clear()
        self._knows_business_time = self._knows_business_time and calendar is self._calendar
        self._calendar, self._time = calendar, business_time(calendar)
        self._held = None

    def _rows_of(self, stream: str, columns: frozenset[str]) -> Any:
        stored = [_stored(stream, row) for row in self._streams.get(stream, ())]
        rows = [{name: getattr(row, name) for name in ENVELOPE} | dict(row.content) for row in stored]
        table = pa.Table.from_pylist(rows, schema=StreamRows.of(stream).arrow).select(sorted(columns))
        return self._spark.createDataFrame(table)


@dataclass
class Told:
    """What an engine says of some samples: all rows of their populations, and their summaries, by sample."""

    populations: list[list[str]]
    summaries: list[list[str]]


def told_by_duckdb(engine: CaseEngine, metric: Metric, samples: Sequence[Sample]) -> Told:
    """Sample by sample."""
    told = Told([], [])
    for sample in samples:
        engine.give(sample.streams, sample.calendar)
        engine.hold(metric, sample.arguments, sample.start, sample.end)
        told.populations.append(_sorted(engine.rows("SELECT * FROM population")))
        told.summaries.append(_sorted(engine.rows(SUMMARY.format(by="NULL"))))
    return told


def told_by_spark(engine: SampleEngine, metric: Metric, samples: Sequence[Sample]) -> Told:
    """All samples in one query, since each costs Spark a moment."""
    held = []
    for number, sample in enumerate(samples):
        engine.give(sample.streams, CALENDARS[sample.calendar])
        engine.hold(metric, sample.arguments, sample.start, sample.end)
        held.append(engine._spark.table("population").selectExpr("*", f"{number} AS sample"))
    together = reduce(lambda one, other: one.unionAll(other), held)
    together.persist().createOrReplaceTempView("population")
    try:
        rows = list(engine.rows("SELECT * FROM population"))
        sums = list(engine.rows(SUMMARY.format(by="sample")))
    finally:
        together.unpersist()
    by_number = range(len(samples))
    return Told(
        [_sorted(_without(row, "sample") for row in rows if row["sample"] == number) for number in by_number],
        [_sorted(row | {"part": None} for row in sums if row["part"] == number) for number in by_number],
    )


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


def _sorted(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Rows as text, every digit of them: NaN is like itself there."""
    return sorted(repr(dict(_plain(row))) for row in rows)


def _plain(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, datetime):
            yield name, value.astimezone(UTC).isoformat()
        else:
            yield name, value + 0.0 if isinstance(value, float) else value  # -0.0 is 0.0


@pytest.fixture(scope="module")
def duck(tmp_path_factory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Any]:
    engine = SampleEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


def cases(name: str) -> list[Mapping[str, Any]]:
    return yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))["cases"]


def of_case(case: Mapping[str, Any]) -> Any:
    start = moment(case["period"]["from"]) if "from" in case["period"] else None
    calendar = case.get("calendar", "around-the-clock")
    return Sample(case["streams"], start, moment(case["period"]["to"]), case.get("with", {}), calendar)


def random_samples(name: str) -> list[Any]:
    """The same at each run; every other one counts by the Chinese calendar."""
    drawn: list[Any] = []

    @seed(20160601)
    @settings(max_examples=DRAWN, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(populations(METRICS[name]))
    def draw(found: Any) -> None:
        drawn.append(found)

    draw()
    drawn.sort(key=lambda found: -sum(map(len, found.streams.values())))
    return [
        Sample(_given(found), found.start, found.end, found.arguments, "china" if number % 2 else "around-the-clock")
        for number, found in enumerate(drawn[:KEPT])
    ]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in FEW else pytest.mark.slow) for n in METRICS])
def test_a_metric_gives_the_same_rows_and_sums(duck, engine, name: str) -> None:
    samples = [*map(of_case, cases(name)), *random_samples(name)]
    ours, theirs = told_by_duckdb(duck, METRICS[name], samples), told_by_spark(engine, METRICS[name], samples)

    assert theirs.populations == ours.populations
    assert theirs.summaries == ours.summaries


@pytest.mark.parametrize("name", sorted(FEW))
def test_a_case_is_measured_as_it_says(engine, name: str) -> None:
    """The whole way once: value, n, what is left out, and why."""
    case = cases(name)[0]
    sample = of_case(case)
    engine.give(sample.streams, CALENDARS[sample.calendar])
    window = (sample.start, sample.end, sample.arguments)
    measured = measure(METRICS[name], engine, *window)
    items = list(population(METRICS[name], engine, *window))

    assert {item.id: _verdict(item) for item in items} == case["population"]
    assert measured.n == case["denominator"]
    assert measured.value == (None if case["value"] is None else pytest.approx(case["value"], abs=1e-6))
