"""A ticket desk over HTTP: small, with the habits that connectors fall over (pages cut before rights, ties, zones)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from itss_bridge.testing import StandIn

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PEOPLE = ("lin.yue", "wang.fang", "zhao.min")
PAGE = 7
PARTS = "abc"


@dataclass(frozen=True)
class Ticket:
    id: str
    kind: str
    state: str
    owner: str
    updated: datetime

    def row(self) -> dict[str, object]:
        owner = {"login": self.owner} if self.owner else None
        return {
            "id": self.id, "kind": self.kind, "state": self.state, "owner": owner, "tags": ["vip", "mail"],
            "priority": 1 + int(self.id[1:]) % 4, "updated": self.updated.strftime("%Y-%m-%dT%H:%M:%S"),
        }  # fmt: skip


def tickets(kind: str, number: int) -> list[Ticket]:
    """Ids in three parts; three tickets share each time of update, the newest is from just now."""
    return [
        Ticket(
            f"{PARTS[n % 3]}{n:03}",
            kind,
            ("new", "active", "closed")[n % 3],
            PEOPLE[n % 3] if n % 4 else "",
            START - timedelta(hours=number - n // 3 * 3 - 3),
        )
        for n in range(number)
    ]


class Desk(StandIn):
    """`GET /desk/me`, `GET /desk/tickets`, `POST /desk/count`; anything else is an error, a write is done."""

    secret = "key-of-the-desk"
    config: ClassVar = {"team": "ops", "size": PAGE}
    people = PEOPLE

    def start(self) -> None:
        self.now = START + timedelta(minutes=30)
        self.tickets = {t.id: t for t in [*tickets("incident", 48), *_others(tickets("problem", 9))]}
        self.hidden: set[str] = set()
        self.written = 0
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.desk = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/desk"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def truth(self):
        seen = [t for t in self.tickets.values() if t.id not in self.hidden]
        return {kind: {t.id: t.updated for t in seen if t.kind == kind} for kind in ("incident", "problem")}

    def change(self) -> None:
        self.now += timedelta(days=1)
        at = self.now - timedelta(hours=1)
        for key in ("a003", "b010", "c047", "x000"):
            self.tickets[key] = replace(self.tickets[key], state="closed", updated=at)
        for key, kind in (("a900", "incident"), ("c901", "incident"), ("x902", "problem")):
            self.tickets[key] = Ticket(key, kind, "new", PEOPLE[0], at)

    def remove(self) -> None:
        for key in ("b004", "c008", "x001"):
            del self.tickets[key]

    def hide(self) -> None:
        # eight neighbours: a whole page of one part holds nothing that may be seen, and it is the first one
        self.hidden = {key for key in sorted(self.tickets) if key.startswith("b")} - {"b043", "b046"}
        self.hidden = set(sorted(self.hidden)[:8])

    def answer(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, object]:
        match method, path:
            case "GET", "/desk/me":
                return 200, {"login": "bridge", "zone": "Asia/Shanghai"}
            case "GET", "/desk/tickets":
                return 200, self.page(query)
            case "POST", "/desk/count":
                return 200, {"count": len(self.chosen(json.loads(body)))}
            case "POST", _:
                self.written += 1
                return 200, {"done": True}
        return 404, {"error": f"there is no {path}"}

    def chosen(self, query: Mapping[str, str]) -> list[Ticket]:
        since = datetime.fromisoformat(query.get("since") or "1970-01-01T00:00:00").replace(tzinfo=UTC)
        found = [t for t in self.tickets.values() if t.kind == query["kind"] and t.updated >= since]
        return sorted((t for t in found if t.id.startswith(query.get("part", ""))), key=lambda t: t.id)

    def page(self, query: Mapping[str, str]) -> object:
        """Cut first, by id or by offset, hide afterwards; `next` is the last id of the cut, null at the end."""
        rows = [t for t in self.chosen(query) if t.id > query.get("after", "")][int(query.get("offset", 0)) :]
        cut = rows[: min(PAGE, int(query.get("limit", PAGE)))]
        shown = [t.row() for t in cut if t.id not in self.hidden]
        return {"cut": len(cut), "tickets": shown, "next": cut[-1].id if len(rows) > len(cut) else None}


def _others(problems: list[Ticket]) -> list[Ticket]:
    return [replace(ticket, id=f"x{ticket.id[1:]}") for ticket in problems]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    desk: Desk


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        desk, url = self.server.desk, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        status, content = 401, {"error": "unknown key"}
        if self.headers.get("Authorization") == f"Bearer {desk.secret}":
            status, content = desk.answer(self.command, url.path, query, body)
        payload = json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(desk.now, usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls
