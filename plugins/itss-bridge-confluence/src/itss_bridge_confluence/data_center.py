"""Confluence Data Center: one listing in the order of ids has it all, labels, a content property and ancestors too.

`content/scan` goes on from a cursor, so pages that come and go move nothing; it is there since version 7.18.
"""

from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime

from atlassian.confluence import ConfluenceServer

from itss_bridge.contracts import Identity
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge_confluence.deployment import NO_SIGN, Deployment, Wants, WikiPage, instant, names, needed, nobody, sign
from itss_bridge_confluence.mark import PROPERTY, mark

_API = "rest/api"
_USUAL, _USUAL_WITH_BODIES = 200, 50


class DataCenter(Deployment):
    """A site of the organisation's own; it may stand under a context path."""

    def __init__(self, url: str, http: GuardedSession, wants: Wants) -> None:
        client = ConfluenceServer(  # type: ignore[no-untyped-call]
            url, session=http, advanced_mode=True, retry_with_header=False
        )
        super().__init__(url, client, wants)
        if wants.statuses:
            fix = say("use approved_label or approved_property")
            raise UsageError(say("Confluence Data Center has no page statuses"), where="approved_status", fix=fix)

    @property
    def rows_a_request(self) -> int:
        """What sites make of a listing, as a rule."""
        return min(self.wants.size, _USUAL_WITH_BODIES if self.wants.bodies else _USUAL)

    def identity(self) -> Identity:
        """The account, which may not be nobody. Data Center does not tell its time zone, and nothing depends on it."""
        response = self.ask(f"{_API}/user/current")
        user = response.json()
        if user.get("type") == "anonymous":
            raise nobody(self.site)
        server_time = instant(response.headers.get("Date", ""), parsedate_to_datetime)
        return Identity(str(user.get("userKey") or needed(user, "username")), "UTC", server_time)

    def find_spaces(self, keys: Sequence[str]) -> Mapping[str, str]:
        """One request."""
        found = (row for rows in self.walk(f"{_API}/space", {"spaceKey": list(keys)}, "start") for row in rows)
        return {str(needed(row, "key")): str(needed(row, "id")) for row in found}

    def operations(self, space: str) -> Sequence[str] | None:
        """On the space's first page: of spaces Data Center tells it to their administrators only."""
        self.space_id(space)
        query = {"spaceKey": space, "type": "page", "status": "current", "expand": "operations", "limit": 1}
        rows = needed(self.ask(f"{_API}/content/scan", query).json(), "results")
        told = rows[0].get("operations") if rows else None
        return None if told is None else [str(needed(one, "operation")) for one in told]

    def pages(self, space: str) -> Iterator[Sequence[WikiPage]]:
        """The current ones: there is no archive for pages here."""
        for rows in self._rows(space, self._expansions()):
            yield [self._page(row) for row in rows]

    def ids(self, space: str) -> Iterator[Sequence[str]]:
        """With next to nothing else."""
        for rows in self._rows(space, "version"):
            yield [str(needed(row, "id")) for row in rows]

    def _expansions(self) -> str:
        wanted = ["version", "history", "ancestors", "metadata.labels", f"metadata.properties.{PROPERTY}"]
        wanted += [f"metadata.properties.{self.wants.property_key}"] if self.wants.property_key else []
        return ",".join([*wanted, "body.storage"] if self.wants.bodies else wanted)

    def _rows(self, space: str, expand: str) -> Iterator[list[Json]]:
        self.space_id(space)
        query = {"spaceKey": space, "type": "page", "status": "current", "expand": expand}
        return self.walk(f"{_API}/content/scan", query)

    def _labels(self, row: Json) -> list[str]:
        """A listing shows labels up to a limit of its own: beyond it the page itself is asked."""
        shown = needed(row, "metadata", "labels", "results")
        if len(shown) < needed(row, "metadata", "labels", "limit"):
            return names(shown)
        path = f"{_API}/content/{needed(row, 'id')}/label"
        return names(label for rows in self.walk(path, {}, "start") for label in rows)

    def _page(self, row: Json) -> WikiPage:
        version, ancestors = needed(row, "version"), needed(row, "ancestors")
        writer = version.get("by") or {}
        own = needed(row, "metadata").get("properties") or {}
        body = needed(row, "body", "storage", "value") if self.wants.bodies else None
        return WikiPage(
            id=str(needed(row, "id")),
            title=str(needed(row, "title")),
            path=needed(row, "_links", "webui"),
            status=needed(row, "status"),
            version=needed(version, "number"),
            created=instant(needed(row, "history", "createdDate")),
            changed=instant(needed(version, "when")),
            author=writer.get("userKey") or writer.get("username"),
            parent=str(needed(ancestors[-1], "id")) if ancestors else None,
            labels=self._labels(row),
            own=sign(own.get(self.wants.property_key)),
            shown=NO_SIGN,
            body=body,
            published=PROPERTY in own or bool(body and mark(body)),
        )
