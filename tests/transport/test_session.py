"""What the session lets out: to whom, by which method, with whose credentials."""

import base64
import json
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from http.server import HTTPServer
from threading import Thread

import pytest
import requests
from requests.adapters import HTTPAdapter

from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.transport import Credentials, GuardedSession, Limits
from itss_bridge.transport.origin import Origin

OURS = "Basic " + base64.b64encode(b"bridge:k4n4ry-s3cr3t/+=").decode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_host_is_named(server, elsewhere, http, reply, status):
    server.answers(reply(b"", status, {"Location": f"http://localhost:{elsewhere.port}/login?token=t0k3n"}))
    with pytest.raises(SourceUnavailable, match="sends us on to localhost") as caught:
        http.get(f"{server.origin}/x")
    assert "single sign-on" in caught.value.cause
    assert "moved" in caught.value.cause
    assert "t0k3n" not in str(caught.value)
    assert (len(server.arrived), elsewhere.arrived) == (1, [])


@pytest.mark.parametrize("location", ["", "/login.jsp", "http://[bad", "//", "javascript:alert(1)", "http://a\u001bb/"])
def test_a_redirect_to_anywhere_is_refused_without_a_crash(server, http, reply, location):
    server.answers(reply(b"", 302, {"Location": location}))
    with pytest.raises(SourceUnavailable, match="redirects are not followed"):
        http.get(f"{server.origin}/x")


def test_a_request_to_another_origin_is_stopped_before_anything_is_sent(server, elsewhere, http):
    port, other = server.port, elsewhere.port
    for url in [
        elsewhere.origin,
        f"http://localhost:{port}/same-server-other-name",
        f"https://127.0.0.1:{port}/other-scheme",
        f"http://127.0.0.1:{port}@127.0.0.1:{other}/",
        f"http://bridge:secret@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}.evil.example/",
        "http://127.0.0.1/default-port",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "/relative",
        "http://",
        "http://[::1",
        "http://例え.test/",
        "",
    ]:
        with pytest.raises(SourceUnavailable) as caught:
            http.get(url)
        assert "secret" not in str(caught.value)
    prepared = requests.Request("GET", elsewhere.origin).prepare()
    with pytest.raises(SourceUnavailable, match="nothing was sent"):
        http.send(prepared)
    assert (server.arrived, elsewhere.arrived, http.requests_made) == ([], [], 0)


def test_an_address_that_parsers_read_differently_reaches_the_configured_host_only(server, elsewhere, http):
    http.get(f"http://127.0.0.1:{server.port}\\@127.0.0.1:{elsewhere.port}/")
    assert (len(server.arrived), elsewhere.arrived) == (1, [])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://Acme.Example", "https://acme.example"),
        ("https://acme.example:443/", "https://acme.example"),
        ("https://acme.example:8443/jira/", "https://acme.example:8443"),
        ("https://xn--fsqu00a.example", "https://xn--fsqu00a.example"),
        ("https://10.0.0.7", "https://10.0.0.7"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://[::1]:99", "http://[::1]:99"),
    ],
)
def test_these_addresses_can_be_configured(url, shown):
    with GuardedSession(url) as http:
        assert http.origin == shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.example",
        "//acme.example",
        "ftp://acme.example",
        "http://acme.example",
        "http://10.0.0.7",
        "http://127.1",
        "http://2130706433",
        "http://localhost.evil.example",
        "https://bridge@acme.example",
        "https://bridge:hunter22@acme.example",
        "https://@acme.example",
        "https://例子.example",
        "https://аcme.example",
        "https://acme.example:port",
        "https://acme.example:99999",
        "https://acme.example?x=1",
        "https://acme.example/#x",
        "https://acme .example",
        "https://acme.example\\evil",
        "https://acme.example\n.evil",
        "https://[::1",
    ],
)
def test_these_addresses_are_a_usage_error_that_does_not_quote_them(url):
    with pytest.raises(UsageError) as caught:
        GuardedSession(url)
    assert caught.value.exit_code == 2
    assert caught.value.fix
    assert "hunter22" not in str(caught.value)


def test_the_origin_of_a_tool_below_a_path_keeps_that_path():
    assert Origin.parse("https://acme.example/jira/").path == "/jira"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get'"])
def test_what_could_change_something_is_refused(server, http, method):
    with pytest.raises(UsageError, match="read-only") as caught:
        http.request(method, f"{server.origin}/rest/api/3/issue")
    assert caught.value.exit_code == 2
    assert server.arrived == []


TROUBLES = [{"status": 503}, {"status": 429, "headers": {"Retry-After": "1"}}, {"body": b'{"id"', "length": 500}]
WRITES = [("POST", "/rest/api/3/issue"), ("PUT", r"/rest/api/3/issue/\d+")]


