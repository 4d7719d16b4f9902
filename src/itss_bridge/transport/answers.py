"""What came back: read whole within bounds, then taken as data or refused with a reason."""

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import orjson
from requests import Response
from urllib3.response import BaseHTTPResponse

from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.secrets import redact
from itss_bridge.transport.pacing import AFTER_FAILURE, AFTER_REFUSAL, Transient, seconds_asked

_CHUNK = 256 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_LONGEST_MESSAGE = 300
_MESSAGE_KEYS = ("errorMessages", "errors", "error", "error_description", "message", "title", "detail")
_MESSAGE_DEPTH = 4
_BUSY = frozenset({502, 503, 504})

_QUERY = (
    SourceUnavailable,
    say("the tool does not accept the query"),
    say("check the source's own query in itss-bridge.toml"),
)
_TOOL = (
    SourceUnavailable,
    say("the tool failed at its side"),
    say("try again later; tell its administrator if it lasts"),
)
_ADVICE: Mapping[int, tuple[type[BridgeError], str, str]] = {
    401: (
        AccessDenied,
        say("wrong, expired or revoked credentials"),
        say("check username and secret of the source; renew the token if it has expired"),
    ),
    403: (
        AccessDenied,
        say("the account lacks the rights, or a captcha or a network rule stops it"),
        say("ask the tool's administrator for read access"),
    ),
    404: (
        SourceUnavailable,
        say("a wrong address, context path or deployment, or something hidden from this account"),
        say("check url and deployment of the source"),
    ),
    407: (
        AccessDenied,
        say("a proxy between here and the tool asks for credentials"),
        say("ask your network's administrator for a direct way to the tool"),
    ),
    410: (
        SourceUnavailable,
        say("the tool no longer offers this interface"),
        say("check deployment of the source; look for a newer connector"),
    ),
}


class JsonResponse(Response):
    """An answer whose body was read whole and parsed once; `json()` gives the same objects each time."""

    def __init__(self, received: Response, parsed: Any) -> None:
        super().__init__()
        self.__dict__.update(received.__dict__)
        self._parsed = parsed

    def json(self, **_unused: Any) -> Any:
        """The body as parsed on arrival, at no cost. Treat it as read-only, or own it alone."""
        return self._parsed


def read_body(raw: BaseHTTPResponse, limit: int, late: Callable[[], bool]) -> bytes:
    """The whole body, inflated, and the connection given back to its pool; closed when the body is refused.

    Args:
        raw: the answer as it stands after its headers.
        limit: most bytes on the wire, and most bytes inflated.
        late: whether it has taken too long; asked after each piece, so that a dripping server is no trap.

    Raises:
        SourceUnavailable: too big, or packed in a way that cannot be unpacked.
        Transient: too slow.
    """
    try:
        encoding = raw.headers.get("Content-Encoding", "").strip().lower()
        return _unpacked(_wire_bytes(raw, limit, late), encoding, limit)
    except BaseException:
        raw.close()
        raise


def _wire_bytes(raw: BaseHTTPResponse, limit: int, late: Callable[[], bool]) -> bytes:
    if int(raw.length_remaining or 0) > limit:
        _too_big(limit)
    pieces: list[bytes] = []
    room = limit
    # read1 returns what one receive gave: read would wait for a full chunk from a server that drips
    while piece := raw.read1(_CHUNK, decode_content=False):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            _too_big(limit)
        if late():
            error = SourceUnavailable(
                say("the answer arrives too slowly"), fix=say("try again when the tool is less busy")
            )
            raise Transient(error, first=AFTER_FAILURE)
    return b"".join(pieces)


def _unpacked(wire: bytes, encoding: str, limit: int) -> bytes:
    if encoding in {"", "identity"} or not wire:
        return wire
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise SourceUnavailable(
            say("the answer is packed in a way that was not asked for"), cause=say("a proxy repacks answers")
        )
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        body = inflater.decompress(wire, limit + 1)
    except zlib.error:
        body = b""
    if len(body) > limit:
        _too_big(limit)
    if not inflater.eof or inflater.unused_data:
        raise SourceUnavailable(
            say("the answer's compressed body is damaged or incomplete"), fix=say("try again later")
        )
    return body


def _too_big(limit: int) -> NoReturn:
    raise SourceUnavailable(
        say("the answer is larger than {limit:,} bytes", limit=limit),
        cause=say("no page of records is that large: a wrong address, an endless answer, or a page size set too high"),
        fix=say("lower the page size of the source"),
    )


