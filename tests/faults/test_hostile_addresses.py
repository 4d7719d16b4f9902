"""Sixty and more addresses that want a request, or better its credentials, somewhere else: none of them gets either."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.transport import Credentials, GuardedSession, Limits
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import ToolServer

pytestmark = pytest.mark.slow

SECRETS = ("k4n4ry-s3cr3t", "azRuNHJ5LXMzY3IzdA", "netrc-evil")
CREDENTIALS = {
    "basic": Credentials.basic("bridge", SECRETS[0]),
    "bearer": Credentials.bearer(SECRETS[0]),
    "header": Credentials.header("x-sn-apikey", SECRETS[0]),
}

# TOOL is the tool's own host and port, PORT the recorder's port: who follows one of these arrives there, or further
LOOPBACK = (
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://017700000001:PORT/",
    "http://127.000.000.001:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0:PORT/",
    "http://[::1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[0:0:0:0:0:ffff:7f00:1]:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://127。0。0。1:PORT/",
    "http://127．0．0．1:PORT/",
    "http://１２７.０.０.１:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
)
CONFUSED = (
    "http://TOOL@127.0.0.1:PORT/",
    "http://bridge:hunter22@127.0.0.1:PORT/",
    "http://bridge:hunter22@TOOL/",
    "http://TOOL:hunter22@127.0.0.1:PORT/",
    "http://TOOL\\@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@TOOL/",
    "http://127.0.0.1:PORT#@TOOL/",
    "http://127.0.0.1:PORT?@TOOL/",
    "http://127.0.0.1:PORT/@TOOL/",
    "http://TOOL#@127.0.0.1:PORT/",
    "http://TOOL%40127.0.0.1:PORT/",
    "http://TOOL%2f@127.0.0.1:PORT/",
    "http://TOOL\t@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\r\nHost: TOOL/",
    "http://TOOL:PORT/",
    "http://TOOL.127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    "http:/127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT\\",
    "//127.0.0.1:PORT/",
    "///127.0.0.1:PORT/",
    "\\\\127.0.0.1:PORT\\share",
    "/\\127.0.0.1:PORT/",
    "/%2f127.0.0.1:PORT/",
    "/..//127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "https://TOOL/",
    "https://127.0.0.1:PORT/",
    "ws://127.0.0.1:PORT/",
    " http://127.0.0.1:PORT/",
    "\u202ehttp://127.0.0.1:PORT/",
)
FURTHER = (
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9fea9fe/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://127.0.0.1/",
    "http://127.0.0.1:22/",
    "http://аcme.example/",
    "http://acme.example.evil.example/",
    "http://acme。example/",
    "http://ⓐcme.example/",
    "http://xn--cme-5cd.example/",
    "http://10.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_GET",
    "data:application/json,{}",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
)
ADDRESSES = (*LOOPBACK, *CONFUSED, *FURTHER)
PLAIN = {
    # said plainly, these are places where an organisation may have a tool
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://[::1]:PORT/",
    "https://127.0.0.1:PORT/",
    "http://127.0.0.1/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:PORT/@TOOL/",
    "HTTP://127.0.0.1:PORT/",
    "https://TOOL/",
}
PLAIN_BEHIND_TLS = {
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://acme.example.evil.example/",
    "http://xn--cme-5cd.example/",
    "http://10.0.0.1/",
}


class Listener:
    """A tool that answers one thing and keeps what it was asked."""

    name = "listener"

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.reply: Callable[[], Answer] = lambda: Answer(body={"result": []})

    def answer(self, request: Request, origin: str) -> Answer:
        self.asked.append(request)
        return self.reply()

    def truth(self) -> Mapping[str, Any]:
        return {}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(datetime(2016, 3, 1, tzinfo=UTC)) as running:
        yield running


@pytest.fixture(scope="module")
def servers(playground: Playground) -> Iterator[tuple[ToolServer, ToolServer]]:
    """The configured tool, and the recorder."""
    with ToolServer(Listener(), playground.clock) as tool, ToolServer(Listener(), playground.clock) as recorder:
        yield tool, recorder


@pytest.fixture
def tool(servers: tuple[ToolServer, ToolServer]) -> Listener:
    listener = servers[0].tool
    assert isinstance(listener, Listener)
    listener.asked.clear()
    return listener


@pytest.fixture
def recorder(servers: tuple[ToolServer, ToolServer]) -> Listener:
    listener = servers[1].tool
    assert isinstance(listener, Listener)
    listener.asked.clear()
    return listener


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every place that this process connected to; those that are not on this machine are not let through."""
    places: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        places.append(address)
        if address[0] not in {"127.0.0.1", "::1", "0.0.0.0", "::"}:
            raise ConnectionRefusedError
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return places


