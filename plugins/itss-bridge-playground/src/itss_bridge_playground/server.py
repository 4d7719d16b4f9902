"""Stand-in tools over real HTTP on loopback: a tool is a function from request to answer, the server does the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlsplit

import orjson

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.faults import FAULTS, Fault

LOOPBACK = "127.0.0.1"
CONTROL = "/playground/"


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived: *query* has every value of every parameter, in order."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes

    def value(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def json(self) -> Any:
        """The body as JSON; ValueError when it is not."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Answer:
    """What goes back: JSON unless *body* is bytes already."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"

    def payload(self) -> bytes:
        """The bytes on the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else orjson.dumps(self.body)


class Tool(Protocol):
    """A stand-in for one vendor's server."""

    name: str

    def answer(self, request: Request, origin: str) -> Answer:
        """The vendor's answer; *origin* is `http://127.0.0.1:PORT`, for links in bodies and headers."""
        ...

    def truth(self) -> Mapping[str, Any]:
        """What the tool holds now: stream → id → when it was last updated."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of the server's log."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    status: int
    bytes_out: int


class ToolServer:
    """One tool on one loopback port, in a thread of its own; a context manager that stops by itself.

    Beside the vendor's paths it serves its own, for demos in another process: `GET /playground/truth`,
    `POST /playground/clock {"now": ISO time}` and `POST /playground/faults {"on": [names]}`. These are not logged.
    """

    def __init__(self, tool: Tool, clock: Clock, port: int = 0) -> None:
        self.tool = tool
        self.clock = clock
        self.log: list[Exchange] = []
        self.faults: dict[str, Fault] = {}
        self._lock = Lock()
        self._http = _Http((LOOPBACK, port), _Handler)
        self._http.owner = self
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{LOOPBACK}:{self._http.server_address[1]}"

    def start(self) -> Self:
        """Serve from now on."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving, if it has begun, and free the port."""
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.server_close()

    def break_with(self, fault: str) -> None:
        """Switch a fault on by name, a common one or a quirk of this tool; KeyError names the known ones."""
        quirks: dict[str, bool] = getattr(self.tool, "quirks", {})
        if fault in quirks:
            quirks[fault] = True
        elif fault in FAULTS:
            self.faults[fault] = FAULTS[fault]
        else:
            raise KeyError(f"no fault {fault!r}; there are: {', '.join(sorted(FAULTS | quirks))}")

    def mend(self) -> None:
        """Switch all faults off."""
        self.faults.clear()
        quirks: dict[str, bool] = getattr(self.tool, "quirks", {})
        quirks.update(dict.fromkeys(quirks, False))

    def handle(self, request: Request) -> Answer:
        """The tool's answer after faults, logged; its body is ready to send."""
        if request.path.startswith(CONTROL):
            return self._control(request)
        answer = self.tool.answer(request, self.origin)
        for fault in tuple(self.faults.values()):
            answer = fault(request, answer)
        answer.body = answer.payload()
        with self._lock:
            self.log.append(Exchange(request.method, request.path, request.query, answer.status, len(answer.body)))
        return answer

    def _control(self, request: Request) -> Answer:
        try:
            return Answer(body=self._controlled(request.method, request.path.removeprefix(CONTROL), request))
        except (KeyError, TypeError, ValueError) as error:
            return Answer(status=400, body={"error": str(error.args[0])})

    def _controlled(self, method: str, what: str, request: Request) -> Any:
        match method, what:
            case "GET", "truth":
                return self.tool.truth()
            case "POST", "clock":
                moment = datetime.fromisoformat(request.json()["now"])
                self.clock.move_to(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
                return {"now": self.clock.now}
            case "POST", "faults":
                self.mend()
                for name in request.json()["on"]:
                    self.break_with(name)
                return {"on": request.json()["on"]}
        raise ValueError(f"there is no {method} {CONTROL}{what}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: ToolServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def _serve(self) -> None:
        owner = self.server.owner
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        answer = owner.handle(request)
        payload = answer.payload()
        self.send_response_only(answer.status)
        self.send_header("Date", format_datetime(owner.clock.now, usegmt=True))
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(payload)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()
