"""Reads the pages of Confluence spaces as the stream `document`.

A changed label makes no new version and moves no date, so a space is read whole at each sync, and the engine stores the
records whose digest changed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any, ClassVar

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Right, Slice
from itss_bridge.transport import GuardedSession
from itss_bridge_confluence.cloud import Cloud
from itss_bridge_confluence.data_center import DataCenter
from itss_bridge_confluence.deployment import MOST, TOKEN_ENDPOINTS, Deployment, Wants, WikiPage
from itss_bridge_confluence.rights import rights

STREAM = "document"
_STATUSES = ("current", "draft", "archived", "trashed")
DEPLOYMENTS: Mapping[str, type[Cloud | DataCenter]] = {"cloud": Cloud, "data-center": DataCenter}
_ISSUE = re.compile(r"""<ac:parameter ac:name="key">\s*([A-Z][A-Z0-9_]+-\d+)\s*<|/browse/([A-Z][A-Z0-9_]+-\d+)\b""")
_LINKED_PAGE = re.compile(r'<ri:page\b[^>]*\bri:content-title="([^"]+)"')


class Confluence(Connector):
    """Pages of Confluence spaces: titles, versions, labels, approval; never their text."""

    name = "confluence"
    title = "Confluence"
    always_whole = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "deployment": {"enum": list(DEPLOYMENTS), "default": "cloud"},
            "spaces": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[A-Za-z0-9~_.:-]+$"},
                "minItems": 1,
                "description": "Keys of the spaces to read.",
            },
            "approved_label": {"type": "string", "default": "approved", "description": "Says that a page is approved."},
            "approved_property": {
                "type": "object",
                "properties": {
                    "key": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
                    "value": {"type": ["string", "number", "boolean"]},
                },
                "required": ["key", "value"],
                "additionalProperties": False,
                "description": "A content property that says so too, where it has this value.",
            },
            "approved_status": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "description": "Page statuses that say so too, and since when; cloud only, one request a page.",
            },
            "links": {"type": "boolean", "default": True, "description": "Read bodies for links; never stored."},
            "page_size": {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST},
        },
        "required": ["spaces"],
        "additionalProperties": False,
    }

    def __init__(
        self, config: Mapping[str, Any], http: GuardedSession, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """The deployment's client on the guarded session."""
        super().__init__(config, http, streams)
        self._property: Mapping[str, Any] = config.get("approved_property", {})
        self._statuses: Sequence[str] = config.get("approved_status", ())
        key, bodies = self._property.get("key", ""), config.get("links", True)
        wants = Wants(config.get("page_size", MOST), bodies, key, statuses=bool(self._statuses))
        reader = DEPLOYMENTS[config.get("deployment", "cloud")]
        self._tool: Deployment = reader(str(config["url"]).rstrip("/"), http, wants)
        self.rows_per_request = self._tool.rows_a_request
        self._own: set[str] = set()

    @staticmethod
    def token_endpoint(config: Mapping[str, Any]) -> str:
        """Where an OAuth client gets its token: below the site's address, or at one that must be configured."""
        return TOKEN_ENDPOINTS[config.get("deployment", "cloud")]

    @staticmethod
    def rights(config: Mapping[str, Any]) -> Sequence[Right]:
        """See `Connector`; README.md says the same at more length."""
        return tuple(rights(config))

    def streams(self) -> Sequence[str]:
        """Documents, nothing else."""
        return [STREAM]

    def check(self) -> Identity:
        """The account, and whether it sees every configured space."""
        identity = self._tool.identity()
        unseen = ", ".join(self._tool.unseen(self.config["spaces"]))
        return replace(identity, readable={STREAM: f"this account sees no space {unseen}" if unseen else ""})

    def writable(self) -> Mapping[str, str] | None:
        """What Confluence says that the account may do in the configured spaces, other than read."""
        may = {space: self._tool.operations(space) for space in self.config["spaces"]}
        if None in may.values():
            return None
        kinds = sorted({kind for some in may.values() for kind in some or ()} - {"read"})
        return {kind: ", ".join(space for space, some in may.items() if kind in (some or ())) for kind in kinds}

    def count(self, stream: str) -> Count:
        """All pages, counted one by one: there is no total but search's, which is only as new as its index."""
        return Count(len(set(self.census(stream))), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:  # noqa: ARG002 - labels have no dates
        """One per space, always whole: nothing at Confluence dates a change of labels, an archiving or a move."""
        return [Slice(stream, {"space": key}) for key in self.config["spaces"]]

    def read(self, piece: Slice) -> Iterator[Page]:
        """All pages of a space with their labels as of now, but for those that show what this tool has concluded."""
        space = str(piece.where["space"])
        for pages in self._tool.pages(space):
            others = [page for page in pages if not page.published]
            self._own |= {page.id for page in pages if page.published}
            yield Page([self._record(page, space) for page in others], left_out=len(pages) - len(others))

    def census(self, stream: str) -> Iterator[str]:  # noqa: ARG002 - there is one stream
        """Ids of all pages but for those that were left out when they were read: a list of ids doesn't tell them."""
        for space in self.config["spaces"]:
            for ids in self._tool.ids(space):
                yield from (one for one in ids if one not in self._own)

    def _approved(self, page: WikiPage) -> tuple[bool | None, str | None]:
        """Whether by status, property or label, and since when; a label has no date."""
        for sign, approves in (
            (page.shown, page.shown.value in self._statuses),
            (page.own, bool(self._property and page.own.value == self._property["value"])),
        ):
            if approves:
                return True, sign.since.isoformat() if sign.since else None
        if page.labels is None:
            return None, None
        return self.config.get("approved_label", "approved") in page.labels, None

    def _record(self, page: WikiPage, space: str) -> Record:
        approved, approved_at = self._approved(page)
        data = {
            "title": page.title,
            "space": space,
            "status": page.status if page.status in _STATUSES else None,
            "version": page.version,
            "labels": page.labels,
            "approved": approved,
            "approved_at": approved_at,
            "author": page.author,
            "created_at": page.created.isoformat(),
            "updated_at": page.changed.isoformat(),
            "parent": page.parent if isinstance(page.parent, str) else None,
            "links": None if page.body is None else _links(page.body),
        }
        return Record(page.id, page.title, f"{self._tool.site}{page.path}", page.changed, data)


def _links(body: str) -> list[str]:
    """Issue keys and titles of pages that a body in storage format links to."""
    keys = {macro or address for macro, address in _ISSUE.findall(body)}
    return sorted(keys | {unescape(title) for title in _LINKED_PAGE.findall(body)})
