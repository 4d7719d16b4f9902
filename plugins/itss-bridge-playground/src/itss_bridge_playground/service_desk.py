"""The SLA clocks of one customer request as Jira Service Management's own interface pages them."""

import re
from typing import Any

from itss_bridge_playground.jira_issues import Issue
from itss_bridge_playground.jira_view import CLOCKED, View
from itss_bridge_playground.messages import Answer, Request

PATH = re.compile(r"/rest/servicedeskapi/request/([^/]+)/sla")
REQUESTS = frozenset({"服务请求", "Incident"})
"""Issue types that customers raise; only those have clocks."""

_A_PAGE, _MOST = 50, 100


def clocks(issue: Issue | None, request: Request, view: View, *, agent: bool) -> Answer:
    """GET /rest/servicedeskapi/request/{idOrKey}/sla, for agents only."""
    if issue is None or issue.kind not in REQUESTS:
        return _error(404, "The request does not exist, or you do not have permission to see it.")
    if not agent:
        return _error(403, "You must be an agent of the service desk to see SLA information.")
    try:
        start, limit = (
            int(request.value(name, default)) for name, default in (("start", "0"), ("limit", str(_A_PAGE)))
        )
    except ValueError:
        return _error(400, "start and limit must be numbers.")
    place = f"{view.origin}{request.path[request.path.index('/rest/') :]}"
    shown = [_clock(place, show(view, issue)) for show in CLOCKED.values()]
    page = shown[start : start + min(limit, _MOST)]
    last = start + len(page) >= len(shown)
    links = {"self": place, "base": f"{view.origin}/rest/servicedeskapi", "context": ""}
    links |= {} if last else {"next": f"{place}?start={start + len(page)}&limit={limit}"}
    frame = {"_expands": [], "size": len(page), "start": start, "limit": limit, "isLastPage": last}
    return Answer(body={**frame, "_links": links, "values": page})


def _clock(place: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"_links": {"self": f"{place}/{value['id']}"}, **value}


def _error(status: int, message: str) -> Answer:
    return Answer(status, {"errorMessage": message, "i18nErrorMessage": {"i18nKey": "sd.error", "parameters": []}})
