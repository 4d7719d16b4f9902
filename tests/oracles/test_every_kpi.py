"""Every KPI against an oracle that knows no SQL: the definition once more, in plain Python, on random populations.

Where the two disagree one of them does not say what the definition says. Look there first.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.oracles import changes, incidents, organisation
from tests.oracles.judged import Given, Judged, Summed, summed
from tests.oracles.populations import populations
from tests.test_metric_cases import METRICS, CaseEngine

from itss_bridge.evidence import Lake
from itss_bridge.metrics import measure
from itss_bridge.model import Metric

pytestmark = pytest.mark.content

ORACLES = incidents.ORACLES | changes.ORACLES | organisation.ORACLES
END = datetime(2016, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


def test_every_kpi_has_an_oracle() -> None:
    kpis = {name for name in METRICS if name.startswith("kpi-")}

    assert len(kpis) == 45
    assert kpis - ORACLES.keys() == set()


@pytest.mark.parametrize("name", sorted(ORACLES))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_metric_says_what_its_oracle_says(engine: CaseEngine, name: str, data: Any) -> None:
    metric = METRICS[name]
    population: Given = data.draw(populations(metric))
    items = list(ORACLES[name](population))
    expected = summed(items, metric.summary, metric.unit, metric.better)
    if _in_want(metric, population, expected):
        expected = replace(expected, value=None, numerator=None)

    engine.give(_given(population))
    measured = measure(metric, engine, population.start, population.end, population.arguments)
    found = [Judged(**row) for row in engine.rows("SELECT id, met, value, excluded FROM population")]

    assert Counter(map(_said, found)) == Counter(map(_said, items))
    assert Summed(None, measured.n, measured.numerator, measured.excluded, ()) == Summed(
        None, expected.n, _near(expected.numerator), expected.excluded, ()
    )
    assert measured.value == _near(expected.value)
    assert sorted(item.id for item in measured.failing) == expected.failing


def _in_want(metric: Metric, population: Given, told: Summed) -> bool:
    """Whether items are left out for want of a field that no record has at all: then nothing is concluded."""
    return any(
        not any(_has(population, name) for name in fields)
        for reason, fields in metric.needs.items()
        if reason in told.excluded
    )


def _has(population: Given, name: str) -> bool:
    """Whether any record of the stream has the field; a stream without records wants none."""
    stream, _, field = name.partition(".")
    rows = population.streams[stream]
    return not rows or any(row.get(field) is not None for row in rows)


def _said(item: Judged) -> Judged:
    """An item without what is of no concern: verdicts of items left out, and the last digits of a value."""
    if item.excluded is not None:
        return Judged(item.id, excluded=item.excluded)
    return Judged(item.id, item.met, None if item.value is None else round(item.value, 6))


def _near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-6)


def _given(population: Given) -> dict[str, Any]:
    """Histories as connectors give them: with times as text."""
    return {stream: [_row(row) for row in rows] for stream, rows in population.streams.items()}


def _row(row: Any) -> dict[str, Any]:
    steps = row.get("history")
    return dict(row) if steps is None else row | {"history": [s | {"at": s["at"].isoformat()} for s in steps]}
