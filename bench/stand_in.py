"""A stand-in tool in a process of its own, whose answers are rendered beforehand: it costs the peers next to nothing.

`python -m bench.stand_in servicenow 100000 0.05` prints its address once it serves. Every answer takes that many
seconds. Beside the vendor's paths, `GET /bench/truth` has every id with the time of its last update and
`GET /bench/requests` the number of requests so far.
"""

import asyncio
import json
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from bench import content
from bench.asking import COLUMNS, FIELDS
from itss_bridge_playground.jira import _fields as jira_fields
from itss_bridge_playground.jira_issues import STATUSES
from itss_bridge_playground.jira_view import View


class WrongQuestion(Exception):
    """What no peer should ask: answered with 400."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; *query* has the last value of each parameter, *body* the parsed JSON."""

    path: str
    target: str
    query: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class Shape(Protocol):
    """One vendor's way of answering."""

    @property
    def truth(self) -> Mapping[str, str]:
        """Every id, and when it was last updated."""
        ...

    def answer(self, asked: Asked) -> Reply:
        """The answer; WrongQuestion when there is none."""
        ...


class ServiceNow:
    """The tables that a sync of incidents reads."""

    def __init__(self, records: int) -> None:
        rows = list(content.incidents(records))
        self._keys = [row["sys_id"] for row in rows]
        self._updated = [row["sys_updated_on"] for row in rows]
        self._rows = [orjson.dumps(row) for row in rows]
        self.truth = dict(zip(self._keys, self._updated, strict=True))

    def answer(self, asked: Asked) -> Reply:
        match asked.path.removeprefix("/api/now").split("/"):
            case "", "stats", "incident":
                found = len(self._found(asked.query.get("sysparm_query", "")))
                return Reply(orjson.dumps({"result": {"stats": {"count": str(found)}}}))
            case "", "table", "incident":
                return self._page(asked)
            case "", "table", "sys_user":
                return _listed([{"user_name": "bridge", "time_zone": "UTC"}])
            case "", "table", "sys_dictionary":
                named = re.search(r"elementIN([^^]*)", asked.query["sysparm_query"])
                columns = named[1].split(",") if named else []
                return _listed([{"sys_id": column, "name": "task", "element": column} for column in columns])
        raise WrongQuestion(asked.path)

    def _page(self, asked: Asked) -> Reply:
        fields = tuple(asked.query.get("sysparm_fields", "").split(","))
        found = self._found(asked.query.get("sysparm_query", ""))
        offset, limit = (int(asked.query.get(f"sysparm_{name}", 0)) for name in ("offset", "limit"))
        places = found[offset : offset + limit]
        if fields == ("sys_id",):
            return _listed([{"sys_id": self._keys[place]} for place in places], len(found))
        if sorted(fields) != sorted(COLUMNS):
            raise WrongQuestion(f"fields {fields}")
        headers = {"X-Total-Count": str(len(found))}
        if asked.query.get("sysparm_suppress_pagination_header") != "true" and offset + limit < len(found):
            following = urlencode({**asked.query, "sysparm_offset": offset + limit})
            headers["Link"] = f'<{asked.target}{asked.path}?{following}>;rel="next"'
        return Reply(b'{"result":[' + b",".join([self._rows[place] for place in places]) + b"]}", headers)

    @lru_cache(maxsize=64)  # noqa: B019 - one instance a process
    def _found(self, query: str) -> Sequence[int]:
        """Places of the rows that a query finds, in the order of sys_id."""
        low, high, since = 0, len(self._keys), ""
        for part in query.split("^"):
            match re.split(r"(>=|<)", part):
                case ["sys_id", ">=", bound]:
                    low = bisect_left(self._keys, bound)
                case ["sys_id", "<", bound]:
                    high = bisect_left(self._keys, bound)
                case ["sys_updated_on", ">=", bound]:
                    since = bound
                case ["" | "ORDERBYsys_id"]:
                    pass
                case _:
                    raise WrongQuestion(part)
        places = range(low, high)
        return [place for place in places if self._updated[place] >= since] if since else places


