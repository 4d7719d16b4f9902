"""What no source gives is named, and never turned into a number."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.test_metric_cases import METRICS, CaseEngine

from itss_bridge.catalogue.yaml import read
from itss_bridge.data import folder
from itss_bridge.evidence import Lake
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.metrics import measure, split
from itss_bridge.model import Metric

END = datetime(2016, 6, 1, tzinfo=UTC)
DECLARED: dict[str, dict[str, list[str]]] = {
    name: needs
    for name in METRICS
    if (needs := read(folder("mappings") / "metrics" / f"{name}.yaml", "metric").content.get("needs"))
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


def needy(name: str) -> Metric:
    return replace(METRICS[name], needs={reason: tuple(fields) for reason, fields in DECLARED[name].items()})


def closed(key: str, **more: Any) -> dict[str, Any]:
    times = {"opened_at": "2016-01-05", "resolved_at": "2016-01-06"}
    return {"id": key, "state": "closed", "reopen_count": 0, **times, **more}


@pytest.mark.parametrize("name", DECLARED)
def test_a_metric_needs_fields_that_its_streams_have_and_reasons_that_its_query_gives(name: str) -> None:
    for reason, fields in DECLARED[name].items():
        assert f"'{reason}'" in METRICS[name].population
        for field in fields:
            stream, _, column = field.partition(".")
            assert stream in METRICS[name].streams
            assert column in StreamRows.of(stream).columns


@pytest.mark.parametrize(
    ("name", "row", "missing"),
    [
        ("kpi-reopen", {"reopen_count": None}, "incident.reopen_count"),
        ("kpi-mttr", {"resolved_at": None, "closed_at": "2016-01-07"}, "incident.resolved_at"),
        ("kpi-mttr", {"opened_at": None}, "incident.opened_at"),
        ("kpi-mtta", {}, "incident.acknowledged_at"),
        ("kpi-res", {"resolved_at": None}, "incident.resolved_at / incident.closed_at"),
    ],
)
def test_a_field_that_no_record_has_is_named(
    engine: CaseEngine, name: str, row: Mapping[str, Any], missing: str
) -> None:
    engine.give({"incident": [closed("a", **row), closed("b", **row)]})

    measured = measure(needy(name), engine, None, END, {})

    assert measured.unknown == f"no source gives {missing}"
    assert (measured.value, measured.numerator, measured.spread) == (None, None, {})
    assert sum(measured.excluded.values()) == measured.items - measured.n == 2, "what was left out is still told"


def test_a_share_of_open_tickets_alone_is_not_told_when_no_source_says_when_the_others_were_resolved(
    engine: CaseEngine,
) -> None:
    rows = [closed("a", resolved_at=None), {"id": "b", "state": "new", "opened_at": "2016-01-05"}]
    engine.give({"incident": rows})

    careless = replace(METRICS["kpi-res"], needs={})
    assert measure(careless, engine, None, END, {}).value == 0
    assert measure(needy("kpi-res"), engine, None, END, {}).value is None


def test_one_record_that_has_the_field_shows_that_it_is_given(engine: CaseEngine) -> None:
    engine.give({"incident": [closed("a", reopen_count=None), closed("b", reopen_count=1)]})

    measured = measure(needy("kpi-reopen"), engine, None, END, {})

    assert (measured.value, measured.unknown, measured.excluded) == (100, "", {"reopening not kept": 1})


def test_tickets_that_nobody_resolved_yet_miss_nothing(engine: CaseEngine) -> None:
    engine.give({"incident": [{"id": "a", "state": "new", "opened_at": "2016-01-05"}]})

    mttr, resolved = (measure(needy(name), engine, None, END, {}) for name in ("kpi-mttr", "kpi-res"))

    assert (mttr.value, mttr.unknown) == (None, "")
    assert (resolved.value, resolved.unknown) == (0, "")


def test_a_stream_without_any_record_misses_nothing(engine: CaseEngine) -> None:
    engine.give({"incident": [closed("a")], "sla": []})

    assert measure(needy("kpi-intime"), engine, None, END, {}).unknown == ""


def test_a_part_is_unknown_for_the_same_reason_as_the_whole(engine: CaseEngine) -> None:
    engine.give({"incident": [closed("a", reopen_count=None, priority=2)]})

    parts = split(needy("kpi-reopen"), engine, None, END, {}, "priority")

    assert {part: found.unknown for part, found in parts.items()} == {2: "no source gives incident.reopen_count"}
