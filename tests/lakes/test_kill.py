"""kill −9 in the middle of syncs into a bucket, and two machines that sync at once: nothing lost, nothing doubled."""

import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from tests.faults.test_kill import KILLS_A_ROUND, NOW, SIGKILLED, SOURCE, TOGETHER, Runs, assert_exact, of_two_at_once
from tests.lakes.conftest import ACCESS_KEY, BUCKET, SECRET, Server

from itss_bridge.bridge import Bridge
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ITSS_BRIDGE_KILLS", "20"))
EVIDENCE = """\
[evidence]
uri = "{uri}"
endpoint = "{endpoint}"
access_key = "env:LAKE_ACCESS_KEY"
secret = "env:LAKE_SECRET"
[privacy]
key = "env:LAKE_PRIVACY_KEY"
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Small commits, so that there are many to be met; a short lease, so that a test need not wait for a long one."""
    own = {
        "PLAYGROUND_PASSWORD": "playground",
        "ITSS_BRIDGE_BATCH": "50",
        "ITSS_BRIDGE_LEASE": "3",
        "LAKE_ACCESS_KEY": ACCESS_KEY,
        "LAKE_SECRET": SECRET,
        "LAKE_PRIVACY_KEY": "one key for all machines",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(NOW) as running:
        yield running


@pytest.fixture(scope="module")
def runs(environment: dict[str, str]) -> Iterator[Runs]:
    command = [sys.executable, Path(__file__).parent.parent / "faults" / "fork_server.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as server:
        yield Runs(server)
        server.stdin.close()


def workspace(root: Path, playground: Playground, s3: Server, uri: str) -> Path:
    """One machine's folder; others that name the same *uri* share its evidence."""
    root.mkdir()
    text = SOURCE.format(url=playground.servicenow.origin) + EVIDENCE.format(uri=uri, endpoint=s3.endpoint)
    (root / "itss-bridge.toml").write_text(text, "utf-8")
    return root


def new_uri() -> str:
    return f"s3://{BUCKET}/{uuid4().hex}"


@pytest.mark.parametrize("number", range(-(-KILLS // KILLS_A_ROUND)))
def test_a_sync_killed_at_any_moment_is_completed_by_the_next(
    playground: Playground, runs: Runs, s3: Server, tmp_path: Path, number: int
) -> None:
    chance = random.Random(number)
    took = runs.whole(workspace(tmp_path / "once", playground, s3, new_uri()))
    root = workspace(tmp_path / "killed", playground, s3, new_uri())
    # what was committed stays, so that later runs may be over before the kill comes
    ends = Counter(runs.killed_after(root, chance.uniform(0, took)) for _ in range(KILLS_A_ROUND))
    assert ends.keys() <= {0, SIGKILLED}
    assert ends[SIGKILLED]
    runs.whole(root)
    assert_exact(root, playground)


@pytest.mark.parametrize("number", range(TOGETHER))
def test_of_two_machines_at_once_one_is_refused_and_nothing_is_doubled(
    playground: Playground, environment: dict[str, str], s3: Server, tmp_path: Path, number: int
) -> None:
    uri = new_uri()
    roots = [workspace(tmp_path / machine, playground, s3, uri) for machine in "ab"]
    error, _ = of_two_at_once(playground, roots, environment)
    assert error["what"] == "another run is writing to this evidence"
    for root in roots:
        assert_exact(root, playground)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from itss_bridge.bridge import Bridge
from itss_bridge.evidence.bucket import Bucket
from itss_bridge.evidence.compact import compact

left = int(sys.argv[2])

def counted(method):
    def done(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments, **named)
    return done

for name in ("put", "write", "delete", "digest"):
    setattr(Bucket, name, counted(getattr(Bucket, name)))
lake = Bridge(Path(sys.argv[1])).lake
compact(lake, lake.streams(), datetime.now(UTC), apply=True)
"""


def test_a_compaction_killed_at_any_step_loses_nothing(
    playground: Playground, runs: Runs, environment: dict[str, str], s3: Server, tmp_path: Path
) -> None:
    root = workspace(tmp_path / "compacted", playground, s3, new_uri())
    runs.whole(root)
    step, code = 1, -1
    while code:
        code = subprocess.run([sys.executable, "-c", KILLED, root, str(step)], env=environment, check=False).returncode
        assert code in {0, SIGKILLED}
        assert list(Bridge(root).lake.verify(fast=True)) == []
        step += 1 if step < 8 else 7
    assert_exact(root, playground)
    lake = Bridge(root).lake
    assert len(lake.table("incident").names()) == 1
    assert list(lake.leftovers()) == []
    shutil.rmtree(root)
