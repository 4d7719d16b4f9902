"""The doctor over a workspace whose tools are the playground: what is right, what is wrong, and that nothing stops it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.data import schema
from itss_bridge.doctor import Finding, examine, exit_code
from itss_bridge.doctor.finding import careful
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.workspace import Workspace
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

GOOD = '[workspace]\norganisation = "晨星信息"\n'
FILES = GOOD + '[sources.files]\nconnector = "files"\n'


@pytest.fixture(params=["cloud", "data-center"])
def playground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Playground]:
    with Playground(datetime(2016, 6, 1, tzinfo=UTC), deployment=request.param) as running:
        monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
        monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
        yield running


@pytest.fixture
def root(playground: Playground, tmp_path: Path) -> Path:
    (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
    return tmp_path


def found(root: Path, check: str, about: str = "", **how: bool) -> list[Finding]:
    return [one for one in examine(root, **how) if one.check == check and one.about.endswith(about)]


def states(root: Path, check: str, about: str = "") -> list[str]:
    return [one.state for one in found(root, check, about)]


def test_a_sound_workspace_has_no_problem_and_write_rights_are_warned_about(root: Path) -> None:
    findings = list(examine(root))
    assert exit_code(findings) == 0
    assert {one.state for one in findings if one.check == "read"} == {"ok"}
    warned = {one.about: one.what for one in findings if one.check == "write" and one.state == "warning"}
    assert set(warned) == {"servicenow", "jira", "confluence"}
    assert warned["confluence"].endswith("create: QMS; update: QMS")
    assert "itil" in warned["servicenow"]
    assert "EDIT_ISSUES" in warned["jira"]
    assert all("auth scopes" in one.fix for one in findings if one.check == "write" and one.state == "warning")


def test_an_account_that_can_change_nothing_is_told_so(playground: Playground, root: Path) -> None:
    playground.servicenow.break_with("read-only")
    assert states(root, "write", "servicenow") == ["ok"]
    playground.servicenow.mend()
    playground.servicenow.break_with("roles-denied")
    assert states(root, "write", "servicenow") == ["unknown"]


def test_it_only_reads(playground: Playground, root: Path) -> None:
    list(examine(root))
    posted = {
        one.path
        for server in (playground.servicenow, playground.atlassian)
        for one in server.log
        if one.method != "GET"
    }
    assert posted <= {"/rest/api/3/jql/parse", "/jira/rest/api/2/search"}
    assert not list((root / "evidence").glob("*/"))


def test_a_refused_account_is_a_problem_of_rights_and_the_others_go_on(
    playground: Playground, root: Path, monkeypatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "canary-of-a-wrong-secret")
    findings = list(examine(root))
    assert exit_code(findings) == 4
    assert [one.about for one in findings if one.state == "problem"] == ["servicenow"]
    assert "canary" not in repr(findings)
    assert [one.state for one in findings if (one.check, one.about) == ("account", "jira")] == ["ok"]


def test_a_stream_that_may_not_be_read_is_named_with_the_reason(playground: Playground, root: Path) -> None:
    file = root / "itss-bridge.toml"
    file.write_text(file.read_text("utf-8").replace('spaces = ["QMS"]', 'spaces = ["QMS", "SECRET"]'), "utf-8")
    (problem,) = [one for one in found(root, "read", "confluence") if one.state == "problem"]
    assert "SECRET" in problem.cause
    assert problem.code == 4


def test_the_clock_counts_only_where_ours_is_used(playground: Playground, root: Path) -> None:
    assert states(root, "clock", "jira") == ["ok"]
    file = root / "itss-bridge.toml"
    file.write_text(file.read_text("utf-8").replace('clock = "source"', 'clock = "system"'), "utf-8")
    (late,) = found(root, "clock", "jira")
    assert late.state == "warning"


def test_another_time_zone_is_warned_about(playground: Playground, root: Path) -> None:
    file = root / "itss-bridge.toml"
    file.write_text(file.read_text("utf-8").replace("Asia/Shanghai", "Europe/Berlin"), "utf-8")
    (other,) = found(root, "zone", "jira")
    assert (other.state, "Asia/Shanghai" in other.what) == ("warning", True)


def test_offline_asks_no_tool(playground: Playground, root: Path) -> None:
    checks = {one.check for one in examine(root, offline=True)}
    assert not checks & {"tls", "read", "write", "clock", "zone"}
    assert not playground.servicenow.log
    assert not playground.atlassian.log


def test_after_a_sync_the_chain_is_looked_at_and_no_later_release_is_taken_for_ours(
    playground: Playground, root: Path, monkeypatch
) -> None:
    Bridge(root).sync(lambda *_: None, ["jira"])
    assert states(root, "evidence") == ["ok"]
    assert states(root, "schema") == []
    with monkeypatch.context() as patch:
        without = {name: sql for name, sql in StreamRows.of("change").types.items() if name != "risk"}
        patch.setattr(StreamRows.of("change"), "types", without)
        (later,) = found(root, "schema")
        assert (later.state, later.about, "risk" in later.what) == ("problem", "change", True)
    with Workspace.open(root).lock():
        assert (states(root, "lock"), states(root, "evidence")) == (["warning"], ["unknown"])
    file = next((root / "evidence" / "change").glob("*.parquet"))
    file.write_bytes(file.read_bytes() + b"x")
    findings = list(examine(root, offline=True))
    assert exit_code(findings) == 6
    assert any(one.about == "change" and file.name in one.cause for one in findings if one.state == "problem")


@pytest.mark.parametrize(
    ("text", "check", "code"),
    [
        ("", "workspace", 2),
        ("[workspace", "workspace", 2),
        (GOOD + 'target = "itss-level-9"\n', "workspace", 2),
        (GOOD + 'rule_packs = ["none"]\n', "catalogue", 2),
        (GOOD + 'catalogues = ["own"]\n', "catalogue", 2),
        (GOOD + '[sources.x]\nconnector = "nothing"\n', "account", 2),
        (GOOD + '[sources.jira]\nconnector = "jira"\nurl = "https://acme.example"\n', "account", 2),
        (
            GOOD + '[sources.jira]\nconnector = "jira"\nurl = "https://acme.example"\nsecret = "env:NOT_SET"\n',
            "secret",
            2,
        ),
        (GOOD + '[sources.jira]\nconnector = "jira"\nurl = "ftp://acme"\nsecret = "command:echo x"\n', "account", 2),
        (GOOD + '[privacy]\nkey = "file:/nowhere/key"\n', "secret", 2),
    ],
)
def test_whatever_is_broken_there_is_a_line_for_it_and_the_machine_is_looked_at(
    bridge_command, tmp_path: Path, monkeypatch, text: str, check: str, code: int
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "itss-bridge.toml").write_text(text, "utf-8")
    (tmp_path / "own" / "metrics").mkdir(parents=True)
    (tmp_path / "own" / "metrics" / "bad.yaml").write_text("metric: x\nmetric: y\n", "utf-8")
    ran = bridge_command("doctor", "--offline", "--json", "-w", tmp_path)
    shown = json.loads(ran.out)
    Draft202012Validator(schema("cli/doctor")).validate(shown)
    assert (ran.code, shown["exit_code"], shown["ok"]) == (code, code, False)
    assert check in {one["check"] for one in shown["findings"] if one["state"] == "problem"}
    assert {"python", "packages", "fonts"} <= {one["check"] for one in shown["findings"]}
    assert "Traceback" not in ran.err


def test_no_workspace_is_a_problem_with_its_fix(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("doctor", "-w", tmp_path, "--lang", "en")
    assert ran.code == 2
    assert "itss-bridge init" in ran.out
    assert "Python" in ran.out


def test_a_tool_that_does_not_answer_is_soon_known(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TOKEN", "canary")
    source = (
        '[sources.sn]\nconnector = "servicenow"\nurl = "http://127.0.0.1:9"\nusername = "b"\nsecret = "env:TOKEN"\n'
    )
    (tmp_path / "itss-bridge.toml").write_text(GOOD + source, "utf-8")
    (problem,) = [one for one in examine(tmp_path) if one.state == "problem"]
    assert (problem.check, problem.about, problem.code) == ("account", "sn", 5)


def test_a_check_that_breaks_is_a_line_too() -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("disk", "ok", "so far")
        raise RuntimeError("boom")

    before, after = careful("disk", broken, "here")
    assert (before.state, before.about) == ("ok", "here")
    assert (after.state, after.code, "boom" in after.what) == ("problem", 1, True)


def test_nothing_is_left_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(FILES, "utf-8")
    list(examine(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["itss-bridge.toml"]


def test_it_speaks_the_language_of_the_workspace(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(FILES, "utf-8")
    assert "正常" in bridge_command("doctor", "-w", tmp_path).out
    assert "正常" not in bridge_command("doctor", "-w", tmp_path, "--lang", "en").out
