"""What counts as data, and what is refused with which reason."""

import gzip
import tracemalloc
import zlib

import orjson
import pytest

from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.transport import Limits
from itss_bridge.transport.answers import vendor_message

LOGIN = b"<!DOCTYPE html><html><title>Sign in</title><form action=/login></form></html>"
PAGE = {"issues": [{"id": str(number), "summary": "升级网络设备"} for number in range(50)]}


def url(server) -> str:
    return f"{server.origin}/rest/api/3/thing"


def test_json_comes_back_parsed_once_and_byte_for_byte(server, http, reply):
    server.answers(reply(PAGE))
    response = http.get(url(server), params={"a": "甲"})
    assert response.json() == PAGE
    assert response.json() is response.json()
    assert orjson.loads(response.content) == PAGE
    assert response.text.startswith('{"issues"')
    assert server.arrived[0].target == "/rest/api/3/thing?a=%E7%94%B2"


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+json", "Application/JSON; x=y"])
def test_every_json_content_type_is_data(server, http, reply, content_type):
    server.answers(reply(PAGE, content_type=content_type))
    assert http.get(url(server)).json() == PAGE


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (bytes, "identity")])
def test_a_packed_body_is_unpacked(server, http, reply, pack, name):
    server.answers(reply(pack(orjson.dumps(PAGE)), headers={"Content-Encoding": name}))
    assert http.get(url(server)).json() == PAGE


def test_a_chunked_body_is_read_whole(server, http, reply):
    payload = orjson.dumps(PAGE)
    pieces = [payload[at : at + 100] for at in range(0, len(payload), 100)]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    server.answers(reply(chunked, headers={"Transfer-Encoding": "chunked", "Content-Length": ""}))
    assert http.get(url(server)).json() == PAGE


