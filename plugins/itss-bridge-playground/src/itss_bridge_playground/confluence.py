"""A stand-in Confluence Cloud with one space: the v2 pages API, and of v1 what v2 does not have (CQL, current user).

Kept from the vendor, since each has cost somebody data: cursors are opaque and bound to their query, v1's next links
lack the context path `/wiki`, `start` is ignored, restricted pages are silently absent, search reads an index that may
lag (`index_lag`) and leaves archived pages out unless asked, and a label never makes a new version.
"""

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from itss_bridge_playground import qms
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import Answer, Request

Json: TypeAlias = dict[str, Any]
Matcher: TypeAlias = Callable[[qms.Page, datetime], bool]

_BASIC = "Basic " + base64.b64encode(b"bridge@acme.example:playground").decode()
_ACCOUNT = "557058:7c1e0c4e-0000-4000-8000-0000000b41d9"
_SPACE_ID = 98_306
_LISTED = ("current", "archived")
_STATUSES = (*_LISTED, "trashed", "deleted")
_MOST, _MOST_WITH_BODIES = 250, 50


class Confluence:
    """Spaces, pages, versions, labels and CQL search as of the clock."""

    name = "confluence"

    def __init__(self, clock: Clock, seed: int = 7) -> None:
        self.clock = clock
        self.pages = [page for page in qms.pages(seed) if not page.restricted]
        self.index_lag = timedelta()
        self._labels = _label_ids(self.pages)

    def truth(self) -> dict[str, dict[str, str]]:
        """What a complete copy holds now: `{"document": {page id: time of its newest version}}`."""
        now = self.clock.now
        shown = [page for page in self.pages if page.status(now) in _LISTED]
        return {"document": {str(page.id): _stamp(page.saved(now)[-1].at) for page in shown}}

    def answer(self, request: Request, origin: str) -> Answer:
        """The vendor's answer to anything under `/wiki`."""
        try:
            return self._route(request, f"{origin}/wiki")
        except _Refused as refusal:
            return refusal.answer(v2=request.path.startswith("/wiki/api/v2/"))

    def _route(self, request: Request, base: str) -> Answer:
        if request.headers.get("authorization") not in (_BASIC, "Bearer playground"):
            raise _Refused(401, "Unauthorized", "UNAUTHORIZED")
        if request.method != "GET":
            raise _Refused(405, "Method Not Allowed", "METHOD_NOT_ALLOWED")
        for pattern, view in _ROUTES:
            if match := re.fullmatch(pattern, request.path):
                return view(self, request, base, *match.groups())
        raise _Refused(404, "Not Found", "NOT_FOUND")

    # ---- v2 ----

    def spaces(self, request: Request, base: str) -> Answer:
        """GET /spaces: the one space, if the filters let it through."""
        keys, ids = _many(request, "keys"), _many(request, "ids")
        rows = [self._space()] if (qms.SPACE_KEY in keys or not keys) and (str(_SPACE_ID) in ids or not ids) else []
        return _v2_list(request, base, [((row["id"],), row) for row in rows])

    def list_pages(self, request: Request, base: str, space: str = "") -> Answer:
        """GET /pages and GET /spaces/{id}/pages."""
        if space and space != str(_SPACE_ID):
            raise _Refused(404, "Space not found", "NOT_FOUND")
        spaces, ids = _many(request, "space-id"), _many(request, "id")
        statuses = _many(request, "status") or _LISTED
        if not set(statuses) <= set(_STATUSES):
            raise _Refused(400, "Invalid value for query parameter 'status'", "INVALID_REQUEST_PARAMETER")
        now = self.clock.now
        chosen = [
            page
            for page in self.pages
            if page.status(now) in statuses
            and (not spaces or str(_SPACE_ID) in spaces)
            and (not ids or str(page.id) in ids)
        ]
        key = _sort_key(request.value("sort", "id").removeprefix("-"), now)
        rows = [((key(page), page.id), self._page(page, request)) for page in chosen]
        return _v2_list(request, base, rows, backwards=request.value("sort").startswith("-"))

    def one_page(self, request: Request, base: str, number: str) -> Answer:
        """GET /pages/{id}, with labels when asked."""
        page = self._find(number)
        body = self._page(page, request) | {"_links": _web(page) | {"base": base}}
        if request.value("include-labels") == "true":
            labels = [self._label(name) for name in page.labels(self.clock.now)]
            body["labels"] = {"results": labels, "meta": {"hasMore": False}, "_links": {}}
        return Answer(body=body)

    def versions(self, request: Request, base: str, number: str) -> Answer:
        """GET /pages/{id}/versions, newest first."""
        page = self._find(number)
        saved = page.saved(self.clock.now)
        rows = [((version.number,), _version(version) | {"page": {"id": number}}) for version in saved]
        return _v2_list(request, base, rows, backwards=True)

    def page_labels(self, request: Request, base: str, number: str) -> Answer:
        """GET /pages/{id}/labels."""
        rows = [((name,), self._label(name)) for name in self._find(number).labels(self.clock.now)]
        return _v2_list(request, base, rows)

    def _find(self, number: str) -> qms.Page:
        for page in self.pages:
            if str(page.id) == number and page.status(self.clock.now) is not None:
                return page
        raise _Refused(404, "Page not found", "NOT_FOUND")

    def _page(self, page: qms.Page, request: Request) -> Json:
        now = self.clock.now
        saved = page.saved(now)
        row = {
            "id": str(page.id),
            "status": page.status(now),
            "title": page.title,
            "spaceId": str(_SPACE_ID),
            "parentId": str(page.parent) if page.parent else None,
            "position": self.pages.index(page),
            "authorId": _account(saved[0].author),
            "ownerId": _account(saved[0].author),
            "lastOwnerId": None,
            "createdAt": _stamp(saved[0].at),
            "version": _version(saved[-1]),
            "body": {},
            "_links": _web(page),
        }
        if page.parent:
            row["parentType"] = "page"
        if request.value("body-format") == "storage":
            row["body"] = {"storage": {"representation": "storage", "value": page.body(now)}}
        return row

    def _label(self, name: str) -> Json:
        return {"id": self._labels[name], "name": name, "prefix": "global"}

    def _space(self) -> Json:
        home = self.pages[0]
        return {
            "id": str(_SPACE_ID),
            "key": qms.SPACE_KEY,
            "name": qms.SPACE_NAME,
            "type": "global",
            "status": "current",
            "authorId": _account(home.versions[0].author),
            "createdAt": _stamp(home.versions[0].at),
            "homepageId": str(home.id),
            "_links": {"webui": f"/spaces/{qms.SPACE_KEY}"},
        }

    # ---- v1 ----

    def current_user(self, _request: Request, base: str) -> Answer:
        """GET /rest/api/user/current: e-mail stays hidden, as profiles have it by default."""
        user = {"type": "known", "accountId": _ACCOUNT, "accountType": "app", "email": "", "timeZone": "Asia/Shanghai"}
        names = {"publicName": "itss-bridge（只读）", "displayName": "itss-bridge（只读）"}
        return Answer(body=user | names | {"_links": {"base": base, "context": "/wiki"}})

    def content_labels(self, request: Request, base: str, number: str) -> Answer:
        """GET /rest/api/content/{id}/label."""
        names = self._find(number).labels(self.clock.now)
        return _v1_list(request, base, [(place, self._v1_label(name)) for place, name in enumerate(names)])

    def search(self, request: Request, base: str) -> Answer:
        """GET /rest/api/search: hits around content, with `totalSize`."""
        found = [(page.id, self._hit(page, request)) for page in self._matches(request)]
        extra = {"totalSize": len(found), "cqlQuery": request.value("cql"), "searchDuration": 12}
        return _v1_list(request, base, found, extra | {"archivedResultCount": 0})

    def search_content(self, request: Request, base: str) -> Answer:
        """GET /rest/api/content/search: the content itself, expanded as asked, without a total."""
        found = [(page.id, self._content(page, _many(request, "expand"))) for page in self._matches(request)]
        return _v1_list(request, base, found)

    def _matches(self, request: Request) -> list[qms.Page]:
        """Pages that the index shows: as it was `index_lag` ago, and only of the statuses asked for."""
        indexed = self.clock.now - self.index_lag
        matchers = _cql(request.value("cql"))
        try:
            statuses = json.loads(request.value("cqlcontext", "{}")).get("contentStatuses", ["current"])
        except ValueError:
            raise _Refused(400, "Could not parse cqlcontext", "BAD_REQUEST") from None
        shown = [page for page in self.pages if page.status(indexed) in statuses]
        return [page for page in shown if all(matches(page, indexed) for matches in matchers)]

    def _hit(self, page: qms.Page, request: Request) -> Json:
        expansions = {name.removeprefix("content.") for name in _many(request, "expand")}
        changed = _stamp(page.saved(self.clock.now - self.index_lag)[-1].at)
        return {
            "content": self._content(page, expansions),
            "title": page.title,
            "excerpt": "",
            "url": _web(page)["webui"],
            "resultGlobalContainer": {"title": qms.SPACE_NAME, "displayUrl": f"/spaces/{qms.SPACE_KEY}"},
            "breadcrumbs": [],
            "entityType": "content",
            "iconCssClass": "aui-icon content-type-page",
            "lastModified": changed,
            "score": 0.0,
        }

    def _content(self, page: qms.Page, expansions: Iterable[str]) -> Json:
        indexed = self.clock.now - self.index_lag
        row: Json = {"id": str(page.id), "type": "page", "status": page.status(indexed), "title": page.title}
        parts: Mapping[str, Callable[[], Any]] = {
            "version": lambda: {"number": len(page.saved(indexed)), "when": _stamp(page.saved(indexed)[-1].at)},
            "space": self._v1_space,
            "metadata.labels": lambda: {"labels": self._v1_labels(page, indexed)},
            "body.storage": lambda: {"storage": {"value": page.body(indexed), "representation": "storage"}},
        }
        for name in expansions:
            if name in parts:
                row[name.partition(".")[0]] = parts[name]()
        row["_expandable"] = {name.partition(".")[0]: "" for name in parts if name.partition(".")[0] not in row}
        row["_links"] = _web(page) | {"self": f"/rest/api/content/{page.id}"}
        return row

    def _v1_space(self) -> Json:
        space = self._space()
        return {"id": _SPACE_ID} | {name: space[name] for name in ("key", "name", "type", "status", "_links")}

    def _v1_labels(self, page: qms.Page, moment: datetime) -> Json:
        labels = [self._v1_label(name) for name in page.labels(moment)]
        return {"results": labels, "start": 0, "limit": 200, "size": len(labels), "_links": {}}

    def _v1_label(self, name: str) -> Json:
        return self._label(name) | {"label": name}


