"""F3: the body is not what its head says, not JSON, or not the JSON that was asked for."""

import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from itss_bridge_playground.faults.dialects import Part, dialect, rows_of, set_rows
from itss_bridge_playground.faults.kind import (
    UNAVAILABLE,
    UNHARMED,
    Fault,
    Kind,
    Strikes,
    plain,
)
from itss_bridge_playground.messages import Answer, Request, Wire

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><form action='/login'><input name='user'><input name='password'></form></body></html>"
)
_DATA = Strikes(Part.DATA)
_MEBIBYTE = 1 << 20
_BOMB_MEBIBYTES = 80
"""More than a client takes (64), from 80 KiB on the wire."""

_DEPTH = 100_000


def login_page(_request: Request, answer: Answer) -> Answer:
    """A sign-on page with status 200 where data was asked for."""
    answer.status, answer.body, answer.content_type = 200, LOGIN_PAGE, "text/html;charset=UTF-8"
    answer.headers.clear()
    return answer


def _recoded(recode: Callable[[bytes], bytes], content_type: str = "") -> Fault:
    def spoil(_request: Request, answer: Answer) -> Answer:
        answer.body = recode(answer.payload())
        answer.content_type = content_type or answer.content_type
        return answer

    return spoil


def _with_extra(text: bytes) -> Fault:
    """The answer with one more member at its beginning, written as *text*."""
    return _recoded(lambda body: body.replace(b"{", b"{" + text + b",", 1))


def _charset(name: str, *, escaped: bool = False) -> Fault:
    def encode(body: bytes) -> bytes:
        return json.dumps(json.loads(body), ensure_ascii=escaped).encode(name, "replace")

    return _recoded(encode, f"application/json;charset={name}")


def _length(change: int) -> Fault:
    def lie(_request: Request, answer: Answer) -> Answer:
        answer.wire = Wire(length=len(answer.payload()) + change)
        return answer

    return lie


def _packed(pack: Callable[[bytes], bytes]) -> Fault:
    def packed(_request: Request, answer: Answer) -> Answer:
        answer.body = pack(answer.payload())
        answer.headers["Content-Encoding"] = "gzip"
        return answer

    return packed


@cache
def _bomb(_body: bytes) -> bytes:
    return gzip.compress(b" " * (_BOMB_MEBIBYTES * _MEBIBYTE), compresslevel=1)