class Jira:
    """The paths that a sync of one project reads, and the search that others page through."""

    def __init__(self, records: int) -> None:
        issues = list(content.issues(records))
        shown = [content.shown(issue) for issue in issues]
        self._keys = [issue["id"] for issue, _ in shown]
        self._places = {key: place for place, key in enumerate(self._keys)}
        self._issues = [orjson.dumps(issue) for issue, _ in shown]
        self._logs = [
            b'{"issueId":"%b","changeHistories":%b}' % (issue["id"].encode(), orjson.dumps(log)) for issue, log in shown
        ]
        self._whole = [orjson.dumps(issue | {"changelog": _changelog(log)}) for issue, log in shown]
        self.truth = {issue["id"]: issue["fields"]["updated"] for issue, _ in shown}
        view = View("https://acme.atlassian.net", content.NOW, UTC)
        self._answers: Mapping[str, Callable[[Any], bytes]] = {
            "myself": lambda _: orjson.dumps({"accountId": "712020:bridge", "timeZone": "UTC"}),
            "field": lambda _: orjson.dumps(list(jira_fields())),
            "status": lambda _: orjson.dumps([view.status(one) for one in STATUSES]),
            "jql/parse": lambda body: orjson.dumps({"queries": [{"query": one} for one in body["queries"]]}),
            "search/approximate-count": lambda _: orjson.dumps({"count": len(self._keys)}),
            "search/jql": self._search,
            "issue/bulkfetch": self._bulk,
            "changelog/bulkfetch": self._changelogs,
        }

    def answer(self, asked: Asked) -> Reply:
        answer = self._answers.get(asked.path.removeprefix("/rest/api/3/"))
        if answer is None:
            raise WrongQuestion(asked.path)
        return Reply(answer(asked.body if asked.body is not None else _spelt_out(asked.query)))

    def _search(self, body: Mapping[str, Any]) -> bytes:
        found = self._found(body["jql"])
        start, ids_only = int(body.get("nextPageToken") or 0), list(body["fields"]) == ["id"]
        end = start + min(int(body.get("maxResults", 50)), 5000 if ids_only else 100)
        if not ids_only and sorted(body["fields"]) != sorted(FIELDS):
            raise WrongQuestion(f"fields {body['fields']}")
        issues = self._whole if body.get("expand") == "changelog" else self._issues
        beans = [b'{"id":"%b"}' % self._keys[n].encode() if ids_only else issues[n] for n in found[start:end]]
        more = b',"isLast":false,"nextPageToken":"%d"}' % end if end < len(found) else b',"isLast":true}'
        return b'{"issues":[' + b",".join(beans) + b"]" + more

    def _found(self, jql: str) -> Sequence[int]:
        since = re.search(r"updated >= (\d+)", jql)
        if not since:
            return range(len(self._keys))
        bound = datetime.fromtimestamp(int(since[1]) / 1000, UTC)
        return [n for n, key in enumerate(self._keys) if datetime.fromisoformat(self.truth[key]) >= bound]

    def _bulk(self, body: Mapping[str, Any]) -> bytes:
        if sorted(body["fields"]) != sorted(FIELDS):
            raise WrongQuestion(f"fields {body['fields']}")
        return b'{"issues":[' + b",".join(self._named(self._issues, body, 100)) + b'],"issueErrors":[]}'

    def _changelogs(self, body: Mapping[str, Any]) -> bytes:
        return b'{"issueChangeLogs":[' + b",".join(self._named(self._logs, body, 1000)) + b"]}"

    def _named(self, shelf: Sequence[bytes], body: Mapping[str, Any], most: int) -> Iterator[bytes]:
        if len(body["issueIdsOrKeys"]) > most:
            raise WrongQuestion("too many ids")
        return (shelf[self._places[key]] for key in body["issueIdsOrKeys"])


def _changelog(log: Sequence[Any]) -> dict[str, Any]:
    return {"startAt": 0, "maxResults": len(log), "total": len(log), "histories": log}


def _spelt_out(query: Mapping[str, str]) -> dict[str, Any]:
    return {**query, "fields": query.get("fields", "").split(",")}


def _listed(rows: Sequence[Mapping[str, str]], total: int | None = None) -> Reply:
    return Reply(orjson.dumps({"result": rows}), {"X-Total-Count": str(len(rows) if total is None else total)})


class Server:
    """HTTP/1.1 with keep-alive, on loopback."""

    def __init__(self, shape: Shape, latency: float) -> None:
        self._shape = shape
        self._latency = latency
        self._requests = 0
        self._origin = ""

    async def serve(self) -> None:
        """Until the process ends."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=128)
        self._origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        print(self._origin, flush=True)
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(await self._answer(reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        url = urlsplit(head[0].split(" ")[1])
        if url.path.startswith("/bench/"):
            told = self._shape.truth if url.path == "/bench/truth" else self._requests
            return _packed(Reply(orjson.dumps(told)))
        self._requests += 1
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        asked = Asked(url.path, self._origin, query, json.loads(body) if body else None)
        known = "authorization" in headers
        reply = self._replied(asked) if known else Reply(b'{"error":"who is there?"}', status=401)
        await asyncio.sleep(self._latency)
        return _packed(reply)

    def _replied(self, asked: Asked) -> Reply:
        try:
            return self._shape.answer(asked)
        except (WrongQuestion, KeyError, ValueError) as error:
            return Reply(orjson.dumps({"errorMessages": [f"{type(error).__name__}: {error}"]}), status=400)


def _packed(reply: Reply) -> bytes:
    fields = {
        "Date": format_datetime(content.NOW, usegmt=True),
        "Content-Type": "application/json;charset=UTF-8",
        "Content-Length": str(len(reply.body)),
        **reply.headers,
    }
    lines = [f"HTTP/1.1 {reply.status} OK", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body


SHAPES: Mapping[str, Callable[[int], Shape]] = {"servicenow": ServiceNow, "jira": Jira}


def main(shape: str, records: str, latency: str) -> None:
    """Render, then serve."""
    asyncio.run(Server(SHAPES[shape](int(records)), float(latency)).serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
