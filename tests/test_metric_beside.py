"""Several metrics measured at once over the same tables: the numbers are those of one after another, and so are refusals."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from bench import synthetic

from itss_bridge.bridge import Bridge
from itss_bridge.errors import UsageError
from itss_bridge.metrics import Asked, DuckEngine, measure_all, measure_each, months_before

TICKETS = 400


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Bridge:
    root = tmp_path_factory.mktemp("beside")
    synthetic.build(root, TICKETS, "china")
    return Bridge(root)


@pytest.fixture
def engine(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckEngine]:
    """It expects no metric, so that each may ask for columns that have not been read while others use those that have."""
    monkeypatch.setenv("ITSS_BRIDGE_THREADS", "4")
    with closing(DuckEngine(bridge.lake, synthetic.NOW, bridge.catalogue.calendars["china"])) as engine:
        yield engine


@pytest.fixture(scope="module")
def everything(bridge: Bridge) -> list[Asked]:
    start = months_before(synthetic.NOW, 12)
    return [
        Asked(metric, start, synthetic.NOW, [dict.fromkeys(metric.parameters, value) for value in ("1", "2")])
        for metric in bridge.catalogue.metrics.values()
    ]


@pytest.mark.parametrize("turn", range(3))
def test_at_once_gives_what_one_after_another_gives(
    bridge: Bridge, engine: DuckEngine, everything: list[Asked], turn: int
) -> None:
    alone = DuckEngine(bridge.lake, synthetic.NOW, bridge.catalogue.calendars["china"])
    with closing(alone):
        expected = [measure_each(a.metric, alone, a.start, a.end, a.arguments) for a in everything]
    asked = everything[turn:] + everything[:turn]

    assert measure_all(asked, engine) == expected[turn:] + expected[:turn]


def test_one_that_fails_is_named_and_the_engine_goes_on(engine: DuckEngine, everything: list[Asked]) -> None:
    wrong = everything[10]._replace(metric=replace(everything[10].metric, population="SELECT nothing FROM nowhere"))
    with pytest.raises(UsageError, match=wrong.metric.id):
        measure_all([*everything[:10], wrong, *everything[11:]], engine)

    assert measure_all(everything[:3], engine) == measure_all(everything[:3], engine)


def test_one_thread_has_no_engine_beside_it(
    engine: DuckEngine, monkeypatch: pytest.MonkeyPatch, bridge: Bridge
) -> None:
    besides = engine.beside()
    assert len(besides) == 3
    rooms = "SELECT count(*) AS n FROM duckdb_schemas() WHERE schema_name LIKE 'asked_%'"
    assert next(engine.rows(rooms)) == {"n": 4}
    for one in besides:
        one.close()
    assert next(engine.rows(rooms)) == {"n": 1}
    monkeypatch.setenv("ITSS_BRIDGE_THREADS", "1")
    with closing(DuckEngine(bridge.lake, synthetic.NOW)) as alone:
        assert alone.beside() == []
