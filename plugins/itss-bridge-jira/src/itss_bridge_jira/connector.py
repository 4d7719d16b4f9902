"""The Jira connector: which ids, which issues, as records; how a deployment is asked is its own business."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar

from itss_bridge.contracts import Connector, Count, Identity, Page, Slice
from itss_bridge.errors import UsageError
from itss_bridge.transport import GuardedSession
from itss_bridge_jira import cloud, data_center
from itss_bridge_jira.deployment import ISSUES_PER_FETCH, Deployment
from itss_bridge_jira.fields import RULES
from itss_bridge_jira.records import Mapper, Site

Json = Any
_ORDER = re.compile(r"""(?ix) "[^"]*" | '[^']*' | (?P<order> \border\s+by\b )""")
_STREAM_KEYS = {"jql": str, "fields": dict, "values": dict}
_DEPLOYMENTS = {"cloud": cloud.Cloud, "data-center": data_center.DataCenter}


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
            "deployment": {"enum": list(_DEPLOYMENTS), "default": "cloud"},
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
        reader = _DEPLOYMENTS[config.get("deployment", "cloud")]
        self._tool: Deployment = reader(str(config["url"]).rstrip("/"), http)
        self._mappers: dict[str, Mapper] = {}
        self._lock = Lock()

    def streams(self) -> Sequence[str]:
        """The configured ones; UsageError when there are none, since only the user knows which issues are which."""
        if not self.stream_config:
            example = '[sources.jira.streams.change]\njql = "project = OPS AND issuetype = Change"'
            raise UsageError("no stream is configured", where="streams", fix=f"add for instance:\n{example}")
        return [stream for stream in RULES if stream in self.stream_config]

    def check(self) -> Identity:
        """The account, and whether Jira understands each stream's query as this account."""
        return self._tool.identity({stream: self._jql(stream) for stream in self.streams()})

    def count(self, stream: str) -> Count | None:
        """What Jira's index counts, which may be late; None for SLA cycles, which it does not count."""
        return None if stream == "sla" else Count(self._tool.count(self._jql(stream)), exact=False)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """Pieces of a hundred ids each."""
        ids = list(self._walk(stream, since))
        pieces = [ids[start : start + ISSUES_PER_FETCH] for start in range(0, len(ids), ISSUES_PER_FETCH)]
        return [Slice(stream, {"ids": piece}, None if stream == "sla" else len(piece)) for piece in pieces]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The issues of one slice; those that vanished since the walk are missing, for the engine to notice."""
        mapper = self._mapper(piece.stream)
        wanted = mapper.wanted(titles=bool(self.config.get("titles")))
        issues = self._tool.issues(piece.where["ids"], wanted, past=piece.stream != "sla")
        yield Page([record for issue, histories in issues for record in mapper.records(issue, histories)])

    def census(self, stream: str) -> Iterator[str]:
        """Ids of all issues the query finds now; SLA cycles have to be read to be known."""
        if stream != "sla":
            yield from self._walk(stream, None)
            return
        for piece in self.slices(stream, None):
            for page in self.read(piece):
                yield from (record.id for record in page.records)

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
        raise UsageError(f"Jira gives no {stream!r}", where=where, fix=f"choose among: {', '.join(RULES)}")
    for key, value in table.items():
        if not isinstance(value, _STREAM_KEYS.get(key, ())):
            what = f"{key!r} is not a key of this table, or not of its type"
            raise UsageError(what, where=where, fix=f"it may have: {', '.join(_STREAM_KEYS)}")
    if not str(table.get("jql", "")).strip():
        raise UsageError("the stream needs a query", where=where, fix='jql = "project = OPS AND issuetype = …"')
    if any(match["order"] for match in _ORDER.finditer(table["jql"])):
        raise UsageError("the query must not be ordered", where=f"{where}.jql", fix="leave out ORDER BY")
