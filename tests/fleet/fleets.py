"""Fleets for tests: many small organisations, cheap to make, each with numbers of its own."""

import random
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from itss_bridge.contracts import Allowed
from itss_bridge.fleet import Done, Fleet, Portfolio, Task, portfolio, run
from itss_bridge.fleet.portfolio import Organisation
from itss_bridge.transport import no_gate

NOW = datetime.now(UTC)
DAY = f"{NOW + timedelta(days=2):%Y-%m-%d}"
"""A day after everything that a test collects."""

ALLOWED = Allowed(8)
_TOML = """\
[workspace]
organisation = "{name}"
target = "itss-level-3"
frameworks = ["itss"]
{more}
"""
FILES = '[sources.files]\nconnector = "files"\n'


def workspace(root: Path, name: str, sources: str = FILES) -> Path:
    """An empty workspace."""
    (root / "attestations").mkdir(parents=True)
    (root / "itss-bridge.toml").write_text(_TOML.format(name=name, more=sources), "utf-8")
    return root


def organisation(root: Path, number: int) -> Path:
    """A workspace with a handful of answers, problems and certificates; *number* decides what they say."""
    chance = random.Random(number)
    workspace(root, f"组织 {number:03}")
    month = NOW - timedelta(days=40)
    at = f"{month:%Y-%m-%dT%H:%M:%SZ}"
    surveys = [f"S{n},C{n},{chance.randint(60, 100)},{chance.randint(0, 10)},{at},{at},{at}" for n in range(5)]
    _csv(root, "survey", "id,customer,score,recommend,asked_at,answered_at,changed_at", surveys)
    if number % 5:
        rows = [f"P{n},{chance.choice(['closed', 'active'])},{n % 3 + 1},{at},{at}" for n in range(4)]
        _csv(root, "problem", "id,state,priority,opened_at,changed_at", rows)
    since = f"{NOW - timedelta(days=30 * chance.randint(1, 30)):%Y-%m-%d}"
    _csv(
        root,
        "certificate",
        "id,holder,scheme,level,awarded_at,status,changed_at",
        [f"C,organisation,itss,4,{since},valid,{at}"],
    )
    return root


def _csv(root: Path, stream: str, head: str, rows: Iterable[str]) -> None:
    (root / "attestations" / f"{stream}.csv").write_text("\n".join([head, *rows]) + "\n", "utf-8")


def fleet_of(folder: Path, count: int) -> Path:
    """A folder of *count* organisations in two groups."""
    for number in range(count):
        organisation(folder / ("华东", "south")[number % 2] / f"org-{number:03}", number)
    return folder


def tasks(fleet: Fleet, deed: Any, **more: Any) -> list[Task]:
    """One for each member."""
    return [Task(m.workspace, str(m.root), deed, NOW.isoformat(), DAY, **more) for m in fleet.members]


def together(fleet: Fleet, done: Iterable[Done]) -> Portfolio:
    """The portfolio of what came of judging a fleet."""
    by_name = {d.workspace: d for d in done}
    rows = [
        Organisation(m.workspace, m.group, d.told, d.error, d.exit_code)
        for m in fleet.members
        for d in [by_name[m.workspace]]
    ]
    return portfolio(fleet.name, DAY, rows)


def judged(fleet: Fleet, factory: Any, options: Mapping[str, str] | None = None) -> Portfolio:
    """The portfolio of the fleet, judged by this executor."""
    return together(fleet, run(tasks(fleet, "judge"), factory, options or {}, ALLOWED))


class Plain:
    """Runs each task when it is submitted: what everything else is compared with."""

    name = "plain"

    def __call__(self, _options: Mapping[str, str]) -> Executor:
        return _AtOnce()

    @contextmanager
    def gates(self, _allowed: Allowed) -> Any:
        yield lambda: no_gate


class _AtOnce(Executor):
    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:  # noqa: BLE001 - a future carries whatever is raised
            future.set_exception(error)
        return future