def test_a_publisher_may_write_what_it_was_given_and_nothing_beside_it(server, connect):
    http = connect(f"{server.origin}/jira/", writes=WRITES)
    assert http.post(f"{server.origin}/jira/rest/api/3/issue", json={}).json() == {"ok": True}
    for method, path in [
        ("PUT", "/jira/rest/api/3/issue"),
        ("POST", "/jira/rest/api/3/issue/10001"),
        ("POST", "/jira/rest/api/3/issue/"),
        ("POST", "/rest/api/3/issue"),
        ("POST", "/x/jira/rest/api/3/issue"),
        ("PUT", "/jira/rest/api/3/issue/10001/../../project"),
        ("DELETE", "/jira/rest/api/3/issue/10001"),
    ]:
        with pytest.raises(UsageError, match="read-only"):
            http.request(method, server.origin + path, json={})
    assert len(server.arrived) == 1


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_write_that_may_have_arrived_is_never_sent_again(server, connect, reply, trouble):
    server.answers(reply(**trouble), reply({"id": "10001"}, status=201))
    with pytest.raises(SourceUnavailable):
        connect(server.origin, writes=WRITES).post(f"{server.origin}/rest/api/3/issue", json={})
    assert len(server.arrived) == 1


def test_a_write_may_be_answered_by_done_alone_and_a_read_may_not(server, connect, reply):
    server.answers(reply(b"", status=204, content_type=""))
    http = connect(server.origin, writes=WRITES)
    assert http.put(f"{server.origin}/rest/api/3/issue/10001", json={}).status_code == 204
    with pytest.raises(SourceUnavailable):
        http.get(f"{server.origin}/rest/api/3/issue/10001")


def test_post_is_open_for_the_listed_paths_only(server, connect):
    http = connect(f"{server.origin}/jira/", read_posts=["/rest/api/3/search/jql"])
    assert http.post(f"{server.origin}/jira/rest/api/3/search/jql", json={"jql": "项目 = A"}).json() == {"ok": True}
    assert json.loads(server.arrived[0].body) == {"jql": "项目 = A"}
    listed = "/jira/rest/api/3/search/jql"
    for path in [
        "/rest/api/3/search/jql",
        f"{listed}/",
        f"{listed}/../../issue",
        f"/x{listed}",
        f"{listed};x",
        "/jira",
    ]:
        with pytest.raises(UsageError):
            http.post(server.origin + path, json={})
    with pytest.raises(UsageError):
        http.put(f"{server.origin}/jira/rest/api/3/search/jql")
    assert len(server.arrived) == 1


def test_a_header_cannot_turn_the_request_into_another_one(server, http):
    http.get(server.origin, headers={"X-HTTP-Method-Override": "DELETE", "Host": "evil.example", "X-Fine": "1"})
    sent = server.arrived[0].headers
    assert (sent["host"], sent["x-fine"]) == (f"127.0.0.1:{server.port}", "1")
    assert "x-http-method-override" not in sent


@pytest.mark.parametrize(
    ("credentials", "name", "value"),
    [
        (Credentials.basic("bridge", "k4n4ry-s3cr3t/+="), "authorization", OURS),
        (Credentials.basic("桥", "密码很长"), "authorization", "Basic 5qGlOuWvhueggeW+iOmVvw=="),
        (Credentials.bearer("t0k3n"), "authorization", "Bearer t0k3n"),
        (Credentials.header("x-sn-apikey", "k3y"), "x-sn-apikey", "k3y"),
    ],
)
def test_credentials_go_out_and_stay_out_of_the_response(server, connect, credentials, name, value):
    response = connect(credentials=credentials).get(server.origin)
    assert server.arrived[0].headers[name] == value
    assert value not in repr(dict(response.request.headers))
    assert value not in repr(vars(credentials))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Credentials.bearer("two\nlines"),
        lambda: Credentials.bearer(""),
        lambda: Credentials.bearer("令牌"),
        lambda: Credentials.header("x-key\r\nEvil", "value"),
        lambda: Credentials.header("x-key", " padded "),
        lambda: Credentials.basic("a:b", "password"),
        lambda: Credentials.basic("", "password"),
        lambda: Credentials.basic("bridge", ""),
    ],
)
def test_credentials_that_cannot_be_sent_are_a_usage_error(make):
    with pytest.raises(UsageError):
        make()


def tamper_with_auth(http):
    http.auth = ("evil", "evil")


def tamper_with_headers(http):
    http.headers.update({"Authorization": "Bearer evil", "authorization": "Bearer evil", "Cookie": "evil=1"})


def tamper_with_everything_else(http):
    http.trust_env = True
    http.verify = False
    http.proxies = {"http": "http://127.0.0.1:9", "https": "http://127.0.0.1:9"}
    http.cookies.set("evil", "1")
    http.hooks["response"].append(lambda *_a, **_k: pytest.fail("a hook ran"))
    http.mount("http://", HTTPAdapter(max_retries=9))
    http.max_redirects = 99


@pytest.mark.parametrize("tamper", [tamper_with_auth, tamper_with_headers, tamper_with_everything_else])
def test_what_a_library_sets_on_the_session_changes_nothing(server, http, tamper):
    adapter = http.get_adapter(server.origin)
    tamper(http)
    http.get(server.origin)
    assert http.get_adapter(server.origin) is adapter
    sent = server.arrived[0].headers
    assert sent["authorization"] == OURS
    assert "evil" not in repr(sent)
    assert (http.verify, http.trust_env, http.auth) == (True, False, None)


