"""`auth scopes`: the text to paste, from what each connector declares, with or without a workspace."""

import json
from pathlib import Path

import pytest

from itss_bridge.contracts import Connector
from itss_bridge.plugins import Plugins

PLUGINS = Path(__file__).parents[2] / "plugins"
TOOLS = {name: kind for name, kind in Plugins().connectors.items() if not kind.reads_files}
SOURCES = """\
[workspace]
organisation = "晨星信息"
[sources.desk]
connector = "servicenow"
url = "https://acme.service-now.com"
auth = "oauth-client-credentials"
username = "client"
secret = "env:SN_SECRET"
read = ["incident", "project", "configuration_item"]
[sources.desk.streams.incident]
history = "sys_audit"
query = "company=acme"
[sources.desk.streams.project]
table = "u_service_project"
[sources.desk.streams.configuration_item]
relations = true
[sources.tickets]
connector = "jira"
deployment = "data-center"
url = "https://tools.acme.example/jira"
secret = "env:JIRA_TOKEN"
[sources.tickets.streams.change]
jql = "project = OPS AND issuetype = Change"
[sources.wiki]
connector = "confluence"
url = "https://acme.atlassian.net"
username = "bridge@acme.example"
secret = "env:CONFLUENCE_TOKEN"
spaces = ["QMS", "OPS"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "itss-bridge.toml").write_text(SOURCES, "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("deployment", [None, "cloud", "data-center"])
def test_rights_are_declared_in_both_languages_and_are_those_of_the_readme(name: str, deployment: str | None) -> None:
    rights = TOOLS[name].rights({"deployment": deployment} if deployment else {})
    readme = (PLUGINS / f"itss-bridge-{name}" / "README.md").read_text("utf-8")
    assert rights
    for right in rights:
        for text in (right.kind, right.purpose):
            assert text.en.strip()
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text.zh)
        for part in right.name.split(", "):
            assert part.lower() in readme.lower(), part


def test_a_connector_that_declares_nothing_needs_nothing_said() -> None:
    assert Connector.rights({}) == ()
    assert Connector.writable(object()) is None  # type: ignore[arg-type]


def test_a_request_is_text_in_both_languages_without_a_workspace(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, kind in TOOLS.items():
        text = bridge_command("auth", "scopes", name).out
        assert f"申请：{kind.title} 只读账号" in text
        assert f"Request: an account for {kind.title} that only reads" in text
        assert "Request" not in bridge_command("auth", "scopes", name, "--lang", "zh").out
        assert "申请" not in bridge_command("auth", "scopes", name, "--lang", "en").out


def test_a_workspace_asks_for_what_it_reads_and_no_more(bridge_command, root: Path) -> None:
    shown = {one["source"]: one for one in json.loads(bridge_command("auth", "scopes", "-w", root, "--json").out)}
    assert set(shown) == {"desk", "tickets", "wiki"}
    desk = [right["name"] for right in shown["desk"]["rights"]]
    assert {"incident", "sys_audit", "u_service_project", "cmdb_ci", "cmdb_rel_ci"} <= set(desk)
    assert not {"task_sla", "problem", "change_request", "metric_instance"} & set(desk)
    assert any("glide.oauth" in name for name in desk)
    assert [right["name"] for right in shown["tickets"]["rights"]] == ["Browse projects", "READ"]
    assert "QMS, OPS" in shown["wiki"]["text"]["zh"]
    assert "`project = OPS AND issuetype = Change`" in shown["tickets"]["text"]["en"]
    assert "`company=acme`" in shown["desk"]["text"]["en"]


def test_no_secret_is_looked_for(bridge_command, root: Path, monkeypatch) -> None:
    monkeypatch.setenv("JIRA_TOKEN", "canary")
    ran = bridge_command("auth", "scopes", "-w", root)
    assert ran.code == 0
    assert "canary" not in ran.out
    assert "JIRA_TOKEN" not in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("jra",), "did you mean 'jira'"),
        (("servicenow", "--deployment", "cloud"), "--deployment"),
        (("jira", "--deployment", "server"), "data-center"),
        ((), "servicenow"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(
    bridge_command, tmp_path: Path, monkeypatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bridge_command("auth", "scopes", *words)
    assert ran.code == 2
    assert said in ran.err
