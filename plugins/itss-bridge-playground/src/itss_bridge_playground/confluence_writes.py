"""What a publisher may write to either stand-in Confluence: pages, new versions of them, content properties.

Kept from the vendor, since each has cost somebody a page: a title is used once in a space, and free again when its
page is in the trash; a version that is not the next one is a conflict; a body that is no XML is refused; what is left
out of an update, title aside, stays as it was.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html.entities import name2codepoint
from typing import Any, TypeAlias
from xml.etree import ElementTree as ET

from itss_bridge_playground import qms
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence_lists import Refused
from itss_bridge_playground.messages import Request

Json: TypeAlias = dict[str, Any]

WRITER = "bridge"
"""Author of what comes through the interface."""

LARGEST = 5_000_000
_NAMESPACES = 'xmlns:ac="http://atlassian.com/content" xmlns:ri="http://atlassian.com/resource/identifier"'
_NEVER = datetime.max.replace(tzinfo=UTC)
_CREATE, _UPDATE = "create", "update"


class Writable:
    """The part of a stand-in that takes writes, as far as *operations* has `create` and `update`.

    Attributes:
        no_right: the status that a refused write is answered with.
        property_versions: page id and key → version of a content property that was written more than once.
    """

    clock: Clock
    pages: list[qms.Page]
    operations: list[str]
    properties: dict[int, dict[str, Any]]
    no_right = 404

    def __init__(self) -> None:
        self.property_versions: dict[tuple[int, str], int] = {}

    def edit(self, number: int, body: str | None = None, **changes: Any) -> None:
        """Somebody changes a page by hand: a *body* or *title* makes a new version, anything else none."""
        page = replace(self._page_of(number), **changes)
        saves = body is not None or "title" in changes
        text = page.body(self.clock.now) if body is None else body
        self._put(self._saved(page, text, "somebody") if saves else page)

    def new_page(self, title: str, parent: str, body: str) -> qms.Page:
        """The page that was made; Refused when it may not be."""
        self._permit(_CREATE)
        self._check(title, body)
        home = self.pages[0].id
        at = self.clock.now
        page = qms.Page(
            id=max(page.id for page in self.pages) + 4096,
            title=title,
            parent=self._page_of(int(parent)).id if parent else home,
            versions=(qms.Version(1, at, WRITER),),
            marks=(),
            issues=(),
            archived_at=_NEVER,
            trashed_at=_NEVER,
            restricted=False,
            bodies=(body,),
        )
        self.pages.append(page)
        return page

    def new_version(self, number: str, title: str, body: str, version: Any) -> qms.Page:
        """The page after it was saved; Refused when it may not be, or *version* is not the next one."""
        self._permit(_UPDATE)
        page = self._page_of(int(number))
        self._check(title, body, page.id)
        due = len(page.saved(self.clock.now)) + 1
        if version != due:
            raise Refused(
                409, f"Version must be incremented when updating a page. Current version: {due - 1}", "CONFLICT"
            )
        changed = self._saved(replace(page, title=title), body, WRITER)
        self._put(changed)
        return changed

    def write_property(self, number: str, key: str, value: Any, version: int | None) -> int:
        """The property's version after it was written; *version* is None for a new one."""
        self._permit(_UPDATE)
        page = self._page_of(int(number))
        own = self.properties.setdefault(page.id, {})
        if (version is None) == (key in own):
            what = "already exists" if version is None else "does not exist"
            raise Refused(400 if version is None else 404, f"A property with the key {key} {what}", "INVALID_REQUEST")
        due = self.property_version(page.id, key) + 1 if key in own else 1
        if version not in (None, due):
            raise Refused(409, f"Property version must be {due}", "CONFLICT")
        self.property_versions[page.id, key] = due
        own[key] = self.kept(value)
        return due

    def property_version(self, number: int, key: str) -> int:
        """Which version of a property there is."""
        return self.property_versions.get((number, key), 1)

    def kept(self, value: Any) -> Any:
        """A property's value as this stand-in keeps it."""
        return value

    def _permit(self, operation: str) -> None:
        if operation not in self.operations:
            raise Refused(self.no_right, "You do not have permission to perform this operation.", "NOT_PERMITTED")

    def _check(self, title: str, body: str, number: int = 0) -> None:
        now = self.clock.now
        if not title or not isinstance(body, str):
            raise Refused(400, "Title and body are required", "INVALID_REQUEST")
        if any(p.title == title and p.id != number and p.status(now) in {"current", "archived"} for p in self.pages):
            what = "A page with this title already exists: A page already exists with the same TITLE in this space"
            raise Refused(400, what, "INVALID_REQUEST")
        if len(body.encode()) > LARGEST:
            raise Refused(413, "The request is too large", "REQUEST_TOO_LARGE")
        try:
            ET.fromstring(f"<body {_NAMESPACES}>{_numbered(body)}</body>")  # noqa: S314 - a stand-in on loopback
        except ET.ParseError as error:
            raise Refused(400, f"Error parsing xhtml: {error}", "INVALID_REQUEST") from None

    def _page_of(self, number: int) -> qms.Page:
        for page in self.pages:
            if page.id == number and page.status(self.clock.now) in {"current", "archived", "trashed"}:
                return page
        raise Refused(404, "Page not found", "NOT_FOUND")

    def _saved(self, page: qms.Page, body: str, author: str) -> qms.Page:
        """The page with one version more."""
        past = page.saved(self.clock.now)
        bodies = page.bodies or tuple(page.body(version.at) for version in past)
        latest = qms.Version(len(past) + 1, self.clock.now, author)
        return replace(page, versions=(*past, latest), bodies=(*bodies[: len(past)], body))

    def _put(self, page: qms.Page) -> None:
        self.pages = [page if one.id == page.id else one for one in self.pages]


def _numbered(body: str) -> str:
    """A body with HTML's named characters as numbers: Confluence knows them, XML does not."""

    def number(named: re.Match[str]) -> str:
        return f"&#{name2codepoint[named[1]]};" if named[1] in name2codepoint else named[0]

    return re.sub(r"&(?!(?:lt|gt|amp|quot|apos);)(\w+);", number, body)


def sent(request: Request) -> Json:
    """The object in a request's body; Refused when there is none."""
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "The request has no JSON object", "INVALID_REQUEST")
    return body


def given(body: Mapping[str, Any], *path: str) -> Any:
    """What a request's body has at *path*; None where it has nothing."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
