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
from urllib.parse import quote

from itss_bridge_playground import qms
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence_cql import conditions
from itss_bridge_playground.confluence_lists import Refused, many, sort_key, stamp, v1_list, v2_list
from itss_bridge_playground.confluence_writes import Writable, given, sent
from itss_bridge_playground.oauth import TokenDesk
from itss_bridge_playground.server import Answer, Request

Json: TypeAlias = dict[str, Any]

_BASIC = "Basic " + base64.b64encode(b"bridge@acme.example:playground").decode()
_ACCOUNT = "557058:7c1e0c4e-0000-4000-8000-0000000b41d9"
_SPACE_ID = 98_306
_LISTED = ("current", "archived")
_STATUSES = (*_LISTED, "trashed", "deleted")


class Confluence(Writable):
    """Spaces, pages, versions, labels, page statuses and CQL search as of the clock.

    Attributes:
        index_lag: how far search is behind the pages.
        states: page id → name of the status that people see on the page, and since when.
        properties: page id → key → value of its content properties, and since when.
        operations: what the account may do in the space: read, and what `publish` needs.
        expands_properties: whether search shows properties at all; the page itself always does.
    """

    name = "confluence"

    def __init__(self, clock: Clock, seed: int = 7) -> None:
        super().__init__()
        self.clock = clock
        self.desk = TokenDesk(clock)
        self.pages = [page for page in qms.pages(seed) if not page.restricted]
        self.index_lag = timedelta()
        self.states: dict[int, tuple[str, datetime]] = {}
        self.properties: dict[int, dict[str, tuple[Any, datetime]]] = {}
        self.operations = ["read", "create", "update"]
        self.expands_properties = True
        self._labels = _label_ids(self.pages)

    def truth(self) -> dict[str, dict[str, str]]:
        """What a complete copy holds now: `{"document": {page id: time of its newest version}}`."""
        now = self.clock.now
        shown = [page for page in self.pages if page.status(now) in _LISTED]
        return {"document": {str(page.id): stamp(page.saved(now)[-1].at) for page in shown}}

    def answer(self, request: Request, origin: str) -> Answer:
        """The vendor's answer to anything under `/wiki`."""
        try:
            return self._route(request, f"{origin}/wiki")
        except Refused as refusal:
            return refusal.answer(v2=request.path.startswith("/wiki/api/v2/"))

    def _route(self, request: Request, base: str) -> Answer:
        authorization = request.headers.get("authorization", "")
        if authorization not in (_BASIC, "Bearer playground") and not self.desk.admits(authorization):
            raise Refused(401, "Unauthorized", "UNAUTHORIZED")
        if request.method not in _ROUTES:
            raise Refused(405, "Method Not Allowed", "METHOD_NOT_ALLOWED")
        for pattern, view in _ROUTES[request.method]:
            if match := re.fullmatch(pattern, request.path):
                return view(self, request, base, *match.groups())
        raise Refused(404, "Not Found", "NOT_FOUND")

    # ---- v2 ----

    def spaces(self, request: Request, base: str) -> Answer:
        """GET /spaces: the one space, if the filters let it through."""
        keys, ids = many(request, "keys"), many(request, "ids")
        rows = [self._space()] if (qms.SPACE_KEY in keys or not keys) and (str(_SPACE_ID) in ids or not ids) else []
        return v2_list(request, base, [((row["id"],), row) for row in rows])

    def space_operations(self, _request: Request, _base: str, space: str) -> Answer:
        """GET /spaces/{id}/operations: what the account may do."""
        if space != str(_SPACE_ID):
            raise Refused(404, "Space not found", "NOT_FOUND")
        return Answer(body={"operations": [{"operation": one, "targetType": "space"} for one in self.operations]})

    def list_pages(self, request: Request, base: str, space: str = "") -> Answer:
        """GET /pages and GET /spaces/{id}/pages."""
        if space and space != str(_SPACE_ID):
            raise Refused(404, "Space not found", "NOT_FOUND")
        spaces, ids, title = many(request, "space-id"), many(request, "id"), request.value("title")
        statuses = many(request, "status") or _LISTED
        if not set(statuses) <= set(_STATUSES):
            raise Refused(400, "Invalid value for query parameter 'status'", "INVALID_REQUEST_PARAMETER")
        now = self.clock.now
        chosen = [
            page
            for page in self.pages
            if page.status(now) in statuses
            and (not spaces or str(_SPACE_ID) in spaces)
            and (not ids or str(page.id) in ids)
            and title in ("", page.title)
        ]
        key = sort_key(request.value("sort", "id").removeprefix("-"), now)
        rows = [((key(page), page.id), self._page(page, request)) for page in chosen]
        return v2_list(request, base, rows, backwards=request.value("sort").startswith("-"))

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
        return v2_list(request, base, rows, backwards=True)

    def page_labels(self, request: Request, base: str, number: str) -> Answer:
        """GET /pages/{id}/labels."""
        rows = [((name,), self._label(name)) for name in self._find(number).labels(self.clock.now)]
        return v2_list(request, base, rows)

    def page_properties(self, request: Request, base: str, number: str) -> Answer:
        """GET /pages/{id}/properties, all or the one of a key."""
        own = self.properties.get(self._find(number).id, {})
        wanted = request.value("key")
        rows = [
            ((key,), self._property(int(number), key) | {"value": value, "version": self._dated(int(number), key, at)})
            for key, (value, at) in own.items()
            if wanted in ("", key)
        ]
        return v2_list(request, base, rows)

    def create_page(self, request: Request, base: str) -> Answer:
        """POST /pages: published at once, below the space's home unless a parent is named."""
        asked = sent(request)
        if asked.get("spaceId") != str(_SPACE_ID):
            raise Refused(404, "Space not found", "NOT_FOUND")
        page = self.new_page(asked.get("title", ""), asked.get("parentId") or "", given(asked, "body", "value"))
        return self.one_page(request, base, str(page.id))

    def update_page(self, request: Request, base: str, number: str) -> Answer:
        """PUT /pages/{id}: the next version; parent and space stay unless they are named."""
        asked = sent(request)
        if asked.get("id") != number or asked.get("status") != "current":
            raise Refused(400, "id and status are required", "INVALID_REQUEST")
        body, version = given(asked, "body", "value"), given(asked, "version", "number")
        self.new_version(number, asked.get("title", ""), body, version)
        return self.one_page(request, base, number)

    def create_property(self, request: Request, _base: str, number: str) -> Answer:
        """POST /pages/{id}/properties."""
        asked = sent(request)
        self.write_property(number, asked["key"], asked["value"], None)
        return self._property_answer(int(number), asked["key"])

    def update_property(self, request: Request, _base: str, number: str, identity: str) -> Answer:
        """PUT /pages/{id}/properties/{id of the property}."""
        asked = sent(request)
        if self._property(int(number), asked["key"])["id"] != identity:
            raise Refused(404, "Property not found", "NOT_FOUND")
        self.write_property(number, asked["key"], asked["value"], given(asked, "version", "number"))
        return self._property_answer(int(number), asked["key"])

    def kept(self, value: Any) -> Any:
        """With the time since when the page has it."""
        return value, self.clock.now

    def _property(self, number: int, key: str) -> Json:
        return {"id": f"{number}{zlib.crc32(key.encode())}", "key": key}

    def _property_answer(self, number: int, key: str) -> Answer:
        value, at = self.properties[number][key]
        return Answer(body=self._property(number, key) | {"value": value, "version": self._dated(number, key, at)})

    def _dated(self, number: int, key: str, at: datetime, named: str = "createdAt") -> Json:
        version = self.property_version(number, key)
        return {named: stamp(at), "number": version, "message": "", "minorEdit": False}

    def _find(self, number: str) -> qms.Page:
        for page in self.pages:
            if str(page.id) == number and page.status(self.clock.now) is not None:
                return page
        raise Refused(404, "Page not found", "NOT_FOUND")

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
            "createdAt": stamp(saved[0].at),
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
            "createdAt": stamp(home.versions[0].at),
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
        return v1_list(request, base, [(place, self._v1_label(name)) for place, name in enumerate(names)])

    def content_state(self, _request: Request, _base: str, number: str) -> Answer:
        """GET /rest/api/content/{id}/state: null for a page without a status."""
        name, at = self.states.get(self._find(number).id, (None, None))
        state = {"id": zlib.crc32(name.encode()), "name": name, "color": "#57d9a3"} if name else None
        return Answer(body={"contentState": state} | ({"lastUpdated": stamp(at)} if at else {}))

    def search(self, request: Request, base: str) -> Answer:
        """GET /rest/api/search: hits around content, with `totalSize`."""
        found = [(page.id, self._hit(page, request)) for page in self._matches(request)]
        extra = {"totalSize": len(found), "cqlQuery": request.value("cql"), "searchDuration": 12}
        return v1_list(request, base, found, extra | {"archivedResultCount": 0})

    def search_content(self, request: Request, base: str) -> Answer:
        """GET /rest/api/content/search: the content itself, expanded as asked, without a total."""
        found = [(page.id, self._content(page, many(request, "expand"))) for page in self._matches(request)]
        return v1_list(request, base, found)

    def _matches(self, request: Request) -> list[qms.Page]:
        """Pages that the index shows: as it was `index_lag` ago, and only of the statuses asked for."""
        indexed = self.clock.now - self.index_lag
        matchers = conditions(request.value("cql"))
        try:
            statuses = json.loads(request.value("cqlcontext", "{}")).get("contentStatuses", ["current"])
        except ValueError:
            raise Refused(400, "Could not parse cqlcontext", "BAD_REQUEST") from None
        shown = [page for page in self.pages if page.status(indexed) in statuses]
        return [page for page in shown if all(matches(page, indexed) for matches in matchers)]

    def _hit(self, page: qms.Page, request: Request) -> Json:
        expansions = {name.removeprefix("content.") for name in many(request, "expand")}
        changed = stamp(page.saved(self.clock.now - self.index_lag)[-1].at)
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
            "version": lambda: {"number": len(page.saved(indexed)), "when": stamp(page.saved(indexed)[-1].at)},
            "space": self._v1_space,
            "metadata.labels": lambda: {"labels": self._v1_labels(page, indexed)},
            "body.storage": lambda: {"storage": {"value": page.body(indexed), "representation": "storage"}},
        }
        for name in expansions:
            if name in parts:
                row[name.partition(".")[0]] = parts[name]()
        keys = [name.removeprefix("metadata.properties.") for name in expansions if "metadata.properties." in name]
        if keys and self.expands_properties:
            own = self.properties.get(page.id, {})
            shown = {
                key: {"key": key, "value": own[key][0], "version": self._dated(page.id, key, own[key][1], "when")}
                for key in keys
                if key in own
            }
            row.setdefault("metadata", {})["properties"] = shown
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