def test_what_a_library_passes_to_a_request_changes_nothing(server, elsewhere, http, reply):
    server.answers(reply({}), reply(b"", 302, {"Location": elsewhere.origin}))
    options = {
        "auth": ("evil", "evil"),
        "cookies": {"evil": "1"},
        "verify": False,
        "proxies": {"http": elsewhere.origin},
        "headers": {"Authorization": "evil"},
        "timeout": None,
        "allow_redirects": True,
        "stream": True,
        "cert": None,
        "files": None,
        "hooks": {"response": lambda *_a, **_k: pytest.fail("a hook ran")},
    }
    http.get(server.origin, **options)
    with pytest.raises(SourceUnavailable):
        http.get(server.origin, **options)
    assert {arrived.headers["authorization"] for arrived in server.arrived} == {OURS}
    assert "evil" not in repr(server.arrived)
    assert elsewhere.arrived == []


def test_without_credentials_nothing_is_invented_from_netrc_or_the_environment(
    server, elsewhere, connect, tmp_path, monkeypatch
):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login evil password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.origin)
    monkeypatch.setenv("no_proxy", "")
    connect(credentials=None).get(server.origin)
    connect().get(server.origin)
    assert "authorization" not in server.arrived[0].headers
    assert server.arrived[1].headers["authorization"] == OURS
    assert elsewhere.arrived == []


def test_cookies_that_the_tool_sets_are_not_sent_back(server, http, reply):
    server.answers(reply({}, headers={"Set-Cookie": "JSESSIONID=somebody-else; Path=/"}))
    http.get(server.origin)
    http.get(server.origin)
    assert "cookie" not in server.arrived[1].headers


def test_sixteen_threads_get_each_their_own_answer(server, connect, reply):
    server.echo = lambda arrived: reply({"target": arrived.target, "auth": arrived.headers["authorization"]})
    http = connect(limits=Limits(in_flight=16))

    def ask(number: int) -> bool:
        answer = http.get(f"{server.origin}/thing", params={"n": number}).json()
        return answer == {"target": f"/thing?n={number}", "auth": OURS}

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(800)))
    assert http.requests_made == len(server.arrived) == 800
    assert len(server.connections) <= 16


def test_no_more_requests_are_in_flight_than_allowed(server, connect, reply):
    at_once, most = set(), []

    def slow(arrived):
        at_once.add(arrived.target)
        most.append(len(at_once))
        return reply({}, hang=0.005)

    server.echo = slow
    http = connect(limits=Limits(in_flight=3))
    http_get = http.get

    def ask(number: int) -> None:
        http_get(f"{server.origin}/{number}")
        at_once.discard(f"/{number}")

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(ask, range(60)))
    # a thread may have its answer, and its place have been given on, before it takes itself off the list above
    assert len(server.connections) <= 3
    assert http.requests_made == 60
    assert max(most) >= 2


def test_one_connection_serves_many_requests_even_after_refused_answers(server, http, reply):
    server.answers(reply({}), reply(b"<html>", content_type="text/html"), reply({}, 404), reply({}))
    http.get(server.origin)
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            http.get(server.origin)
    http.head(server.origin)
    http.get(server.origin)
    assert len(server.connections) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for localhost, made by openssl."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    extra = ["-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    try:
        subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    except OSError:
        pytest.skip("openssl is not installed: no certificate to test with")
    return folder


@pytest.fixture
def tls(server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    secure = HTTPServer(("127.0.0.1", 0), server._http.RequestHandlerClass)
    secure.owner = server
    secure.handle_error = lambda *_unused: None
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    Thread(target=secure.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"https://localhost:{secure.server_address[1]}"
    secure.shutdown()
    secure.server_close()


def test_an_unknown_certificate_is_refused_even_when_a_library_says_verify_false(tls, server, connect, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    http = connect(tls)
    http.verify = False
    with pytest.raises(SourceUnavailable, match="TLS failed") as caught:
        http.get(tls, verify=False)
    assert "self-signed" in caught.value.cause.replace(" ", "-")
    assert "ca_bundle" in caught.value.fix
    assert (server.arrived, http.requests_made) == ([], 1)


def test_the_organisations_own_certificates_are_accepted(tls, connect, certificate):
    http = connect(tls, ca_bundle=str(certificate / "cert.pem"))
    assert http.get(tls, verify=False).json() == {"ok": True}


def test_a_certificate_for_another_name_is_refused(tls, connect, certificate):
    other = tls.replace("localhost", "127.0.0.1")
    http = connect(other, ca_bundle=str(certificate / "cert.pem"))
    with pytest.raises(SourceUnavailable, match="TLS failed"):
        http.get(other)


def test_a_missing_ca_bundle_is_a_usage_error(connect, tmp_path):
    with pytest.raises(UsageError, match="certificates"):
        connect(ca_bundle=str(tmp_path / "missing.pem"))
