"""OAuth's client-credentials grant: a token is fetched when it is needed and renewed before it ends.

The client's secret goes to the token endpoint only, the token to the tool only; each has a guarded session of its own.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from http import HTTPStatus
from threading import Lock
from typing import Any

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable, UsageError
from itss_bridge.messages import say
from itss_bridge.secrets import MASK, Secret, revealed
from itss_bridge.transport.answers import vendor_message
from itss_bridge.transport.credentials import sendable
from itss_bridge.transport.pacing import Limits
from itss_bridge.transport.session import GuardedSession

MARGIN_SECONDS = 60.0
"""How long before its end a token is renewed; of short lives a tenth."""

_REMEMBERED = 16
_REFUSALS = (400, 401, 403)


class ClientCredentials(AuthBase):
    """Bearer tokens for one client, shared by all threads. `secrets` has the client's secret and the tokens."""

    def __init__(
        self,
        token_url: str,
        client: str,
        secret: str | Secret,
        *,
        scope: str = "",
        limits: Limits | None = None,
        ca_bundle: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """No request is made yet.

        Args:
            token_url: the token endpoint's address, whole; nothing else is asked there.
            client: the client's id.
            secret: the client's secret.
            scope: what the token is to be good for, parted by spaces; empty leaves it to the endpoint.
            limits: as of the session to the tool.
            ca_bundle: as of the session to the tool.
            sleep: waits so many seconds.
            now: seconds on a clock that never goes back.
            cancelled: as of the session to the tool.

        Raises:
            UsageError: the address is no https one, or id or secret is empty.
        """
        if not client or not revealed(secret):
            raise UsageError(say("an OAuth client needs its id as username, and its secret"), where="username")
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": revealed(secret)}
        self._client = _Client(form | ({"scope": scope} if scope else {}), revealed(secret))
        self._endpoint = token_url
        # no gate: a token is fetched in the turn of a request to the tool, and another place there may never come free
        options: dict[str, Any] = {"ca_bundle": ca_bundle, "sleep": sleep, "now": now, "cancelled": cancelled}
        self._http = _endpoint(token_url, self._client, replace(limits or Limits(), in_flight=1), options)
        self._now = now
        self._lock = Lock()
        self._token: Secret | None = None
        self._renew_at = 0.0
        self._asked = 0
        self._failure: BridgeError | None = None
        self._issued: deque[Secret] = deque(maxlen=_REMEMBERED)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Plain texts, for redaction only."""
        return (*self._client.secrets, *(token.reveal() for token in tuple(self._issued)))

    def token(self, *, instead_of: Secret | None = None) -> Secret:
        """A token that is good now, other than *instead_of*, which the tool has refused.

        Raises:
            AccessDenied: the endpoint refused the client; it is not asked again.
            SourceUnavailable: the endpoint gave no token.
        """
        asked = self._asked
        with self._lock:
            if self._token is not None and self._token is not instead_of and self._now() < self._renew_at:
                return self._token
            # who waited while another thread failed has failed with it; a client that was refused stays refused
            if self._failure and (self._asked != asked or isinstance(self._failure, AccessDenied)):
                raise copy(self._failure)
            return self._fetched()

    def _fetched(self) -> Secret:
        self._asked += 1
        begun = self._now()
        try:
            told = self._ask()
            token, life = Secret(_token(told)), _life(told)
        except BridgeError as error:
            self._failure = error
            raise
        self._failure = None
        self._renew_at = begun + life - min(MARGIN_SECONDS, life / 10)
        self._issued.append(token)
        self._token = token
        return token

    def _ask(self) -> Mapping[str, Any]:
        answer = self._http.request("POST", self._endpoint, allow=_REFUSALS)
        if answer.status_code in _REFUSALS:
            raise self._refused(answer)
        told = answer.json()
        if not isinstance(told, Mapping) or str(told.get("token_type", "bearer")).casefold() != "bearer":
            raise _no_token(say("it is not a bearer token"))
        return told

    def _refused(self, answer: Response) -> AccessDenied:
        said = vendor_message(answer.content, self.secrets)
        refused = say("the token endpoint at {origin} refused the client", origin=self._http.origin)
        return AccessDenied(
            say("{refused}: {said}", refused=refused, said=said) if said else refused,
            cause=say("wrong or expired client id or secret, or the grant is not enabled for this client"),
            fix=say("check username, secret, token_url and scope of the source"),
        )

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put a good token on, over whatever stands there."""
        request.headers["Authorization"] = f"Bearer {self.token().reveal()}"
        return request

    def __repr__(self) -> str:
        return f"ClientCredentials({MASK})"


class GrantedSession(GuardedSession):
    """A guarded session on a grant: when the tool refuses a token before its time, one other is tried."""

    def __init__(self, origin: str, grant: ClientCredentials, **options: Any) -> None:
        """*options* are those of a `GuardedSession`."""
        super().__init__(origin, credentials=grant, **options)
        self._grant = grant

    def _exchange(self, request: PreparedRequest) -> Response:
        token = self._grant.token()
        response = super()._exchange(request)
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return response
        self._grant.token(instead_of=token)
        with self._counting:
            self.requests_made += 1
        return super()._exchange(request)


class _Client(AuthBase):
    """Writes id and secret into the body of the copy that is sent, so that no other request ever holds them."""

    def __init__(self, form: Mapping[str, str], secret: str) -> None:
        self._form = {name: Secret(value) for name, value in form.items()}
        self._secret = Secret(secret)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._secret.reveal(),)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.prepare_body({name: value.reveal() for name, value in self._form.items()}, None)
        return request


def _endpoint(url: str, client: AuthBase, limits: Limits, options: Mapping[str, Any]) -> GuardedSession:
    """A session that may post to this one address."""
    try:
        return GuardedSession(url, credentials=client, limits=limits, read_posts=("",), **options)
    except UsageError as error:
        error.where = "token_url" if error.where == "url" else error.where
        raise


def _token(told: Mapping[str, Any]) -> str:
    token = told.get("access_token")
    try:
        return sendable(token if isinstance(token, str) else "")
    except UsageError:
        raise _no_token(say("access_token is missing, or no token could look like that")) from None


def _life(told: Mapping[str, Any]) -> float:
    """Seconds; endless where the endpoint does not say: the tool's refusal then ends it."""
    text = str(told.get("expires_in", "inf"))
    try:
        life = float(text)
    except ValueError:
        life = 0.0
    if not life > 0:
        raise _no_token(say("expires_in is no number of seconds"))
    return life


def _no_token(cause: str) -> SourceUnavailable:
    fix = say("check token_url of the source")
    return SourceUnavailable(say("the token endpoint's answer holds no usable token"), cause=cause, fix=fix)
