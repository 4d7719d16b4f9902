"""Confluence Cloud's lists: cursors bound to their query, next links as each version writes them, and refusals."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlencode

from itss_bridge_playground import qms
from itss_bridge_playground.messages import Answer, Request

Json: TypeAlias = dict[str, Any]

_MOST, _MOST_WITH_BODIES = 250, 50


class Refused(Exception):
    """A request that Confluence answers with an error."""

    def __init__(self, status: int, title: str, code: str) -> None:
        super().__init__(title)
        self.status, self.title, self.code = status, title, code

    def answer(self, *, v2: bool) -> Answer:
        """The error in the words of the version that was asked."""
        error = {"status": self.status, "code": self.code, "title": self.title, "detail": None}
        body = {"errors": [error]} if v2 else {"statusCode": self.status, "message": self.title}
        headers = {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'} if self.status == 401 else {}  # noqa: PLR2004
        return Answer(self.status, body, headers)


def v2_list(
    request: Request, base: str, rows: Iterable[tuple[tuple[Any, ...], Json]], *, backwards: bool = False
) -> Answer:
    """One page of sorted rows; the next link has the context path and repeats the query."""
    limit = _limit(request)
    if limit > _MOST:
        raise Refused(400, f"limit must be at most {_MOST}", "INVALID_REQUEST_PARAMETER")
    ordered = sorted(rows, key=lambda row: row[0], reverse=backwards)
    after = _position(request)
    left = [row for row in ordered if after is None or (row[0] < after if backwards else row[0] > after)]
    page = left[:limit]
    links = {"base": base}
    headers = {}
    if len(left) > limit:
        kept = {name: values for name, values in request.query.items() if name != "cursor"}
        target = f"{request.path}?{urlencode(kept | {'cursor': [_cursor(request, page[-1][0])]}, doseq=True)}"
        links["next"] = target
        headers["Link"] = f'<{target}>; rel="next", <{base}>; rel="base"'
    return Answer(body={"results": [row for _, row in page], "_links": links}, headers=headers)


def v1_list(request: Request, base: str, rows: Iterable[tuple[int, Json]], extra: Json | None = None) -> Answer:
    """One page in v1's frame. Asking for bodies lowers the limit, which only the answer's own `limit` tells."""
    limit = min(_limit(request), _MOST_WITH_BODIES if "body" in request.value("expand") else _MOST)
    after = _position(request) or (-1,)
    left = [row for row in sorted(rows, key=lambda row: row[0]) if row[0] > after[0]]
    page = left[:limit]
    links = {"base": base, "context": "/wiki", "self": f"{base}{request.path.removeprefix('/wiki')}"}
    if page and len(left) > limit:
        kept = {name: values for name, values in request.query.items() if name not in ("cursor", "start")}
        query = urlencode(kept | {"next": ["true"], "cursor": [_cursor(request, (page[-1][0],))]}, doseq=True)
        links["next"] = f"{request.path.removeprefix('/wiki')}?{query}"
    frame = {"results": [row for _, row in page], "start": 0, "limit": limit, "size": len(page)}
    return Answer(body=frame | (extra or {}) | {"_links": links})


def many(request: Request, name: str) -> list[str]:
    """An array parameter, repeated or with commas."""
    return [word for value in request.query.get(name, ()) for word in value.split(",") if word]


def sort_key(name: str, now: datetime) -> Callable[[qms.Page], Any]:
    """What v2 sorts pages by."""
    keys: Mapping[str, Callable[[qms.Page], Any]] = {
        "id": lambda page: page.id,
        "created-date": lambda page: stamp(page.versions[0].at),
        "modified-date": lambda page: stamp(page.saved(now)[-1].at),
        "title": lambda page: page.title,
    }
    if name not in keys:
        raise Refused(400, "Invalid value for query parameter 'sort'", "INVALID_REQUEST_PARAMETER")
    return keys[name]


def stamp(moment: datetime) -> str:
    """A time as Cloud writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _limit(request: Request) -> int:
    text = request.value("limit", "25")
    if not text.isdecimal():
        raise Refused(400, "limit must be a number", "INVALID_REQUEST_PARAMETER")
    return int(text)


def _cursor(request: Request, position: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([_question(request), list(position)]).encode()).decode()


def _position(request: Request) -> tuple[Any, ...] | None:
    """Where the cursor stands; a cursor of another query, or with another limit, is refused."""
    if "cursor" not in request.query:
        return None
    try:
        question, position = json.loads(base64.urlsafe_b64decode(request.value("cursor")))
    except ValueError:
        question, position = None, ()
    if question != _question(request):
        raise Refused(400, "The cursor is not valid for this request", "INVALID_REQUEST_PARAMETER")
    return tuple(position)


def _question(request: Request) -> int:
    asked = {name: list(values) for name, values in request.query.items() if name not in ("cursor", "start", "next")}
    return zlib.crc32(json.dumps([request.path, sorted(asked.items())]).encode())
