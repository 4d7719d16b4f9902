"""Jira Cloud: ids by search, issues and changelogs in bulk."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar

from atlassian.jira import JiraCloud
from requests import Response

from itss_bridge.contracts import Connector, Count, Identity, Page, Slice
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.transport import GuardedSession
from itss_bridge_jira.fields import RULES
from itss_bridge_jira.records import Mapper, Site

Json = Any
IDS_PER_PAGE, ISSUES_PER_FETCH = 5000, 100
HISTORY_FIELDS = ("status", "resolution", "priority", "assignee")
_ORDER = re.compile(r"""(?ix) "[^"]*" | '[^']*' | (?P<order> \border\s+by\b )""")
_STREAM_KEYS = {"jql": str, "fields": dict, "values": dict}
# its debug lines hold whole bodies
logging.getLogger("atlassian.rest_client").setLevel(logging.WARNING)


class Jira(Connector):
    """Reads issues that JQL selects, one query per stream, with their full status history."""

    name = "jira"
    title = "Jira"
    overlap = timedelta(minutes=5)
    read_posts: ClassVar[Sequence[str]] = tuple(
        f"/rest/api/3/{path}"
        for path in ("search/jql", "search/approximate-count", "issue/bulkfetch", "changelog/bulkfetch", "jql/parse")
    )
    """Paths where POST only reads."""

    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "deployment": {"enum": ["cloud", "data-center"]},
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
        """Refuses, with UsageError, what cannot be read: Data Center, unknown streams, a stream without JQL."""
        super().__init__(config, http, streams)
        if config.get("deployment", "cloud") != "cloud":
            raise UsageError(
                "this connector reads Jira Cloud only",
                where="deployment",
                cause="Jira Data Center has neither bulk changelogs nor token paging, and its offsets end at 10,000",
                fix='set deployment = "cloud", or export the tickets and read them with the files connector',
            )
        for stream, table in streams.items():
            _judge(stream, table)
        self._url = str(config["url"]).rstrip("/")
        # no credentials here: they are on the session, and the library must not put others there
        self._client = JiraCloud(self._url, session=http, retry_with_header=False, backoff_and_retry=False)
        self._mappers: dict[str, Mapper] = {}
        self._lock = Lock()

    def streams(self) -> Sequence[str]:
        """The configured ones; UsageError when there are none, since only the user knows which issues are which."""
        if not self.stream_config:
            example = '[sources.jira.streams.change]\njql = "project = OPS AND issuetype = Change"'
            raise UsageError("no stream is configured", where="streams", fix=f"add for instance:\n{example}")
        return [stream for stream in RULES if stream in self.stream_config]

    def check(self) -> Identity:
        """Two requests: the account, and whether Jira understands each stream's query as this account."""
        response = self._send("GET", "myself")
        myself, streams = response.json(), self.streams()
        queries = {"queries": [self._jql(stream) for stream in streams]}
        parsed = _listed(self._send("POST", "jql/parse?validation=strict", queries).json(), "queries")
        reasons = ["; ".join(one.get("errors") or ()) for one in parsed]
        return Identity(
            account=str(myself.get("accountId", "")),
            time_zone=str(myself.get("timeZone") or "UTC"),
            server_time=_date(response),
            readable=dict(zip(streams, reasons, strict=True)),
        )

    def count(self, stream: str) -> Count | None:
        """Jira's estimate; None for SLA cycles, which it does not count."""
        if stream == "sla":
            return None
        answer = self._send("POST", "search/approximate-count", {"jql": self._jql(stream)}).json()
        if not isinstance(answer.get("count"), int):
            raise _incomplete("the count has no number", "search/approximate-count")
        return Count(answer["count"], exact=False)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """Pieces of a hundred ids each. Epoch milliseconds, because times in words are read in the account's zone."""
        ids = list(self._walk(stream, since))
        pieces = [ids[start : start + ISSUES_PER_FETCH] for start in range(0, len(ids), ISSUES_PER_FETCH)]
        return [Slice(stream, {"ids": piece}, None if stream == "sla" else len(piece)) for piece in pieces]

    def read(self, piece: Slice) -> Iterator[Page]:
        """The issues of one slice; those that vanished since the walk are missing, for the engine to notice."""
        ids, mapper = piece.where["ids"], self._mapper(piece.stream)
        issues = self._issues(ids, mapper)
        histories = {} if piece.stream == "sla" else self._histories(ids)
        yield Page([one for issue in issues for one in mapper.records(issue, histories.get(str(issue["id"]), ()))])

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
        return f"{jql} AND updated >= {int(since.timestamp() * 1000)}" if since else jql

    def _walk(self, stream: str, since: datetime | None) -> Iterator[str]:
        """Each id once. A page may be short or empty and yet not be the last: only the token tells."""
        query = {"jql": f"{self._jql(stream, since)} ORDER BY id ASC", "fields": ["id"], "maxResults": IDS_PER_PAGE}
        seen: set[str] = set()
        for answer in self._pages("search/jql", query):
            page = [str(issue["id"]) for issue in _listed(answer, "issues")]
            yield from (one for one in page if one not in seen)
            seen.update(page)

    def _issues(self, ids: Sequence[str], mapper: Mapper) -> list[Json]:
        """The issues; those that Jira could not give at once are asked for once more."""
        fields = mapper.wanted(titles=bool(self.config.get("titles")))
        issues: dict[str, Json] = {}
        asked = list(ids)
        for _attempt in range(2):
            answer = self._send("POST", "issue/bulkfetch", {"issueIdsOrKeys": asked, "fields": fields}).json()
            issues |= {str(issue["id"]): issue for issue in _listed(answer, "issues")}
            asked = [str(error["id"]) for error in answer.get("issueErrors") or () if error.get("id")]
            if not asked:
                break
        return list(issues.values())

    def _histories(self, ids: Sequence[str]) -> dict[str, list[Json]]:
        """Issue id → its changelog entries; an issue may go on over several pages."""
        query = {"issueIdsOrKeys": list(ids), "fieldIds": list(HISTORY_FIELDS), "maxResults": 10_000}
        found: dict[str, list[Json]] = {}
        for answer in self._pages("changelog/bulkfetch", query):
            for log in _listed(answer, "issueChangeLogs"):
                found.setdefault(str(log["issueId"]), []).extend(_listed(log, "changeHistories"))
        return found

    def _pages(self, path: str, query: Mapping[str, Json]) -> Iterator[Json]:
        """All answers to a paged query; SourceUnavailable when the tokens cannot lead to the end."""
        body, tokens = dict(query), set[str]()
        while True:
            answer = self._send("POST", path, body).json()
            yield answer
            token = answer.get("nextPageToken")
            if not token or answer.get("isLast"):
                break
            if token in tokens:
                raise _incomplete("the same page token came twice", path)
            tokens.add(token)
            body["nextPageToken"] = token
        if answer.get("isLast") is False:
            raise _incomplete("more pages are announced, but there is no token for them", path)

    def _mapper(self, stream: str) -> Mapper:
        with self._lock:
            if stream not in self._mappers:
                config, waiting = self.stream_config[stream], self.config.get("waiting")
                self._mappers[stream] = Mapper(self._site, stream, config, waiting)
            return self._mappers[stream]

    @cached_property
    def _site(self) -> Site:
        """Two requests in a connector's life."""
        fields, statuses = (self._send("GET", path).json() for path in ("field", "status"))
        return Site(self._url, _listed({"fields": fields}, "fields"), _listed({"statuses": statuses}, "statuses"))

    def _send(self, method: str, path: str, body: dict[str, Json] | None = None) -> Response:
        """One request through the library; the session underneath refuses whatever is not data."""
        response: Response = self._client.request(method, self._client.endpoint(path), json=body, advanced_mode=True)
        answer = response.json()
        if isinstance(answer, dict) and answer.get("warningMessages"):
            raise _incomplete("; ".join(map(str, answer["warningMessages"])), path)
        return response


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


def _listed(answer: Json, key: str) -> list[Json]:
    """The list that must be there: an answer without it is no empty result."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise _incomplete(f"the answer has no {key!r}", key)
    return found


def _date(response: Response) -> datetime:
    """The server's clock; SourceUnavailable when it does not tell the time."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        raise _incomplete("the answer has no readable Date header", "myself") from None


def _incomplete(what: str, where: str) -> SourceUnavailable:
    cause = "the answer cannot be taken as complete"
    return SourceUnavailable(f"Jira: {what}", where=where, cause=cause, fix="try again later; check the query")