def test_a_head_request_needs_no_body(server, http):
    assert http.head(url(server)).status_code == 200
    assert server.arrived[0].method == "HEAD"


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
REFUSED = {
    "login page": ({"body": LOGIN, "content_type": "text/html"}, "sign-in page"),
    "login page that says it is JSON": ({"body": LOGIN}, "not valid JSON"),
    "plain text": ({"body": b"OK", "content_type": "text/plain"}, "text/plain where JSON was expected"),
    "no content type": ({"body": b"{}", "content_type": ""}, "of no stated type"),
    "script": ({"body": b"{}", "content_type": "text/json-ish"}, "where JSON was expected"),
    "empty": ({"body": b""}, "empty"),
    "no content": ({"body": b"", "status": 204}, "empty"),
    "truncated JSON": ({"body": b'{"issues": [{"id": 1}'}, "not valid JSON"),
    "length too short": ({"body": b'{"issues": []}', "length": 5}, "not valid JSON"),
    "not JSON": ({"body": b"None"}, "not valid JSON"),
    "NaN": ({"body": b'{"a": NaN}'}, "not valid JSON"),
    "Infinity": ({"body": b'{"a": -Infinity}'}, "not valid JSON"),
    "lone surrogate": ({"body": b'{"a": "\\ud800"}'}, "not valid JSON"),
    "byte order mark": ({"body": b"\xef\xbb\xbf{}"}, "not valid JSON"),
    "another charset": ({"body": '{"a":"服务"}'.encode("gbk")}, "not valid JSON"),
    "depth bomb": ({"body": DEEP}, "not valid JSON"),
    "array depth bomb": ({"body": b"[" * 1_000_000}, "not valid JSON"),
    "gzip damaged": ({"body": b"\x1f\x8bnonsense", "headers": {"Content-Encoding": "gzip"}}, "damaged"),
    "gzip cut": ({"body": gzip.compress(b'{"a": 1}' * 99)[:-9], "headers": {"Content-Encoding": "gzip"}}, "incomplete"),
    "gzip and more": ({"body": gzip.compress(b"{}") + b"{}", "headers": {"Content-Encoding": "gzip"}}, "damaged"),
    "unknown packing": ({"body": b"{}", "headers": {"Content-Encoding": "br"}}, "not asked for"),
    "packed twice": ({"body": b"{}", "headers": {"Content-Encoding": "gzip, gzip"}}, "not asked for"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_data_is_refused_at_once_with_its_reason(server, http, reply, clock, case):
    answer, reason = REFUSED[case]
    server.answers(reply(**answer))
    with pytest.raises(SourceUnavailable, match=reason) as caught:
        http.get(url(server))
    assert caught.value.where == f"GET {server.origin}/rest/api/3/thing"
    assert len(server.arrived) == 1
    assert clock.slept == 0


def test_a_login_page_tells_cause_and_fix(server, http, reply):
    server.answers(reply(LOGIN, content_type="text/html;charset=UTF-8"))
    with pytest.raises(SourceUnavailable) as caught:
        http.get(url(server))
    assert "expired" in caught.value.cause
    assert "credentials" in caught.value.fix


BIG = b'{"a": "' + b"x" * 2_000_000 + b'"}'


@pytest.mark.parametrize(
    "answer",
    [
        {"body": BIG},
        {"body": BIG, "headers": {"Content-Length": ""}},
        {"body": b"{}", "length": 10**12},
        {"body": gzip.compress(BIG), "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=["announced", "unannounced", "claimed", "gzip bomb"],
)
def test_a_body_beyond_the_limit_is_refused_on_the_wire_or_inflated(server, connect, reply, answer):
    http = connect(limits=Limits(body_bytes=1_000_000))
    server.answers(reply(**answer), reply(PAGE))
    with pytest.raises(SourceUnavailable, match="larger than 1,000,000 bytes"):
        http.get(url(server))
    assert http.get(url(server)).json() == PAGE


def test_a_gzip_bomb_is_never_blown_up(server, connect, reply):
    http = connect(limits=Limits(body_bytes=1_000_000))
    server.answers(reply(gzip.compress(bytes(64_000_000), 1), headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(SourceUnavailable):
            http.get(url(server))
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_a_connection_is_cut_when_its_answer_is_refused_half_way(server, connect, reply):
    http = connect(limits=Limits(body_bytes=100))
    server.answers(reply(b"x" * 5000, drip=0.005, headers={"Content-Length": ""}))
    with pytest.raises(SourceUnavailable, match="larger") as caught:
        http.get(url(server))
    assert server.cut_off.wait(5)
    assert caught.value.fix


def test_a_body_of_exactly_the_limit_is_taken(server, connect, reply):
    payload = orjson.dumps(PAGE)
    http = connect(limits=Limits(body_bytes=len(payload)))
    server.answers(reply(payload), reply(gzip.compress(payload), headers={"Content-Encoding": "gzip"}))
    assert http.get(url(server)).json() == http.get(url(server)).json() == PAGE


@pytest.mark.parametrize(
    "expected",
    [
        (400, SourceUnavailable, 5),
        (401, AccessDenied, 4),
        (403, AccessDenied, 4),
        (404, SourceUnavailable, 5),
        (407, AccessDenied, 4),
        (410, SourceUnavailable, 5),
        (413, SourceUnavailable, 5),
        (418, SourceUnavailable, 5),
        (500, SourceUnavailable, 5),
        (501, SourceUnavailable, 5),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_a_status_raises_with_cause_and_fix_and_is_not_repeated(server, http, reply, expected, content_type):
    status, kind, exit_code = expected
    server.answers(reply(b"<html>oh</html>" if "html" in content_type else {}, status, content_type=content_type))
    with pytest.raises(kind, match=f"answered {status}") as caught:
        http.get(url(server))
    assert (type(caught.value), caught.value.exit_code) == (kind, exit_code)
    assert caught.value.cause
    assert caught.value.fix
    assert "/rest/api/3/thing" in caught.value.where
    assert len(server.arrived) == 1


def test_a_status_in_allow_comes_back_as_it_is(server, http, reply):
    server.answers(reply({"errorMessages": ["gone"]}, 404), reply(b"<html/>", 404, content_type="text/html"))
    answer = http.get(url(server), allow={404})
    assert (answer.status_code, answer.json()) == (404, {"errorMessages": ["gone"]})
    assert http.get(url(server), allow={404}).content == b"<html/>"
    with pytest.raises(SourceUnavailable):
        http.get(url(server))


@pytest.mark.parametrize(("status", "body"), [(200, LOGIN), (302, b"")])
def test_allow_opens_no_door_for_pages_and_redirects(server, http, reply, status, body):
    server.answers(reply(body, status, {"Location": "/login"}, content_type="text/html"))
    with pytest.raises(SourceUnavailable):
        http.get(url(server), allow={200, 302})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"errorMessages": ["Field 'x' does not exist", "again"], "errors": {}}, "Field 'x' does not exist; again"),
        ({"errorMessages": [], "errors": {"jql": "unbounded", "fields": "too many"}}, "unbounded; too many"),
        ({"error": {"message": "Invalid table", "detail": "no_such"}, "status": "failure"}, "Invalid table; no_such"),
        ({"errors": [{"status": 400, "title": "Bad cursor", "detail": None}]}, "Bad cursor"),
        ({"statusCode": 400, "message": "CQL was not parseable"}, "CQL was not parseable"),
        ({"error": "invalid_client", "error_description": "unknown"}, "invalid_client; unknown"),
        ({"message": "line\r\nbreak\x1b[31m and \u202e turn"}, "line break [31m and turn"),
        ({"message": 5}, ""),
        ([1, 2], ""),
        (None, ""),
    ],
)
def test_the_vendors_own_message_is_told_on_one_clean_line(server, http, reply, body, said):
    server.answers(reply(body, 400))
    with pytest.raises(SourceUnavailable) as caught:
        http.get(url(server))
    assert caught.value.what == "the tool answered 400" + (f": {said}" if said else "")


def test_a_long_or_deep_vendor_message_is_cut():
    assert len(vendor_message(orjson.dumps({"message": "y" * 5000}), ())) == 300
    assert vendor_message(b'{"error":' * 900 + b'"x"' + b"}" * 900, ()) == ""
    assert vendor_message(DEEP, ()) == ""
