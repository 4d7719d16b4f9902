"""A stand-in Jira Data Center: the issues of the Cloud stand-in, by version 2 of the interface, below a context path.

Kept from the vendor, since each has cost somebody data: offsets and no tokens; the server lowers `maxResults` without a
word; offsets end at 10,000; times in JQL are read in the account's zone; the index that search reads may lag; one
deleted id in `id in (…)` has the whole query refused unless it is not validated; whose session has ended is answered as
a visitor, with status 200.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from itss_bridge_playground import jira_issues as site
from itss_bridge_playground import service_desk
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import PERMISSIONS, Jira, RefusedError, _body, _integer, _row, _wanted
from itss_bridge_playground.jira_issues import Issue
from itss_bridge_playground.jira_view import View
from itss_bridge_playground.jql import JqlError
from itss_bridge_playground.oauth import DATA_CENTER_PATH, data_center_token
from itss_bridge_playground.quality_tickets import QualityProject
from itss_bridge_playground.server import Answer, Request

Json = Any
DEFAULT_PAGE, MOST, WINDOW = 50, 1000, 10_000
ASSETS_NAMES = ("核心交换机", "数据库服务器", "存储阵列")
BEAN = "operations,versionedRepresentations,editmeta,changelog,renderedFields"
SEARCH = {"jql": str, "startAt": int, "maxResults": int, "validateQuery": bool, "fields": list, "expand": list}
_NAMED = re.compile(r"(?i)\b(?:id|key|issue|issuekey)\s+in\s*\(([^)]*)\)")


@dataclass(frozen=True)
class DataCenterView(View):
    """Issues in version 2's shapes: user keys for account ids, plain texts, changelog items without field ids."""

    def issue(self, issue: Issue, wanted: Any) -> dict[str, Json]:
        """An issue bean."""
        return View.issue(self, issue, wanted) | {"expand": BEAN}

    def changelog(self, issue: Issue) -> dict[str, Json]:
        """The whole changelog, as `expand=changelog` has it: there is no paging."""
        histories = list(self.histories(issue, None))
        return {"startAt": 0, "maxResults": len(histories), "total": len(histories), "histories": histories}

    def item(self, name: str, before: Any, after: Any) -> dict[str, Json]:
        ends = dict.fromkeys(("from", "fromString", "to", "toString"))
        item = ends | View.item(self, name, before, after)
        del item["fieldId"]
        return item

    def code(self, name: str, value: Any) -> str | None:
        return user_key(value) if name == "assignee" and value else View.code(self, name, value)

    def value(self, name: str, value: Any) -> Json:
        match name:
            case site.BACKOUT | site.ROOT_CAUSE | site.WORKAROUND:
                return "见附件记录。" if value else None
            case site.ASSETS:
                return [f"{ASSETS_NAMES[int(one) % 3]} (CMDB-{one})" for one in value or ()]
            case "assignee" | "reporter":
                return self.user(value) if value else None
        return View.value(self, name, value)

    def user(self, account: str) -> dict[str, Json]:
        """An account of the site's own directory."""
        key = user_key(account)
        return {
            "self": f"{self.link('user')}?username={key.lower()}",
            "name": key.lower(),
            "key": key,
            "displayName": f"服务台 {account[-4:]}",
            "active": True,
            "timeZone": str(self.zone),
        }

    def link(self, *parts: str) -> str:
        return "/".join((self.origin, "rest/api/2", *parts))