@pytest.fixture(autouse=True)
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials for everybody in HOME, which are nobody's here."""
    path = tmp_path / ".netrc"
    path.write_text(f"machine 127.0.0.1 login evil password {SECRETS[2]}\ndefault login evil password {SECRETS[2]}\n")
    path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)


def aimed(address: str, servers: tuple[ToolServer, ToolServer]) -> str:
    tool, recorder = (server.origin.removeprefix("http://") for server in servers)
    return address.replace("TOOL", tool).replace("PORT", recorder.rpartition(":")[2])


def sessions(origin: str) -> Iterator[GuardedSession]:
    for credentials in CREDENTIALS.values():
        with GuardedSession(origin, credentials=credentials, limits=Limits(attempts=1, connect_seconds=1)) as http:
            yield http


def assert_nobody_else_was_asked(
    servers: tuple[ToolServer, ToolServer], tool: Listener, recorder: Listener, dialled: list[Any]
) -> None:
    assert recorder.asked == []
    assert {f"http://{place[0]}:{place[1]}" for place in dialled} <= {servers[0].origin}
    for request in tool.asked:
        assert SECRETS[2] not in str(request.headers)
        assert "cookie" not in request.headers
        assert request.headers["host"] == servers[0].origin.removeprefix("http://")


def test_there_are_sixty_and_more() -> None:
    assert len(set(ADDRESSES)) == len(ADDRESSES) >= 60


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_takes_a_request_elsewhere(
    status: int, servers: Any, tool: Any, recorder: Any, dialled: Any
) -> None:
    for address in ADDRESSES:
        location = aimed(address, servers).encode().decode("latin-1").replace("\r\n", "%0d%0a")
        tool.reply = lambda where=location: Answer(status, {}, {"Location": where, "Set-Cookie": "session=1; Path=/"})
        for http in sessions(servers[0].origin):
            with pytest.raises(BridgeError) as caught:
                http.get(f"{servers[0].origin}/api/now/table/incident")
            assert SECRETS[0] not in str(caught.value)
    assert len(tool.asked) == len(ADDRESSES) * len(CREDENTIALS)
    assert_nobody_else_was_asked(servers, tool, recorder, dialled)


def test_no_link_takes_a_request_elsewhere(servers: Any, tool: Any, recorder: Any, dialled: Any) -> None:
    """What a client library would do with a next link or the address of an attachment."""
    tool.reply = lambda: Answer(body={}, headers={"Set-Cookie": "session=1; Path=/"})
    for address in ADDRESSES:
        for http in sessions(servers[0].origin):
            with suppress(BridgeError):
                http.get(aimed(address, servers))
            with suppress(BridgeError, requests.RequestException, UnicodeError):
                http.send(requests.Request("GET", aimed(address, servers)).prepare())
    assert_nobody_else_was_asked(servers, tool, recorder, dialled)


def test_no_address_that_hides_where_it_leads_can_be_configured(servers: Any, dialled: Any) -> None:
    for address in set(ADDRESSES) - PLAIN:
        place = aimed(address, servers)
        for base in {place} if address in PLAIN_BEHIND_TLS else {place, place.replace("http:", "https:", 1)}:
            with pytest.raises(UsageError) as caught:
                GuardedSession(base)
            assert "hunter22" not in str(caught.value)
    assert dialled == []


def test_no_next_link_takes_a_connector_elsewhere(
    playground: Playground, servers: Any, recorder: Any, dialled: Any
) -> None:
    site = playground.atlassian
    for address in ADDRESSES:
        hostile = aimed(address, servers)

        def mislead(_request: Request, answer: Answer, hostile: str = hostile) -> Answer:
            if isinstance(answer.body, dict) and "next" in answer.body.get("_links", {}):
                links = answer.body["_links"]
                links |= {"next": f"{hostile}?{links['next'].partition('?')[2]}", "base": hostile, "context": hostile}
            return answer

        site.faults["misleading"] = mislead
        credentials = Credentials.basic("bridge@acme.example", "playground")
        with GuardedSession(site.origin, credentials=credentials, limits=Limits(attempts=1)) as http:
            connector = Confluence({"url": site.origin, "spaces": ["QMS"], "page_size": 60}, http, {})
            # an address may be so odd that its cursor cannot be read; then the walk ends with an error, not elsewhere
            with suppress(BridgeError):
                assert len(set(connector.census("document"))) == len(playground.truth()["confluence"]["document"])
    site.mend()
    assert recorder.asked == []
    assert {f"http://{place[0]}:{place[1]}" for place in dialled} == {site.origin}
