"""The gate that stands between connector and stand-in: passes on, keeps a log, and breaks things when told to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import sleep
from typing import Self
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

LOOPBACK = "127.0.0.1"
_NOT_PASSED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server"})
_JSON = "application/json;charset=UTF-8"
_LOGIN = b"<!DOCTYPE html><html><title>Sign in</title><form action='/login'><input name='password'></form></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer on the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": _JSON})


LOGIN_PAGE = Reply(200, _LOGIN, {"Content-Type": "text/html;charset=UTF-8"})
DOWN = Reply(503, b'{"error": {"message": "down for maintenance"}}')
NOTHING = Reply(200, b"{}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the log."""

    method: str
    path: str
    status: int


class Gate:
    """Answers at `url` with what the stand-in answers at *behind*, addresses in it made its own.

    The connector never learns the stand-in's secret: credentials made with *shown* are changed for those made with
    *true* on the way, so *shown* may be looked for everywhere.
    """

    def __init__(self, behind: str, shown: AuthBase, true: AuthBase) -> None:
        place = urlsplit(behind)
        self.log: list[Exchange] = []
        self.latency = 0.0
        self.shift = timedelta(0)
        self._behind = (place.hostname or LOOPBACK, place.port or 80)
        self._origin = f"{place.scheme}://{place.netloc}"
        self._shown, self._true = _headers_of(shown), _headers_of(true)
        self._breaks: tuple[Reply, range] | None = None
        self._seen = 0
        self._lock = Lock()
        self._http = _Http((LOOPBACK, 0), _Handler)
        self._http.owner = self
        self.ports = frozenset({self.port, self._behind[1]})
        self.url = f"http://{LOOPBACK}:{self.port}{place.path.rstrip('/')}"
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """The port it answers on."""
        return int(self._http.server_address[1])

    @contextmanager
    def broken(self, reply: Reply, *, after: int = 0, times: int = 1_000_000) -> Iterator[None]:
        """Give *reply* instead of the answer, to *times* requests, once *after* of them went well."""
        with self._lock:
            self._breaks, self._seen = (reply, range(after, after + times)), 0
        try:
            yield
        finally:
            self._breaks = None

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """What goes back for one request."""
        sleep(self.latency)
        reply = self._break() or self._pass_on(method, target, headers, body)
        with self._lock:
            self.log.append(Exchange(method, urlsplit(target).path, reply.status))
        return reply

    def _break(self) -> Reply | None:
        with self._lock:
            if self._breaks is None:
                return None
            reply, which = self._breaks
            self._seen += 1
            return reply if self._seen - 1 in which else None

    def _pass_on(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        connection = HTTPConnection(*self._behind, timeout=30)
        try:
            connection.request(method, target, body or None, self._inward(headers))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            return Reply(502, f'{{"error": "the stand-in does not answer: {type(error).__name__}"}}'.encode())
        finally:
            connection.close()
        here = f"http://{LOOPBACK}:{self.port}"
        kept = {k: v.replace(self._origin, here) for k, v in answer.getheaders() if k.lower() not in _NOT_PASSED_ON}
        return Reply(answer.status, content.replace(self._origin.encode(), here.encode()), self._dated(kept))

    def _inward(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The client's headers with the true credentials, and no packing: addresses in the answer are rewritten."""
        kept = {k.lower(): v for k, v in headers.items() if k.lower() not in {"host", "content-length", "connection"}}
        if self._shown.items() <= kept.items():
            kept |= self._true
        return kept | {"accept-encoding": "identity"}

    def _dated(self, headers: dict[str, str]) -> dict[str, str]:
        if self.shift and "Date" in headers:
            moment = parsedate_to_datetime(headers["Date"]) + self.shift
            return headers | {"Date": format_datetime(moment, usegmt=True)}
        return headers

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _headers_of(credentials: AuthBase) -> dict[str, str]:
    request = PreparedRequest()
    request.prepare("GET", f"http://{LOOPBACK}/")
    before = dict(request.headers)
    return {k.lower(): v for k, v in credentials(request).headers.items() if before.get(k) != v}


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: Gate


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.server.owner.answer(self.command, self.path, dict(self.headers.items()), body)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else reply.body)
        self.wfile.flush()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_unused: object) -> None:
        """Say nothing on the terminal."""
