"""A store that fails at any write, or whose answer is lost: nothing is lost, doubled or half there afterwards."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import urlsplit

import pytest
from tests.lakes.conftest import Server
from tests.lakes.test_remote_lake import LATER, START, commit, everything

from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence import Lake
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.evidence.compact import compact
from itss_bridge.evidence.purge import Wanted, purge

pytestmark = pytest.mark.slow

COMMITS = [{"1": "new", "2": "new"}, {"2": "closed", "3": "new"}]
LOST, REFUSED, DOWN = "its answer is lost", "it is refused once", "the store is down from then on"


@dataclass
class Faults:
    """What happens to the *number*th request that changes something."""

    number: int = 0
    mode: str = ""
    seen: int = 0


@contextmanager
def between(server: str, faults: Faults) -> Iterator[str]:
    """Something between us and the store that answers as the faults say; gives its address."""
    host, guard = urlsplit(server).netloc, Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with guard:
                faults.seen += self.command in {"PUT", "POST", "DELETE"}
                changes = self.command in {"PUT", "POST", "DELETE"}
                now = changes and faults.seen == faults.number
                down = faults.mode == DOWN and 0 < faults.number <= faults.seen
            if (now and faults.mode == REFUSED) or down:
                self.answer(503, {}, b"")
                return
            connection = http.client.HTTPConnection(host, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers))
            found = connection.getresponse()
            content = found.read()
            connection.close()
            if now and faults.mode == LOST:
                self.close_connection = True
                return
            self.answer(found.status, dict(found.getheaders()), content)

        def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one  # noqa: N815 - the names that http.server asks for

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()


def work(lake: Lake) -> None:
    """Two commits, a purge and a compaction; what is done already is not done again."""
    table = lake.table("incident")
    last = table.last() if table.exists else None
    for day, states in enumerate(COMMITS):
        if last is None or last.sequence < day:
            commit(lake, states, day)
    purge(lake, ["incident"], Wanted(before=START.replace(day=3)), "test", LATER, apply=True)
    compact(lake, ["incident"], LATER, apply=True)


@pytest.mark.parametrize("mode", [LOST, REFUSED, DOWN])
def test_whatever_write_fails_the_next_run_completes(
    s3: Server, place: Callable[[], Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr("itss_bridge.evidence.bucket.RETRIES", 2)
    where = place()
    exact = Lake(tmp_path / "exact", store=Bucket(where))
    work(exact)
    truth, faults = everything(exact), Faults()
    with between(s3.endpoint, faults) as address:
        for number in count(1):
            faults.number, faults.mode, faults.seen = number, mode, 0
            direct = place()
            with nullcontext() if mode != DOWN else suppress(SourceUnavailable):
                work(Lake(tmp_path / f"{number}", store=Bucket(replace(direct, endpoint=address))))
            lake = Lake(tmp_path / f"{number}-again", store=Bucket(direct))
            if faults.seen < number:
                break
            assert list(lake.verify()) == [], number
            work(lake)
            assert list(lake.verify()) == [], number
            assert everything(lake) == truth, number
            assert [entry.rows for entry in lake.table("incident").entries()] == [0, 0, 2, 2], number
            assert list(lake.leftovers()) == [], number
    assert number > 8
