"""`--json` everywhere: each command gives JSON and nothing else on stdout, whether all goes well or not."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator
from tests.prepared import collect, copied

from itss_bridge.cli import COMMANDS, itss_bridge
from itss_bridge.data import schema
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

LINES = {"metric list", "catalogue list", "catalogue mappings", "evidence list"}
"""Those that give one JSON document a line, for they may be many."""

CALLS = {
    "init": "{new} --organisation 晨星信息",
    "doctor": "--offline",
    "auth scopes": "servicenow",
    "template": "person {new}/person.csv",
    "plan": "",
    "sync": "",
    "status": "",
    "assess": "",
    "matrix": "",
    "matrix diff": "--from 2026-03-01 --to 2026-03-31",
    "gap": "--level 4",
    "nonconformity list": "",
    "nonconformity open": "",
    "nonconformity close": "NC-2026-001",
    "publish tickets": "--to jira",
    "publish page": "--to confluence",
    "analyse volume": "incident --ahead 0",
    "analyse causes": "incident",
    "analyse recurrence": "incident",
    "audit documents": "",
    "audit internal-audit": "",
    "audit management-review": "",
    "audit maturity": "--quarters 1",
    "audit sample": "incident --seed 1 --each 1",
    "export": "{new}/matrix.json",
    "verify": "",
    "calendar": "",
    "metric list": "",
    "metric show": "kpi-sla",
    "metric history": "kpi-sla",
    "evidence list": "incident",
    "evidence purge": "--before 2020-01-01",
    "evidence compact": "",
    "evidence find-person": "nobody",
    "catalogue list": "",
    "catalogue mappings": "",
    "catalogue show": "kpi-sla",
    "catalogue coverage": "",
    "catalogue lint": "",
    "catalogue conflicts": "",
    "catalogue diff": "{mappings} {mappings}",
    "catalogue sign": "--all --reviewer 质量负责人",
    "schedule show": "--cron",
    "plugins": "",
    "explain": "exit-5",
    "completion": "bash",
}
ELSEWHERE = {"demo", "fleet", "import"}
"""Those that take many workspaces, or half a minute, have tests of their own."""


def every_command() -> list[str]:
    found = []
    for name in COMMANDS:
        command = itss_bridge.get_command(click.Context(itss_bridge), name)
        group = isinstance(command, click.Group)
        members = command.list_commands(click.Context(command)) if group else ()
        found += [f"{name} {member}" for member in members]
        found += [] if group and not command.invoke_without_command else [name]
    return [name for name in found if name.split()[0] not in ELSEWHERE]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with pytest.MonkeyPatch.context() as patch, Playground(datetime(2016, 6, 1, tzinfo=UTC)) as running:
        patch.setenv("PLAYGROUND_PASSWORD", "playground")
        patch.setenv("PLAYGROUND_TOKEN", "playground")
        yield running


@pytest.fixture(scope="module")
def root(playground: Playground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation with evidence, and two places to publish to."""
    folder = copied("level-3", tmp_path_factory.mktemp("json"))
    collect(folder)
    file = folder / "itss-bridge.toml"
    jira = '[publish.jira]\nsource = "jira"\nproject = "QMS"\n'
    confluence = '[publish.confluence]\nsource = "confluence"\nspace = "QMS"\n'
    file.write_text(f"{file.read_text('utf-8')}\n{atlassian(playground)}\n{jira}{confluence}", "utf-8")
    return folder


def atlassian(playground: Playground) -> str:
    """The tables of Jira and Confluence."""
    _, table, rest = playground.workspace_toml().partition("[sources.jira]")
    return table + rest


def arguments(call: str, root: Path, new: Path) -> list[str]:
    places = {"{new}": str(new), "{mappings}": str(Path(__file__).parents[2] / "mappings")}
    words = []
    for word in CALLS[call].split():
        for place, value in places.items():
            word = word.replace(place, value)  # noqa: PLW2901 - filled in
        words.append(word)
    return [*call.split(), *words, "--json", *(() if call == "init" else ("-w", str(root)))]


def test_every_command_is_tried() -> None:
    assert set(every_command()) == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_stdout_is_json_and_nothing_else(bridge_command, root: Path, tmp_path: Path, call: str) -> None:
    ran = bridge_command(*arguments(call, root, tmp_path))
    texts = ran.out.splitlines() if call in LINES else [ran.out]
    assert texts
    assert all(json.loads(text) is not None for text in texts)
    assert ran.code in {0, 2, 3, 5}, ran.err
    if ran.code == 2:
        assert json.loads(ran.out)["error"]["what"]


def test_what_cannot_be_parsed_is_json_too(bridge_command) -> None:
    for call in CALLS:
        ran = bridge_command(*call.split(), "--json", "--colour")
        assert ran.code == 2
        assert "--colour" in json.loads(ran.out)["error"]["what"]


def test_the_doctor_is_as_its_schema_says(bridge_command, root: Path) -> None:
    shown = json.loads(bridge_command("doctor", "--json", "-w", root).out)
    Draft202012Validator(schema("cli/doctor")).validate(shown)


def test_a_sync_tells_a_scheduler_how_it_goes_line_by_line(
    bridge_command, playground: Playground, tmp_path: Path
) -> None:
    (tmp_path / "itss-bridge.toml").write_text(f'[workspace]\norganisation = "x"\n{atlassian(playground)}', "utf-8")
    ran = bridge_command("sync", "--log", "json", "--source", "jira", "-w", tmp_path)
    lines = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines[:1]] == ["reading"]
    streams = [line for line in lines if line["event"] == "stream"]
    assert {line["stream"] for line in streams} == {"change", "problem", "request"}
    assert all(line["source"] == "jira" and line["state"] == "complete" and line["seen"] for line in streams)
    *_, last = lines
    assert (last["event"], last["ok"], last["exit_code"]) == ("run", True, 0)
    assert {line["run"] for line in streams} == {last["run"]}
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)


def test_a_log_tells_of_a_failure(bridge_command, tmp_path: Path, monkeypatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        (tmp_path / "itss-bridge.toml").write_text(
            f'[workspace]\norganisation = "x"\n[sources.sn]\nconnector = "servicenow"\nurl = "{url}"\n'
            'username = "bridge"\nsecret = "env:SN_PASSWORD"\nattempts = 1\n'
        )
        monkeypatch.setenv("SN_PASSWORD", "canary")
        ran = bridge_command("sync", "--log", "json", "-w", tmp_path)
    *streams, last = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert ran.code == last["exit_code"] == 5
    assert {line["state"] for line in streams} == {"failed"}
    assert all(line["reason"] for line in streams)
    assert "canary" not in ran.err
