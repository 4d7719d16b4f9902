"""kill −9 in the middle of a sync, again and again, and two syncs at once: nothing lost, nothing doubled."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ITSS_BRIDGE_KILLS", "40"))
"""Set it to 200 for the long run: a minute and a half on two cores."""

KILLS_A_ROUND = 10
TOGETHER = 10
SIGKILLED = -9
EARLIER, NOW = datetime(2016, 3, 4, tzinfo=UTC), datetime(2016, 3, 9, tzinfo=UTC)
EVER = datetime(2100, 1, 1, tzinfo=UTC)
SOURCE = """\
[workspace]
organisation = "晨星信息"
clock = "source"
[sources.servicenow]
connector = "servicenow"
url = "{url}"
username = "bridge"
secret = "env:PLAYGROUND_PASSWORD"
page_size = 50
read = ["incident", "problem"]
"""


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """Small commits, so that there are many to be met."""
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, "PLAYGROUND_PASSWORD": "playground", "ITSS_BRIDGE_BATCH": "50"}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(EARLIER) as running:
        yield running


@pytest.fixture(scope="module")
def runs(environment: dict[str, str]) -> Iterator["Runs"]:
    with subprocess.Popen(
        [sys.executable, Path(__file__).parent / "fork_server.py"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield Runs(server)
        server.stdin.close()


class Runs:
    """Syncs in processes of their own."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def killed_after(self, root: Path, seconds: float) -> int:
        """The exit code; −9 when the kill met the run before its end."""
        self._server.stdin.write(f"{root} {seconds}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def whole(self, root: Path) -> float:
        """Seconds that a whole run took."""
        began = time.monotonic()
        assert self.killed_after(root, 60) == 0
        return time.monotonic() - began


@pytest.fixture(scope="module")
def starts(playground: Playground, runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A workspace that has read nothing, and one that goes on from some weeks before."""
    folder = tmp_path_factory.mktemp("starts")
    roots = [folder / "empty", folder / "earlier"]
    for root in roots:
        root.mkdir()
        (root / "itss-bridge.toml").write_text(SOURCE.format(url=playground.servicenow.origin), "utf-8")
    runs.whole(roots[1])
    playground.move_to(NOW)
    return roots


def assert_exact(root: Path, playground: Playground) -> None:
    """Each record that the tool has is held once, no version of one is there twice, and every byte is under the chain."""
    bridge = Bridge(root)
    truth = playground.truth()["servicenow"]
    for stream in ("incident", "problem"):
        current = Counter(row["id"] for row in records(bridge.lake, stream, EVER, ["id"]))
        assert current == Counter(dict.fromkeys(truth[stream], 1))
        assert doubled(bridge, stream) == []
    assert list(bridge.lake.verify()) == []


def doubled(bridge: Bridge, stream: str) -> list[tuple]:
    """Versions that are stored more than once."""
    import duckdb

    files = bridge.lake.table(stream).files()
    query = "SELECT id, digest, count(*) FROM read_parquet($files) GROUP BY ALL HAVING count(*) > 1"
    return duckdb.execute(query, {"files": files}).fetchall()


@pytest.mark.parametrize("number", range(-(-KILLS // KILLS_A_ROUND)))
def test_a_sync_killed_at_any_moment_is_completed_by_the_next(
    playground: Playground, runs: Runs, starts: list[Path], tmp_path: Path, number: int
) -> None:
    chance = random.Random(number)
    start = starts[number % 2]
    took = runs.whole(shutil.copytree(start, tmp_path / "once"))
    root = shutil.copytree(start, tmp_path / "workspace")
    # what was committed stays, so that later runs may be over before the kill comes
    ends = Counter(runs.killed_after(root, chance.uniform(0, took)) for _ in range(KILLS_A_ROUND))
    assert ends.keys() <= {0, SIGKILLED}
    assert ends[SIGKILLED]
    print(f"{ends[SIGKILLED]} of {KILLS_A_ROUND} met a run")  # noqa: T201 - shown with -rP
    runs.whole(root)
    assert_exact(root, playground)


def of_two_at_once(
    playground: Playground, roots: Sequence[Path], environment: dict[str, str]
) -> tuple[dict[str, Any], str]:
    """What the refused one of two syncs says, on stdout and stderr; the tool answers nobody until one has ended.

    So they are in each other's way however fast the machine is, and the one that was first can only end afterwards.
    """
    opened = Event()

    def held(_request: Request, answer: Answer) -> Answer:
        assert opened.wait(60)
        return answer

    playground.servicenow.faults["held"] = held
    try:
        both = [
            subprocess.Popen(
                [sys.executable, "-m", "itss_bridge", "sync", "--json", "-w", root],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for root in roots
        ]
        end = time.monotonic() + 60
        while all(process.poll() is None for process in both):
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        opened.set()
        playground.servicenow.mend()
    both.sort(key=lambda process: process.poll() is None)
    (out, err), (_, trouble) = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [7, 0], err + trouble
    return json.loads(out)["error"], err


@pytest.mark.parametrize("number", range(TOGETHER))
def test_of_two_syncs_at_once_one_is_refused_and_nothing_is_doubled(
    playground: Playground, starts: list[Path], environment: dict[str, str], tmp_path: Path, number: int
) -> None:
    root = shutil.copytree(starts[number % 2], tmp_path / "workspace")
    error, text = of_two_at_once(playground, [root, root], environment)
    assert error["what"] == "another run is writing to this workspace"
    assert "wait for it to end" in text
    assert_exact(root, playground)