def _corrupt(body: bytes) -> bytes:
    packed = bytearray(gzip.compress(body, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def _endless(_request: Request, answer: Answer) -> Answer:
    answer.wire = Wire(endless=b" " * _MEBIBYTE)
    return answer


def _error_beside(request: Request, answer: Answer) -> Answer:
    """Half of the rows and an error, with status 200."""
    if isinstance(answer.body, dict):
        rows = rows_of(request, answer)
        set_rows(request, answer, rows[: len(rows) // 2])
        error: dict[str, dict[str, Any]] = {
            "servicenow": {"error": {"message": "Transaction cancelled"}, "status": "failure"},
            "jira": {"errorMessages": ["The search was cut short."], "errors": {}},
            "confluence": {"errors": [{"status": 500, "code": "INTERNAL_SERVER_ERROR", "title": "Cut short"}]},
        }
        answer.body |= error[dialect(request).name]
    return answer


def _instead(body: Any) -> Fault:
    def other(_request: Request, answer: Answer) -> Answer:
        answer.body = body
        return answer

    return other


def _rows_instead(replacement: Any) -> Fault:
    """The rows are no list of objects."""

    def other(request: Request, answer: Answer) -> Answer:
        if isinstance(answer.body, dict):
            answer.body[dialect(request).rows] = replacement
        return answer

    return other


def _other_stream(request: Request, answer: Answer) -> Answer:
    """Rows of something else: with an id and a name, without what every record has."""
    key = dialect(request).key
    set_rows(
        request, answer, [{key: row.get(key), "name": "board", "type": "scrum"} for row in rows_of(request, answer)]
    )
    return answer


def _twice(request: Request, answer: Answer) -> Answer:
    """The rows twice under the same name: first none, then all. Of duplicates the last one counts."""
    name = dialect(request).rows.encode()
    return _with_extra(b'"' + name + b'":[]')(request, answer)


def _simple(name: str, about: str, spoil: Fault) -> Kind:
    return Kind(name, "F3", about, _DATA, UNAVAILABLE, plain(spoil))


KINDS = (
    Kind("login-page", "F3", "a sign-on page with status 200 on every request", Strikes(), UNAVAILABLE,
         plain(login_page)),
    _simple("login-page-instead-of-data", "a sign-on page with status 200 where data should be", login_page),
    _simple("login-page-as-json", "a sign-on page that claims to be JSON", _recoded(lambda _body: LOGIN_PAGE)),
    _simple("empty-body", "200 with nothing in it", _recoded(lambda _body: b"")),
    _simple("truncated", "half of the body, and a length to match", _recoded(lambda body: body[: len(body) // 2])),
    _simple("length-too-long", "Content-Length promises more than comes", _length(+99)),
    _simple("length-too-short", "Content-Length ends before the body does", _length(-9)),
    _simple("charset-utf-16", "UTF-16, and it says so", _charset("utf-16")),
    Kind("charset-gbk", "F3", "GBK, and it says so", _DATA, UNAVAILABLE, plain(_charset("gbk")),
         ends_for=(("servicenow", UNHARMED),)),
    Kind("charset-claimed", "F3", "ASCII that claims to be GBK", _DATA, UNHARMED,
         plain(_charset("gbk", escaped=True))),
    _simple("byte-order-mark", "a byte order mark before the JSON", _recoded(lambda body: b"\xef\xbb\xbf" + body)),
    _simple("nan", "NaN among the values", _with_extra(b'"score":NaN')),
    _simple("infinity", "-Infinity among the values", _with_extra(b'"score":-Infinity')),
    Kind("duplicate-keys", "F3", "the rows twice under one name", _DATA, UNHARMED, plain(_twice)),
    _simple("deep-nesting", "a hundred thousand brackets", _with_extra(b'"deep":' + b"[" * _DEPTH + b"]" * _DEPTH)),
    _simple("long-integer", "a number of five thousand digits", _with_extra(b'"size":' + b"9" * 5000)),
    _simple("lone-surrogate", "half of a character", _with_extra(b'"name":"\\ud800"')),
    _simple("endless-body", "a body that never ends", _endless),
    _simple("gzip-bomb", "a little that unpacks to very much", _packed(_bomb)),
    _simple("gzip-corrupt", "a compressed body with a changed byte", _packed(_corrupt)),
    _simple("gzip-cut", "a compressed body without its end", _packed(lambda body: gzip.compress(body, mtime=0)[:-9])),
    _simple("gzip-not", "a plain body that claims to be compressed", _packed(lambda body: body)),
    Kind("gzip", "F3", "a compressed body, as asked for", _DATA, UNHARMED,
         plain(_packed(lambda body: gzip.compress(body, mtime=0)))),
    Kind("error-beside-rows", "F3", "half of the rows beside an error, with status 200", Strikes(Part.LIST),
         UNAVAILABLE, plain(_error_beside)),
    _simple("list-on-top", "a list where an object should be", _instead([{"id": "1"}])),
    _simple("text-on-top", "a text where an object should be", _instead("maintenance")),
    _simple("null-on-top", "null where an object should be", _instead(b"null")),
    _simple("empty-object", "an object with nothing in it", _instead({})),
    _simple("rows-are-null", "null where rows should be", _rows_instead(None)),
    _simple("rows-are-an-object", "an object where rows should be", _rows_instead({"0": {"id": "1"}})),
    _simple("rows-are-texts", "texts where objects should be", _rows_instead(["one", "two"])),
    Kind("other-schema", "F3", "rows of something else", Strikes(Part.RECORDS), UNAVAILABLE, plain(_other_stream)),
)  # fmt: skip
