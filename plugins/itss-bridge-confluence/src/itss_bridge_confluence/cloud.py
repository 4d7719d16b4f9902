"""Confluence Cloud: pages from version 2 of the interface, labels and a content property from one CQL walk beside it.

Version 2 gives labels page by page only. Search may lag: what it says of a page counts only when it knows the page's
newest version; for other pages the page itself is asked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from atlassian import ConfluenceCloud

from itss_bridge.contracts import Identity
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge_confluence.deployment import (
    MOST,
    NO_SIGN,
    Deployment,
    Sign,
    Wants,
    WikiPage,
    instant,
    names,
    needed,
    nobody,
    sign,
    unfit,
)
from itss_bridge_confluence.mark import PROPERTY, mark

_V2 = "wiki/api/v2"
_V1 = "wiki/rest/api"
_STATUSES = ["current", "archived"]


class _Marks(NamedTuple):
    """What is not on the page itself: its labels and the wanted property's value, as of which version."""

    version: int
    labels: list[str] | None
    own: Sign = NO_SIGN
    published: bool = False


class Cloud(Deployment):
    """A site at Atlassian."""

    def __init__(self, url: str, http: GuardedSession, wants: Wants) -> None:
        site = url.removesuffix("/wiki")
        client = ConfluenceCloud(  # type: ignore[no-untyped-call]
            site, session=http, advanced_mode=True, retry_with_header=False
        )
        super().__init__(site, client, wants)

    @property
    def rows_a_request(self) -> int:
        """Two listings side by side, or a request a page besides."""
        return 1 if self.wants.statuses else max(1, self.wants.size // 2)

    def identity(self) -> Identity:
        """The account, which may not be nobody."""
        response = self.ask(f"{_V1}/user/current")
        user = response.json()
        if user.get("type") == "anonymous":
            raise nobody(self.site)
        return Identity(
            account=str(needed(user, "accountId")),
            time_zone=str(user.get("timeZone") or "UTC"),
            server_time=instant(response.headers.get("Date", ""), parsedate_to_datetime),
        )

    def find_spaces(self, keys: Sequence[str]) -> Mapping[str, str]:
        """One request."""
        found = (row for rows in self.walk(f"{_V2}/spaces", {"keys": list(keys)}) for row in rows)
        return {str(needed(row, "key")): str(needed(row, "id")) for row in found}

    def operations(self, space: str) -> Sequence[str]:
        """In the space as a whole."""
        answer = self.ask(f"{_V2}/spaces/{self.space_id(space)}/operations").json()
        return [str(needed(one, "operation")) for one in needed(answer, "operations")]

    def pages(self, space: str) -> Iterator[Sequence[WikiPage]]:
        """Archived ones too."""
        indexed = self._index(space)
        for rows in self._rows(space, {"body-format": "storage"} if self.wants.bodies else {}):
            yield [self._page(row, self._marks(row, indexed)) for row in rows]

    def ids(self, space: str) -> Iterator[Sequence[str]]:
        """Without bodies."""
        for rows in self._rows(space, {}):
            yield [str(needed(row, "id")) for row in rows]

    def _rows(self, space: str, wanted: Mapping[str, str]) -> Iterator[list[Json]]:
        query = {"space-id": self.space_id(space), "status": _STATUSES, "sort": "id", **wanted}
        return self.walk(f"{_V2}/pages", query)

    def _index(self, space: str) -> dict[str, _Marks]:
        """What search knows of a space's pages, by id; left out where it may not be the whole."""
        context = json.dumps({"contentStatuses": _STATUSES}, separators=(",", ":"))
        own = f",metadata.properties.{self.wants.property_key}" if self.wants.property_key else ""
        expand = f"metadata.labels,version,metadata.properties.{PROPERTY}{own}"
        query = {"cql": f'space = "{space}" and type = page', "cqlcontext": context, "expand": expand}
        indexed: dict[str, _Marks] = {}
        for row in (row for rows in self.walk(f"{_V1}/content/search", query) for row in rows):
            metadata = needed(row, "metadata")
            labels = needed(metadata, "labels", "results")
            # v1 cuts a page's labels at the expansion's own limit: a full list may be a shortened one
            cut = len(labels) >= metadata["labels"].get("limit", MOST)
            if not cut and (not own or metadata.get("properties") is not None):
                shown = metadata.get("properties") or {}
                found = sign(shown.get(self.wants.property_key))
                version = needed(row, "version", "number")
                indexed[str(needed(row, "id"))] = _Marks(version, names(labels), found, PROPERTY in shown)
        return indexed

    def _marks(self, row: Json, indexed: Mapping[str, _Marks]) -> _Marks:
        """Labels of a page; None for an archived page that search leaves out: not known, so never approved."""
        number, version = str(needed(row, "id")), needed(row, "version", "number")
        known = indexed.get(number)
        if known and known.version == version:
            return known
        if known is None and row.get("status") == "archived":
            return _Marks(version, None)
        page, key = f"{_V2}/pages/{number}", self.wants.property_key
        labels = names(label for rows in self.walk(f"{page}/labels", {}) for label in rows)
        own = [one for rows in self.walk(f"{page}/properties", {"key": key}) for one in rows] if key else []
        # where bodies are read, the mark in them tells what was published from here
        ours = (
            []
            if self.wants.bodies
            else [r for rows in self.walk(f"{page}/properties", {"key": PROPERTY}) for r in rows]
        )
        return _Marks(version, labels, sign(own[0]) if own else NO_SIGN, bool(ours))

    def _status(self, number: str) -> Sign:
        """The status that people see on a page: no listing has it."""
        if not self.wants.statuses:
            return NO_SIGN
        answer = self.ask(f"{_V1}/content/{number}/state", {"status": "current"}).json()
        if not isinstance(answer, Mapping) or "contentState" not in answer:
            raise unfit(say("contentState is missing"))
        state, since = answer["contentState"], answer.get("lastUpdated")
        return Sign(needed(state, "name"), instant(since) if since else None) if state else NO_SIGN

    def _page(self, row: Json, marks: _Marks) -> WikiPage:
        version, body = needed(row, "version"), row.get("body", {}).get("storage")
        return WikiPage(
            id=str(needed(row, "id")),
            title=str(needed(row, "title")),
            path=f"/wiki{needed(row, '_links', 'webui')}",
            status=needed(row, "status"),
            version=needed(version, "number"),
            created=instant(needed(row, "createdAt")),
            changed=instant(needed(version, "createdAt")),
            author=version.get("authorId"),
            parent=row.get("parentId"),
            labels=marks.labels,
            own=marks.own,
            shown=self._status(str(needed(row, "id"))),
            body=needed(body, "value") if body else None,
            published=marks.published or bool(body and mark(needed(body, "value"))),
        )
