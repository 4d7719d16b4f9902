"""F2: the status says no, later, or elsewhere."""

from base64 import b64decode
from binascii import Error
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import quote

from itss_bridge_playground.faults.dialects import Part
from itss_bridge_playground.faults.kind import (
    DENIED,
    UNAVAILABLE,
    UNHARMED,
    End,
    Fault,
    Kind,
    Scene,
    Strikes,
    plain,
)
from itss_bridge_playground.messages import Answer, Request

ELSEWHERE = "http://elsewhere.invalid/login"
_DATA = Strikes(Part.DATA)
_SOON = timedelta(seconds=1)
_ABSURD = "1000000000"


def refused(answer: Answer, status: int, message: str, **headers: str) -> Answer:
    """*answer* turned into an error in a shape that all three vendors' errors have in common."""
    answer.status, answer.headers = status, headers
    answer.body = {"error": {"message": message, "detail": None}, "errorMessages": [message], "status": "failure"}
    return answer


def status(code: int, message: str, **headers: str) -> Fault:
    """Answers *code*, with underscores in header names for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request, answer: refused(answer, code, message, **named)


def unavailable(request: Request, answer: Answer) -> Answer:
    """The service is down for maintenance."""
    return status(503, "Service Unavailable")(request, answer)


def _busy_until(scene: Scene) -> Fault:
    def busy(_request: Request, answer: Answer) -> Answer:
        moment = format_datetime(scene.clock.now + _SOON, usegmt=True)
        return refused(answer, 429, "Rate limit exceeded", **{"Retry-After": moment})

    return busy


def _echo(request: Request, answer: Answer) -> Answer:
    """An error page that repeats what it was sent, credentials included, in several forms."""
    sent = request.headers.get("authorization", "")
    try:
        plain_text = b64decode(sent.partition(" ")[2], validate=True).decode()
    except (Error, UnicodeDecodeError):
        plain_text = sent.partition(" ")[2]
    secret = plain_text.partition(":")[2] or plain_text
    return refused(answer, 400, f"Bad request. Authorization: {sent}; {plain_text}; password={secret}; {quote(secret)}")


def _simple(code: int, message: str, ends: frozenset[End] = UNAVAILABLE) -> Kind:
    return Kind(
        f"status-{code}", "F2", f"data requests get {code} {message}", _DATA, ends, plain(status(code, message))
    )


def _redirect(code: int) -> Kind:
    elsewhere = plain(status(code, "Moved", Location=ELSEWHERE))
    return Kind(f"redirect-{code}", "F2", f"{code} to another host", _DATA, UNAVAILABLE, elsewhere)


KINDS = (
    *map(_redirect, (301, 302, 307, 308)),
    _simple(400, "Bad Request"),
    _simple(401, "Unauthorized", DENIED),
    _simple(403, "Forbidden", DENIED),
    _simple(404, "Not Found"),
    _simple(407, "Proxy Authentication Required", DENIED),
    _simple(410, "Gone"),
    _simple(413, "Payload Too Large"),
    _simple(500, "Internal Server Error"),
    _simple(502, "Bad Gateway"),
    _simple(504, "Gateway Timeout"),
    Kind("echo-of-credentials", "F2", "400 that repeats the credentials it was sent", _DATA, UNAVAILABLE, plain(_echo)),
    Kind("too-many-bare", "F2", "429 without a word on when to come back", _DATA, UNAVAILABLE,
         plain(status(429, "Rate limit exceeded"))),
    Kind("too-many-once", "F2", "429 with Retry-After in seconds, once", Strikes(Part.DATA, times=1), UNHARMED,
         plain(status(429, "Rate limit exceeded", Retry_After="0.05"))),
    Kind("too-many-seconds", "F2", "429 with Retry-After in seconds, for ever", _DATA, UNAVAILABLE,
         plain(status(429, "Rate limit exceeded", Retry_After="0.05"))),
    Kind("too-many-date", "F2", "429 with Retry-After as a date", _DATA, UNAVAILABLE, _busy_until),
    Kind("too-many-absurd", "F2", "429 with Retry-After in thirty years", _DATA, UNAVAILABLE,
         plain(status(429, "Rate limit exceeded", Retry_After=_ABSURD))),
    Kind("unavailable", "F2", "503 on every request", Strikes(), UNAVAILABLE, plain(unavailable)),
    Kind("unavailable-once", "F2", "503 once", Strikes(Part.DATA, times=1), UNHARMED, plain(unavailable)),
    Kind("unavailable-thrice", "F2", "503 for three data requests", Strikes(Part.DATA, times=3), UNAVAILABLE,
         plain(unavailable)),
    Kind("unavailable-counts", "F2", "503 whenever something is counted", Strikes(Part.COUNT), UNAVAILABLE,
         plain(unavailable), ends_for=(("confluence", UNHARMED),)),
)  # fmt: skip
