"""A server on loopback that answers whatever it is told to, byte for byte, and a clock that needs no waiting."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import orjson
import pytest

from itss_bridge.transport import Credentials, GuardedSession

JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True)
class Arrived:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer; *length* lies when it is given, *drip* sends single bytes that many seconds apart."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    length: int | None = None
    drip: float = 0.0
    hang: float = 0.0
    broken: bool = False

    @property
    def payload(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)

    def head(self) -> bytes:
        length = len(self.payload) if self.length is None else self.length
        fields = {"Content-Type": self.content_type, "Content-Length": str(length), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Whatever", *(f"{name}: {value}" for name, value in fields.items() if value)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Server:
    """Gives its replies in order, the last one for ever; keeps what arrived, and whether a client hung up."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.arrived: list[Arrived] = []
        self.connections: set[Any] = set()
        self.echo: Callable[[Arrived], Reply] | None = None
        self.cut_off = Event()
        self._lock = Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def take(self, arrived: Arrived, connection: Any) -> Reply:
        with self._lock:
            self.arrived.append(arrived)
            self.connections.add(connection)
            if self.echo:
                return self.echo(arrived)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: Server

    def handle_error(self, *_unused: object) -> None:
        self.owner.cut_off.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.owner.take(Arrived(self.command, self.path, headers, body), self.client_address)
        try:
            self._send(reply)
        except OSError:
            self.server.owner.cut_off.set()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names http.server looks for

    def _send(self, reply: Reply) -> None:
        self.close_connection = reply.broken or reply.length is not None or not reply.head().count(b"Content-Length")
        time.sleep(reply.hang)
        payload = b"" if self.command == "HEAD" else reply.payload
        if not reply.drip:
            self.wfile.write(reply.head() + payload)
            return
        self.wfile.write(reply.head())
        for byte in payload:
            self.wfile.write(bytes([byte]))
            time.sleep(reply.drip)

    def log_message(self, *_unused: object) -> None:
        pass


class Clock:
    """Sleeping moves it at once; every nap is kept."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.seconds = 1000.0
        self.start = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds

    def now(self) -> float:
        return self.seconds

    def wall(self) -> datetime:
        return self.start + timedelta(seconds=self.slept)

    @property
    def slept(self) -> float:
        return sum(self.naps)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def server() -> Iterator[Server]:
    it = Server()
    it.answers(Reply({"ok": True}))
    yield it
    it.stop()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """Another host that would gladly take a request; tests look at what arrived there."""
    it = Server()
    it.answers(Reply({"forged": True}))
    yield it
    it.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connect(server: Server, clock: Clock) -> Iterator[Callable[..., GuardedSession]]:
    """Opens sessions to the server on the clock above, and closes them."""
    opened: list[GuardedSession] = []

    def open_session(origin: str = "", **options: Any) -> GuardedSession:
        options = {"sleep": clock.sleep, "now": clock.now, "wall": clock.wall} | options
        options.setdefault("credentials", Credentials.basic("bridge", "k4n4ry-s3cr3t/+="))
        opened.append(GuardedSession(origin or server.origin, **options))
        return opened[-1]

    yield open_session
    for session in opened:
        session.close()


@pytest.fixture
def http(connect: Callable[..., GuardedSession]) -> GuardedSession:
    return connect()
