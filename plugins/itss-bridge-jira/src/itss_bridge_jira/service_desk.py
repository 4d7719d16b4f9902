"""SLA clocks request by request, for accounts that Jira shows no SLA field: one answer or more for each issue."""

from typing import Any

from itss_bridge.errors import AccessDenied
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession
from itss_bridge_jira.deployment import incomplete, known_to, listed, unwarned

Json = Any
_DENIED, _ABSENT = 403, 404
_A_PAGE = 50


def clocks(http: GuardedSession, site: str, issue: str) -> list[Json] | None:
    """All clocks of one customer request; None where Jira has no such request, or none that this account may see.

    Raises:
        AccessDenied: the account is no agent of the service project.
        SourceUnavailable: the pages do not lead to an end.
    """
    path = f"/rest/servicedeskapi/request/{issue}/sla"
    found: list[Json] = []
    while True:
        query = {"start": len(found), "limit": _A_PAGE}
        response = known_to(http.request("GET", site + path, query, allow={_DENIED, _ABSENT}), path)
        if response.status_code == _ABSENT:
            return None
        if response.status_code == _DENIED:
            cause = say("the account sees no SLA field, and is no agent of the service project either")
            fix = say("make it an agent, show it the SLA fields, or leave the stream sla out")
            raise AccessDenied(say("Jira does not show SLA clocks to this account"), where=path, cause=cause, fix=fix)
        answer = unwarned(response.json(), path)
        values = listed(answer, "values")
        found += values
        if answer.get("isLastPage") is True:
            return found
        if not values:
            raise incomplete(say("more clocks are announced than shown"), path)
