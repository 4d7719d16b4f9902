"""The client libraries on the guarded session: our credentials, our rules, and no secret in any text."""

import base64
import logging
import traceback
import warnings
from urllib.parse import quote

import pytest
from requests.auth import HTTPBasicAuth

from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable, UsageError
from itss_bridge.transport import Credentials, Limits

CANARY = "k4n4ry-s3cr3t/+="
OURS = "Basic " + base64.b64encode(f"bridge:{CANARY}".encode()).decode()
LOGIN = b"<html><form action=/login></form></html>"

with warnings.catch_warnings():
    # old dependencies of theirs warn on import; what we test is how they use the session
    warnings.simplefilter("ignore", DeprecationWarning)
    atlassian = pytest.importorskip("atlassian")
    pysnow = pytest.importorskip("pysnow")


def clients(url, http):
    """Every way of constructing them that writes to the session."""
    theirs = {"username": "evil", "password": "evil"}
    return {
        "jira cloud": atlassian.JiraCloud(url, session=http),
        "jira cloud with a password": atlassian.JiraCloud(url, session=http, **theirs),
        "jira with a token": atlassian.Jira(url, session=http, token="evil", verify_ssl=False),
        "jira with its own retries": atlassian.Jira(url, session=http, backoff_and_retry=True),
        "jira with a proxy": atlassian.Jira(url, session=http, proxies={"http": "http://127.0.0.1:9"}),
        "jira with cookies": atlassian.Jira(url, session=http, cookies={"evil": "1"}),
        "jira with a header": atlassian.Jira(url, session=http, header={"Authorization": "evil"}),
        "confluence": atlassian.Confluence(url, session=http, cloud=True, **theirs),
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_atlassian_clients_keep_our_credentials_and_rules(server, elsewhere, http, reply):
    for name, client in clients(server.origin, http).items():
        server.answers(reply({"values": [name]}), reply(b"", 302, {"Location": elsewhere.origin}))
        response = client.get("rest/api/3/thing", params={"a": 1}, advanced_mode=True)
        assert response.json() == {"values": [name]}, name
        with pytest.raises(SourceUnavailable, match="redirects are not followed"):
            client.get("rest/api/3/thing", advanced_mode=True)
        with pytest.raises(UsageError, match="read-only"):
            client.post("rest/api/3/issue", data={"fields": {}})
    assert {arrived.headers["authorization"] for arrived in server.arrived} == {OURS}
    assert "evil" not in repr(server.arrived)
    assert elsewhere.arrived == []


@pytest.mark.parametrize("body", [LOGIN, b"", b'{"issues": ['])
def test_an_atlassian_client_no_longer_takes_a_bad_body_for_an_empty_result(server, http, reply, body):
    jira = atlassian.JiraCloud(server.origin, session=http)
    server.answers(reply(body, content_type="text/html" if body == LOGIN else "application/json"))
    with pytest.raises(SourceUnavailable):
        jira.get("rest/api/3/search/jql", params={"jql": "project = A"})


def test_pysnow_keeps_our_credentials_and_rules(server, http, reply):
    client = pysnow.Client(host=f"127.0.0.1:{server.port}", use_ssl=False, session=http)
    resource = client.resource(api_path="/table/incident")
    server.answers(reply({"result": [{"sys_id": "a1", "number": "INC1"}]}))
    assert resource.get(query={"active": "true"}, limit=1).all() == [{"sys_id": "a1", "number": "INC1"}]
    assert resource.request("GET")._response.json() == {"result": [{"sys_id": "a1", "number": "INC1"}]}
    for change in (lambda: resource.create({"a": 1}), lambda: resource.delete({"number": "INC1"})):
        with pytest.raises(UsageError, match="read-only"):
            change()
    assert {arrived.headers["authorization"] for arrived in server.arrived} == {OURS}
    assert {arrived.method for arrived in server.arrived} == {"GET"}


@pytest.mark.parametrize("body", [LOGIN, b"", b'{"result": ['])
def test_pysnow_no_longer_takes_a_bad_body_for_an_empty_result(server, http, reply, body):
    client = pysnow.Client(host=f"127.0.0.1:{server.port}", use_ssl=False, session=http)
    server.answers(reply(body, content_type="text/html" if body == LOGIN else "application/json"))
    for stream in (False, True):
        with pytest.raises(SourceUnavailable):
            client.resource(api_path="/table/incident").get(query={}, stream=stream)


def every_form(secret):
    encoded = base64.b64encode(secret.encode()).decode()
    return [secret, quote(secret, safe=""), encoded, encoded.rstrip("="), OURS.removeprefix("Basic ")]


def tells_all(secret):
    """A body that quotes the secret in every form, as some tools do in their error texts."""
    return {"errorMessages": [f"bad credential {form}" for form in every_form(secret)]}


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 407, 429, 500, 503])
def test_no_error_text_log_line_or_repr_shows_the_secret(server, connect, reply, caplog, status):
    caplog.set_level(logging.DEBUG)
    http = connect(limits=Limits(attempts=2))
    kind = "text/html" if status == 200 else "application/json"
    location = f"http://sso.example/{quote(CANARY)}?token={CANARY}"
    server.answers(reply(tells_all(CANARY), status, {"Location": location}, content_type=kind))
    with pytest.raises(BridgeError) as caught:
        http.get(f"{server.origin}/path", headers={"Authorization": CANARY})
    error = caught.value
    shown = [str(error), repr(error), repr(error.as_dict()), "".join(traceback.format_exception(error)), caplog.text]
    shown += [repr(http), repr(http.__dict__), repr(http._credentials), str(http._credentials)]
    for form in every_form(CANARY):
        assert not [text for text in shown if form in text], form
    assert server.arrived[0].headers["authorization"] == OURS


def test_a_query_never_stands_in_an_error_text(connect):
    http = connect("http://127.0.0.1:1", limits=Limits(attempts=1))
    params = {"jql": CANARY, "sysparm_query": "name=" + "some" + "body"}
    with pytest.raises(SourceUnavailable) as caught:
        http.get("http://127.0.0.1:1/search", params=params)
    shown = "".join(traceback.format_exception(caught.value))
    assert "somebody" not in shown
    assert CANARY not in shown
    assert caught.value.where == "GET http://127.0.0.1:1/search"


def test_a_foreign_authentication_object_works_too(server, connect, reply):
    server.answers(reply({}), reply({"message": "no"}, 401))
    http = connect(credentials=HTTPBasicAuth("bridge", CANARY))
    http.get(server.origin)
    with pytest.raises(AccessDenied):
        http.get(server.origin)
    assert server.arrived[0].headers["authorization"] == OURS


def test_one_rejected_login_is_not_repeated_so_that_no_account_gets_locked(server, connect, reply, clock):
    server.answers(reply({}, 401, {"Retry-After": "1"}))
    with pytest.raises(AccessDenied):
        connect(credentials=Credentials.bearer("expired-token")).get(server.origin)
    assert (len(server.arrived), clock.slept) == (1, 0)
