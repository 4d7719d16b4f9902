"""Token endpoints of the client-credentials grant, each answering as its vendor's does; tokens end by the clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.messages import Answer, Request

CLIENT = "itss-bridge"
CLIENT_SECRET = "playground-client-secret"  # noqa: S105 - the playground's own, documented
SERVICENOW_LIFE = timedelta(minutes=30)
DATA_CENTER_PATH = "/rest/oauth2/latest/token"
_FORM = "application/x-www-form-urlencoded"


class TokenDesk:
    """Issues bearer tokens to the one client it knows, and remembers until when each is good.

    Attributes:
        life: how long a token is good.
        issued: every token ever issued, in order.
    """

    def __init__(self, clock: Clock, life: timedelta = timedelta(hours=1)) -> None:
        self.clock = clock
        self.life = life
        self.issued: list[str] = []
        self._ends: dict[str, datetime] = {}
        self._lock = Lock()

    def issue(self) -> str:
        """A new token, good from now on."""
        with self._lock:
            token = sha256(f"playground token {id(self)} {len(self.issued)}".encode()).hexdigest()
            self.issued.append(token)
            self._ends[token] = self.clock.now + self.life
        return token

    def revoke(self) -> None:
        """No token that was issued so far is good any more."""
        with self._lock:
            self._ends.clear()

    def admits(self, authorization: str) -> bool:
        """Whether an Authorization header carries a token that is good now."""
        ends = self._ends.get(authorization.removeprefix("Bearer "))
        return ends is not None and self.clock.now < ends

    def told(self, token: str) -> dict[str, Any]:
        """What all endpoints say of a token."""
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self.life.total_seconds())}


def servicenow_token(desk: TokenDesk, request: Request) -> Answer:
    """POST /oauth_token.do: a form; whatever is wrong, it says access_denied."""
    form = _form(request)
    if request.method != "POST" or _grant(form) or not _known(form):
        return Answer(401, {"error_description": "access_denied", "error": "server_error"})
    # seconds left, cut to whole ones: 1799 of 1800
    told = desk.told(desk.issue())
    return Answer(body={**told, "scope": "useraccount", "expires_in": told["expires_in"] - 1})


def data_center_token(desk: TokenDesk, request: Request) -> Answer:
    """POST /rest/oauth2/latest/token of Jira or Confluence: a form that must name a scope."""
    form = _form(request)
    if fault := _grant(form) or ("" if form.get("scope") else "invalid_scope"):
        return Answer(400, {"error": fault, "error_description": f"{fault}: see the documentation"})
    if not _known(form):
        return Answer(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
    return Answer(body={**desk.told(desk.issue()), "scope": form["scope"]})


class AtlassianIdentity:
    """auth.atlassian.com: the token endpoint of all cloud sites, on a host of its own."""

    name = "atlassian-identity"

    def __init__(self, desk: TokenDesk) -> None:
        self.desk = desk

    def answer(self, request: Request, origin: str) -> Answer:  # noqa: ARG002 - a tool's signature
        """POST /oauth/token, as JSON or as a form; anything else is not there."""
        if (request.method, request.path) != ("POST", "/oauth/token"):
            return Answer(404, {"error": "not_found"})
        form = _form(request)
        if fault := _grant(form):
            return Answer(403, {"error": fault, "error_description": "Grant type not allowed for the client."})
        if not _known(form):
            return Answer(401, {"error": "access_denied", "error_description": "Unauthorized"})
        return Answer(body={**self.desk.told(self.desk.issue()), "scope": form.get("scope", "read:jira-work")})

    def truth(self) -> Mapping[str, Any]:
        """There is nothing to read here."""
        return {}


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == _FORM:
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        body = request.json()
    except ValueError:
        return {}
    return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}


def _grant(form: Mapping[str, str]) -> str:
    return "" if form.get("grant_type") == "client_credentials" else "unsupported_grant_type"


def _known(form: Mapping[str, str]) -> bool:
    return (form.get("client_id"), form.get("client_secret")) == (CLIENT, CLIENT_SECRET)
