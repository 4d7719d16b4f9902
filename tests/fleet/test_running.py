"""Tasks on executors: what a lost worker left is done again, and one workspace's end is nobody else's."""

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fleet.fleets import ALLOWED, NOW, Plain, fleet_of, judged, tasks, workspace

from itss_bridge.bridge import Bridge
from itss_bridge.executors import Processes, Threads
from itss_bridge.fleet import Done, Fleet, Portfolio, Task, exit_code, open_fleet, run
from itss_bridge.fleet import tasks as task_module
from itss_bridge.fleet.exporters.document import document
from itss_bridge.transport import no_gate


class Fragile(Plain):
    """Breaks, as a pool of processes does, when it comes to certain tasks; *deaths* is how often each of them kills."""

    name = "fragile"

    def __init__(self, deaths: Mapping[str, int], order: Any = None) -> None:
        self.deaths = dict(deaths)
        self.begun: Counter[str] = Counter()
        self.order = order

    def __call__(self, options: Mapping[str, str]) -> Executor:
        return _FragilePool(self)


class _FragilePool(Executor):
    def __init__(self, owner: Fragile) -> None:
        self.owner = owner
        self.broken = False

    def submit(self, function: Any, task: Task, gates: Any) -> Future:
        future: Future = Future()
        self.owner.begun[task.workspace] += 1
        if self.owner.deaths.get(task.workspace, 0) > 0:
            self.owner.deaths[task.workspace] -= 1
            self.broken = True
        if self.broken:
            future.set_exception(BrokenProcessPool("a process died"))
        else:
            future.set_result(Done(task.workspace, 0, "done"))
        return future


NAMES = [f"w{n}" for n in range(8)]
ALL = [Task(name, f"/nowhere/{name}", "judge") for name in NAMES]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 6), max_size=8))
def test_whoever_kills_its_worker_is_alone_in_being_lost(deaths: dict[str, int]) -> None:
    watched: list[str] = []
    pool = Fragile(deaths)
    done = run(ALL, pool, {}, ALLOWED, lambda d: watched.append(d.workspace))
    assert [d.workspace for d in done] == NAMES
    assert sorted(watched) == NAMES
    for d in done:
        if d.told is None:
            assert (d.exit_code, pool.deaths[d.workspace] < deaths[d.workspace]) == (5, True)
            assert "died every time" in d.error["cause"]
        else:
            assert d.exit_code == 0
    assert {d.workspace for d in done if d.told is None} <= {name for name, n in deaths.items() if n > 0}
    assert max(pool.begun.values()) <= 4


class Confused(Plain):
    """A cluster that fails one task with an exception of its own."""

    def __call__(self, options: Mapping[str, str]) -> Executor:
        return _ConfusedPool()


class _ConfusedPool(Executor):
    def submit(self, function: Any, task: Task, gates: Any) -> Future:
        future: Future = Future()
        if task.workspace == "w3":
            future.set_exception(ModuleNotFoundError("No module named 'itss_bridge'"))
        else:
            future.set_result(Done(task.workspace, 0, "done"))
        return future


def test_what_a_cluster_says_of_one_task_is_that_tasks_row() -> None:
    done = {d.workspace: d for d in run(ALL, Confused(), {}, ALLOWED)}
    assert done["w3"].exit_code == 5
    assert done["w3"].error["cause"] == "ModuleNotFoundError: No module named 'itss_bridge'"
    assert Counter(d.exit_code for d in done.values()) == {0: 7, 5: 1}


def test_threads_give_the_same_portfolio(fleet: Fleet, found: Portfolio) -> None:
    assert document(judged(fleet, Threads(), {"workers": "3"}), "zh") == document(found, "zh")


