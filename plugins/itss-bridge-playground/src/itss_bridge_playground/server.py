"""Stand-in tools over real HTTP on loopback: a tool is a function from request to answer, the server does the rest."""

import os
import socket
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.faults import FAULTS, Fault, Scene
from itss_bridge_playground.messages import Answer, Request, Tool, Wire

__all__ = ["CONTROL", "LOOPBACK", "Answer", "Exchange", "Request", "Tool", "ToolServer", "Wire"]

LOOPBACK = "127.0.0.1"
CONTROL = "/playground/"
_CLOSE_AT_ONCE = struct.pack("ii", 1, 0)
_MOST_ENDLESS = 1 << 28
"""An answer without end does end, after 256 MiB: a client that takes all of it has failed already."""


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
        self._listening = True
        self._http = _Http((LOOPBACK, port), _Handler)
        self._http.owner = self
        self._thread = self._server_thread()

    def _server_thread(self) -> Thread:
        return Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

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

    def break_with(self, fault: str, seed: int = 7) -> None:
        """Switch a fault on by name, a common one or a quirk of this tool; KeyError names the known ones.

        The same *seed* strikes the same records.
        """
        quirks: dict[str, bool] = getattr(self.tool, "quirks", {})
        if fault in quirks:
            quirks[fault] = True
        elif fault in FAULTS:
            self.faults[fault] = FAULTS[fault].begin(Scene(self.tool, self.origin, self.clock, seed))
            if FAULTS[fault].refuses:
                self._close_the_door()
        else:
            raise KeyError(f"no fault {fault!r}; there are: {', '.join(sorted(FAULTS | quirks))}")

    def mend(self) -> None:
        """Switch all faults off."""
        for fault in self.faults.values():
            getattr(fault, "end", lambda: None)()
        self.faults.clear()
        quirks: dict[str, bool] = getattr(self.tool, "quirks", {})
        quirks.update(dict.fromkeys(quirks, False))
        if not self._listening:
            self._http.server_activate()
            self._thread = self._server_thread()
            self._listening = True
            self.start()

    def gone(self) -> set[str]:
        """Ids of records that a fault has taken out of the tool; its `truth()` still has them."""
        return {key for fault in self.faults.values() for key in getattr(fault, "gone", ())}

    def _close_the_door(self) -> None:
        """Refuse connections and keep the port: a socket that is bound but does not listen."""
        port = self._http.server_address[1]
        self.stop()
        self._http = _Http((LOOPBACK, port), _Handler, bind_and_activate=False)
        self._http.owner = self
        self._http.server_bind()
        self._listening = False

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
            case "GET", "faults":
                return {name: {"category": kind.category, "about": kind.about} for name, kind in FAULTS.items()}
            case "POST", "clock":
                moment = datetime.fromisoformat(request.json()["now"])
                self.clock.move_to(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
                return {"now": self.clock.now}
            case "POST", "faults":
                return {"on": self._switched(request.json()["on"])}
        raise ValueError(f"there is no {method} {CONTROL}{what}")

    def _switched(self, names: Sequence[str]) -> Sequence[str]:
        for name in names:
            if name in FAULTS and FAULTS[name].refuses:
                raise ValueError(f"{name} would shut out whoever mends it: switch it on in the server's own process")
        self.mend()
        for name in names:
            self.break_with(name)
        return names

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: ToolServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has had enough of a fault and hangs up is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server calls

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        self._send(self.server.owner.handle(request))

    def _send(self, answer: Answer) -> None:
        wire, payload = answer.wire, answer.payload()
        time.sleep(wire.delay)
        if wire.raw is None:
            self._send_head(answer, len(payload) if wire.length is None else wire.length)
            self._send_body(payload[: wire.cut], wire)
        else:
            self.wfile.write(wire.raw)
        self.wfile.flush()
        if wire.raw is not None or wire.cut is not None or (wire.length or 0) > len(payload):
            self._hang_up(rudely=wire.reset)

    def _send_head(self, answer: Answer, length: int) -> None:
        headers = {"Date": format_datetime(self.server.owner.clock.now, usegmt=True)}
        headers |= {"Content-Type": answer.content_type, "Content-Length": str(length)} | answer.headers
        if answer.wire.endless:
            del headers["Content-Length"]
            headers["Transfer-Encoding"] = "chunked"
        self.send_response_only(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, payload: bytes, wire: Wire) -> None:
        if wire.endless:
            chunk = b"%x\r\n%b\r\n" % (len(wire.endless), wire.endless)
            for _ in range(_MOST_ENDLESS // len(chunk)):
                self.wfile.write(chunk)
        elif wire.drip:
            for byte in payload:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(wire.drip)
        else:
            self.wfile.write(payload)

    def _hang_up(self, *, rudely: bool) -> None:
        self.close_connection = True
        if rudely:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_AT_ONCE)
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_WR)