def taken(
    response: Response,
    allow: Collection[int],
    secrets: Collection[str],
    wall: Callable[[], datetime],
) -> Response:
    """The answer when it is data, or its status is in *allow*.

    Raises:
        AccessDenied: 401, 403, 407.
        SourceUnavailable: a redirect, any other status but 2xx, or a body that is not JSON.
        Transient: 429, 502, 503, 504.
    """
    match response.status_code // 100:
        case 2:
            return response if _may_be_empty(response) else _as_json(response)
        case 3:
            raise _redirected(response)
    if response.status_code in allow:
        return response
    raise _refused(response, secrets, wall)


def _may_be_empty(response: Response) -> bool:
    """A HEAD has no body; a write may be answered by “done” alone."""
    method = response.request.method
    return method == "HEAD" or (response.status_code == HTTPStatus.NO_CONTENT and method != "GET")


def _as_json(response: Response) -> JsonResponse:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _not_data(kind)
    if not response.content:
        raise SourceUnavailable(
            say("the answer is empty where data was expected"),
            cause=say("a proxy or the tool broke off; an empty result has a body too"),
            fix=say("try again; if it lasts, ask the tool's administrator"),
        )
    try:
        return JsonResponse(response, orjson.loads(response.content))
    except orjson.JSONDecodeError as error:
        place = f"at byte {error.pos:,} of {len(response.content):,}"
        cause = say("cut short or damaged on its way ({place})", place=place)
        raise SourceUnavailable(say("the answer is not valid JSON"), cause=cause, fix=say("try again later")) from None


def _not_data(kind: str) -> SourceUnavailable:
    if kind in {"text/html", "application/xhtml+xml"}:
        return SourceUnavailable(
            say("the answer is a web page, most likely a sign-in page, where data was expected"),
            cause=say("the session or token has expired, or single sign-on stands in front of the interface"),
            fix=say("check the credentials; ask for an account that may use the interface without sign-on"),
        )
    return SourceUnavailable(
        say("the answer is {kind} where JSON was expected", kind=_printable(kind) or say("of no stated type")),
        cause=say("the address is not the tool's interface, or a proxy answers in its place"),
        fix=say("check url of the source"),
    )


def _redirected(response: Response) -> SourceUnavailable:
    try:
        host = urlsplit(urljoin(response.url, response.headers.get("Location", ""))).hostname or "nowhere"
    except ValueError:
        host = "an address that cannot be read"
    return SourceUnavailable(
        say(
            "the tool sends us on to {host} (status {status}); redirects are not followed",
            host=_printable(host),
            status=response.status_code,
        ),
        cause=say("single sign-on stands in front of the interface, or the site has moved"),
        fix=say("if it has moved, set url to the new address; else ask for an account that needs no sign-on"),
    )


def _refused(response: Response, secrets: Collection[str], wall: Callable[[], datetime]) -> BridgeError | Transient:
    status = response.status_code
    said = vendor_message(response.content, secrets)
    what = (
        say("the tool answered {status}: {said}", status=status, said=said)
        if said
        else say("the tool answered {status}", status=status)
    )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status in _BUSY:
        return _come_back(what, status, seconds_asked(response.headers, wall))
    kind, cause, fix = _ADVICE.get(status, _TOOL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _QUERY)
    return kind(what, cause=cause, fix=fix)


def _come_back(what: str, status: int, asked: float | None) -> Transient:
    if status in _BUSY:
        error = SourceUnavailable(
            what, cause=say("the tool is overloaded or under maintenance"), fix=say("try again later")
        )
        return Transient(error, first=AFTER_FAILURE, asked=asked)
    spent = say("the account's or the tool's request limit is used up")
    wait = say("{spent}; it asks to wait {seconds:,.0f} s", spent=spent, seconds=asked or 0)
    error = SourceUnavailable(
        what,
        cause=wait if asked else spent,
        fix=say("run at a quieter hour, or ask for a higher limit"),
    )
    return Transient(error, first=AFTER_REFUSAL, asked=asked)


def vendor_message(body: bytes, secrets: Collection[str]) -> str:
    """What the tool says about an error, on one line, shortened and without secrets; empty when it says nothing."""
    try:
        texts = islice(_messages(orjson.loads(body), _MESSAGE_DEPTH), 5)
    except orjson.JSONDecodeError:
        return ""
    return _printable(redact("; ".join(dict.fromkeys(texts)), secrets))


def _messages(node: Any, depth: int) -> Iterator[str]:
    if isinstance(node, str) and node.strip():
        yield node.strip()
    elif isinstance(node, list) and depth:
        for item in node:
            yield from _messages(item, depth - 1)
    elif isinstance(node, dict) and depth:
        # Jira's "errors" has the names of fields for keys, so every value there is a message
        known = [node[key] for key in _MESSAGE_KEYS if key in node]
        for value in known or (node.values() if depth < _MESSAGE_DEPTH else ()):
            yield from _messages(value, depth - 1)


def _printable(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:_LONGEST_MESSAGE]
