"""A stand-in for Jira Cloud's REST API v3: search, bulk reads, changelogs, as of the playground's clock."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from itss_bridge_playground import jira_issues as site
from itss_bridge_playground import service_desk
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira_issues import Issue
from itss_bridge_playground.jira_view import View
from itss_bridge_playground.jql import Context, JqlError, Query, parse
from itss_bridge_playground.oauth import TokenDesk
from itss_bridge_playground.quality_tickets import QualityProject
from itss_bridge_playground.server import Answer, Request

Json = Any
T = TypeVar("T")
Route = Callable[[Request, View], Answer]

USER, TOKEN, BEARER = "bridge@acme.example", "playground", "playground"
IDS_PER_PAGE, ISSUES_PER_PAGE, BULK_ISSUES, BULK_CHANGELOGS, CHANGELOG_FIELDS = 5000, 100, 100, 1000, 10
TOKEN_LIFE = timedelta(days=7)
PERMISSIONS = {
    "ADMINISTER": 0, "BROWSE_PROJECTS": 10, "CREATE_ISSUES": 11, "EDIT_ISSUES": 12, "ASSIGN_ISSUES": 13,
    "ADD_COMMENTS": 15, "DELETE_ISSUES": 16, "CREATE_ATTACHMENTS": 19, "LINK_ISSUES": 21, "ADMINISTER_PROJECTS": 23,
    "TRANSITION_ISSUES": 46,
}  # fmt: skip
"""Key → id of the permissions that the stand-in knows; the vendor has more."""
STREAMS = {"Change": "change", "Problem": "problem", "服务请求": "request", "Incident": "incident"}
GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
INVALID = "Invalid request payload. Refer to the REST API documentation and try again."
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
SEARCH = {
    "jql": str, "nextPageToken": str, "maxResults": int, "fields": list,
    "expand": str, "properties": list, "fieldsByKeys": bool, "reconcileIssues": list,
}  # fmt: skip
BULK = {"issueIdsOrKeys": list, "fields": list, "expand": list, "fieldsByKeys": bool, "properties": list}
CHANGELOGS = {"issueIdsOrKeys": list, "fieldIds": list, "maxResults": int, "nextPageToken": str}


class RefusedError(ValueError):
    """A request Jira answers with 400."""


class Jira:
    """One Jira Cloud site with the project OPS. *time_zone* is the account's; *page_cap* makes pages shorter.

    *permissions* are those that the account has in some project, by Jira's keys: to read, and what `publish` needs.
    *sla_fields* off, the account is shown no SLA field; *agent* off, it is no agent of the service project either.
    *desk* issues the OAuth tokens that are accepted beside the account's own token.
    """

    name = "jira"

    def __init__(self, clock: Clock, seed: int = 7) -> None:
        self.clock = clock
        self.seed = seed
        self.time_zone = "Asia/Shanghai"
        self.page_cap: int | None = None
        self.desk = TokenDesk(clock)
        self.permissions = {"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES"}
        self.sla_fields = True
        self.agent = True
        self.issues = site.issues(seed)
        self.quality = QualityProject(clock, documents=True)
        self._by_name = {name: issue for issue in self.issues for name in (issue.id, issue.key.lower())}
        self._routes: Mapping[tuple[str, str], Route] = {
            ("GET", "search/jql"): self._search_get,
            ("POST", "search/jql"): self._search_post,
            ("POST", "search/approximate-count"): self._count,
            ("POST", "issue/bulkfetch"): self._bulk_fetch,
            ("POST", "changelog/bulkfetch"): self._changelogs,
            ("POST", "jql/parse"): self._parse,
            ("GET", "myself"): lambda _request, view: Answer(body=view.user(site.accounts(self.seed)[0])),
            ("GET", "field"): lambda _request, _view: Answer(body=self._listed_fields()),
            ("GET", "status"): lambda _request, view: Answer(body=[view.status(one) for one in site.STATUSES]),
            ("GET", "mypermissions"): self._permissions,
            ("GET", "serverInfo"): self._server_info,
            ("GET", "search"): lambda _request, _view: _error(410, GONE),
            ("POST", "search"): lambda _request, _view: _error(410, GONE),
        }

    def answer(self, request: Request, origin: str) -> Answer:
        """What Jira Cloud would answer as of the clock; never 5xx by itself."""
        if not self._admits(request):
            return _unauthorised()
        view = View(origin, self.clock.now, ZoneInfo(self.time_zone))
        if asked := service_desk.PATH.fullmatch(request.path):
            return self._clocks(asked[1], request, view)
        path = request.path.removeprefix("/rest/api/3/")
        if answer := self.quality.answer(path, request, view):
            return answer
        route = self._routes.get((request.method, path))
        if route is None:
            status = 405 if any(path == known for _method, known in self._routes) else 404
            return _error(status, "null for uri: " + request.path)
        try:
            return route(request, view)
        except (RefusedError, JqlError) as error:
            return _error(400, str(error))

    def _clocks(self, name: str, request: Request, view: View) -> Answer:
        issue = self._by_name.get(name.lower())
        there = issue if issue and issue in self._visible(view.now) else None
        return service_desk.clocks(there, request, view, agent=self.agent)

    def _listed_fields(self) -> list[dict[str, Json]]:
        """Without those that the account may not see."""
        return [one for one in _fields() if self.sla_fields or one["schema"].get("custom") != site.SLA]

    def _permissions(self, request: Request, _view: View) -> Answer:
        """Those that are asked for, which one has to in the cloud."""
        asked = request.value("permissions").split(",")
        if unknown := sorted(set(asked) - PERMISSIONS.keys()):
            raise RefusedError(f"Unrecognized permission: {unknown[0]}")
        return Answer(body={"permissions": {key: self._permission(key) for key in asked}})

    def _permission(self, key: str) -> dict[str, Json]:
        name = key.replace("_", " ").capitalize()
        kind = "GLOBAL" if key == "ADMINISTER" else "PROJECT"
        told = {"id": str(PERMISSIONS[key]), "key": key, "name": name, "type": kind, "description": f"{name}."}
        return told | {"havePermission": key in self.permissions}

    def _admits(self, request: Request) -> bool:
        authorization = request.headers.get("authorization", "")
        return _known(authorization) or self.desk.admits(authorization)

    def truth(self) -> dict[str, dict[str, datetime]]:
        """Stream → issue id → time of its last event, as of the clock; to the millisecond."""
        now = self.clock.now
        found: dict[str, dict[str, datetime]] = {stream: {} for stream in STREAMS.values()}
        for issue in self._visible(now):
            found[STREAMS[issue.kind]][issue.id] = issue.updated(now)
        return found

    def _visible(self, now: datetime) -> Iterator[Issue]:
        return (issue for issue in self.issues if issue.created <= now)

    def _query(self, jql: str, view: View) -> Query:
        return parse(jql, Context(view.now, view.zone, _names()))

    def _found(self, jql: str, view: View) -> list[Issue]:
        query = self._query(jql, view)
        if query.test is None:
            raise RefusedError(UNBOUNDED)
        rows = [(_row(issue, view.now), issue) for issue in self._visible(view.now)]
        rows = [(row, issue) for row, issue in rows if query.test(row)]
        for name, descending in reversed(query.order or (("created", True),)):
            rows.sort(key=lambda pair, name=name: pair[0][name], reverse=descending)  # type: ignore[misc]
        return [issue for _row, issue in rows]

    def _search_get(self, request: Request, view: View) -> Answer:
        body: dict[str, Json] = {
            name: request.value(name) for name in ("jql", "nextPageToken") if name in request.query
        }
        if fields := request.query.get("fields"):
            body["fields"] = [name for value in fields for name in value.split(",")]
        if limit := request.value("maxResults"):
            body["maxResults"] = _integer(limit)
        return self._search(body, view)

    def _search_post(self, request: Request, view: View) -> Answer:
        return self._search(_body(request, SEARCH), view)

    def _search(self, body: Mapping[str, Json], view: View) -> Answer:
        jql, fields = body.get("jql", ""), body.get("fields") or ["id"]
        found = self._found(jql, view)
        ids_only = set(fields) <= {"id", "key"}
        limit = self._limit(body.get("maxResults", 50), IDS_PER_PAGE if ids_only else ISSUES_PER_PAGE)
        wanted = None if ids_only else _wanted(fields, ())
        mark = _mark(jql, sorted(fields))
        issues, more = self._page(found, body.get("nextPageToken"), limit, mark, view.now)
        beans = [view.issue(issue, wanted) for issue in issues]
        if set(fields) == {"id"}:
            beans = [{"id": bean["id"]} for bean in beans]
        return Answer(body={"issues": beans, "isLast": not more} | more)

    def _count(self, request: Request, view: View) -> Answer:
        return Answer(body={"count": len(self._found(_body(request, {"jql": str}).get("jql", ""), view))})

    def _parse(self, request: Request, view: View) -> Answer:
        queries = _body(request, {"queries": list}).get("queries") or []
        return Answer(body={"queries": [self._parsed(str(query), view) for query in queries]})

    def _parsed(self, query: str, view: View) -> dict[str, Json]:
        try:
            self._query(query, view)
        except JqlError as error:
            return {"query": query, "errors": [str(error)]}
        return {"query": query, "structure": {}}

    def _bulk_fetch(self, request: Request, view: View) -> Answer:
        body = _body(request, BULK)
        issues = self._asked(body, BULK_ISSUES, view.now)
        wanted = _wanted(body.get("fields") or ["*navigable"], ("*navigable",))
        return Answer(body={"issues": [view.issue(issue, wanted) for issue in issues], "issueErrors": []})

    def _changelogs(self, request: Request, view: View) -> Answer:
        body = _body(request, CHANGELOGS)
        wanted = body.get("fieldIds") or []
        if len(wanted) > CHANGELOG_FIELDS:
            raise RefusedError(f"The number of field ids must not exceed {CHANGELOG_FIELDS}.")
        issues = self._asked(body, BULK_CHANGELOGS, view.now)
        entries = [(issue.id, entry) for issue in issues for entry in view.histories(issue, wanted)]
        limit = self._limit(body.get("maxResults", 1000), 10_000)
        mark = _mark(*body["issueIdsOrKeys"], wanted)
        page, more = self._page(entries, body.get("nextPageToken"), limit, mark, view.now)
        logs: dict[str, list[Json]] = {}
        for identity, entry in page:
            logs.setdefault(identity, []).append(entry)
        shown = [{"issueId": identity, "changeHistories": entries} for identity, entries in logs.items()]
        return Answer(body={"issueChangeLogs": shown} | more)

    def _asked(self, body: Mapping[str, Json], most: int, now: datetime) -> list[Issue]:
        names = body.get("issueIdsOrKeys") or []
        if not 0 < len(names) <= most:
            raise RefusedError(f"The number of issue IDs or keys must be between 1 and {most}.")
        found = {self._by_name[str(name).lower()].number for name in names if str(name).lower() in self._by_name}
        return [issue for issue in self._visible(now) if issue.number in found]

    def _limit(self, asked: int, most: int) -> int:
        if asked < 1:
            raise RefusedError("maxResults must be greater than 0.")
        return min(asked, most, self.page_cap or most)

    def _page(
        self, rows: Sequence[T], token: str | None, limit: int, mark: str, now: datetime
    ) -> tuple[Sequence[T], dict[str, str]]:
        start = _start(token, mark, now) if token else 0
        end = start + limit
        return rows[start:end], {"nextPageToken": _token(end, mark, now)} if end < len(rows) else {}

    def _server_info(self, _request: Request, view: View) -> Answer:
        return Answer(
            body={
                "baseUrl": view.origin,
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100293,
                "serverTime": view.instant(view.now),
                "serverTimeZone": "Etc/UTC",
                "serverTitle": "晨星信息",
            }
        )


def _row(issue: Issue, now: datetime) -> dict[str, Any]:
    name, category = site.STATUSES[issue.values(now)["status"]]
    return {
        "id": int(issue.id),
        "project": {site.PROJECT[key].lower() for key in ("id", "key", "name")},
        "issuetype": _type_names(issue.kind),
        "status": {name.lower()},
        "statuscategory": {category, site.CATEGORIES[category][1]},
        "created": issue.created,
        "updated": issue.updated(now),
    }


def _type_names(kind: str) -> set[str]:
    synonyms = {name for name, shown in site.TYPE_SYNONYMS.items() if shown == kind}
    return {kind.lower(), site.TYPES[kind]} | synonyms


def _names() -> dict[str, set[str]]:
    return {
        "project": {site.PROJECT[key].lower() for key in ("id", "key", "name")},
        "issuetype": set().union(*(_type_names(kind) for kind in site.TYPES)),
        "status": {name.lower() for name, _category in site.STATUSES.values()},
        "statuscategory": set(site.CATEGORIES) | {word for _n, word, _c in site.CATEGORIES.values()},
    }


def _fields() -> Iterator[dict[str, Json]]:
    flags: dict[str, Json] = {"orderable": True, "navigable": True, "searchable": True}
    for name, (shown, kind) in site.SYSTEM_FIELDS.items():
        schema: dict[str, Json] = {"type": kind, "system": name}
        yield {"id": name, "key": name, "name": shown, "custom": False, "clauseNames": [name], "schema": schema} | flags
    for name, (shown, kind, custom) in site.CUSTOM_FIELDS.items():
        number = int(name.removeprefix("customfield_"))
        schema = {"type": kind, "custom": custom, "customId": number}
        clauses = [f"cf[{number}]", shown]
        yield {"id": name, "key": name, "name": shown, "custom": True, "clauseNames": clauses, "schema": schema} | flags


def _wanted(fields: Sequence[str], default: Sequence[str]) -> set[str]:
    every = {*site.SYSTEM_FIELDS, *site.CUSTOM_FIELDS}
    drop = {name[1:] for name in fields if name.startswith("-")}
    take = [name for name in fields if not name.startswith("-")] or default
    return (every if {"*all", "*navigable"} & set(take) else set(take)) - drop


def _body(request: Request, shape: Mapping[str, type]) -> dict[str, Json]:
    try:
        body = request.json()
    except ValueError:
        raise RefusedError(INVALID) from None
    if not isinstance(body, dict) or any(not isinstance(body[name], shape.get(name, _Never)) for name in body):
        raise RefusedError(INVALID)
    return body


class _Never:
    """The type of a property that does not exist."""


def _integer(text: str) -> int:
    if not text.isdigit():
        raise RefusedError(INVALID)
    return int(text)


def _mark(*parts: Json) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _token(start: int, mark: str, now: datetime) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, mark, now.timestamp()]).encode()).decode()


def _start(token: str, mark: str, now: datetime) -> int:
    """Where a token goes on; RefusedError when it belongs to another query or is older than seven days."""
    try:
        start, owner, issued = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise RefusedError("The provided nextPageToken is invalid.") from None
    if owner != mark or now.timestamp() - issued > TOKEN_LIFE.total_seconds():
        raise RefusedError("The provided nextPageToken is invalid or expired.")
    return int(start)


def _known(authorization: str) -> bool:
    basic = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    return authorization in {f"Basic {basic}", f"Bearer {BEARER}"}


def _unauthorised() -> Answer:
    answer = _error(401, "Client must be authenticated to access this resource.")
    answer.headers |= {"WWW-Authenticate": 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'}
    answer.headers |= {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
    return answer


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"errorMessages": [message], "errors": {}})
