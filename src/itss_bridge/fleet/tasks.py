"""What is done to one workspace: a pure function of a small order, run anywhere, that never raises.

Neither lake nor session nor engine crosses between processes: only the folder's path goes out, only what it tells
comes back.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from itss_bridge.bridge import Bridge, as_problem
from itss_bridge.contracts import Exporter
from itss_bridge.errors import BridgeError, Locked
from itss_bridge.fleet.benchmarks import MONTHS
from itss_bridge.fleet.told import Figure, figure, standing
from itss_bridge.messages import say
from itss_bridge.metrics import Asked, measure_all, months_before, obstacle, unknown
from itss_bridge.metrics.working_time import used_by
from itss_bridge.model import Measurement, Metric, Report
from itss_bridge.outcomes import exit_code, summary
from itss_bridge.planning import planned
from itss_bridge.plugins import Plugins
from itss_bridge.report import by_stream
from itss_bridge.transport import Gate
from itss_bridge.written import suffix, write

Deed = Literal["plan", "sync", "judge"]

PATIENCE = 10.0
"""Seconds that a locked workspace is waited for: a killed worker's process may take a moment to be gone."""

_AGAIN = 0.1
_KPI = "kpi-"


@dataclass(frozen=True, slots=True)
class Task:
    """An order: what to do with the workspace in *root*, on any machine that sees that folder.

    *as_of* is what the user wrote, a day or a moment; empty means *now*, except for a workspace that replays recorded
    data, which has a present of its own. *files* are written with the workspace's own report, in *language* (empty:
    the workspace's first).
    """

    workspace: str
    root: str
    deed: Deed
    now: str = ""
    as_of: str = ""
    files: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a task. *told* is what the deed gives; *exit_code* what the same command alone would end with."""

    workspace: str
    exit_code: int
    told: Any = None
    error: Mapping[str, str] = field(default_factory=dict)


def perform(task: Task, gates: Callable[[], Gate]) -> Done:
    """Do it. Whatever goes wrong with one workspace is its own outcome, and nobody else's."""
    try:
        code, told = _DEEDS[task.deed](task, gates())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a bug too, even one in Rust, is this workspace's; the others go on
        problem = as_problem(error) or _bug(error)
        return Done(task.workspace, problem.exit_code, error=problem.as_dict())
    return Done(task.workspace, code, told)


def _bug(error: BaseException) -> BridgeError:
    what = say("this is a fault of itss-bridge: {kind}: {error}", kind=type(error).__name__, error=error)
    return BridgeError(what, fix=say("run the command on this workspace alone with -v and report what it prints"))


@cache
def _plugins() -> Plugins:
    """Once a process: finding and importing them takes longer than many a workspace."""
    return Plugins()


def _plan(task: Task, gate: Gate) -> tuple[int, Any]:
    rows, code = planned(Bridge(Path(task.root), _plugins(), gate))
    return code, rows


def _sync(task: Task, gate: Gate) -> tuple[int, Any]:
    bridge = Bridge(Path(task.root), _plugins(), gate)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            run, outcomes = bridge.sync(_unwatched)
        except Locked:
            if time.monotonic() > until:
                raise
            time.sleep(_AGAIN)
        else:
            return exit_code(outcomes), summary(run, outcomes)


def _unwatched(source: str, stream: str, read: int, expected: int | None) -> None:
    """Nobody looks at one workspace's progress: the fleet's own is how many are done."""


def _judge(task: Task, _gate: Gate) -> tuple[int, Any]:
    bridge = Bridge(Path(task.root), _plugins())
    exporters = {file: _exporter(bridge, Path(file)) for file in task.files}
    report = bridge.report(_moment(task, bridge), with_trends=any(e.shows_trends for e in exporters.values()))
    for file, exporter in exporters.items():
        write(Path(file), exporter().export(report, task.language or bridge.workspace.languages[0]))
    return 0, standing(report, bridge.workspace.sources, _figures(bridge, report))


def _exporter(bridge: Bridge, file: Path) -> type[Exporter]:
    known = bridge.plugins.exporters
    return bridge.plugins.pick(known, suffix(file, known), say("format"))


def _moment(task: Task, bridge: Bridge) -> datetime:
    if task.as_of:
        return bridge.workspace.moment(task.as_of)
    return bridge.now() if bridge.workspace.follows_source_clock else datetime.fromisoformat(task.now)


def _figures(bridge: Bridge, report: Report) -> list[Figure]:
    """Every KPI that needs no argument, over the one window that all organisations are compared by."""
    asked = [m for name, m in sorted(report.metrics.items()) if name.startswith(_KPI) and not m.parameters]
    known = _measured(bridge, report, asked)
    calendar = bridge.workspace.calendar
    return [figure(metric, known[metric.id], calendar if used_by(metric) else "") for metric in asked]


def _measured(bridge: Bridge, report: Report, metrics: Sequence[Metric]) -> Mapping[str, Measurement]:
    """Each metric over the window of benchmarks, by its id: what the report measured is not measured again."""
    start, end, states = months_before(report.as_of, MONTHS), report.as_of, by_stream(report.streams)
    known = {m.metric: m for m in report.assessment.measurements if (m.start, m.end) == (start, end)}
    for metric in metrics:
        if reason := obstacle(metric, states):
            known[metric.id] = unknown(metric, end, {}, reason)
    others = [metric for metric in metrics if metric.id not in known]
    if not others:
        return known
    with bridge.engine(end, metrics=others) as engine:
        found = measure_all([Asked(metric, start, end, [{}]) for metric in others], engine)
    return known | {metric.id: one for metric, (one,) in zip(others, found, strict=True)}


_DEEDS: Mapping[Deed, Callable[[Task, Gate], tuple[int, Any]]] = {"plan": _plan, "sync": _sync, "judge": _judge}
