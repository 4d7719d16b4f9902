"""The figures that organisations are compared by: each KPI as it is measured alone, and none measured twice."""

from pathlib import Path
from typing import Any

import pytest
from bench import synthetic

from itss_bridge.bridge import Bridge
from itss_bridge.fleet import Task, tasks
from itss_bridge.fleet.benchmarks import MONTHS
from itss_bridge.fleet.told import figure
from itss_bridge.metrics import measure, months_before, obstacle
from itss_bridge.metrics.working_time import used_by
from itss_bridge.report import by_stream
from itss_bridge.transport import no_gate

FEW = 400
DAY = synthetic.NOW.date().isoformat()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("figures")
    synthetic.build(place, FEW, "china")
    return place


def judged(root: Path) -> Any:
    done = tasks.perform(Task("few", str(root), "judge", as_of=DAY), lambda: no_gate)
    assert done.exit_code == 0, done.error
    return done.told


def test_the_figures_are_those_of_each_metric_alone(root: Path) -> None:
    told = judged(root)
    bridge = Bridge(root)
    report = bridge.report(bridge.workspace.moment(DAY))
    start, states, compared = months_before(report.as_of, MONTHS), by_stream(report.streams), 0
    with bridge.engine(report.as_of) as engine:
        for found in told.figures:
            metric = report.metrics[found.metric]
            if obstacle(metric, states):
                assert found.unknown
                continue
            alone = measure(metric, engine, start, report.as_of, {})
            assert found == figure(metric, alone, bridge.workspace.calendar if used_by(metric) else "")
            compared += found.n > 0
    assert compared >= 10


def test_what_the_report_measured_is_not_measured_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, bare = [], tasks.measure_all
    monkeypatch.setattr(tasks, "measure_all", lambda found, engine: asked.extend(found) or bare(found, engine))
    judged(root)
    bridge = Bridge(root)
    report = bridge.report(bridge.workspace.moment(DAY))
    start = months_before(report.as_of, MONTHS)
    measured = {m.metric for m in report.assessment.measurements if m.start == start and not m.unknown}
    again = {one.metric.id for one in asked}
    assert again
    assert measured
    assert not measured & again
