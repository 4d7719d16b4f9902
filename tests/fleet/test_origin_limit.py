"""However many workspaces ask one tool, it sees no more requests at once than the fleet allows."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from tests.fleet.fleets import tasks, workspace

from itss_bridge.contracts import Allowed
from itss_bridge.executors import Dask, Processes, Threads
from itss_bridge.fleet import open_fleet, run
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.oauth import CLIENT, CLIENT_SECRET
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

LIMIT = 3
SOURCE = """\
clock = "source"
[sources.servicenow]
connector = "servicenow"
url = "{url}"
username = "bridge"
secret = "env:PLAYGROUND_PASSWORD"
page_size = 50
in_flight = 4
read = ["incident", "problem"]
"""


@dataclass
class Watched:
    """A tool that takes its time and counts who is being served."""

    tool: Any
    now: int = 0
    most: int = 0
    answered: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tool, name)

    def answer(self, request: Request, origin: str) -> Answer:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            time.sleep(0.03)
            return self.tool.answer(request, origin)
        finally:
            with self._lock:
                self.now -= 1
                self.answered += 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Watched, str]]:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    with Playground(datetime(2016, 3, 9, tzinfo=UTC)) as playground:
        tool = Watched(playground.servicenow.tool)
        playground.servicenow.tool = tool  # type: ignore[assignment]
        yield tool, playground.servicenow.origin


def synced(folder: Path, origin: str, factory: Any, allowed: Allowed, workers: int, source: str = SOURCE) -> None:
    for number in range(6):
        workspace(folder / f"org-{number}", f"组织 {number}", source.format(url=origin))
    done = run(tasks(open_fleet(folder), "sync"), factory, {"workers": str(workers)}, allowed)
    assert [(d.exit_code, d.error) for d in done] == [(0, {})] * 6
    assert {d.told["sources"]["servicenow"]["streams"]["problem"]["state"] for d in done} == {"complete"}


@pytest.mark.parametrize("factory", [Threads(), Processes()], ids=lambda f: f.name)
def test_so_many_and_no_more(watched: tuple[Watched, str], tmp_path: Path, factory: Any) -> None:
    tool, origin = watched
    synced(tmp_path, origin, factory, Allowed(LIMIT), workers=3)
    assert tool.answered > 6 * 3
    assert 1 < tool.most <= LIMIT


def test_so_many_and_no_more_on_a_cluster(watched: tuple[Watched, str], tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (extra `dask`)")
    tool, origin = watched
    synced(tmp_path, origin, Dask(), Allowed(LIMIT), workers=3)
    assert 1 < tool.most <= LIMIT


def test_a_token_from_the_tools_own_address_needs_no_second_place(
    watched: tuple[Watched, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds the last place and waited there for another one, to fetch a token, would wait for ever."""
    monkeypatch.setenv("PLAYGROUND_PASSWORD", CLIENT_SECRET)
    tool, origin = watched
    grant = SOURCE.replace('username = "bridge"', f'auth = "oauth-client-credentials"\nusername = "{CLIENT}"')
    synced(tmp_path, origin, Threads(), Allowed(1), workers=3, source=grant)
    assert tool.most == 1


def test_without_the_limit_there_would_be_more(watched: tuple[Watched, str], tmp_path: Path) -> None:
    tool, origin = watched
    synced(tmp_path, origin, Threads(), Allowed(1, {origin: 100}), workers=6)
    assert tool.most > LIMIT


def test_a_place_whose_holder_was_killed_is_free_again(tmp_path: Path) -> None:
    with Processes().gates(Allowed(1)) as gates:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with gates()("https://acme.example"):
                os.write(writing, b"x")
                time.sleep(60)
            os._exit(0)
        os.read(reading, 1)
        os.kill(child, 9)
        os.waitpid(child, 0)
        began = time.monotonic()
        with gates()("https://acme.example"):
            assert time.monotonic() - began < 1
