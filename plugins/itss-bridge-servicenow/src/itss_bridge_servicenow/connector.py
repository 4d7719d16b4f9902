"""ServiceNow: which pieces to read, and what a row of theirs is to us."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pysnow import QueryBuilder

from itss_bridge.contracts import Connector, Count, Identity, Page, Right, Slice
from itss_bridge.data import stream_names
from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge_servicenow.companions import Answers, Companion, Relations
from itss_bridge_servicenow.dictionary import Need, unreadable
from itss_bridge_servicenow.history import History
from itss_bridge_servicenow.mapping import DEFAULT, STREAMS, Mapped, text
from itss_bridge_servicenow.options import Options, options
from itss_bridge_servicenow.proof import Proof
from itss_bridge_servicenow.records import records
from itss_bridge_servicenow.rights import rights, writable
from itss_bridge_servicenow.table_api import BY_ID, LEAST_PAGE, TableApi, result

CENSUS_PAGE = 10_000
METRICS_LATE = timedelta(hours=1)
"""How long after an update its metric may still be written: metrics are worked off as events."""

FARTHEST_WEST = timedelta(hours=12)
"""Assumed for an account whose time zone is not told."""

_OURSELVES = "sys_id=javascript:gs.getUserID()"
_OUR_ROLES = "user=javascript:gs.getUserID()"


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
                "items": {"enum": list(stream_names())},
                "minItems": 1,
                "uniqueItems": True,
                "description": "Streams to read; left out: incident, sla, problem, change, configuration_item, and"
                " those that have a table of their own under `streams`.",
            },
        },
        "additionalProperties": False,
    }

    @staticmethod
    def token_endpoint(config: Mapping[str, Any]) -> str:  # noqa: ARG004 - the same for every instance
        """Where an OAuth client gets its token, below the instance's address."""
        return "/oauth_token.do"

    @staticmethod
    def rights(config: Mapping[str, Any]) -> Sequence[Right]:
        """See `Connector`; README.md says the same at more length."""
        return tuple(rights(config))

    def __init__(
        self, config: Mapping[str, Any], http: GuardedSession, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """See `Connector`; README.md tells what a stream's table may have."""
        super().__init__(config, http, streams)
        self._options = {stream: options(stream, table) for stream, table in streams.items()}
        for stream in self.streams():
            if stream not in self._options:
                self._options[stream] = options(stream, {})
        self._api = TableApi(config["url"], http)
        self._size = int(config.get("page_size", 2_000))
        self.rows_per_request = self._size
        self._late = timedelta()
        self._companions = {stream: _companion(self._api, of) for stream, of in self._options.items()}

    def streams(self) -> Sequence[str]:
        """Those that `read` names; else the usual five, and others that have a table in the configuration."""
        others = [stream for stream in stream_names() if stream in self.stream_config and stream not in DEFAULT]
        return tuple(self.config.get("read", (*DEFAULT, *others)))

    def check(self) -> Identity:
        """Our own row of sys_user, the server's clock, and whether the columns we need exist: two requests.

        With tables of your own there is a third. What of them may be read shows when it is counted and read.
        """
        response = self._api.page("sys_user", _OURSELVES, ("user_name", "time_zone"), limit=2)
        rows = result(response)
        # an instance that does not evaluate scripts in queries shows other people, or nobody: then we don't know
        own = rows[0] if len(rows) == 1 else {}
        self._late = _west_of_utc(own.get("time_zone", ""))
        clock = _server_time(response.headers.get("Date"))
        reasons = unreadable(self._api, [need for stream in self.streams() for need in self._needs(stream)])
        readable = {stream: reasons.get(stream, "") for stream in self.streams()}
        return Identity(own.get("user_name", ""), own.get("time_zone", ""), clock, readable)

    def writable(self) -> Mapping[str, str] | None:
        """By the account's own roles, where it may see them; two requests."""
        own = result(self._api.page("sys_user", _OURSELVES, ("sys_id",), limit=2))
        if len(own) != 1:
            return None
        rows = result(self._api.page("sys_user_has_role", _OUR_ROLES, ("user", "role.name"), limit=1_000))
        # an instance that does not evaluate scripts in queries shows other people's
        if any(row.get("user") != own[0].get("sys_id") for row in rows):
            return None
        return writable(row.get("role.name", "") for row in rows)

    def count(self, stream: str) -> Count:
        """One request to the Aggregate API, which counts what access rules hide, too."""
        of = self._options[stream]
        return Count(self._api.count(of.mapped.table, of.query), exact=True)

    def shape(self, stream: str, *, ask: bool) -> Json:
        """With the columns that the account may read: those that the first rows show.

        sys_dictionary tells what exists, not what access rules leave of it.
        """
        of = self._options[stream]
        decides = {key: value for key, value in self.config.items() if key not in {"page_size", "read"}}
        found: dict[str, Json] = {"config": decides, "table": dict(of.table)}
        if ask:
            rows, _ = next(self._api.walk(of.mapped.table, _query(of, {}), self._columns(of), LEAST_PAGE))
            found["columns"] = sorted({column for row in rows for column in row})
        return found

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """One piece when *since* is given, else as many as there are pages, at most sixteen, by digits of sys_id."""
        of, companion = self._options[stream], self._companions[stream]
        if companion:
            companion.renew()
        if since is not None and not of.relations:
            early = since - self._late - (METRICS_LATE if of.history == "metric_instance" else timedelta())
            return [Slice(stream, {"since": early.astimezone(UTC).isoformat()})]
        pieces = max(1, min(16, -(-self.count(stream).rows // self._size)))
        # open at both ends: imported rows may have keys that are not hexadecimal
        edges = ["", *(f"{16 * n // pieces:x}" for n in range(1, pieces)), ""]
        return [Slice(stream, {"from": low, "below": high}) for low, high in pairwise(edges)]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The records of one piece."""
        of, companion = self._options[piece.stream], self._companions[piece.stream]
        proof, mapped = Proof(of.mapped.table, piece.where, of.needed), self._mapped(of.mapped)
        address = f"{self.config['url'].rstrip('/')}/{mapped.table}.do?sys_id="
        for rows, hidden in self._api.walk(of.mapped.table, _query(of, piece.where), self._columns(of), self._size):
            proof.check(rows)
            more = companion.of(rows) if companion and rows else {}
            yield Page(records(address, mapped, rows, more), hidden)

    def census(self, stream: str) -> Iterator[str]:
        """Every sys_id that we may see.

        What it costs: one request for each 10,000 rows of the table (keys only, half a megabyte each), so a table of
        100,000 rows is compared in ten. Rows that are hidden from us after we read them show in no other way: the
        count goes on counting them.
        """
        of = self._options[stream]
        pages = self._api.walk(of.mapped.table, _query(of, {}), ("sys_id",), CENSUS_PAGE)
        return (row["sys_id"] for rows, _ in pages for row in rows)

    def _needs(self, stream: str) -> Iterator[Need]:
        of, companion = self._options[stream], self._companions[stream]
        for column in sorted(of.needed):
            yield Need(stream, of.mapped.table, column, column in of.named or "table" in of.table)
        if companion:
            for table, columns in companion.tables.items():
                yield from (Need(stream, table, column, named=True) for column in columns)

    def _columns(self, of: Options) -> list[str]:
        mapped, companion = self._mapped(of.mapped), self._companions[of.stream]
        mapped_columns = [column for _, column, _ in mapped.fields]
        more = companion.columns if companion else ()
        columns = ["sys_id", "sys_updated_on", *mapped.ref, *mapped_columns, *more, *sorted(of.needed)]
        return list(dict.fromkeys(columns))

    def _mapped(self, mapped: Mapped) -> Mapped:
        """With titles, where they are asked for."""
        titles = (("title", mapped.title, text),) if mapped.title and self.config.get("titles") else ()
        return replace(mapped, fields=(*mapped.fields, *titles))


def _companion(api: TableApi, of: Options) -> Companion | None:
    if of.history:
        return History(api, of)
    if of.relations:
        return Relations(api)
    if of.stream == "survey" and of.mapped.table == STREAMS["survey"].table:
        answers = Answers(api, of.table)
        return answers if answers.asked else None
    return None


def _query(of: Options, where: Mapping[str, Json]) -> str:
    parts = [of.query]
    if since := where.get("since"):
        changed = QueryBuilder().field("sys_updated_on").greater_than_or_equal(datetime.fromisoformat(str(since)))
        parts.append(str(changed))
    # QueryBuilder compares times and numbers only
    parts += [f"sys_id{sign}{where[key]}" for key, sign in (("from", ">="), ("below", "<")) if where.get(key)]
    return "^".join(filter(None, [*parts, BY_ID]))


def _west_of_utc(zone: str) -> timedelta:
    """How much earlier to begin, should the instance read a time in a query as the account's own and not as UTC.

    In a zone east of UTC such an instance gives more than was asked for, which is refused; west of it, it gives less.
    """
    try:
        offsets = [datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta() for month in (1, 7)]
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return FARTHEST_WEST
    return max(timedelta(), *(-offset for offset in offsets))


def _server_time(date: str | None) -> datetime:
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        raise SourceUnavailable(
            say("the instance does not tell its time"), cause=say("the Date header is missing")
        ) from None