_READS: Sequence[tuple[str, Callable[..., Answer]]] = (
    (r"/wiki/api/v2/spaces", Confluence.spaces),
    (r"/wiki/api/v2/spaces/(\d+)/operations", Confluence.space_operations),
    (r"/wiki/api/v2/pages", Confluence.list_pages),
    (r"/wiki/api/v2/spaces/(\d+)/pages", Confluence.list_pages),
    (r"/wiki/api/v2/pages/(\d+)", Confluence.one_page),
    (r"/wiki/api/v2/pages/(\d+)/versions", Confluence.versions),
    (r"/wiki/api/v2/pages/(\d+)/labels", Confluence.page_labels),
    (r"/wiki/api/v2/pages/(\d+)/properties", Confluence.page_properties),
    (r"/wiki/rest/api/content/(\d+)/state", Confluence.content_state),
    (r"/wiki/rest/api/user/current", Confluence.current_user),
    (r"/wiki/rest/api/content/(\d+)/label", Confluence.content_labels),
    (r"/wiki/rest/api/content/search", Confluence.search_content),
    (r"/wiki/rest/api/search", Confluence.search),
)
_ROUTES: Mapping[str, Sequence[tuple[str, Callable[..., Answer]]]] = {
    "GET": _READS,
    "POST": (
        (r"/wiki/api/v2/pages", Confluence.create_page),
        (r"/wiki/api/v2/pages/(\d+)/properties", Confluence.create_property),
    ),
    "PUT": (
        (r"/wiki/api/v2/pages/(\d+)", Confluence.update_page),
        (r"/wiki/api/v2/pages/(\d+)/properties/(\d+)", Confluence.update_property),
    ),
}


def _label_ids(pages: Iterable[qms.Page]) -> dict[str, str]:
    names = sorted({mark.name for page in pages for mark in page.marks})
    return {name: str(2_129_921 + place) for place, name in enumerate(names)}


def _web(page: qms.Page) -> dict[str, str]:
    path = f"/spaces/{qms.SPACE_KEY}/pages/{page.id}/{quote(page.title.replace(' ', '+'), safe='+')}"
    return {"webui": path, "editui": f"/pages/resumedraft.action?draftId={page.id}", "tinyui": f"/x/{page.id:x}"}


def _version(version: qms.Version) -> Json:
    return {
        "createdAt": stamp(version.at),
        "message": "",
        "number": version.number,
        "minorEdit": False,
        "authorId": _account(version.author),
    }


def _account(name: str) -> str:
    return f"557058:0e5a1d70-0000-4000-8000-{zlib.crc32(name.encode()):012x}"
