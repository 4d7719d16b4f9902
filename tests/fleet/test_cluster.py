"""A Dask cluster of two worker processes, one killed in the middle: nothing lost, nothing doubled, the same portfolio."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from tests.fleet.fleets import ALLOWED, Plain, fleet_of, judged, tasks, together

from itss_bridge.bridge import Bridge
from itss_bridge.contracts import Allowed
from itss_bridge.errors import UsageError
from itss_bridge.executors import Dask
from itss_bridge.fleet import Done, Fleet, Portfolio, open_fleet, run
from itss_bridge.fleet.exporters.document import document

pytest.importorskip("distributed", reason="Dask is not installed (extra `dask`)")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

WORKSPACES = int(os.environ.get("ITSS_BRIDGE_FLEET", "50"))
MIDDLE = WORKSPACES // 4
"""So many are done when a worker is killed."""


@dataclass
class Cluster:
    """A scheduler and two workers on loopback, each a process of its own that nobody restarts."""

    folder: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def address(self) -> str:
        return json.loads((self.folder / "scheduler.json").read_text("utf-8"))["address"]

    def __enter__(self) -> Self:
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        while not (self.folder / "scheduler.json").exists():
            assert self.processes[0].poll() is None
            time.sleep(0.1)
        for _ in range(2):
            self._start("dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard")
        return self

    def _start(self, module: str, *words: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", "scheduler.json", *words]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.processes.append(subprocess.Popen(command, cwd=self.folder, env=environment, **quiet))

    def kill_a_worker(self) -> None:
        self.processes[-1].kill()

    def __exit__(self, *_about: object) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@dataclass
class KillOnce:
    """Told of each result; kills when the fleet is in the middle."""

    kill: object
    seen: int = 0

    def __call__(self, _done: Done) -> None:
        self.seen += 1
        if self.seen == MIDDLE:
            self.kill()  # type: ignore[operator]


def in_turn(folder: Path) -> tuple[Fleet, Portfolio]:
    """The same organisations in another folder, synced and judged one after the other."""
    fleet = open_fleet(fleet_of(folder, WORKSPACES))
    assert {d.exit_code for d in run(tasks(fleet, "sync"), Plain(), {}, ALLOWED)} == {0}
    return fleet, judged(fleet, Plain())


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fleet, bytes]:
    fleet, portfolio = in_turn(tmp_path_factory.mktemp("in-turn") / "group")
    return fleet, document(portfolio, "zh")


def assert_exact(fleet: Fleet) -> None:
    """Every byte is under the chain, every record is held once, and as often as its file has it."""
    import duckdb

    for member in fleet.members:
        lake = Bridge(member.root).lake
        assert list(lake.verify()) == []
        files = sorted((member.root / "attestations").glob("*.csv"))
        assert lake.streams() == [file.stem for file in files]
        for file in files:
            query = "SELECT count(*), count(DISTINCT id), count(DISTINCT (id, digest)) FROM read_parquet($files)"
            counts = duckdb.execute(query, {"files": lake.table(file.stem).files()}).fetchone()
            assert counts == (len(file.read_text("utf-8").splitlines()) - 1,) * 3, file


def test_a_worker_killed_in_the_middle_of_a_sync(expected: tuple[Fleet, bytes], tmp_path: Path) -> None:
    fleet = open_fleet(fleet_of(tmp_path / "group", WORKSPACES))
    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster:
        options = {"scheduler": cluster.address}
        watch = KillOnce(cluster.kill_a_worker)
        done = run(tasks(fleet, "sync"), Dask(), options, ALLOWED, watch)
        assert cluster.processes[-1].poll() == -signal.SIGKILL
        assert [d.workspace for d in done] == [m.workspace for m in fleet.members]
        assert {(d.exit_code, *d.error.values()) for d in done} == {(0,)}
        assert watch.seen == WORKSPACES
        assert_exact(fleet)
        portfolio = together(fleet, run(tasks(fleet, "judge"), Dask(), options, ALLOWED))
    assert document(portfolio, "zh") == expected[1]


def test_a_worker_killed_in_the_middle_of_judging_is_started_anew(expected: tuple[Fleet, bytes]) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        workers = [p for p in multiprocessing.active_children() if "Dask Worker" in p.name]
        killed.append(workers[0].pid or 0)
        os.kill(killed[0], signal.SIGKILL)

    fleet, found = expected
    done = run(tasks(fleet, "judge"), Dask(), {"workers": "2"}, ALLOWED, KillOnce(kill_one))
    assert killed
    assert document(together(fleet, done), "zh") == found


def test_leases_of_a_killed_worker_do_not_hold_up_the_others(tmp_path: Path) -> None:
    """With Dask's own lease of 30 s the origin would be closed for that long."""
    from distributed import Client

    (tmp_path / "cluster").mkdir()
    with Cluster(tmp_path / "cluster") as cluster, Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2)
        with Dask().gates(Allowed(1)) as gates:
            first, second = sorted(client.scheduler_info(n_workers=-1)["workers"])
            holding = client.submit(hold, gates, 60.0, workers=[first], allow_other_workers=False, pure=False)
            while not taken(client):
                time.sleep(0.1)
            pid = client.run(os.getpid, workers=[first])[first]
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            client.submit(hold, gates, 0.0, workers=[second], pure=False).result(timeout=60)
            assert time.monotonic() - began < 25
            holding.cancel()


def hold(gates, seconds: float) -> None:
    with gates()("https://acme.example"):
        time.sleep(seconds)


def taken(client) -> bool:
    def look(dask_scheduler) -> bool:
        return any(dask_scheduler.extensions["semaphores"].leases.values())

    return client.run_on_scheduler(look)


def _looked_at() -> list[object]:
    import dask

    names = ("worker.profile.enabled", "admin.system-monitor.gil.enabled")
    return [dask.config.get(f"distributed.{name}") for name in names]


def test_nobody_looks_at_the_workers_of_a_cluster_of_our_own() -> None:
    assert any(_looked_at()), "Dask's own settings, which other clusters keep"
    with Dask()({"workers": "1"}) as executor:
        assert executor.submit(_looked_at).result() == [False, False]


def test_no_scheduler_is_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Dask()({"scheduler": "tcp://127.0.0.1:9"})
    assert caught.value.what == "no Dask scheduler answers"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What Dask says of lost workers is expected here."""
    import logging

    with contextlib.ExitStack() as stack:
        logger = logging.getLogger("distributed")
        before = logger.level
        logger.setLevel(logging.CRITICAL)
        stack.callback(logger.setLevel, before)
        yield
