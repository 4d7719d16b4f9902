"""Reads the pages of Confluence spaces as the stream `document`.

Pages come from the v2 API, labels from one CQL walk beside it. A changed label makes no new version and moves no date,
and v2 gives labels page by page only; so a space is read whole at each sync, 250 pages a request, and the engine stores
the records whose digest changed. Search may lag: what it says of a page counts only when it knows the page's newest
version; for other pages the page itself is asked.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qs, urlsplit

from atlassian import ConfluenceCloud
from requests import Response

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession

STREAM = "document"
_V2 = "wiki/api/v2"
_V1 = "wiki/rest/api"
_PAGE_SIZE = 250
_STATUSES = ["current", "archived"]
_ISSUE = re.compile(r"""<ac:parameter ac:name="key">\s*([A-Z][A-Z0-9_]+-\d+)\s*<|/browse/([A-Z][A-Z0-9_]+-\d+)\b""")
_LINKED_PAGE = re.compile(r'<ri:page\b[^>]*\bri:content-title="([^"]+)"')

# The library writes whole answers into its debug log; pages are nobody's business there.
logging.getLogger("atlassian.rest_client").setLevel(logging.WARNING)


class _Indexed(NamedTuple):
    """What search knows of a page: its labels, and as of which version."""

    version: int
    labels: list[str]


class Confluence(Connector):
    """Pages of Confluence Cloud spaces: titles, versions, labels, approval; never their text."""

    name = "confluence"
    title = "Confluence"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "deployment": {"enum": ["cloud", "data-center"], "default": "cloud"},
            "spaces": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[A-Za-z0-9~_.:-]+$"},
                "minItems": 1,
                "description": "Keys of the spaces to read.",
            },
            "approved_label": {"type": "string", "default": "approved", "description": "Says that a page is approved."},
            "links": {"type": "boolean", "default": True, "description": "Read bodies for links; never stored."},
            "page_size": {"type": "integer", "minimum": 1, "maximum": 250, "default": 250},
        },
        "required": ["spaces"],
        "additionalProperties": False,
    }

    def __init__(
        self, config: Mapping[str, Any], http: GuardedSession, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """The client on the guarded session; UsageError when *deployment* is not `cloud`."""
        super().__init__(config, http, streams)
        if config.get("deployment", "cloud") != "cloud":
            raise UsageError(
                "Confluence Data Center cannot be read yet",
                where="deployment",
                fix='use deployment = "cloud", or keep an index of the documents in attestations/document.csv',
            )
        self._spaces: dict[str, str] = {}
        self._site = str(config["url"]).rstrip("/").removesuffix("/wiki")
        self._client: Any = ConfluenceCloud(  # type: ignore[no-untyped-call]
            self._site, session=http, advanced_mode=True, retry_with_header=False
        )

    def streams(self) -> Sequence[str]:
        """Documents, nothing else."""
        return [STREAM]

    def check(self) -> Identity:
        """The account, and whether it sees every configured space."""
        response = self._ask(f"{_V1}/user/current")
        user = response.json()
        self._look_up_spaces()
        unseen = ", ".join(key for key in self.config["spaces"] if key not in self._spaces)
        return Identity(
            account=str(_field(user, "accountId")),
            time_zone=str(user.get("timeZone") or "UTC"),
            server_time=_instant(response.headers.get("Date", ""), parsedate_to_datetime),
            readable={STREAM: f"this account sees no space {unseen}" if unseen else ""},
        )

    def count(self, stream: str) -> Count:
        """All pages, counted one by one: the API has no total, and search's is only as new as its index."""
        return Count(sum(1 for _ in self.census(stream)), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:  # noqa: ARG002 - labels have no dates
        """One per space, always whole: nothing at Confluence dates a change of labels, an archiving or a move."""
        return [Slice(stream, {"space": key}) for key in self.config["spaces"]]

    def read(self, piece: Slice) -> Iterator[Page]:
        """All pages of a space with their labels as of now."""
        key = str(piece.where["space"])
        indexed = self._index(key)
        wanted = {"body-format": "storage"} if self.config.get("links", True) else {}
        for rows in self._pages(key, wanted):
            yield Page([self._record(row, key, self._labels(row, indexed)) for row in rows])

    def census(self, stream: str) -> Iterator[str]:  # noqa: ARG002 - there is one stream
        """Ids of all pages, from the pages themselves, not from search."""
        for key in self.config["spaces"]:
            for rows in self._pages(key, {}):
                yield from (str(_field(row, "id")) for row in rows)

    def _pages(self, key: str, wanted: Mapping[str, str]) -> Iterator[list[Json]]:
        query = {"space-id": self._space_id(key), "status": _STATUSES, "sort": "id", **wanted}
        return self._walk(f"{_V2}/pages", query)

    def _index(self, key: str) -> dict[str, _Indexed]:
        """What search knows of a space's pages."""
        context = json.dumps({"contentStatuses": _STATUSES}, separators=(",", ":"))
        query = {"cql": f'space = "{key}" and type = page', "cqlcontext": context, "expand": "metadata.labels,version"}
        indexed: dict[str, _Indexed] = {}
        for row in (row for rows in self._walk(f"{_V1}/content/search", query) for row in rows):
            labels = _field(row, "metadata", "labels", "results")
            # v1 cuts a page's labels at the expansion's own limit: a full list may be a shortened one
            if len(labels) < row["metadata"]["labels"].get("limit", _PAGE_SIZE):
                indexed[str(_field(row, "id"))] = _Indexed(_field(row, "version", "number"), _names(labels))
        return indexed

    def _labels(self, row: Json, indexed: Mapping[str, _Indexed]) -> list[str] | None:
        """Labels of a page; None for an archived page that search leaves out: not known, so never approved."""
        number = str(_field(row, "id"))
        known = indexed.get(number)
        if known and known.version == _field(row, "version", "number"):
            return known.labels
        if known is None and row.get("status") == "archived":
            return None
        return _names(label for rows in self._walk(f"{_V2}/pages/{number}/labels", {}) for label in rows)

    def _record(self, row: Json, space: str, labels: list[str] | None) -> Record:
        version = _field(row, "version")
        created, changed = _instant(_field(row, "createdAt")), _instant(_field(version, "createdAt"))
        approved = None if labels is None else self.config.get("approved_label", "approved") in labels
        body = row.get("body", {}).get("storage")
        return Record(
            id=str(_field(row, "id")),
            ref=str(_field(row, "title")),
            url=f"{self._site}/wiki{_field(row, '_links', 'webui')}",
            changed_at=changed,
            data={
                "title": row["title"],
                "space": space,
                "status": _field(row, "status"),
                "version": _field(version, "number"),
                "labels": labels,
                "approved": approved,
                "approved_at": None,  # a label has no date
                "author": version.get("authorId"),
                "created_at": created.isoformat(),
                "updated_at": changed.isoformat(),
                "parent": row.get("parentId"),
                "links": _links(_field(body, "value")) if body else None,
            },
        )

    def _space_id(self, key: str) -> str:
        if key not in self._spaces:
            self._look_up_spaces()
        if key not in self._spaces:
            raise AccessDenied(
                f"this account sees no space {key!r}",
                where=f"{self._site}/wiki",
                fix="check `spaces`, or ask the space's administrator for the right to view it",
            )
        return self._spaces[key]

    def _look_up_spaces(self) -> None:
        found = (row for rows in self._walk(f"{_V2}/spaces", {"keys": list(self.config["spaces"])}) for row in rows)
        self._spaces = {str(_field(row, "key")): str(_field(row, "id")) for row in found}

    def _walk(self, path: str, query: Mapping[str, Json]) -> Iterator[list[Json]]:
        """All pages of a listing. Only the cursor is taken from the next link: v1's link lacks the context path."""
        seen: set[str] = set()
        turn: dict[str, str] = {}
        while True:
            answer = self._ask(path, {**query, "limit": self.config.get("page_size", _PAGE_SIZE), **turn}).json()
            yield _field(answer, "results")
            following = answer.get("_links", {}).get("next")
            if not following:
                return
            cursor = parse_qs(urlsplit(following).query).get("cursor", [""])[0]
            if not cursor or cursor in seen:
                raise _unfit(f"{path}: the next page is {'the same again' if cursor else 'not named by a cursor'}")
            seen.add(cursor)
            turn = {"cursor": cursor}

    def _ask(self, path: str, query: Mapping[str, Json] | None = None) -> Response:
        response: Response = self._client.get(path, params=dict(query or {}), advanced_mode=True)
        return response


def _names(labels: Iterable[Json]) -> list[str]:
    return sorted({str(_field(label, "name")) for label in labels})


def _links(body: str) -> list[str]:
    """Issue keys and titles of pages that a body in storage format links to."""
    keys = {macro or address for macro, address in _ISSUE.findall(body)}
    return sorted(keys | {unescape(title) for title in _LINKED_PAGE.findall(body)})


def _field(row: Json, *path: str) -> Any:
    """A field that the vendor promises; SourceUnavailable when it is not there."""
    for name in path:
        if not isinstance(row, Mapping) or row.get(name) is None:
            raise _unfit(f"{'.'.join(path)} is missing")
        row = row[name]
    return row


def _instant(text: str, read: Callable[[str], datetime] = datetime.fromisoformat) -> datetime:
    try:
        return read(text).astimezone(UTC)
    except ValueError:
        raise _unfit(f"{text!r} is not a time") from None


def _unfit(cause: str) -> SourceUnavailable:
    fix = "check url and deployment of the source; is there a gateway in between that rewrites answers?"
    return SourceUnavailable("Confluence's answer has another shape than its API describes", cause=cause, fix=fix)
