"""ServiceNow: which pieces to read, and the proof that what came is what was asked for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from pysnow import QueryBuilder

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge_servicenow.mapping import STREAMS, Mapped, one_of
from itss_bridge_servicenow.table_api import TableApi

CENSUS_PAGE = 10_000
_EDGES = "123456789abcdef"
_STREAM_KEYS = {"query", "states"}
_BY_ID = str(QueryBuilder().field("sys_id").order_ascending())


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
        self._mapped = {stream: _with_states(STREAMS[stream], streams.get(stream, {})) for stream in self.streams()}
        self._api = TableApi(config["url"], http)
        self._size = int(config.get("page_size", 2_000))

    def streams(self) -> Sequence[str]:
        """All five, or those that `read` names."""
        return tuple(self.config.get("read", STREAMS))

    def check(self) -> Identity:
        """Our own row of sys_user, and the server's clock. What may be read shows when it is counted."""
        mine = "sys_id=javascript:gs.getUserID()"
        response = self._api.page("sys_user", mine, ("user_name", "time_zone"), limit=2)
        rows = response.json().get("result", [])
        # an instance that does not evaluate scripts in queries shows other people, or nobody: then we don't know
        own = rows[0] if len(rows) == 1 else {}
        return Identity(own.get("user_name", ""), own.get("time_zone", ""), _server_time(response.headers.get("Date")))

    def count(self, stream: str) -> Count:
        """One request to the Aggregate API, which counts what access rules hide, too."""
        return Count(self._api.count(self._mapped[stream].table, self._query(stream, {})), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """One piece when *since* is given or one page holds all, else sixteen by the first digit of sys_id."""
        if since is not None:
            return [Slice(stream, {"since": since.astimezone(UTC).isoformat()})]
        if self.count(stream).rows <= self._size:
            return [Slice(stream, {})]
        # open at both ends: imported rows may have keys that are not hexadecimal
        return [
            Slice(stream, {"from": low, "below": high}) for low, high in zip(("", *_EDGES), (*_EDGES, ""), strict=True)
        ]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The records of one piece."""
        mapped, query = self._mapped[piece.stream], self._query(piece.stream, piece.where)
        columns = self._columns(piece.stream)
        bounds = _Bounds(piece.where, self._own_columns(piece.stream), mapped.table)
        for rows, hidden in self._api.walk(mapped.table, query, columns, self._size):
            bounds.check(rows)
            yield Page([self._record(mapped, row) for row in rows], hidden)

    def census(self, stream: str) -> Iterator[str]:
        """Every sys_id that we may see."""
        pages = self._api.walk(self._mapped[stream].table, self._query(stream, {}), ("sys_id",), CENSUS_PAGE)
        return (row["sys_id"] for rows, _ in pages for row in rows)

    def _query(self, stream: str, where: Mapping[str, Json]) -> str:
        own = self.stream_config.get(stream, {}).get("query", "")
        parts = [own] if own else []
        if since := where.get("since"):
            changed = QueryBuilder().field("sys_updated_on").greater_than_or_equal(datetime.fromisoformat(since))
            parts.append(str(changed))
        # QueryBuilder compares times and numbers only
        parts += [f"sys_id{sign}{where[key]}" for key, sign in (("from", ">="), ("below", "<")) if where.get(key)]
        return "^".join([*parts, _BY_ID])

    def _own_columns(self, stream: str) -> set[str]:
        own = self.stream_config.get(stream, {}).get("query", "")
        return {match[1] for part in own.split("^") if (match := re.match(r"(?:OR)?([a-z_][a-z0-9_.]*)", part))}

    def _columns(self, stream: str) -> list[str]:
        mapped = self._mapped[stream]
        wanted = ["sys_id", "sys_updated_on", *mapped.ref, *(column for _, column, _ in mapped.fields)]
        titles = [mapped.title] if mapped.title and self.config.get("titles") else []
        return list(dict.fromkeys([*wanted, *titles, *sorted(self._own_columns(stream))]))

    def _record(self, mapped: Mapped, row: Mapping[str, str]) -> Record:
        data = {ours: convert(row[theirs]) if theirs in row else None for ours, theirs, convert in mapped.fields}
        if mapped.title and self.config.get("titles"):
            data["title"] = row.get(mapped.title) or None
        sys_id = row["sys_id"]
        return Record(
            id=sys_id,
            ref=" ".join(filter(None, (row.get(column, "") for column in mapped.ref))) or sys_id,
            url=f"{self.config['url'].rstrip('/')}/{mapped.table}.do?sys_id={sys_id}",
            changed_at=datetime.fromisoformat(row["sys_updated_on"]).replace(tzinfo=UTC),
            data=data,
        )


class _Bounds:
    """What every row of a piece must satisfy: the instance drops parts of a query that it does not understand."""

    def __init__(self, where: Mapping[str, Json], columns: set[str], table: str) -> None:
        since = where.get("since")
        self._since = datetime.fromisoformat(since).strftime("%Y-%m-%d %H:%M:%S") if since else ""
        self._from, self._below = where.get("from", ""), where.get("below", "")
        self._columns = columns
        self._table = table
        self._first = ""

    def check(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Raises SourceUnavailable unless these rows were asked for and are in order."""
        for row in rows:
            if not (row.get("sys_id") and row.get("sys_updated_on")):
                raise self._wrong(
                    "rows come without sys_id or sys_updated_on", "the account may not read these columns"
                )
            if not self._contains(row):
                raise self._wrong("rows come that were not asked for", "the instance ignored a part of the query")
        if rows and not self._columns <= rows[0].keys():
            unknown = ", ".join(sorted(self._columns - rows[0].keys()))
            raise self._wrong(
                f"there is no column {unknown}", "the stream's query names it, and the instance ignores that"
            )
        self._check_order([row["sys_id"].casefold() for row in rows])

    def _contains(self, row: Mapping[str, str]) -> bool:
        key = row["sys_id"].casefold()
        in_range = self._from <= key and (not self._below or key < self._below)
        return in_range and row["sys_updated_on"] >= self._since

    def _check_order(self, keys: list[str]) -> None:
        # keys of letters and digits only: what else there is, databases sort in their own ways
        plain = [key for key in keys if key.isalnum()]
        if plain != sorted(plain) or (keys and keys[0] == self._first):
            raise self._wrong(
                "rows come out of order or a page comes twice", "the instance ignored ORDERBY or the offset"
            )
        self._first = keys[0] if keys else self._first

    def _wrong(self, what: str, cause: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self._table}: {what}",
            cause=cause,
            fix="give the account read access to all columns of the table; check query in the source's streams",
        )


