"""kill −9 in the middle of a sync, again and again: nothing lost, nothing doubled, the next run completes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence.read import records
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

KILLS = 20


def test_a_sync_killed_at_any_moment_is_completed_by_the_next(tmp_path: Path) -> None:
    rng = random.Random(20160501)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PLAYGROUND_PASSWORD": "playground",
        "PLAYGROUND_TOKEN": "playground",
        "ITSS_BRIDGE_BATCH": "200",
    }
    with Playground(datetime(2016, 6, 1, tzinfo=UTC)) as playground:
        truth = playground.truth()["servicenow"]
        (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        command = [sys.executable, "-m", "itss_bridge", "sync", "--source", "servicenow", "--json", "-w", str(tmp_path)]
        took = _whole_run(command, environment)
        _forget(tmp_path)
        killed = sum(_killed_after(command, environment, rng.uniform(0.2, took)) for _ in range(KILLS))
        final = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert killed >= KILLS // 2
    shown = json.loads(final.stdout)
    assert shown["ok"] is True
    bridge = Bridge(tmp_path)
    for stream, expected in truth.items():
        held = [row["id"] for row in records(bridge.lake, stream, datetime(2100, 1, 1, tzinfo=UTC), ["id"])]
        assert sorted(held) == sorted(expected)
    assert list(bridge.lake.verify()) == []
    doubled = duckdb.sql(
        f"SELECT count(*) FROM (SELECT id, digest FROM read_parquet('{tmp_path}/evidence/incident/*.parquet') "
        "GROUP BY ALL HAVING count(*) > 1)"
    ).fetchall()
    assert doubled == [(0,)]


def _whole_run(command: list[str], environment: dict[str, str]) -> float:
    started = time.monotonic()
    subprocess.run(command, capture_output=True, env=environment, check=True)
    return time.monotonic() - started


def _forget(root: Path) -> None:
    """Begin again with an empty lake, so that kills meet first reads too."""
    for folder in (root / "evidence").iterdir():
        if folder.is_dir():
            for file in sorted(folder.rglob("*"), reverse=True):
                file.unlink() if file.is_file() else file.rmdir()
            folder.rmdir()


def _killed_after(command: list[str], environment: dict[str, str], seconds: float) -> bool:
    """Whether the kill met the run before its end."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("number", range(1, 8))
def test_a_disk_that_fails_at_any_write_loses_nothing(tmp_path: Path, monkeypatch, number: int) -> None:
    """The Nth fsync fails, as a full or dying disk makes it; the run after that is whole."""
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    calls = {"n": 0}
    real = os.fsync

    def failing(handle: int) -> None:
        calls["n"] += 1
        if calls["n"] == number:
            raise OSError(28, "No space left on device")
        real(handle)

    with Playground(datetime(2016, 5, 1, tzinfo=UTC)) as playground:
        (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        bridge = Bridge(tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", failing)
            with suppress(OSError, SourceUnavailable):
                bridge.sync(lambda *_: None, ["servicenow"])
        _, outcomes = bridge.sync(lambda *_: None, ["servicenow"])
        truth = playground.truth()["servicenow"]
    assert {o.state for o in outcomes["servicenow"].values()} == {"complete"}
    held = [r["id"] for r in records(bridge.lake, "incident", datetime(2100, 1, 1, tzinfo=UTC), ["id"])]
    assert sorted(held) == sorted(truth["incident"])
    assert list(bridge.lake.verify()) == []
