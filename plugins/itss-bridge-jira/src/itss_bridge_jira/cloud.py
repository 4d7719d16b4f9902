"""Jira Cloud: ids by search with page tokens, issues and changelogs in bulk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from atlassian.jira import JiraCloud

from itss_bridge.contracts import Identity
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession
from itss_bridge_jira.deployment import (
    HISTORY_FIELDS,
    ISSUES_PER_FETCH,
    Deployment,
    identified,
    incomplete,
    listed,
    nobody,
    server_time,
    unwarned,
    whole,
)
from itss_bridge_jira.rights import WRITES

Json = Any
READ_POSTS = tuple(
    f"/rest/api/3/{path}"
    for path in ("search/jql", "search/approximate-count", "issue/bulkfetch", "changelog/bulkfetch", "jql/parse")
)
_IDS_PER_PAGE = 5000
_MOST_ALIKE = 50
"""So many pages in a row may be alike, empty ones say; more are a circle."""


class Cloud(Deployment):
    """A site at Atlassian, by version 3 of its interface."""

    issues_a_slice = 4 * ISSUES_PER_FETCH
    """Their changelogs are one request: three eighths fewer requests than issues and changelogs a hundred at a time."""

    own_permissions = f"mypermissions?permissions={','.join(WRITES)}"

    def __init__(self, url: str, http: GuardedSession) -> None:
        super().__init__(JiraCloud(url, session=http, retry_with_header=False, backoff_and_retry=False))

    def identity(self, queries: Mapping[str, str]) -> Identity:
        """The account, which may not be nobody, and the verdicts of Jira's own parser."""
        response = self.send("GET", "myself")
        myself = response.json()
        if not myself.get("accountId"):
            raise nobody("myself")
        parsed = self.send("POST", "jql/parse?validation=strict", {"queries": list(queries.values())}).json()
        reasons = ["; ".join(one.get("errors") or ()) for one in listed(parsed, "queries")]
        return Identity(
            account=str(myself["accountId"]),
            time_zone=str(myself.get("timeZone") or "UTC"),
            server_time=server_time(response),
            readable=dict(zip(queries, reasons, strict=True)),
        )

    def count(self, jql: str) -> int:
        """Jira's own estimate."""
        path = "search/approximate-count"
        return whole(self.send("POST", path, {"jql": jql}).json(), "count", path)

    def moment(self, at: datetime) -> str:
        """Epoch milliseconds, because times in words are read in the account's zone."""
        return str(int(at.timestamp() * 1000))

    def ids(self, jql: str) -> Iterator[Sequence[str]]:
        """A page may be short or empty and yet not be the last: only the token tells."""
        query = {"jql": f"{jql} ORDER BY id ASC", "fields": ["id"], "maxResults": _IDS_PER_PAGE}
        for answer in self._pages("search/jql", query):
            yield list(identified(answer))

    def issues(self, ids: Sequence[str], fields: Sequence[str], *, past: bool) -> Iterable[tuple[Json, Sequence[Json]]]:
        """A request for each hundred and one for the changelogs, or more where Jira does not give all at once."""
        starts = range(0, len(ids), ISSUES_PER_FETCH)
        found = [self._issues(ids[start : start + ISSUES_PER_FETCH], fields) for start in starts]
        issues = {identity: issue for some in found for identity, issue in some.items()}
        histories = self._histories(ids) if past else {}
        return [(issue, histories.get(identity, ())) for identity, issue in issues.items()]

    def _issues(self, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Json]:
        """The issues; those that Jira could not give at once are asked for once more."""
        issues: dict[str, Json] = {}
        asked = list(ids)
        for _attempt in range(2):
            answer = self.send("POST", "issue/bulkfetch", {"issueIdsOrKeys": asked, "fields": list(fields)}).json()
            issues |= identified(answer)
            asked = [str(error["id"]) for error in answer.get("issueErrors") or () if error.get("id")]
            if not asked:
                break
        return issues

    def _histories(self, ids: Sequence[str]) -> dict[str, list[Json]]:
        """Issue id → its changelog entries; an issue may go on over several pages."""
        query = {"issueIdsOrKeys": list(ids), "fieldIds": list(HISTORY_FIELDS), "maxResults": 10_000}
        found: dict[str, list[Json]] = {}
        for answer in self._pages("changelog/bulkfetch", query):
            for log in listed(answer, "issueChangeLogs"):
                found.setdefault(str(log["issueId"]), []).extend(listed(log, "changeHistories"))
        return found

    def _pages(self, path: str, query: Mapping[str, Json]) -> Iterator[Json]:
        """All answers to a paged query; SourceUnavailable when the tokens cannot lead to the end."""
        body, tokens, alike = dict(query), set[str](), 0
        before: Json = None
        while True:
            answer = unwarned(self.send("POST", path, body).json(), path)
            yield answer
            token, shown = answer.get("nextPageToken"), {**answer, "nextPageToken": None}
            alike = alike + 1 if shown == before else 0
            if alike > _MOST_ALIKE:
                raise incomplete(say("the same page comes again and again"), path)
            before = shown
            if not token or answer.get("isLast"):
                break
            if token in tokens:
                raise incomplete(say("the same page token came twice"), path)
            tokens.add(token)
            body["nextPageToken"] = token
        if answer.get("isLast") is False:
            raise incomplete(say("more pages are announced, but there is no token for them"), path)