def _with_states(mapped: Mapped, options: Mapping[str, Any]) -> Mapped:
    """The mapping with the organisation's own states added."""
    states = {**mapped.states, **options.get("states", {})}
    return replace(mapped, fields=tuple(
        (ours, theirs, one_of(states)) if ours == "state" else (ours, theirs, convert)
        for ours, theirs, convert in mapped.fields
    ))  # fmt: skip


def _refuse_wrong_options(stream: str, options: Mapping[str, Any]) -> None:
    where = f"streams.{stream}"
    if stream not in STREAMS:
        raise UsageError(f"ServiceNow has no stream {stream!r}", where=where, fix=f"there are: {', '.join(STREAMS)}")
    if unknown := sorted(options.keys() - _STREAM_KEYS):
        raise UsageError(f"unknown key {unknown[0]!r}", where=where, fix="there are: query, states")
    query = options.get("query", "")
    if not isinstance(query, str) or re.search(r"\^NQ|ORDERBY|^\^|\^$", query):
        raise UsageError(
            "the query cannot be narrowed further",
            where=f"{where}.query",
            cause="^NQ starts a second query, which the conditions of an incremental read would not reach",
            fix="write conditions joined by ^ and ^OR, without ^NQ and ORDERBY",
        )
    words = set(STREAMS[stream].states.values())
    if wrong := [word for word in options.get("states", {}).values() if word not in words]:
        raise UsageError(
            f"{wrong[0]!r} is no state", where=f"{where}.states", fix=f"there are: {', '.join(sorted(words))}"
        )


def _server_time(date: str | None) -> datetime:
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        raise SourceUnavailable("the instance does not tell its time", cause="the Date header is missing") from None
