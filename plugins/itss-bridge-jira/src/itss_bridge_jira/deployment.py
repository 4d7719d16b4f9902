"""What Jira Cloud and Jira Data Center have in common, and what each has to do in its own way."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from atlassian.rest_client import AtlassianRestAPI
from requests import Response

from itss_bridge.contracts import Identity
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.messages import say
from itss_bridge_jira.records import Site
from itss_bridge_jira.rights import WRITES

Json = Any
ISSUES_PER_FETCH = 100
ROWS_A_REQUEST = {"cloud": 80, "data-center": 90}
"""Four hundred issues and their changelogs are five requests in the cloud, four on Data Center; the walk of the ids
comes on top."""

HISTORY_FIELDS = ("status", "resolution", "priority", "assignee")
TOKEN_ENDPOINTS = {"cloud": "https://auth.atlassian.com/oauth/token", "data-center": "/rest/oauth2/latest/token"}
"""Where service accounts get their tokens."""

# its debug lines hold whole bodies
logging.getLogger("atlassian.rest_client").setLevel(logging.WARNING)


class Deployment(ABC):
    """One site behind one client of the library, which is given no credentials: they are on the session."""

    issues_a_slice: ClassVar[int] = ISSUES_PER_FETCH
    """How many issues are read together."""

    own_permissions: ClassVar[str] = "mypermissions"
    """Where Jira tells what the account may do."""

    def __init__(self, client: AtlassianRestAPI) -> None:
        self.client = client

    @abstractmethod
    def identity(self, queries: Mapping[str, str]) -> Identity:
        """Who we are, and of each stream's query whether Jira understands it; two requests unless one is refused."""

    @abstractmethod
    def count(self, jql: str) -> int:
        """About how many issues the query finds: both deployments count in an index that may be late."""

    @abstractmethod
    def moment(self, at: datetime) -> str:
        """How JQL writes a moment so that it is not later than *at*, whatever the account's time zone."""

    @abstractmethod
    def ids(self, jql: str) -> Iterator[Sequence[str]]:
        """The ids of all issues that the query finds, page by page; an id may come twice."""

    @abstractmethod
    def issues(self, ids: Sequence[str], fields: Sequence[str], *, past: bool) -> Iterable[tuple[Json, Sequence[Json]]]:
        """These issues and, when *past*, their changelog entries; an issue that is gone is missing.

        Args:
            ids: at most `issues_a_slice`.
            fields: Jira's ids of the fields to ask for.
            past: whether the changelog is wanted.
        """

    def site(self) -> Site:
        """What the site calls its fields and statuses; two requests."""
        fields, statuses = (self.send("GET", path).json() for path in ("field", "status"))
        return Site(self.client.url, listed({"fields": fields}, "fields"), listed({"statuses": statuses}, "statuses"))

    def writable(self) -> Mapping[str, str]:
        """Permissions that change something and that the account has in any project, and what Jira calls them."""
        answer = self.send("GET", self.own_permissions).json()
        told = answer.get("permissions") if isinstance(answer, dict) else None
        if not isinstance(told, dict):
            raise incomplete(say("the answer has no 'permissions'"), "mypermissions")
        held = {key: told[key] for key in WRITES if isinstance(told.get(key), dict)}
        return {key: str(one.get("name") or key) for key, one in held.items() if one.get("havePermission")}

    def send(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Response:
        """One request through the library; the session underneath refuses whatever is not data.

        Raises:
            AccessDenied: Jira took us for nobody, and would show what is public only.
        """
        address, json = self.client.resource_url(path), dict(body) if body is not None else None
        response: Response = self.client.request(method, address, json=json, advanced_mode=True)
        return known_to(response, path)


def known_to(response: Response, path: str) -> Response:
    """The response, unless it was given to an anonymous visitor."""
    if response.headers.get("X-AUSERNAME") == "anonymous":
        raise nobody(path)
    return response


def nobody(where: str) -> AccessDenied:
    """The error for an answer that any visitor would get."""
    cause = say("the token was revoked or the session ended, and the site shows some projects to everybody")
    fix = say("check username and secret of the source; renew the token")
    return AccessDenied(say("Jira answered as if nobody had signed in"), where=where, cause=cause, fix=fix)


def listed(answer: Json, key: str) -> list[Json]:
    """The list of objects that must be there: an answer without it is no empty result."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise incomplete(say("the answer has no {key!r}", key=key), key)
    return found


def identified(answer: Json) -> dict[str, Json]:
    """Id → issue; each id once, or it would be anybody's guess which of two is the one."""
    issues = listed(answer, "issues")
    found = {str(issue.get("id") or ""): issue for issue in issues}
    if "" in found or len(found) < len(issues):
        raise incomplete(say("issues have no id, or share one"), "issues")
    return found


def whole(answer: Json, key: str, path: str) -> int:
    """The number that must be there."""
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, int):
        raise incomplete(say("{key!r} is no number", key=key), path)
    return found


def unwarned(answer: Json, path: str) -> Json:
    """The answer, unless Jira says beside it that a part of it is missing."""
    said = [answer.get(key) for key in ("errorMessages", "warningMessages")] if isinstance(answer, dict) else []
    if texts := [str(text) for texts in said if texts for text in texts]:
        raise incomplete("; ".join(texts), path)
    return answer


def server_time(response: Response) -> datetime:
    """The server's clock; SourceUnavailable when it does not tell the time."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        raise incomplete(say("the answer has no readable Date header"), "myself") from None


def incomplete(what: str, where: str) -> SourceUnavailable:
    """The error for an answer that may hold less than there is."""
    cause = say("the answer cannot be taken as complete")
    return SourceUnavailable(
        say("Jira: {what}", what=what), where=where, cause=cause, fix=say("try again later; check the query")
    )