@pytest.mark.slow
def test_processes_give_the_same_portfolio_though_one_is_killed(fleet: Fleet, found: Portfolio) -> None:
    from tests.fleet.fleets import together

    killed: list[int] = []

    def kill_one(_done: Done) -> None:
        if not killed:
            victim = next(p for p in multiprocessing.active_children() if "SpawnProcess" in p.name)
            killed.append(victim.pid or 0)
            os.kill(victim.pid or 0, signal.SIGKILL)

    done = run(tasks(fleet, "judge"), Processes(), {"workers": "2"}, ALLOWED, kill_one)
    assert killed
    assert document(together(fleet, done), "zh") == document(found, "zh")


def test_a_bug_in_one_workspace_is_its_row(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Bridge.report

    def failing(self: Bridge, *arguments: Any, **options: Any) -> Any:
        if self.workspace.root.name == "org-002":
            raise ZeroDivisionError("a bug")
        return whole(self, *arguments, **options)

    monkeypatch.setattr(Bridge, "report", failing)
    portfolio = judged(fleet, Threads())
    rows = {o.workspace: o for o in portfolio.organisations}
    assert rows["华东/org-002"].exit_code == 1
    assert "ZeroDivisionError: a bug" in rows["华东/org-002"].error["what"]
    assert rows["华东/org-000"].state == "complete"


def test_a_lock_that_frees_itself_soon_is_waited_for(tmp_path: Path) -> None:
    root = fleet_of(tmp_path, 1)
    (member,) = open_fleet(root).members
    (member.root / "evidence").mkdir()
    lock = FileLock(member.root / "evidence" / ".lock", thread_local=False)
    lock.acquire()
    threading.Timer(0.5, lock.release).start()
    (done,) = run(tasks(open_fleet(root), "sync"), Plain(), {}, ALLOWED)
    assert done.exit_code == 0, done.error


def test_a_workspace_that_stays_locked_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_module, "PATIENCE", 0.3)
    root = fleet_of(tmp_path, 2)
    first = open_fleet(root).members[0]
    with Bridge(first.root).workspace.lock():
        done = run(tasks(open_fleet(root), "sync"), Threads(), {}, ALLOWED)
    assert [d.exit_code for d in done] == [7, 0]
    assert done[0].error["what"] == "another run is writing to this workspace"


def test_ctrl_c_begins_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fleet_of(tmp_path, 12)
    begun: list[str] = []

    def slow(task: Task, _gate: Any) -> tuple[int, Any]:
        begun.append(task.workspace)
        time.sleep(0.05)
        return 0, None

    def interrupted(_done: Done) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(task_module._DEEDS, "judge", slow)
    with pytest.raises(KeyboardInterrupt):
        run(tasks(open_fleet(root), "judge"), Threads(), {"workers": "2"}, ALLOWED, interrupted)
    assert len(begun) < 12
    before = len(begun)
    time.sleep(0.2)
    assert len(begun) == before


def test_syncs_side_by_side_leave_the_garbage_collector_as_it_was(tmp_path: Path) -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    done = run(tasks(open_fleet(fleet_of(tmp_path, 6)), "sync"), Threads(), {"workers": "3"}, ALLOWED)
    assert {d.exit_code for d in done} == {0}
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_a_replay_is_judged_at_its_own_present(tmp_path: Path) -> None:
    root = workspace(tmp_path / "replay", "回放", 'clock = "source"\n')
    done = task_module.perform(Task("replay", str(root), "judge", NOW.isoformat()), lambda: no_gate)
    assert done.exit_code == 0, done.error
    assert done.told.as_of >= f"{NOW:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("codes", "met", "worst"),
    [
        ([], True, 0),
        ([0, 0], True, 0),
        ([0, 0], False, 3),
        ([0, 2], True, 5),
        ([4, 5, 7], False, 5),
        ([5, 6, 2], True, 6),
        ([6, 1, 5], True, 1),
    ],
)
def test_what_a_fleet_ends_with(codes: list[int], met: bool, worst: int) -> None:
    assert exit_code(codes, gate_met=met) == worst
