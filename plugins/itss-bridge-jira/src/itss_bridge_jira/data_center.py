"""Jira Data Center: ids by their time of creation, issues by their ids.

There is no page token, an offset loses rows when issues leave the result while it is walked, and newer versions refuse
offsets beyond 10,000. `id > N` is no way out: Jira reads it as "the project of issue N, from its key number on", and as
nothing at all once N is deleted. The time of creation never changes, so the walk goes on from the minute in which the
last page ended; only a minute that fills a whole page is walked by offset.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from atlassian.jira import Jira as Server

from itss_bridge.contracts import Identity
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession
from itss_bridge.transport.answers import vendor_message
from itss_bridge_jira.deployment import (
    HISTORY_FIELDS,
    Deployment,
    identified,
    incomplete,
    known_to,
    listed,
    nobody,
    server_time,
    unwarned,
    whole,
)
from itss_bridge_jira.reading import moment
from itss_bridge_jira.wall_clock import words, zone_named

Json = Any
READ_POSTS = ("/rest/api/2/search",)
_IDS_PER_PAGE, _WINDOW = 1000, 10_000
_SEARCH = "search"
_REFUSED = 400


class DataCenter(Deployment):
    """A site of the organisation's own, by version 2 of its interface; it may stand under a context path."""

    def __init__(self, url: str, http: GuardedSession) -> None:
        super().__init__(Server(url, session=http, retry_with_header=False, backoff_and_retry=False))
        self._http = http
        self._zone: tzinfo | None = None

    def identity(self, queries: Mapping[str, str]) -> Identity:
        """The account, which may not be nobody, and whether search takes the queries: together, else one by one."""
        response = self.send("GET", "myself")
        myself = response.json()
        self._zone = _zone(myself)
        account = myself.get("key") or myself.get("name")
        if not account:
            raise nobody("myself")
        together = self._refusal(" OR ".join(queries.values()))
        return Identity(
            account=str(account),
            time_zone=str(myself.get("timeZone") or "UTC"),
            server_time=server_time(response),
            readable={stream: together and self._refusal(jql) for stream, jql in queries.items()},
        )

    def count(self, jql: str) -> int:
        """The search's total: exact in the index of the node that answered, which may lag behind the database."""
        return whole(self._search({"jql": jql, "maxResults": 0, "fields": ["id"]}), "total", _SEARCH)

    def moment(self, at: datetime) -> str:
        """The minute in the account's own zone, which is how Jira reads times."""
        return f'"{words(at, self._account_zone())}"'

    def ids(self, jql: str) -> Iterator[Sequence[str]]:
        """Each page begins in the minute where the one before it ended."""
        bound, start = "", 0
        while True:
            since = f" AND created >= {bound}" if bound else ""
            query = {"jql": f"{jql}{since} ORDER BY created ASC, key ASC", "fields": ["created"], "startAt": start}
            answer = self._search(query | {"maxResults": min(_IDS_PER_PAGE, _WINDOW - start)})
            issues = listed(answer, "issues")
            yield list(identified(answer))
            start += len(issues)
            if start >= whole(answer, "total", _SEARCH):
                return
            if not issues:
                raise incomplete(say("the search counts more issues than it shows"), _SEARCH)
            bound, start = self._next(bound, start, issues[-1])

    def _next(self, bound: str, start: int, last: Json) -> tuple[str, int]:
        """From which minute, and where in it, the walk goes on after *last*."""
        created = moment(last["fields"].get("created"))
        if created is None:
            raise incomplete(say("{issue} has no readable time of creation", issue=last.get("key")), _SEARCH)
        reached = self.moment(created)
        if reached > bound:
            return reached, 0
        if start >= _WINDOW:
            what = say(
                "{many:,} issues or more were created in the minute {bound}, and search shows no more of them",
                many=_WINDOW,
                bound=bound,
            )
            raise incomplete(what, _SEARCH)
        return bound, start

    def issues(self, ids: Sequence[str], fields: Sequence[str], *, past: bool) -> Iterable[tuple[Json, Sequence[Json]]]:
        """Asked for until all are there, or none of the rest is: the server may shorten a page, or an issue be gone."""
        left = set(ids)
        while left:
            found = [issue for issue in self._named(sorted(left), fields, past=past) if str(issue["id"]) in left]
            left -= {str(issue["id"]) for issue in found}
            yield from ((issue, _past(issue) if past else ()) for issue in found)
            if not found:
                return

    def _named(self, ids: Sequence[str], fields: Sequence[str], *, past: bool) -> list[Json]:
        """What one answer shows of these issues. Validated, a single deleted one would have the query refused."""
        query: dict[str, Json] = {"jql": f"id in ({', '.join(ids)})", "validateQuery": False, "maxResults": len(ids)}
        query |= {"fields": list(fields), "expand": ["changelog"] if past else []}
        return listed(self.send("POST", _SEARCH, query).json(), "issues")

    def _search(self, query: Mapping[str, Json]) -> Json:
        return unwarned(self.send("POST", _SEARCH, query).json(), _SEARCH)

    def _refusal(self, jql: str) -> str:
        """Why Jira cannot answer the query; empty when it can."""
        address = f"{self.client.url}/{self.client.resource_url(_SEARCH)}"
        query = {"jql": jql, "maxResults": 0, "fields": ["id"]}
        response = known_to(self._http.request("POST", address, json=query, allow={_REFUSED}), _SEARCH)
        if response.status_code == _REFUSED:
            return vendor_message(response.content, ()) or "Jira refuses the query"
        return "; ".join(map(str, response.json().get("warningMessages") or ()))

    def _account_zone(self) -> tzinfo:
        if self._zone is None:
            self._zone = _zone(self.send("GET", "myself").json())
        return self._zone


def _zone(myself: Json) -> tzinfo:
    return zone_named(str(myself.get("timeZone") or ""))


def _past(issue: Json) -> list[Json]:
    """The issue's whole changelog; of its items only those that a record has a use for."""
    log = issue.get("changelog")
    histories = listed(log, "histories")
    if len(histories) < whole(log, "total", _SEARCH):
        raise incomplete(say("{issue} shows only a part of its changelog", issue=issue.get("key")), _SEARCH)
    return [entry | {"items": [one for one in entry["items"] if one["field"] in HISTORY_FIELDS]} for entry in histories]
