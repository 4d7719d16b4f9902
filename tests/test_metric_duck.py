"""A population query of somebody's own, as people end theirs, held by DuckDB."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.test_metric_cases import END, METRICS, CaseEngine

from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.metrics import measure, measure_each

ROWS = {"incident": [{"id": n, "state": "closed", "opened_at": "2016-03-0" + n} for n in "123"]}
QUERY = "SELECT i.id, ref, url, TRUE AS met, opened_at AS at FROM incident AS i"
NUMBERED = QUERY + " CROSS JOIN parameter AS p WHERE i.id <> p.id"


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    engine.give(ROWS)
    yield engine
    engine.close()


@pytest.mark.parametrize("tail", ["", ";", " ;\n", " -- as agreed with the auditor", "\n-- as agreed\n"])
def test_a_query_may_end_as_people_end_queries(engine: CaseEngine, tail: str) -> None:
    metric = replace(METRICS["kpi-fcr"], population=QUERY + tail, needs={}, parameters=())
    assert measure(metric, engine, None, END, {}).numerator == 3
    assert engine.given == {"id", "ref", "url", "met", "at"}


@pytest.mark.parametrize("tail", ["", ";", " -- as agreed with the auditor"])
def test_so_may_one_that_is_asked_for_several_sets_at_once(engine: CaseEngine, tail: str) -> None:
    metric = replace(METRICS["kpi-fcr"], population=NUMBERED + tail, needs={}, parameters=("id",))
    found = measure_each(metric, engine, None, END, [{"id": "1"}, {"id": "none"}])
    assert [one.numerator for one in found] == [2, 3]


@pytest.mark.parametrize(
    "tail",
    [
        "; DROP TABLE incident",
        ") AS answer; DROP TABLE incident; SELECT * FROM (SELECT 1 AS id",
        "; COPY incident TO 'stolen.csv'; SELECT 1",
    ],
)
@pytest.mark.parametrize("asked", [[{}], [{"id": "1"}, {"id": "2"}]])
def test_a_second_statement_is_refused_and_not_run(
    engine: CaseEngine, tail: str, asked: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = replace(METRICS["kpi-fcr"], population=QUERY, needs={}, parameters=())
    assert measure(good, engine, None, END, {}).numerator == 3
    with pytest.raises(UsageError, match="population query fails"):
        measure_each(replace(good, population=QUERY + tail), engine, None, END, asked)
    assert measure(good, engine, None, END, {}).numerator == 3
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_query_is_refused_and_not_run(engine: CaseEngine, tmp_path: Path) -> None:
    file = tmp_path / "stolen.csv"
    metric = replace(METRICS["kpi-fcr"], population=f"COPY (SELECT 1) TO '{file}'", needs={}, parameters=())
    with pytest.raises(UsageError, match="population query fails"):
        engine.hold(metric, {}, None, END)
    assert not file.exists()
