"""A whole sync on client credentials: every tool, tokens that end half way, and no trace of a secret anywhere."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from itss_bridge_playground.oauth import CLIENT, CLIENT_SECRET, TokenDesk
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import Answer, Request

pytestmark = pytest.mark.slow

MAY = datetime(2016, 5, 1, tzinfo=UTC)
JIRA = '[sources.jira]\nconnector = "jira"\n{own}\n[sources.jira.streams.change]\njql = "project = OPS AND issuetype = Change"'
CONFLUENCE = '[sources.confluence]\nconnector = "confluence"\nspaces = ["QMS"]\n{own}'
GRANT = f'auth = "oauth-client-credentials"\nusername = "{CLIENT}"\nsecret = "env:CANARY"\n'


def sources(playground: Playground, deployment: str) -> str:
    site = playground.atlassian.origin
    if deployment == "cloud":
        elsewhere = f'url = "{site}"\ntoken_url = "{playground.identity.origin}/oauth/token"\n{GRANT}'
        atlassian = [JIRA.format(own=elsewhere), CONFLUENCE.format(own=elsewhere)]
    else:
        own = f'deployment = "data-center"\nscope = "READ"\n{GRANT}url = "{site}'
        atlassian = [JIRA.format(own=f'{own}/jira"'), CONFLUENCE.format(own=f'{own}/confluence"')]
    servicenow = f'[sources.servicenow]\nconnector = "servicenow"\nurl = "{playground.servicenow.origin}"\n{GRANT}'
    return "\n".join([*atlassian, servicenow])


@pytest.fixture(params=["cloud", "data-center"])
def playground(request: pytest.FixtureRequest) -> Iterator[Playground]:
    with Playground(MAY, deployment=request.param) as running:
        yield running


@pytest.fixture
def folder(playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CANARY", CLIENT_SECRET)
    text = f'[workspace]\norganisation = "x"\n{sources(playground, playground._deployment)}'
    (tmp_path / "itss-bridge.toml").write_text(text, "utf-8")
    return tmp_path


def desks(playground: Playground) -> list[TokenDesk]:
    site: Any = playground.atlassian.tool
    instance: Any = playground.servicenow.tool
    return list({id(one): one for one in (instance.desk, site.jira.desk, site.confluence.desk)}.values())


def test_every_tool_is_read_on_tokens_and_nothing_secret_is_left_behind(
    playground: Playground, folder: Path, bridge_command: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ran = bridge_command("sync", "-w", folder, "--json", "-v")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    states = {
        (source, name): one["state"] for source, o in told["sources"].items() for name, one in o["streams"].items()
    }
    assert set(states.values()) == {"complete"}
    assert {source for source, _ in states} == {"servicenow", "jira", "confluence"}
    tokens = [token for desk in desks(playground) for token in desk.issued]
    assert len(tokens) >= 3
    left = [ran.out, ran.err, caplog.text]
    # the lake's files are compressed: what they hold is looked at as the command line shows it
    shown = [bridge_command("evidence", "list", name, "-w", folder, "--json").out for name in ("change", "document")]
    assert all(shown)
    left += [*shown, bridge_command("status", "-w", folder, "--json").out]
    left += [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    for secret in (CLIENT_SECRET, *tokens):
        assert not [text[:80] for text in left if secret in text]


def test_tokens_that_end_or_are_revoked_in_the_middle_of_a_read_cost_a_request_and_no_row(
    playground: Playground, folder: Path, bridge_command: Callable[..., Any]
) -> None:
    path = folder / "itss-bridge.toml"
    # one after the other: else a second revocation could strike between a renewal and its use
    path.write_text(path.read_text("utf-8").replace("secret =", "in_flight = 1\nsecret ="), "utf-8")
    for server in (playground.servicenow, playground.atlassian):
        server.tool = Fickle(server.tool, desks(playground))
    ran = bridge_command("sync", "-w", folder, "--json")
    assert ran.code == 0, ran.err
    truth = playground.truth()
    for source, told in json.loads(ran.out)["sources"].items():
        for stream, outcome in told["streams"].items():
            assert outcome["seen"] == len(truth[source][stream]), (source, stream)
    assert sum(len(desk.issued) for desk in desks(playground)) > 6


class Fickle:
    """A tool that revokes all tokens before every fifth request."""

    def __init__(self, tool: Any, desks: list[TokenDesk]) -> None:
        self.tool = tool
        self.desks = desks
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tool, name)

    def answer(self, request: Request, origin: str) -> Answer:
        self.asked += 1
        if self.asked % 5 == 0:
            for desk in self.desks:
                desk.revoke()
        answer: Answer = self.tool.answer(request, origin)
        return answer


def test_a_wrong_client_secret_is_refused_once_and_named_as_such(
    playground: Playground, folder: Path, bridge_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "not-the-clients-s3cr3t")
    ran = bridge_command("sync", "-w", folder, "--json")
    assert ran.code in {4, 5}
    for told in json.loads(ran.out)["sources"].values():
        for outcome in told["streams"].values():
            assert outcome["state"] == "failed"
            assert "refused the client" in outcome["reason"]
    assert "s3cr3t" not in ran.out + ran.err
    asked = [line for line in playground.servicenow.log if line.path == "/oauth_token.do"]
    assert [line.status for line in asked] == [401]


def test_a_token_is_good_until_its_end_and_not_longer(playground: Playground) -> None:
    desk = desks(playground)[0]
    header = f"Bearer {desk.issue()}"
    playground.move_to(MAY + desk.life - timedelta(seconds=1))
    assert desk.admits(header)
    playground.move_to(MAY + desk.life)
    assert not desk.admits(header)