class JiraDataCenter(Jira):
    """One site with the project OPS.

    Attributes:
        index_lag: how far the index is behind the issues.
        most: `jira.search.views.default.max`, what `maxResults` is lowered to.
        window: where offsets end; None for versions on which they never do.
        quirks: `signed-out` answers as if nobody had signed in, `captcha` wants a person to sign in first.
    """

    def __init__(self, clock: Clock, seed: int = 7, context: str = "/jira") -> None:
        super().__init__(clock, seed)
        self.quality = QualityProject(clock, documents=False)
        self.context = context
        self.index_lag = timedelta()
        self.most = MOST
        self.window: int | None = WINDOW
        self.quirks = {"signed-out": False, "captcha": False}
        self._routes = {
            ("GET", "search"): self._search_get,
            ("POST", "search"): self._search_post,
            ("GET", "myself"): lambda _request, view: Answer(body=view.user(site.accounts(self.seed)[0])),
            ("GET", "field"): lambda _request, _view: Answer(body=[_plain(field) for field in self._listed_fields()]),
            ("GET", "status"): lambda _request, view: Answer(body=[view.status(one) for one in site.STATUSES]),
            ("GET", "mypermissions"): self._permissions,
            ("GET", "serverInfo"): self._server_info,
        }

    def _permissions(self, _request: Request, _view: View) -> Answer:
        """All there are, whatever is asked for."""
        return Answer(body={"permissions": {key: self._permission(key) for key in PERMISSIONS}})

    def answer(self, request: Request, origin: str) -> Answer:
        """What Jira would answer as of the clock; outside its context path there is nothing."""
        prefix = f"{self.context}/rest/api/2/"
        if request.path == self.context + DATA_CENTER_PATH:
            return data_center_token(self.desk, request)
        asked = service_desk.PATH.fullmatch(request.path.removeprefix(self.context))
        if not asked and not request.path.startswith(prefix):
            return _page(404, "Not Found")
        if self.quirks["captcha"]:
            return _captcha()
        if not self._admits(request):
            return _page(401, "Unauthorized", **{"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"})
        route = (request.method, request.path.removeprefix(prefix))
        view = DataCenterView(origin + self.context, self.clock.now, ZoneInfo(self.time_zone))
        if self.quirks["signed-out"]:
            answer = self._as_visitor(*route)
        else:
            answer = self._clocks(asked[1], request, view) if asked else self._routed(route, request, view)
        answer.headers |= {"X-AUSERNAME": "anonymous" if self.quirks["signed-out"] else "bridge", **_RATE}
        return answer

    def _routed(self, route: tuple[str, str], request: Request, view: View) -> Answer:
        if answer := self.quality.answer(route[1], request, view):
            return answer
        if route not in self._routes:
            return _error(405 if any(route[1] == path for _method, path in self._routes) else 404, "no such resource")
        try:
            return self._routes[route](request, view)
        except (RefusedError, JqlError) as error:
            return _error(400, str(error))

    def _as_visitor(self, _method: str, path: str) -> Answer:
        if path == "search":
            return Answer(body={"startAt": 0, "maxResults": DEFAULT_PAGE, "total": 0, "issues": []})
        return _error(401, "You are not authenticated. Authentication required to perform this operation.")

    def _search_get(self, request: Request, view: View) -> Answer:
        body: dict[str, Json] = {"jql": request.value("jql")}
        body |= {name: _integer(request.value(name)) for name in ("startAt", "maxResults") if name in request.query}
        for name in ("fields", "expand"):
            body[name] = [one for value in request.query.get(name, ()) for one in value.split(",")]
        body["validateQuery"] = request.value("validateQuery", "true") == "true"
        return self._search(body, view)

    def _search_post(self, request: Request, view: View) -> Answer:
        return self._search(_body(request, SEARCH), view)

    def _search(self, body: Mapping[str, Json], view: View) -> Answer:
        warnings = self._unknown(body.get("jql", ""))
        if warnings and body.get("validateQuery", True):
            raise RefusedError(warnings[0])
        start, limit = body.get("startAt", 0), min(body.get("maxResults", DEFAULT_PAGE), self.most)
        if min(start, limit) < 0:
            raise RefusedError("startAt and maxResults must not be negative.")
        if self.window is not None and start + limit > self.window:
            raise RefusedError(f"Search limit exceeded. The maximum number of results is {self.window:,}.")
        found = self._indexed(body.get("jql", ""), view)
        wanted = _wanted(body.get("fields") or ["*navigable"], ("*navigable",))
        issues = [self._bean(issue, wanted, body, view) for issue in found[start : start + limit]]
        page: dict[str, Json] = {"expand": "schema,names", "startAt": start, "maxResults": limit, "total": len(found)}
        return Answer(body=page | {"issues": issues} | ({"warningMessages": warnings} if warnings else {}))

    def _bean(self, issue: Issue, wanted: set[str], body: Mapping[str, Json], view: View) -> dict[str, Json]:
        assert isinstance(view, DataCenterView)
        log = {"changelog": view.changelog(issue)} if "changelog" in (body.get("expand") or ()) else {}
        return view.issue(issue, wanted) | log

    def _indexed(self, jql: str, view: View) -> list[Issue]:
        """What the index finds: it knows the issues as they were *index_lag* ago."""
        then = view.now - self.index_lag
        query = self._query(jql, view)
        rows = [(_row(issue, then), issue) for issue in self._visible(then)]
        rows = [(row, issue) for row, issue in rows if query.test is None or query.test(row)]
        for name, descending in reversed(query.order or (("created", True),)):
            rows.sort(key=lambda pair, name=name: pair[0][name], reverse=descending)  # type: ignore[misc]
        return [issue for _row_, issue in rows]

    def _unknown(self, jql: str) -> list[str]:
        """What Jira says of issues that a query names and that are not there."""
        there = {name for issue in self._visible(self.clock.now) for name in (issue.id, issue.key.lower())}
        named = [one.strip(" \"'") for words in _NAMED.findall(jql) for one in words.split(",")]
        lost = [one for one in named if one.lower() not in there]
        return [f"An issue with key '{one}' does not exist for field 'id'." for one in lost]

    def _server_info(self, _request: Request, view: View) -> Answer:
        told: dict[str, Json] = {"baseUrl": view.origin, "version": "10.3.5", "versionNumbers": [10, 3, 5]}
        told |= {"deploymentType": "Server", "buildNumber": 10030005, "serverTime": view.instant(view.now)}
        return Answer(body=told | {"serverTitle": "晨星信息"})


_RATE = {
    "X-RateLimit-Limit": "50",
    "X-RateLimit-Remaining": "49",
    "X-RateLimit-Interval-Seconds": "60",
    "X-RateLimit-FillRate": "50",
    "Retry-After": "0",
}
"""What the rate limiter writes on every answer; 0 means that there is nothing to wait for."""


def user_key(account: str) -> str:
    """The key of the account in the site's own directory."""
    return f"JIRAUSER{10_000 + int(account[-4:], 16)}"


def _plain(field: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in field.items() if name != "key"}


def _captcha() -> Answer:
    told = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=/jira/login.jsp"}
    return _page(403, "Forbidden", **told, **{"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"})


def _page(status: int, title: str, **headers: str) -> Answer:
    """The web page that the servlet container makes of an error."""
    body = f"<html><head><title>{title} ({status})</title></head><body><h1>{title} ({status})</h1></body></html>"
    return Answer(status, body.encode(), {"X-AUSERNAME": "anonymous", **headers}, "text/html;charset=UTF-8")


def _error(status: int, *messages: str) -> Answer:
    return Answer(status, {"errorMessages": list(messages), "errors": {}})
