"""A disk that fails or is full: whatever the write, nothing is lost, doubled or half there once it is mended."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
BEFORE, NOW = datetime(2016, 3, 5, tzinfo=UTC), datetime(2016, 3, 8, tzinfo=UTC)
EVER = datetime(2100, 1, 1, tzinfo=UTC)
HEAD = '[workspace]\norganisation = "晨星信息"\nclock = "source"\n[privacy]\nkey = "env:PRIVACY_KEY"\n'
SOURCE = """\
[sources.servicenow]
connector = "servicenow"
url = "{url}"
username = "bridge"
secret = "env:CANARY"
read = ["problem", "configuration_item"]
"""
SYNC = (sys.executable, "-m", "itss_bridge", "sync", "--json", "-w")


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def held(root: Path) -> dict[str, list[str]]:
    """The digests of all records of each stream, doubled ones twice."""
    lake = Bridge(root).lake
    return {
        stream: sorted(row["digest"] for row in records(lake, stream, EVER, ["id", "digest"]))
        for stream in lake.streams()
    }


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Small commits, so that there are several; the same key everywhere, so that digests can be compared."""
    own = {"CANARY": "playground", "PRIVACY_KEY": "one for all", "ITSS_BRIDGE_BATCH": "10"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture(scope="module")
def workspaces(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """`empty` has read nothing, `earlier` was synced three days before, `exact` is what a sync must come to."""
    folder = tmp_path_factory.mktemp("workspaces")
    roots = {name: folder / name for name in ("empty", "earlier", "exact")}
    with Playground(BEFORE) as playground:
        for root in roots.values():
            root.mkdir()
            (root / "itss-bridge.toml").write_text(HEAD + SOURCE.format(url=playground.servicenow.origin), "utf-8")
        Bridge(roots["earlier"]).sync(quiet)
        playground.move_to(NOW)
        Bridge(roots["exact"]).sync(quiet)
        yield roots


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """failing_disk.c, compiled."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs Linux and a C compiler, to come between every program library and the disk")
    library = tmp_path_factory.mktemp("shim") / "failing_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "failing_disk.c", "-ldl"], check=True)
    return library


@pytest.mark.parametrize("mode", ["once", "ever-after"])
@pytest.mark.parametrize("start", ["empty", "earlier"])
def test_a_disk_that_fails_at_any_write_loses_nothing(
    workspaces: dict[str, Path], shim: Path, environment: dict[str, str], tmp_path: Path, start: str, mode: str
) -> None:
    """Every write, fsync, rename, link, new file or folder of the sync, one after the other, whoever makes it."""
    command = [sys.executable, HERE / "failing_disk.py", workspaces[start], tmp_path / "scratch", mode]
    ran = subprocess.run(
        command, env={**environment, "LD_PRELOAD": str(shim)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) > 20
    exact = held(workspaces["exact"])
    for line in lines:
        assert (line["states"], line["damage"], line["held"]) == (["complete"], [], exact), line
    ended = [line["ended"] for line in lines]
    assert ended[-1] == "complete"
    if mode == "ever-after":
        assert set(ended[:-1]) == {"refused"}, ended


def limited_to(size: int):
    """Files may not grow beyond *size* bytes: the write ends with an error, as on a disk that is full."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("size", [0, 1, 100, 3000, 9000])
def test_a_file_that_may_not_grow_ends_the_sync_with_a_clear_message(
    workspaces: dict[str, Path], environment: dict[str, str], tmp_path: Path, size: int
) -> None:
    root = shutil.copytree(workspaces["empty"], tmp_path / "workspace")
    ran = subprocess.run(
        [*SYNC, root], env=environment, preexec_fn=limited_to(size), capture_output=True, text=True, check=False
    )
    assert ran.returncode in {2, 5}, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "File too large" in ran.stderr
    assert_whole(root, workspaces, environment)


@pytest.mark.parametrize("room", ["20k", "28k", "40k"])
def test_a_disk_that_is_full_ends_the_sync_with_a_clear_message(
    workspaces: dict[str, Path], environment: dict[str, str], tmp_path: Path, room: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        root = shutil.copytree(workspaces["empty"], disk / "workspace")
        ran = subprocess.run([*SYNC, root], env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode in {2, 5}, ran.stderr
        assert "Traceback" not in ran.stderr
        assert "No space left" in ran.stderr
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        assert_whole(root, workspaces, environment)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def assert_whole(root: Path, workspaces: dict[str, Path], environment: dict[str, str]) -> None:
    """The next run, with nothing in its way, holds exactly what there is."""
    ran = subprocess.run([*SYNC, root], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert held(root) == held(workspaces["exact"])
    assert list(Bridge(root).lake.verify()) == []
