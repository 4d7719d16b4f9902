"""Ctrl-C: a real signal to a real process; what was committed stays, the next run goes on, and bars only on terminals."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge.interruption import SafePoints, stopping
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

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
read = ["incident"]
"""
INTERRUPTED = 130


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Ctrl-C is heard, even where a shell started these tests in its background and had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(datetime(2016, 3, 9, tzinfo=UTC)) as running:
        yield running


@pytest.fixture
def root(playground: Playground, tmp_path: Path) -> Iterator[Path]:
    """A workspace whose tool takes a while over each page."""

    def slowly(request: Request, answer: Answer) -> Answer:
        answer.wire = type(answer.wire)(delay=0.1 if "/table/incident" in request.path else 0)
        return answer

    (tmp_path / "itss-bridge.toml").write_text(SOURCE.format(url=playground.servicenow.origin), "utf-8")
    playground.servicenow.faults["slowly"] = slowly
    yield tmp_path
    playground.servicenow.mend()


@pytest.fixture
def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, "PLAYGROUND_PASSWORD": "playground", "ITSS_BRIDGE_BATCH": "50"}


def command(root: Path) -> list[str]:
    return [sys.executable, "-m", "itss_bridge", "sync", "-w", str(root)]


def pages_asked(playground: Playground) -> int:
    return sum("/table/incident" in exchange.path for exchange in playground.servicenow.log)


@pytest.mark.parametrize("pages", [2, 4, 7])
def test_an_interrupted_sync_ends_with_130_and_the_next_one_goes_on(
    playground: Playground, root: Path, environment: dict[str, str], pages: int
) -> None:
    playground.servicenow.log.clear()
    with subprocess.Popen(
        command(root), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while pages_asked(playground) < pages:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED
    assert out == ""
    assert err.strip() == "interrupted; what was committed stays, the next run goes on from there"
    assert list(Bridge(root).lake.verify()) == []
    kept = {row["id"] for row in records(Bridge(root).lake, "incident", EVER, ["id"])}
    ran = subprocess.run([*command(root), "--json"], env=environment, capture_output=True, text=True, check=False)
    outcome = json.loads(ran.stdout)["sources"]["servicenow"]["streams"]["incident"]
    truth = playground.truth()["servicenow"]["incident"]
    assert (outcome["state"], outcome["seen"]) == ("complete", len(truth))
    assert outcome["new"] == len(truth) - len(kept)  # nothing that had come was asked to be new again
    assert kept or pages < 7  # those before were still under way


@pytest.mark.slow
def test_a_sync_interrupted_at_any_moment_is_completed_by_the_next(
    playground: Playground, root: Path, environment: dict[str, str]
) -> None:
    chance, ends = random.Random(130), []
    for _ in range(12):
        with subprocess.Popen(
            command(root), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            playground.servicenow.log.clear()
            while not playground.servicenow.log and process.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.6))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        ends.append(process.returncode)
        assert "Traceback" not in err
    # a run that was over already may be met on its way out
    assert set(ends) <= {INTERRUPTED, 0, -signal.SIGINT}
    assert INTERRUPTED in ends
    assert subprocess.run(command(root), env=environment, capture_output=True, check=False).returncode == 0
    held = [row["id"] for row in records(Bridge(root).lake, "incident", EVER, ["id"])]
    assert sorted(held) == sorted(playground.truth()["servicenow"]["incident"])
    assert list(Bridge(root).lake.verify()) == []


def test_a_pipe_gets_no_bars(root: Path, environment: dict[str, str]) -> None:
    ran = subprocess.run(command(root), env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout


def test_a_terminal_gets_bars_with_their_rate(root: Path, environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    wide = {**environment, "TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"}
    with subprocess.Popen(command(root), env=wide, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end has closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert "servicenow · incident" in text
    assert re.search(r"\d/s", text)


def interrupted(done: list[str], points: SafePoints, *, may_stop: bool) -> None:
    """Ctrl-C comes first thing; what follows it says how far it let the work go."""
    with points:
        signal.raise_signal(signal.SIGINT)
        done.append("committed")
        if may_stop:
            with points.may_stop():
                done.append("asked")


@pytest.mark.parametrize("may_stop", [True, False])
def test_ctrl_c_waits_for_the_next_safe_point_or_for_the_end(may_stop: bool) -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(done, SafePoints(), may_stop=may_stop)
    assert done == ["committed"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def interrupted_while_asking(done: list[str]) -> None:
    """Ctrl-C comes while a tool is asked."""
    with SafePoints() as points, points.may_stop():
        signal.raise_signal(signal.SIGINT)
        done.append("more")


def test_ctrl_c_at_a_safe_point_is_at_once() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_asking(done)
    assert done == []
    assert stopping.is_set(), "whoever waits for a tool need not wait any longer"
    with SafePoints():
        assert not stopping.is_set()
