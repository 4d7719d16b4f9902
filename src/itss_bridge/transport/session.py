"""A `requests.Session` that keeps its promises whatever a client library does to it."""

import re
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from itss_bridge import __version__
from itss_bridge.errors import BridgeError, SourceUnavailable, UsageError
from itss_bridge.messages import say
from itss_bridge.secrets import redact
from itss_bridge.transport.answers import read_body, taken
from itss_bridge.transport.origin import Origin
from itss_bridge.transport.pacing import AFTER_FAILURE, Backoff, Gate, Limits, Pace, Transient, no_gate

_DEFAULT_LIMITS = Limits()
_FORBIDDEN_HEADERS = (
    # who asks is the session's business
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    # would make another request of it than the one that was checked
    "Host",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
)
_NETWORK_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _never() -> bool:
    return False


class GuardedSession(requests.Session):
    """Talks to one origin, reads only, believes only JSON, and waits when asked to.

    Client libraries take it for their `session`. What they set on it (auth, proxies, verify, adapters, trust_env,
    cookies, an Authorization header) or pass to a request (auth, timeout, proxies, verify, cert, cookies, hooks,
    redirects) has no effect: those belong to the session. Other headers and query parameters are theirs.

    Every request raises `AccessDenied` (401, 403, 407) or `SourceUnavailable` (everything else that is no data), so
    a response that comes back is 2xx with valid JSON, or has a status that was named in `allow=`. Its `json()` was
    parsed on arrival, and is as strict as RFC 8259 (no NaN, no lone surrogates, no depth beyond 1,024); of duplicate
    keys the last counts, since looking for them costs ten times as much as parsing.
    """

    def __init__(
        self,
        origin: str,
        *,
        credentials: AuthBase | None = None,
        limits: Limits = _DEFAULT_LIMITS,
        read_posts: Collection[str] = (),
        writes: Collection[tuple[str, str]] = (),
        ca_bundle: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = _utc_now,
        cancelled: Callable[[], bool] = _never,
        gate: Gate = no_gate,
    ) -> None:
        """A session for one tool.

        Args:
            origin: the tool's address; a path in it is where the tool stands below its host.
            credentials: put on every request; its `secrets` are masked in all error texts.
            limits: time, size and number.
            read_posts: paths below *origin* where POST only reads, such as `/rest/api/3/search/jql`.
            writes: what may be changed, for a publisher that was told to: method, and a pattern of the whole path
                below *origin*. A write is sent once: one that may have arrived is never repeated.
            ca_bundle: file or folder of certificates to trust in place of the usual ones.
            sleep: waits so many seconds.
            now: seconds on a clock that never goes back.
            wall: the time of day, aware, for answers that name a moment.
            cancelled: asked between attempts and while waiting; true ends the request.
            gate: passed before each request, where others ask the same origin.

        Raises:
            UsageError: *origin* is not an https address (http for loopback) without credentials in it, or there is
                no *ca_bundle* at that place.
        """
        self._origin = Origin.parse(origin)
        self._verify: bool | str = ca_bundle or True
        if ca_bundle and not Path(ca_bundle).exists():
            raise UsageError(
                say("the certificates cannot be found"), where=ca_bundle, fix=say("check ca_bundle of the source")
            )
        self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=limits.in_flight)
        super().__init__()
        self.adapters["https://"] = self.adapters["http://"] = self._adapter
        self.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip"})
        self.headers["User-Agent"] = f"itss-bridge/{__version__}"
        self.limits = limits
        self.requests_made = 0
        self._credentials = credentials
        self._read_posts = frozenset(self._origin.path + path for path in read_posts)
        self._writes = tuple((method, re.compile(re.escape(self._origin.path) + path)) for method, path in writes)
        self._now = now
        self._wall = wall
        self._pace = Pace(limits.in_flight, sleep, now, cancelled, partial(gate, self.origin))
        self._counting = Lock()

    @property
    def origin(self) -> str:
        """Scheme, host and port, as in `https://acme.example`."""
        return str(self._origin)

    @property
    def auth(self) -> None:
        """Always None: the session puts its own credentials on; what is set here is not used."""

    @auth.setter
    def auth(self, _ignored: object) -> None:
        pass

    @property
    def verify(self) -> bool | str:
        """True, or the CA bundle; certificates are always verified."""
        return self._verify

    @verify.setter
    def verify(self, _ignored: object) -> None:
        pass

    @property
    def trust_env(self) -> bool:
        """Always False: no .netrc, no proxy or CA variables."""
        return False

    @trust_env.setter
    def trust_env(self, _ignored: object) -> None:
        pass

    def mount(self, prefix: str | bytes, adapter: object) -> None:
        """Without effect: another adapter would bring its own retries and a smaller pool."""

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        *,
        json: Any = None,
        allow: Collection[int] = (),
        **_ignored: Any,
    ) -> requests.Response:
        """Ask, as often as it takes within the limits.

        Args:
            method: GET or HEAD, POST to one of the session's *read_posts*, or one of its *writes*.
            url: absolute, at the session's origin.
            params: query parameters.
            data: form or bytes to send.
            headers: added to the session's.
            json: to send as JSON.
            allow: statuses of 4xx and 5xx to give back as they are instead of raising; bodies unchecked.

        Raises:
            AccessDenied: the tool refuses the credentials or the rights.
            SourceUnavailable: another origin, or no answer that can be believed.
            UsageError: the request could change something.
        """
        draft = requests.Request(method.upper(), url, headers=headers, params=params, data=data, json=json)
        try:
            prepared = self.prepare_request(draft)
        except (requests.RequestException, UnicodeError) as error:
            what = say("the request cannot be made ({error_kind})", error_kind=type(error).__name__)
            raise SourceUnavailable(
                what, where=f"{method} at {self.origin}", cause=say("a malformed address")
            ) from None
        return self._fetch(prepared, allow)

    def send(self, request: requests.PreparedRequest, **_ignored: Any) -> requests.Response:
        """The same guard for a request that was prepared elsewhere."""
        return self._fetch(request, ())

    def _fetch(self, request: requests.PreparedRequest, allow: Collection[int]) -> requests.Response:
        where = self._permit(request)
        backoff = Backoff(replace(self.limits, attempts=1) if self._changes_something(request) else self.limits)
        try:
            while True:
                try:
                    return self._attempt(request, allow)
                except Transient as trouble:
                    self._wait(trouble, backoff)
        except BridgeError as error:
            error.where = where
            # what the network library was doing when it failed is told in our words, not in its own
            raise error from None

    def _permit(self, request: requests.PreparedRequest) -> str:
        """Where the request goes, for error texts; raises when it may not go there."""
        method, url = request.method or "", request.url or ""
        if not self._origin.holds(url):
            raise SourceUnavailable(
                say("a request to another place than the configured one was stopped; nothing was sent"),
                where=self.origin,
                cause=say("the tool's answer or a library named another host"),
                fix=say("if the tool has moved, set url to its new address"),
            )
        path = urlsplit(url).path
        where = f"{method} {self.origin}{redact(path, self._secrets())}"
        if self._changes_something(request) and not self._may_write(method, path):
            raise UsageError(say("refused: itss-bridge is read-only towards tools"), where=where)
        for name in _FORBIDDEN_HEADERS:
            request.headers.pop(name, None)
        return where

    def _changes_something(self, request: requests.PreparedRequest) -> bool:
        method, path = request.method or "", urlsplit(request.url or "").path
        return method not in {"GET", "HEAD"} and not (method == "POST" and path in self._read_posts)

    def _may_write(self, method: str, path: str) -> bool:
        return any(method == allowed and pattern.fullmatch(path) for allowed, pattern in self._writes)

    def _wait(self, trouble: Transient, backoff: Backoff) -> None:
        pause = backoff.next_pause(trouble.first, trouble.asked)
        if pause is None:
            error = trouble.error
            what = say(
                "{what}; gave up after {attempts} attempts and {seconds:.0f} s of waiting",
                what=error.what,
                attempts=backoff.attempts,
                seconds=backoff.waited,
            )
            raise type(error)(what, cause=error.cause, fix=error.fix)
        if trouble.concerns_everybody:
            self._pace.pause_all(pause, asked=bool(trouble.asked))
        else:
            self._pace.rest(pause)

    def _attempt(self, request: requests.PreparedRequest, allow: Collection[int]) -> requests.Response:
        with self._pace.turn():
            with self._counting:
                self.requests_made += 1
            try:
                response = self._exchange(request)
            except _NETWORK_FAILURES as error:
                raise _unreachable(error) from None
        accepted = taken(response, allow, self._secrets(), self._wall)
        self._pace.granted(response.headers)
        return accepted

    def _exchange(self, request: requests.PreparedRequest) -> requests.Response:
        """One request, one whole answer. The copy that carries the credentials is not kept."""
        limits = self.limits
        signed = request.copy()
        if self._credentials:
            signed = self._credentials(signed)
        timeout = (limits.connect_seconds, limits.read_seconds)
        response = self._adapter.send(signed, stream=True, timeout=timeout, verify=self._verify, proxies={})
        deadline = self._now() + limits.budget_seconds
        body = read_body(response.raw, limits.body_bytes, lambda: self._now() > deadline)
        response._content = body  # noqa: SLF001 - requests has no other way to say that the body was read
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        response.request = request
        response.encoding = "utf-8"
        return response

    def redacted(self, text: str) -> str:
        """*text* with this session's secrets masked, however they are encoded: for reasons that are kept."""
        return redact(text, self._secrets())

    def _secrets(self) -> Collection[str]:
        return getattr(self._credentials, "secrets", ())


