"""The Jira connector: which ids, which issues, as records; how a deployment is asked is its own business."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Right, Slice
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession
from itss_bridge_jira import cloud, data_center
from itss_bridge_jira.deployment import ROWS_A_REQUEST, TOKEN_ENDPOINTS, Deployment
from itss_bridge_jira.fields import RULES
from itss_bridge_jira.meanings import refuse_unknown_statuses, refuse_wrong_meanings
from itss_bridge_jira.records import Mapper, Site
from itss_bridge_jira.rights import rights
from itss_bridge_jira.service_desk import clocks

Json = Any
_ORDER = re.compile(r"""(?ix) "[^"]*" | '[^']*' | (?P<order> \border\s+by\b )""")
_STREAM_KEYS = {"jql": str, "fields": dict, "values": dict}
DEPLOYMENTS = {"cloud": cloud.Cloud, "data-center": data_center.DataCenter}


class Jira(Connector):
    """Reads issues that JQL selects, one query per stream, with their full status history."""

    name = "jira"
    title = "Jira"
    overlap = timedelta(minutes=5)
    read_posts: ClassVar[Sequence[str]] = (*cloud.READ_POSTS, *data_center.READ_POSTS)
    """Paths where POST only reads."""

    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "deployment": {"enum": list(DEPLOYMENTS), "default": "cloud"},
            "titles": {"type": "boolean", "description": "Keep summaries."},
            "waiting": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Statuses, by name or id, in which a ticket waits for somebody else.",
            },
        },
        "additionalProperties": False,
    }

    def __init__(
        self, config: Mapping[str, Any], http: GuardedSession, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Refuses, with UsageError, what cannot be read: unknown streams, a stream without JQL."""
        super().__init__(config, http, streams)
        for stream, table in streams.items():
            _judge(stream, table)
        reader = DEPLOYMENTS[config.get("deployment", "cloud")]
        self._tool: Deployment = reader(str(config["url"]).rstrip("/"), http)
        self.rows_per_request = ROWS_A_REQUEST[config.get("deployment", "cloud")]
        self._mappers: dict[str, Mapper] = {}
        self._lock = Lock()

    @staticmethod
    def token_endpoint(config: Mapping[str, Any]) -> str:
        """Where an OAuth client gets its token: below the site's address, or at one that must be configured."""
        return TOKEN_ENDPOINTS[config.get("deployment", "cloud")]

    @staticmethod
    def rights(config: Mapping[str, Any]) -> Sequence[Right]:
        """See `Connector`; README.md says the same at more length."""
        return tuple(rights(config))

    def streams(self) -> Sequence[str]:
        """The configured ones; UsageError when there are none, since only the user knows which issues are which."""
        if not self.stream_config:
            example = '[sources.jira.streams.change]\njql = "project = OPS AND issuetype = Change"'
            raise UsageError(
                say("no stream is configured"),
                where="streams",
                fix=say("add for instance:\n{example}", example=example),
            )
        return [stream for stream in RULES if stream in self.stream_config]

    def check(self) -> Identity:
        """The account, and whether Jira understands each stream's query as this account."""
        return self._tool.identity({stream: self._jql(stream) for stream in self.streams()})

    def writable(self) -> Mapping[str, str]:
        """Jira's permissions that change something and that the account has, in any project; one request.

        Scopes of a token may allow less; Jira does not tell them.
        """
        return self._tool.writable()

    def count(self, stream: str) -> Count | None:
        """What Jira's index counts, which may be late; None for SLA cycles, which it does not count."""
        return None if stream == "sla" else Count(self._tool.count(self._jql(stream)), exact=False)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """Pieces of as many ids as are read together."""
        ids = list(self._walk(stream, since))
        size = self._tool.issues_a_slice
        pieces = [ids[start : start + size] for start in range(0, len(ids), size)]
        return [Slice(stream, {"ids": piece}, None if stream == "sla" else len(piece)) for piece in pieces]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The issues of one slice; those that vanished since the walk are missing, for the engine to notice."""
        records, unseen = self._read(piece)
        yield Page(records, hidden=len(unseen) if piece.stream == "sla" else 0)

    def census(self, stream: str) -> Iterator[str]:
        """Ids of all issues the query finds now; SLA cycles have to be read to be known."""
        if stream != "sla":
            yield from self._walk(stream, None)
            return
        for piece in self.slices(stream, None):
            records, unseen = self._read(piece)
            # an issue whose clocks nobody has seen keeps the stream from being complete, by an id that no cycle has
            yield from (record.id for record in records)
            yield from unseen

    def _read(self, piece: Slice) -> tuple[list[Record], list[str]]:
        """The records of a slice, and the ids of those issues that could not be read."""
        mapper, ids = self._mapper(piece.stream), piece.where["ids"]
        wanted = mapper.wanted(titles=bool(self.config.get("titles")))
        issues = self._tool.issues(ids, wanted, past=piece.stream != "sla")
        if mapper.asks_each:
            site = str(self.config["url"]).rstrip("/")
            asked = ((issue, clocks(self.http, site, str(issue["id"]))) for issue, _ in issues)
            issues = [(issue, found) for issue, found in asked if found is not None]
        seen: set[str] = set()
        records: list[Record] = []
        for issue, beside in issues:
            seen.add(str(issue["id"]))
            records += mapper.records(issue, beside)
        return records, [one for one in ids if one not in seen]

    def _jql(self, stream: str, since: datetime | None = None) -> str:
        jql = f"({self.stream_config[stream]['jql']})"
        return f"{jql} AND updated >= {self._tool.moment(since)}" if since else jql

    def _walk(self, stream: str, since: datetime | None) -> Iterator[str]:
        """Each id once."""
        seen: set[str] = set()
        for page in self._tool.ids(self._jql(stream, since)):
            yield from (one for one in page if one not in seen)
            seen.update(page)

    def _mapper(self, stream: str) -> Mapper:
        with self._lock:
            if stream not in self._mappers:
                config, waiting = self.stream_config[stream], self.config.get("waiting")
                states = config.get("values", {}).get("state", ())
                named = {f"streams.{stream}.values.state": states, "waiting": waiting or ()}
                refuse_unknown_statuses(named, self._site.statuses)
                self._mappers[stream] = Mapper(self._site, stream, config, waiting)
            return self._mappers[stream]

    @cached_property
    def _site(self) -> Site:
        """Two requests in a connector's life."""
        return self._tool.site()


def _judge(stream: str, table: Mapping[str, Any]) -> None:
    """Refuse a stream's table before anything is asked of the tool."""
    where = f"streams.{stream}"
    if stream not in RULES:
        raise UsageError(
            say("Jira gives no {stream!r}", stream=stream),
            where=where,
            fix=say("choose among: {names}", names=", ".join(RULES)),
        )
    for key, value in table.items():
        if not isinstance(value, _STREAM_KEYS.get(key, ())):
            what = say("{key!r} is not a key of this table, or not of its type", key=key)
            raise UsageError(what, where=where, fix=say("it may have: {names}", names=", ".join(_STREAM_KEYS)))
    if not str(table.get("jql", "")).strip():
        raise UsageError(say("the stream needs a query"), where=where, fix='jql = "project = OPS AND issuetype = …"')
    if any(match["order"] for match in _ORDER.finditer(table["jql"])):
        raise UsageError(say("the query must not be ordered"), where=f"{where}.jql", fix=say("leave out ORDER BY"))
    refuse_wrong_meanings(stream, table.get("values", {}))
