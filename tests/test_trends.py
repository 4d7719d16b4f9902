"""Trends: each month's point is what the metric gives over that month alone, a gap stays a gap, and nobody pays unasked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from tests.prepared import DAY, collect, copied
from tests.test_metric_cases import METRICS, CaseEngine
from tests.test_metric_parts import YEAR, Rows, _incidents, _streams

from itss_bridge.bridge import Bridge
from itss_bridge.evidence import Lake
from itss_bridge.exporters.document import report_json
from itss_bridge.metrics import by_month, measure, months_until
from itss_bridge.model import Report

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTHS = months_until(YEAR[1], 12, SHANGHAI)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), YEAR[1])
    yield engine
    engine.close()


@pytest.mark.parametrize("name", ["kpi-mttr", "kpi-mtta", "kpi-sla", "kpi-reopen", "kpi-major", "kpi-close"])
@settings(max_examples=8, deadline=None)
@given(rows=_incidents)
def test_a_month_of_many_is_that_month_alone(engine: CaseEngine, name: str, rows: Rows) -> None:
    engine.give(_streams(rows))

    together = by_month(METRICS[name], engine, MONTHS, {})
    alone = [measure(METRICS[name], engine, month.start, month.end, {}) for month in MONTHS]

    assert together == tuple(replace(one, failing=()) for one in alone)


def test_months_that_only_group_rows_take_one_query(engine: CaseEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.give({"incident": [{"id": "1", "state": "closed", "priority": 1, "opened_at": YEAR[0]}]})
    asked: list[str] = []
    held: list[str] = []
    rows, hold = engine.rows, engine.hold
    monkeypatch.setattr(engine, "rows", lambda sql: asked.append(sql) or rows(sql))
    monkeypatch.setattr(engine, "hold", lambda metric, *window: held.append(metric.id) or hold(metric, *window))

    by_month(METRICS["incidents-graded"], engine, MONTHS, {})

    assert held == ["incidents-graded"]
    assert sum("GROUP BY" in sql for sql in asked) == 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bridge:
    root = copied("level-3", tmp_path_factory.mktemp("trends"))
    collect(root)
    return Bridge(root)


@pytest.fixture(scope="module")
def shown(whole: Bridge) -> Report:
    return whole.report(whole.workspace.moment(DAY), with_trends=True)


def test_trends_are_told_only_when_asked_for(whole: Bridge, shown: Report) -> None:
    assert shown.trends
    assert replace(shown, trends=()) == whole.report(whole.workspace.moment(DAY))


def test_every_trend_is_asked_by_a_check_and_has_thirteen_months(shown: Report) -> None:
    for trend in shown.trends:
        assert trend.checks
        assert {check.metric for check in trend.checks} == {trend.metric}
        assert [point.month for point in trend.points][-2:] == ["2026-02", "2026-03"]
        assert len(trend.points) == 13
        assert not [point for point in trend.points if point.measurement.failing]


def test_the_running_month_is_marked(whole: Bridge) -> None:
    report = whole.report(datetime(2026, 3, 30, 13, tzinfo=UTC), with_trends=True)
    assert {tuple(point.whole for point in trend.points) for trend in report.trends} == {(True,) * 12 + (False,)}


def test_a_month_without_data_has_no_value(shown: Report) -> None:
    empty = [p.measurement for t in shown.trends for p in t.points if not p.measurement.unknown and not p.measurement.n]
    summary = {name: metric.summary for name, metric in shown.metrics.items()}
    assert empty
    assert {m.value for m in empty if summary[m.metric] != "count"} == {None}


def test_a_stream_that_is_not_complete_leaves_every_month_unknown(whole: Bridge, tmp_path: Path) -> None:
    """No source gives changes any more: nothing may be drawn, not even for months that were whole."""
    root = copied("level-3", tmp_path)
    for file in (root / "attestations").glob("incident.*"):
        file.unlink()
    collect(root)
    bridge = Bridge(root)
    report = bridge.report(bridge.workspace.moment(DAY), with_trends=True)
    about = [t for t in report.trends if "incident" in report.metrics[t.metric].streams]
    assert about
    assert {bool(point.measurement.unknown) for trend in about for point in trend.points} == {True}
    assert all(
        month["value"] is None
        for t in report_json(report)["trends"]
        if t["id"] == about[0].metric
        for month in t["months"]
    )