def _unreachable(error: Exception) -> BridgeError | Transient:
    """A network failure in our words: the libraries' own texts quote addresses with their queries."""
    chain = _chain(error)
    if certificate := next((link for link in chain if isinstance(link, ssl.SSLError)), None):
        return SourceUnavailable(
            say("no safe connection: TLS failed"),
            cause=getattr(certificate, "verify_message", "") or say("the server's TLS is broken or too old"),
            fix=say(
                "set ca_bundle of the source to your organisation's certificates; verification is never switched off"
            ),
        )
    fix = say("check url and the network; try again later")
    return Transient(
        SourceUnavailable(_symptom(chain), cause=say("network or tool down"), fix=fix), first=AFTER_FAILURE
    )


def _symptom(chain: list[BaseException]) -> str:
    names = {type(link).__name__ for link in chain}
    if "NameResolutionError" in names:
        return say("the host's name cannot be resolved")
    if names & {"ConnectTimeout", "ConnectTimeoutError"}:
        return say("no connection within the time limit")
    if names & {"ReadTimeout", "ReadTimeoutError"}:
        return say("no answer within the time limit")
    if names & {"NewConnectionError", "ConnectionRefusedError"}:
        return say("no connection: refused or unreachable")
    return say("the connection broke off")


def _chain(error: BaseException) -> list[BaseException]:
    """The error and what it was made of, which requests and urllib3 keep in three different ways."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        link = todo.pop()
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            todo += [*link.args, getattr(link, "reason", None), link.__cause__, link.__context__]
    return found
