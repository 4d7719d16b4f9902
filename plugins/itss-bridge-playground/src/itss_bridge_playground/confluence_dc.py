"""A stand-in Confluence Data Center: the pages of the Cloud stand-in, below a context path.

Kept from the vendor, since each has cost somebody data: next links lack the context path; labels in a listing end at
their own limit; a listing with bodies is shorter than asked; whose session has ended is `anonymous`, with status 200.
There are no archived pages: what the Cloud stand-in archives stays current here.
"""

import base64
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode
from zlib import crc32

from itss_bridge_playground import qms
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence_cql import conditions
from itss_bridge_playground.confluence_lists import Refused
from itss_bridge_playground.confluence_writes import Writable, given, sent
from itss_bridge_playground.oauth import DATA_CENTER_PATH, TokenDesk, data_center_token
from itss_bridge_playground.server import Answer, Request

Json: TypeAlias = dict[str, Any]

MOST, MOST_WITH_BODIES, LABELS_IN_A_LISTING = 200, 50, 200
CURSOR = "content:false:"
_SPACE_ID = 98_306
_HERE = timezone(timedelta(hours=8))
_BASIC = "Basic " + base64.b64encode(b"bridge@acme.example:playground").decode()


class ConfluenceDataCenter(Writable):
    """Spaces and pages as of the clock.

    Attributes:
        operations: what the account may do with pages: read, and what `publish` needs.
        most_labels: how many labels of a page a listing shows.
        properties: page id → key → value of its content properties as they stand.
        quirks: `signed-out` answers as if nobody had signed in, `captcha` wants a person to sign in first.
    """

    name = "confluence"
    no_right = 403

    def __init__(self, clock: Clock, seed: int = 7, context: str = "/confluence") -> None:
        super().__init__()
        self.clock = clock
        self.desk = TokenDesk(clock)
        self.context = context
        self.pages = [page for page in qms.pages(seed) if not page.restricted]
        self.operations = ["read", "create", "update"]
        self.most_labels = LABELS_IN_A_LISTING
        self.properties: dict[int, dict[str, Any]] = {}
        self.quirks = {"signed-out": False, "captcha": False}

    def truth(self) -> dict[str, dict[str, str]]:
        """What a complete copy holds now: `{"document": {page id: time of its newest version}}`."""
        return {"document": {str(page.id): _stamp(page.saved(self.clock.now)[-1].at) for page in self._current()}}

    def answer(self, request: Request, origin: str) -> Answer:
        """What Confluence would answer; outside its context path there is nothing."""
        if not request.path.startswith(f"{self.context}/"):
            return _web_page(404, "Not Found")
        if request.path == self.context + DATA_CENTER_PATH:
            return data_center_token(self.desk, request)
        if self.quirks["captcha"]:
            denied = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=/confluence/login.action"}
            return _web_page(403, "Forbidden", **denied)
        authorization = request.headers.get("authorization", "")
        if authorization not in (_BASIC, "Bearer playground") and not self.desk.admits(authorization):
            return _web_page(401, "Unauthorized", **{"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
        answer = self._routed(request, origin + self.context)
        answer.headers["X-AUSERNAME"] = "anonymous" if self.quirks["signed-out"] else "bridge"
        return answer

    def _routed(self, request: Request, base: str) -> Answer:
        if request.method not in _ROUTES:
            return _error(405, "Method Not Allowed")
        for pattern, view in _ROUTES[request.method]:
            if match := re.fullmatch(pattern, request.path.removeprefix(self.context)):
                return self._viewed(view, request, base, *match.groups())
        return _error(404, "null for uri: " + request.path)

    def _viewed(self, view: Callable[..., Answer], *asked: Any) -> Answer:
        try:
            return view(self, *asked)
        except Refused as refusal:
            return _error(refusal.status, refusal.title)

    def current_user(self, _request: Request, base: str) -> Answer:
        """GET /rest/api/user/current."""
        links = {"_links": {"base": base, "context": self.context}}
        if self.quirks["signed-out"]:
            return Answer(body={"type": "anonymous", "displayName": "Anonymous"} | links)
        return Answer(body=_person("bridge") | links)

    def spaces(self, request: Request, base: str) -> Answer:
        """GET /rest/api/space."""
        keys = request.query.get("spaceKey", ())
        shown = not self.quirks["signed-out"] and (qms.SPACE_KEY in keys or not keys)
        return self._by_offset(request, base, [self._space()] if shown else [])

    def scan(self, request: Request, base: str) -> Answer:
        """GET /rest/api/content/scan: in the order of ids, from a cursor on."""
        if request.value("type", "page") != "page":
            return self._frame(request, base, [], MOST, {})
        if (after := _after(request)) is None:
            return _error(400, "The cursor is invalid")
        expansions = _words(request, "expand") or ["history", "space", "version"]
        bodies = any(name.startswith("body") for name in expansions)
        limit = min(_number(request, "limit", 25), MOST_WITH_BODIES if bodies else MOST)
        left = [page for page in self._asked(request) if page.id > after]
        following = {"nextCursor": f"{CURSOR}{left[limit - 1].id}"} if len(left) > limit else {}
        rows = [self._content(page, expansions) for page in left[:limit]]
        return self._frame(request, base, rows, limit, {"cursor": f"{CURSOR}{after or 'null'}", **following})

    def labels(self, request: Request, base: str, number: str) -> Answer:
        """GET /rest/api/content/{id}/label."""
        names = self._seen(number).labels(self.clock.now)
        return self._by_offset(request, base, [_label(name) for name in names])

    def titled(self, request: Request, base: str) -> Answer:
        """GET /rest/api/content: the pages with a title; `status=any` shows those in the trash too."""
        shown = {"current", "archived", "trashed"} if request.value("status") == "any" else {"current", "archived"}
        expansions, title = _words(request, "expand"), request.value("title")
        found = [page for page in self.pages if page.title == title and page.status(self.clock.now) in shown]
        return self._by_offset(request, base, [self._content(page, expansions) for page in found])

    def search(self, request: Request, base: str) -> Answer:
        """GET /rest/api/content/search: by CQL, by offset."""
        asked, expansions = conditions(request.value("cql")), _words(request, "expand")
        found = [page for page in self._current() if all(holds(page, self.clock.now) for holds in asked)]
        return self._by_offset(request, base, [self._content(page, expansions) for page in found])

    def one(self, request: Request, _base: str, number: str) -> Answer:
        """GET /rest/api/content/{id}."""
        page = self._seen(number)
        return Answer(body=self._content(page, _words(request, "expand") or ["history", "space", "version"]))

    def create(self, request: Request, _base: str) -> Answer:
        """POST /rest/api/content."""
        asked = sent(request)
        if given(asked, "space", "key") != qms.SPACE_KEY or asked.get("type") != "page":
            raise Refused(404, "No space or content type specified, or it cannot be found", "")
        parents = asked.get("ancestors") or [{"id": ""}]
        body = given(asked, "body", "storage", "value")
        page = self.new_page(asked.get("title", ""), str(parents[-1]["id"]), body)
        return Answer(body=self._content(page, ["body.storage", "history", "space", "version", "ancestors"]))

    def update(self, request: Request, _base: str, number: str) -> Answer:
        """PUT /rest/api/content/{id}."""
        asked = sent(request)
        if asked.get("type") != "page":
            raise Refused(400, "Content type is required", "")
        body, version = given(asked, "body", "storage", "value"), given(asked, "version", "number")
        page = self.new_version(number, asked.get("title", ""), body, version)
        return Answer(body=self._content(page, ["body.storage", "history", "space", "version", "ancestors"]))

    def one_property(self, _request: Request, _base: str, number: str, key: str) -> Answer:
        """GET /rest/api/content/{id}/property/{key}."""
        page = self._seen(number)
        if key not in self.properties.get(page.id, {}):
            raise Refused(404, f"No property with key {key} on content {number}", "")
        return Answer(body=self._property(page, key))

    def create_property(self, request: Request, _base: str, number: str) -> Answer:
        """POST /rest/api/content/{id}/property."""
        asked = sent(request)
        self.write_property(number, asked["key"], asked["value"], None)
        return Answer(body=self._property(self._seen(number), asked["key"]))

    def update_property(self, request: Request, _base: str, number: str, key: str) -> Answer:
        """PUT /rest/api/content/{id}/property/{key}: wants the property's id, too."""
        asked = sent(request)
        if asked.get("key") != key or "id" not in asked:
            raise Refused(400, "The property's id and key are required", "")
        self.write_property(number, key, asked["value"], given(asked, "version", "number"))
        return Answer(body=self._property(self._seen(number), key))

    def _property(self, page: qms.Page, key: str) -> Json:
        version = self.property_version(page.id, key)
        told = {"when": _stamp(self.clock.now), "number": version, "message": "", "minorEdit": False, "hidden": False}
        named = {"id": str(crc32(f"{page.id}{key}".encode())), "key": key}
        return named | {"value": self.properties[page.id][key], "version": told}

    def _seen(self, number: str) -> qms.Page:
        for page in self._current():
            if str(page.id) == number:
                return page
        raise Refused(404, f"No content found with id: ContentId{{id={number}}}", "")

    def _current(self) -> list[qms.Page]:
        return [page for page in self.pages if page.status(self.clock.now) in {"current", "archived"}]

    def _asked(self, request: Request) -> list[qms.Page]:
        shown = request.value("spaceKey", qms.SPACE_KEY) == qms.SPACE_KEY and not self.quirks["signed-out"]
        current = request.value("status", "current") in {"current", "any"}
        return sorted(self._current(), key=lambda page: page.id) if shown and current else []

    def _content(self, page: qms.Page, expansions: Collection[str]) -> Json:
        now = self.clock.now
        status = "trashed" if page.status(now) == "trashed" else "current"
        row: Json = {"id": str(page.id), "type": "page", "status": status, "title": page.title, "position": -1}
        parts: Mapping[str, Callable[[], Any]] = {
            "version": lambda: _version(page.saved(now)[-1]),
            "history": lambda: _history(page),
            "space": self._space,
            "ancestors": lambda: self._ancestors(page),
            "operations": lambda: [{"operation": one, "targetType": "page"} for one in self.operations],
            "body.storage": lambda: {"storage": {"value": page.body(now), "representation": "storage"}},
        }
        shown = {name.partition(".")[0]: parts[name]() for name in expansions if name in parts}
        if metadata := self._metadata(page, expansions):
            shown["metadata"] = metadata
        folded = {"container", "children", "descendants", *(name.partition(".")[0] for name in parts)}
        row |= shown | {"_expandable": dict.fromkeys(sorted(folded - shown.keys()), "")}
        return row | {"_links": _web(page) | {"self": f"/rest/api/content/{page.id}"}}

    def _metadata(self, page: qms.Page, expansions: Collection[str]) -> Json:
        shown: Json = {}
        if "metadata.labels" in expansions:
            labels = [_label(name) for name in page.labels(self.clock.now)][: self.most_labels]
            shown["labels"] = {"results": labels, "start": 0, "limit": self.most_labels, "size": len(labels)}
        keys = [name.removeprefix("metadata.properties.") for name in expansions if "metadata.properties." in name]
        if keys:
            own = self.properties.get(page.id, {})
            shown["properties"] = {key: {"key": key, "value": own[key]} for key in keys if key in own}
        return shown

    def _ancestors(self, page: qms.Page) -> list[Json]:
        """From the top down to the parent."""
        parent = next((one for one in self.pages if one.id == page.parent), None)
        return [*self._ancestors(parent), self._content(parent, ())] if parent else []

    def _space(self) -> Json:
        links = {"webui": f"/display/{qms.SPACE_KEY}", "self": f"/rest/api/space/{qms.SPACE_KEY}"}
        return {
            "id": _SPACE_ID, "key": qms.SPACE_KEY, "name": qms.SPACE_NAME, "type": "global", "_links": links
        }  # fmt: skip

    def _by_offset(self, request: Request, base: str, rows: Sequence[Json]) -> Answer:
        start, limit = _number(request, "start", 0), min(_number(request, "limit", 25), MOST)
        following = {"start": str(start + limit)} if len(rows) > start + limit else {}
        return self._frame(request, base, rows[start : start + limit], limit, {"start": start}, following)

    def _frame(
        self,
        request: Request,
        base: str,
        rows: Iterable[Json],
        limit: int,
        extra: Json,
        following: Mapping[str, str] | None = None,
    ) -> Answer:
        """One page; its next link is relative to *base*, the context path left out."""
        results = list(rows)
        path = request.path.removeprefix(self.context)
        links = {"base": base, "context": self.context, "self": f"{base}{path}"}
        step = following or ({"cursor": extra["nextCursor"]} if "nextCursor" in extra else {})
        if step:
            kept = {name: values for name, values in request.query.items() if name not in step}
            links["next"] = (
                f"{path}?{urlencode({**kept, **{name: [value] for name, value in step.items()}}, doseq=True)}"
            )
        return Answer(body={"results": results, **extra, "limit": limit, "size": len(results), "_links": links})


_READS: Sequence[tuple[str, Callable[..., Answer]]] = (
    (r"/rest/api/user/current", ConfluenceDataCenter.current_user),
    (r"/rest/api/space", ConfluenceDataCenter.spaces),
    (r"/rest/api/content/scan", ConfluenceDataCenter.scan),
    (r"/rest/api/content/(\d+)/label", ConfluenceDataCenter.labels),
    (r"/rest/api/content", ConfluenceDataCenter.titled),
    (r"/rest/api/content/search", ConfluenceDataCenter.search),
    (r"/rest/api/content/(\d+)", ConfluenceDataCenter.one),
    (r"/rest/api/content/(\d+)/property/([\w-]+)", ConfluenceDataCenter.one_property),
)
_ROUTES: Mapping[str, Sequence[tuple[str, Callable[..., Answer]]]] = {
    "GET": _READS,
    "POST": (
        (r"/rest/api/content", ConfluenceDataCenter.create),
        (r"/rest/api/content/(\d+)/property", ConfluenceDataCenter.create_property),
    ),
    "PUT": (
        (r"/rest/api/content/(\d+)", ConfluenceDataCenter.update),
        (r"/rest/api/content/(\d+)/property/([\w-]+)", ConfluenceDataCenter.update_property),
    ),
}


def _history(page: qms.Page) -> Json:
    first = page.versions[0]
    return {"latest": True, "createdBy": _person(first.author), "createdDate": _stamp(first.at)}


def _version(version: qms.Version) -> Json:
    told = {"by": _person(version.author), "when": _stamp(version.at), "number": version.number}
    return told | {"message": "", "minorEdit": False, "hidden": False}


def _person(name: str) -> Json:
    key = f"{crc32(name.encode()):032x}"
    return {"type": "known", "username": f"u{key[-8:]}", "userKey": key, "displayName": name}


def _label(name: str) -> Json:
    return {"prefix": "global", "name": name, "id": str(crc32(name.encode())), "label": name}


def _web(page: qms.Page) -> dict[str, str]:
    title = quote(page.title.replace(" ", "+"), safe="+")
    return {"webui": f"/display/{qms.SPACE_KEY}/{title}", "tinyui": f"/x/{page.id:x}"}


def _after(request: Request) -> int | None:
    """The id that the cursor stands on, 0 at the start; None for what is no cursor."""
    text = request.value("cursor", f"{CURSOR}null")
    place = text.removeprefix(CURSOR)
    if not text.startswith(CURSOR) or not (place.isdecimal() or place == "null"):
        return None
    return int(place) if place.isdecimal() else 0


def _number(request: Request, name: str, default: int) -> int:
    text = request.value(name)
    return int(text) if text.isdecimal() else default


def _words(request: Request, name: str) -> list[str]:
    return [word for value in request.query.get(name, ()) for word in value.split(",") if word]


def _stamp(moment: datetime) -> str:
    """In the server's own zone, as Data Center writes times."""
    local = moment.astimezone(_HERE)
    return f"{local:%Y-%m-%dT%H:%M:%S}.000+08:00"


def _web_page(status: int, title: str, **headers: str) -> Answer:
    body = f"<html><head><title>{title} ({status})</title></head><body><h1>{title} ({status})</h1></body></html>"
    return Answer(status, body.encode(), {"X-AUSERNAME": "anonymous", **headers}, "text/html;charset=UTF-8")


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"statusCode": status, "data": {"authorized": True, "valid": True}, "message": message})
