"""The client-credentials grant: when a token is fetched and renewed, and who gets to see it and the client's secret."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_bridge.bridge import Bridge
from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable, UsageError
from itss_bridge.transport import ClientCredentials, GrantedSession, Limits

SECRET = "k4n4ry-cl13nt/+="


@pytest.fixture
def issuer(elsewhere, reply):
    """A token endpoint on a host of its own: every token is new, and good for half an hour."""
    elsewhere.path = "/oauth_token.do"

    def issue(arrived):
        number = len([one for one in elsewhere.arrived if one.target == arrived.target])
        return reply({"access_token": f"t0k3n-{number}", "token_type": "Bearer", "expires_in": 1800})

    elsewhere.echo = issue
    return elsewhere


@pytest.fixture
def open_session(server, issuer, clock) -> Iterator[Callable[..., GrantedSession]]:
    opened: list[GrantedSession] = []

    def open_one(limits: Limits | None = None, **options: str) -> GrantedSession:
        own = {"sleep": clock.sleep, "now": clock.now, "limits": limits or Limits()}
        grant = ClientCredentials(f"{issuer.origin}{issuer.path}", "bridge", SECRET, **own, **options)
        opened.append(GrantedSession(server.origin, grant, **own))
        return opened[-1]

    yield open_one
    for session in opened:
        session.close()


def shown(server) -> list[str]:
    return [arrived.headers["authorization"] for arrived in server.arrived]


def test_nothing_is_fetched_before_the_first_request_and_one_token_serves_many(server, issuer, open_session):
    http = open_session(scope="read everything")
    assert issuer.arrived == []
    for _ in range(5):
        http.get(f"{server.origin}/x")
    assert shown(server) == ["Bearer t0k3n-1"] * 5
    asked = issuer.arrived
    assert [(one.method, one.target) for one in asked] == [("POST", "/oauth_token.do")]
    assert parse_qs(asked[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["bridge"],
        "client_secret": [SECRET],
        "scope": ["read everything"],
    }
    assert asked[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in asked[0].headers


def test_the_secret_goes_to_the_endpoint_only_and_the_token_to_the_tool_only(server, issuer, open_session):
    open_session().get(f"{server.origin}/x")
    tool = repr(server.arrived)
    endpoint = repr(issuer.arrived)
    assert "k4n4ry" not in tool
    assert "t0k3n" not in endpoint


def test_a_token_is_renewed_a_minute_before_its_end(server, open_session, clock):
    http = open_session()
    for seconds in (0, 1739, 1, 1740):
        clock.seconds += seconds
        http.get(f"{server.origin}/x")
    assert shown(server) == ["Bearer t0k3n-1"] * 2 + ["Bearer t0k3n-2", "Bearer t0k3n-3"]


def test_a_token_without_an_end_is_kept_until_the_tool_refuses_it(server, issuer, open_session, clock, reply):
    issuer.echo = lambda _: reply({"access_token": f"t0k3n-{len(issuer.arrived)}"})
    http = open_session()
    http.get(f"{server.origin}/x")
    clock.seconds += 10**7
    server.answers(reply({}, 401), reply({"ok": True}))
    assert http.get(f"{server.origin}/x").json() == {"ok": True}
    assert shown(server) == ["Bearer t0k3n-1", "Bearer t0k3n-1", "Bearer t0k3n-2"]
    assert http.requests_made == 3


def test_a_tool_that_refuses_a_fresh_token_too_has_refused(server, issuer, open_session, reply):
    server.answers(reply({"error": {"message": "User Not Authenticated"}}, 401))
    with pytest.raises(AccessDenied, match="User Not Authenticated"):
        open_session().get(f"{server.origin}/x")
    assert (len(server.arrived), len(issuer.arrived)) == (2, 2)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 4000), max_size=12), st.integers(1, 3600))
def test_no_request_ever_carries_a_token_past_its_end(server, issuer, open_session, clock, reply, steps, life):
    ends = {}

    def issue(_):
        token = f"t0k3n-{len(issuer.arrived)}"
        ends[token] = clock.seconds + life
        return reply({"access_token": token, "token_type": "bearer", "expires_in": life})

    issuer.echo = issue
    server.echo = lambda arrived: reply(
        {}, 200 if clock.seconds < ends[arrived.headers["authorization"].removeprefix("Bearer ")] else 401
    )
    http = open_session()
    before = http.requests_made
    for seconds in steps:
        clock.seconds += seconds
        http.get(f"{server.origin}/x")
    assert http.requests_made == before + len(steps)


def test_threads_that_need_a_token_at_once_fetch_it_once(server, issuer, open_session, reply):
    steady = issuer.echo
    issuer.echo = lambda arrived: replace(steady(arrived), hang=0.05)
    http = open_session(Limits(in_flight=8))
    refused = {"Bearer t0k3n-1"}
    server.echo = lambda arrived: reply({}, 401 if arrived.headers["authorization"] in refused else 200)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: http.get(f"{server.origin}/{n}").status_code, range(32)))
    assert answers == [200] * 32
    assert len(issuer.arrived) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": "server_error", "error_description": "access_denied"}),
        (400, {"error": "invalid_client", "error_description": f"no client with secret {SECRET}"}),
        (403, {"error": "unauthorized_client"}),
    ],
)
def test_a_refused_client_is_not_tried_again(server, issuer, open_session, reply, status, body):
    issuer.echo = None
    issuer.answers(reply(body, status))
    http = open_session()
    for _ in range(3):
        with pytest.raises(AccessDenied, match="refused the client") as caught:
            http.get(f"{server.origin}/x")
        assert SECRET not in str(caught.value)
    assert (len(issuer.arrived), server.arrived) == (1, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"access_token": ""},
        {"access_token": 17},
        {"access_token": "two\nlines"},
        {"access_token": "t0k3n", "token_type": "mac"},
        {"access_token": "t0k3n", "expires_in": 0},
        {"access_token": "t0k3n", "expires_in": "soon"},
        {"access_token": "t0k3n", "expires_in": "nan"},
        {"access_token": "t0k3n", "expires_in": None},
    ],
)
def test_an_answer_without_a_usable_token_is_no_token(server, issuer, open_session, reply, body):
    issuer.echo = None
    issuer.answers(reply(body))
    with pytest.raises(SourceUnavailable, match="no usable token"):
        open_session().get(f"{server.origin}/x")
    assert server.arrived == []


def test_the_endpoint_stands_under_the_same_guard(server, issuer, open_session, reply):
    issuer.echo = None
    for answer, said in (
        (reply(b"", 302, {"Location": f"{server.origin}/steal"}), "redirects are not followed"),
        (reply(b"<html>", content_type="text/html"), "sign-in page"),
        (reply(b"x" * 5000), "larger than"),
    ):
        issuer.answers(answer)
        with pytest.raises(SourceUnavailable, match=said):
            open_session(Limits(body_bytes=1000)).get(f"{server.origin}/x")
    assert server.arrived == []


def test_an_endpoint_that_is_busy_is_asked_again_and_then_given_up(server, issuer, open_session, reply):
    steady = issuer.echo
    issuer.echo = None
    issuer.answers(reply({}, 503))
    http = open_session(Limits(attempts=3))
    with pytest.raises(SourceUnavailable, match="gave up after 3 attempts"):
        http.get(f"{server.origin}/x")
    assert len(issuer.arrived) == 3
    issuer.echo = steady
    assert http.get(f"{server.origin}/x").ok


@pytest.mark.parametrize("url", ["http://tokens.example/x", "https://u:p@tokens.example/", "oauth_token.do", ""])
def test_an_endpoint_must_be_an_https_address(url):
    with pytest.raises(UsageError) as caught:
        ClientCredentials(url, "bridge", SECRET)
    assert caught.value.where == "token_url"


@pytest.mark.parametrize(("client", "secret"), [("", "x"), ("x", "")])
def test_a_client_has_an_id_and_a_secret(client, secret):
    with pytest.raises(UsageError, match="needs its id"):
        ClientCredentials("https://tokens.example/", client, secret)


def test_neither_secret_nor_token_shows_anywhere(server, issuer, open_session, reply, caplog):
    caplog.set_level(logging.DEBUG)
    http = open_session()
    told = [repr(http.__dict__), repr(http._credentials), repr(vars(http._credentials))]
    server.answers(reply({"message": f"token t0k3n-1 of {SECRET}"}, 400), reply({"message": "t0k3n-2"}, 500))
    for _ in range(2):
        with pytest.raises(BridgeError) as caught:
            http.get(f"{server.origin}/x")
        error: BaseException | None = caught.value
        while error:
            told += [str(error), repr(error), repr(error.args)]
            error = error.__cause__ or error.__context__
    told += [http.redacted(f"t0k3n-1 {SECRET}"), caplog.text]
    assert not [text for text in told if "t0k3n-1" in text or SECRET in text]


# ---- from a workspace's table ----


def workspace(root: Path, table: str) -> Bridge:
    (root / "itss-bridge.toml").write_text(f'[workspace]\norganisation = "x"\n[sources.tool]\n{table}', "utf-8")
    return Bridge(root)


def access(table: str) -> str:
    return f'{table}\nauth = "oauth-client-credentials"\nusername = "bridge"\nsecret = "env:CANARY"\n'


@pytest.mark.parametrize(
    ("table", "fix"),
    [
        (access('connector = "jira"\nurl = "https://api.atlassian.com/ex/jira/1"'), "auth.atlassian.com/oauth/token"),
        (access('connector = "confluence"\nurl = "https://acme.example"\nspaces = ["Q"]'), "auth.atlassian.com"),
    ],
)
def test_a_secret_goes_to_another_host_only_when_that_is_configured(tmp_path, monkeypatch, table, fix):
    monkeypatch.setenv("CANARY", SECRET)
    bridge = workspace(tmp_path, table)
    with pytest.raises(UsageError, match="where its OAuth client gets a token") as caught:
        bridge.connector(bridge.workspace.sources["tool"])
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('connector = "x"\nauth = "oauth-client-credentials"', "username"),
        ('connector = "x"\nauth = "basic"', "username"),
        ('connector = "x"\ntoken_url = "https://tokens.example/"', "auth"),
        ('connector = "x"\nauth = "basic"\nusername = "u"\nscope = "x"', "oauth-client-credentials"),
    ],
)
def test_a_table_whose_keys_do_not_fit_together_is_refused(tmp_path, table, key):
    with pytest.raises(UsageError, match=key):
        workspace(tmp_path, table)