_ROUTES: Sequence[tuple[str, Callable[..., Answer]]] = (
    (r"/wiki/api/v2/spaces", Confluence.spaces),
    (r"/wiki/api/v2/pages", Confluence.list_pages),
    (r"/wiki/api/v2/spaces/(\d+)/pages", Confluence.list_pages),
    (r"/wiki/api/v2/pages/(\d+)", Confluence.one_page),
    (r"/wiki/api/v2/pages/(\d+)/versions", Confluence.versions),
    (r"/wiki/api/v2/pages/(\d+)/labels", Confluence.page_labels),
    (r"/wiki/rest/api/user/current", Confluence.current_user),
    (r"/wiki/rest/api/content/(\d+)/label", Confluence.content_labels),
    (r"/wiki/rest/api/content/search", Confluence.search_content),
    (r"/wiki/rest/api/search", Confluence.search),
)


class _Refused(Exception):
    def __init__(self, status: int, title: str, code: str) -> None:
        super().__init__(title)
        self.status, self.title, self.code = status, title, code

    def answer(self, *, v2: bool) -> Answer:
        error = {"status": self.status, "code": self.code, "title": self.title, "detail": None}
        body = {"errors": [error]} if v2 else {"statusCode": self.status, "message": self.title}
        headers = {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'} if self.status == 401 else {}  # noqa: PLR2004
        return Answer(self.status, body, headers)


def _v2_list(
    request: Request, base: str, rows: Iterable[tuple[tuple[Any, ...], Json]], *, backwards: bool = False
) -> Answer:
    """One page of sorted rows; the next link has the context path and repeats the query."""
    limit = _limit(request)
    if limit > _MOST:
        raise _Refused(400, f"limit must be at most {_MOST}", "INVALID_REQUEST_PARAMETER")
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


def _v1_list(request: Request, base: str, rows: Iterable[tuple[int, Json]], extra: Json | None = None) -> Answer:
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


def _limit(request: Request) -> int:
    text = request.value("limit", "25")
    if not text.isdecimal():
        raise _Refused(400, "limit must be a number", "INVALID_REQUEST_PARAMETER")
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
        raise _Refused(400, "The cursor is not valid for this request", "INVALID_REQUEST_PARAMETER")
    return tuple(position)


def _question(request: Request) -> int:
    asked = {name: list(values) for name, values in request.query.items() if name not in ("cursor", "start", "next")}
    return zlib.crc32(json.dumps([request.path, sorted(asked.items())]).encode())


def _cql(text: str) -> list[Matcher]:
    """`field = value` and `field in (values)` joined by `and`; what else CQL knows is refused, not ignored."""
    conditions = re.split(r"(?i)\s+order\s+by\s+", text, maxsplit=1)[0]
    return [_condition(part) for part in re.split(r"(?i)\s+and\s+", conditions.strip())]


def _condition(text: str) -> Matcher:
    match = re.fullmatch(r"(?i)([a-z.]+)\s*(=|in)\s*(.+)", text.strip())
    values = [word.strip().strip("\"'") for word in match[3].strip("() ").split(",")] if match else []
    fields: Mapping[str, Matcher] = {
        "space": lambda _page, _now: qms.SPACE_KEY in values,
        "type": lambda _page, _now: "page" in values,
        "id": lambda page, _now: str(page.id) in values,
        "label": lambda page, now: not set(values).isdisjoint(page.labels(now)),
    }
    if match is None or match[1].lower() not in fields:
        raise _Refused(400, f"Could not parse cql : {text}", "BAD_REQUEST")
    return fields[match[1].lower()]


def _many(request: Request, name: str) -> list[str]:
    """An array parameter, repeated or with commas."""
    return [word for value in request.query.get(name, ()) for word in value.split(",") if word]


def _sort_key(name: str, now: datetime) -> Callable[[qms.Page], Any]:
    keys: Mapping[str, Callable[[qms.Page], Any]] = {
        "id": lambda page: page.id,
        "created-date": lambda page: _stamp(page.versions[0].at),
        "modified-date": lambda page: _stamp(page.saved(now)[-1].at),
        "title": lambda page: page.title,
    }
    if name not in keys:
        raise _Refused(400, "Invalid value for query parameter 'sort'", "INVALID_REQUEST_PARAMETER")
    return keys[name]


def _label_ids(pages: Iterable[qms.Page]) -> dict[str, str]:
    names = sorted({mark.name for page in pages for mark in page.marks})
    return {name: str(2_129_921 + place) for place, name in enumerate(names)}


def _web(page: qms.Page) -> dict[str, str]:
    path = f"/spaces/{qms.SPACE_KEY}/pages/{page.id}/{quote(page.title.replace(' ', '+'), safe='+')}"
    return {"webui": path, "editui": f"/pages/resumedraft.action?draftId={page.id}", "tinyui": f"/x/{page.id:x}"}


def _version(version: qms.Version) -> Json:
    return {
        "createdAt": _stamp(version.at),
        "message": "",
        "number": version.number,
        "minorEdit": False,
        "authorId": _account(version.author),
    }


def _account(name: str) -> str:
    return f"557058:0e5a1d70-0000-4000-8000-{zlib.crc32(name.encode()):012x}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
