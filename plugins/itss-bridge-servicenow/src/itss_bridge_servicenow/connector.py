"""ServiceNow: which pieces to read, and what a row of theirs is to us."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any, ClassVar

from pysnow import QueryBuilder

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge_servicenow.mapping import STREAMS, Mapped, cell, text, with_states
from itss_bridge_servicenow.proof import Proof
from itss_bridge_servicenow.table_api import TableApi, result

CENSUS_PAGE = 10_000
_OURSELVES = "sys_id=javascript:gs.getUserID()"
_BY_ID = str(QueryBuilder().field("sys_id").order_ascending())
_COLUMN = re.compile(r"(?:OR)?([a-z_][a-z0-9_.]*)")


class ServiceNow(Connector):
    """Reads one instance with an account that may only read.

    A full read cuts a table by the first digit of sys_id, which never changes; an incremental one takes what was
    updated since. Both are sorted by sys_id: an update in the middle of a walk cannot move a row out of its way.
    """

    name: ClassVar[str] = "servicenow"
    title: ClassVar[str] = "ServiceNow"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "page_size": {"type": "integer", "minimum": 50, "maximum": 10_000, "description": "Rows a page."},
            "read": {
                "type": "array",
                "items": {"enum": list(STREAMS)},
                "minItems": 1,
                "uniqueItems": True,
                "description": "Streams to read; left out: all.",
            },
        },
        "additionalProperties": False,
    }

    def __init__(
        self, config: Mapping[str, Any], http: GuardedSession, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """See `Connector`; a stream's table may have `query` (an encoded query) and `states` (their value = ours)."""
        super().__init__(config, http, streams)
        for stream, options in streams.items():
            _refuse_wrong_options(stream, options)
        states = {stream: streams.get(stream, {}).get("states", {}) for stream in STREAMS}
        self._mapped = {stream: with_states(STREAMS[stream], states[stream]) for stream in STREAMS}
        self._own = {stream: streams.get(stream, {}).get("query", "") for stream in STREAMS}
        self._api = TableApi(config["url"], http)
        self._size = int(config.get("page_size", 2_000))

    def streams(self) -> Sequence[str]:
        """All five, or those that `read` names."""
        return tuple(self.config.get("read", STREAMS))

    def check(self) -> Identity:
        """Our own row of sys_user, and the server's clock. What may be read shows when it is counted."""
        response = self._api.page("sys_user", _OURSELVES, ("user_name", "time_zone"), limit=2)
        rows = result(response)
        # an instance that does not evaluate scripts in queries shows other people, or nobody: then we don't know
        own = rows[0] if len(rows) == 1 else {}
        return Identity(own.get("user_name", ""), own.get("time_zone", ""), _server_time(response.headers.get("Date")))

    def count(self, stream: str) -> Count:
        """One request to the Aggregate API, which counts what access rules hide, too."""
        return Count(self._api.count(self._mapped[stream].table, self._own[stream]), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """One piece when *since* is given, else as many as there are pages, at most sixteen, by digits of sys_id."""
        if since is not None:
            return [Slice(stream, {"since": since.astimezone(UTC).isoformat()})]
        pieces = max(1, min(16, -(-self.count(stream).rows // self._size)))
        # open at both ends: imported rows may have keys that are not hexadecimal
        edges = ["", *(f"{16 * n // pieces:x}" for n in range(1, pieces)), ""]
        return [Slice(stream, {"from": low, "below": high}) for low, high in pairwise(edges)]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The records of one piece."""
        mapped, own = self._mapped[piece.stream], self._own_columns(piece.stream)
        proof = Proof(mapped.table, piece.where, own)
        query = self._query(piece.stream, piece.where)
        for rows, hidden in self._api.walk(mapped.table, query, self._columns(mapped, own), self._size):
            proof.check(rows)
            yield Page([self._record(mapped, row) for row in rows], hidden)

    def census(self, stream: str) -> Iterator[str]:
        """Every sys_id that we may see."""
        pages = self._api.walk(self._mapped[stream].table, self._query(stream, {}), ("sys_id",), CENSUS_PAGE)
        return (row["sys_id"] for rows, _ in pages for row in rows)

    def _query(self, stream: str, where: Mapping[str, Json]) -> str:
        parts = [self._own[stream]]
        if since := where.get("since"):
            changed = QueryBuilder().field("sys_updated_on").greater_than_or_equal(datetime.fromisoformat(since))
            parts.append(str(changed))
        # QueryBuilder compares times and numbers only
        parts += [f"sys_id{sign}{where[key]}" for key, sign in (("from", ">="), ("below", "<")) if where.get(key)]
        return "^".join(filter(None, [*parts, _BY_ID]))

    def _own_columns(self, stream: str) -> frozenset[str]:
        matches = (_COLUMN.match(part) for part in self._own[stream].split("^"))
        return frozenset(match[1] for match in matches if match)

    def _columns(self, mapped: Mapped, own: frozenset[str]) -> list[str]:
        titles = [mapped.title] if self._titled(mapped) else []
        mapped_columns = [column for _, column, _ in mapped.fields]
        return list(dict.fromkeys(["sys_id", "sys_updated_on", *mapped.ref, *mapped_columns, *titles, *sorted(own)]))

    def _titled(self, mapped: Mapped) -> bool:
        return bool(mapped.title and self.config.get("titles"))

    def _record(self, mapped: Mapped, row: Mapping[str, str]) -> Record:
        data = {ours: cell(row, theirs, convert) for ours, theirs, convert in mapped.fields}
        if self._titled(mapped):
            data["title"] = cell(row, mapped.title, text)
        sys_id = row["sys_id"]
        return Record(
            id=sys_id,
            ref=" ".join(word for column in mapped.ref if (word := cell(row, column, text))) or sys_id,
            url=f"{self.config['url'].rstrip('/')}/{mapped.table}.do?sys_id={sys_id}",
            changed_at=datetime.fromisoformat(row["sys_updated_on"]).replace(tzinfo=UTC),
            data=data,
        )


def _refuse_wrong_options(stream: str, options: Mapping[str, Any]) -> None:
    where = f"streams.{stream}"
    if stream not in STREAMS:
        raise UsageError(f"ServiceNow has no stream {stream!r}", where=where, fix=f"there are: {', '.join(STREAMS)}")
    if unknown := sorted(options.keys() - {"query", "states"}):
        raise UsageError(f"unknown key {unknown[0]!r}", where=where, fix="there are: query, states")
    query = options.get("query", "")
    if not isinstance(query, str) or re.search(r"\^NQ|ORDERBY|^\^|\^$", query):
        raise UsageError(
            "the query cannot be narrowed further",
            where=f"{where}.query",
            cause="^NQ starts a second query, which the conditions of an incremental read would not reach",
            fix="write conditions joined by ^ and ^OR, without ^NQ and ORDERBY",
        )
    words = sorted(set(STREAMS[stream].states.values()))
    if wrong := [word for word in options.get("states", {}).values() if word not in words]:
        fix = f"there are: {', '.join(words) or 'none for this stream'}"
        raise UsageError(f"{wrong[0]!r} is no state", where=f"{where}.states", fix=fix)


def _server_time(date: str | None) -> datetime:
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        raise SourceUnavailable("the instance does not tell its time", cause="the Date header is missing") from None
