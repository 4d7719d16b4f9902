"""`init`: five questions on a terminal, flags elsewhere, and never a file that is not valid."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.workspace import Workspace

ANSWERS = {
    "组织名称": "晨星信息",
    "报告首选语言": "fr\nen",
    "时区": "Mars/Olympus\nEurope/Berlin",
    "目标级别": "itss-level-2",
    "要读取的工具": "jira，servicenow",
}
"""What is asked, and what is answered; where there are two lines the first one is refused and asked for again."""


def asked(folder: Path, answers: list[str], *flags: str) -> str:
    """Run `init` on a terminal, answer what it asks, and return what the terminal showed."""
    keyboard, terminal = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "itss_bridge", "init", str(folder), *flags]
    running = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, close_fds=True
    )
    os.close(terminal)
    os.write(keyboard, "".join(f"{answer}\n" for answer in answers).encode())
    shown, ends = b"", time.monotonic() + 60
    while time.monotonic() < ends:
        ready, _, _ = select.select([keyboard], [], [], 0.2)
        try:
            piece = os.read(keyboard, 4096) if ready else b""
        except OSError:  # the terminal is closed when the command has ended
            break
        shown += piece
        if not piece and running.poll() is not None:
            break
    os.close(keyboard)
    assert running.wait(10) == 0, shown.decode()
    return shown.decode()


@pytest.mark.slow
def test_it_asks_five_things_in_both_languages_and_what_cannot_be_is_asked_for_again(tmp_path: Path) -> None:
    answers = [line for answer in ANSWERS.values() for line in answer.splitlines()]
    shown = asked(tmp_path / "new", answers)
    assert [question for question in ANSWERS if question in shown] == list(ANSWERS)
    assert "Organisation" in shown
    workspace = Workspace.open(tmp_path / "new")
    assert (workspace.organisation, workspace.languages, workspace.target) == ("晨星信息", ("en", "zh"), 2)
    assert str(workspace.time_zone) == "Europe/Berlin"
    assert set(workspace.sources) == {"files", "jira", "servicenow"}
    assert "itss-bridge doctor" in shown


@pytest.mark.slow
def test_an_empty_answer_takes_what_is_usual(tmp_path: Path) -> None:
    shown = asked(tmp_path / "new", ["x", "", "", "", ""], "--lang", "en")
    assert "组织名称" not in shown
    workspace = Workspace.open(tmp_path / "new")
    assert (workspace.languages, workspace.target, list(workspace.sources)) == (("zh", "en"), 3, ["files"])
    assert str(workspace.time_zone) == "Asia/Shanghai"


def test_without_a_terminal_nothing_is_asked(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("init", tmp_path)
    assert ran.code == 2
    assert "--organisation" in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("tools", [(), ("servicenow",), ("jira", "confluence"), ("servicenow", "jira", "confluence")])
def test_every_table_that_it_writes_is_one_that_its_connector_takes(
    bridge_command, tmp_path: Path, monkeypatch, tools: tuple[str, ...]
) -> None:
    for name in ("SN_PASSWORD", "JIRA_TOKEN", "CONFLUENCE_TOKEN"):
        monkeypatch.setenv(name, "canary")
    flags = [word for tool in tools for word in ("--tool", tool)]
    ran = bridge_command("init", tmp_path / "new", "--organisation", "晨星信息", *flags, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["sources"] == ["files", *tools]
    bridge = Bridge(tmp_path / "new")
    for source in bridge.workspace.sources.values():
        bridge.connector(source).streams()
    assert "canary" not in (tmp_path / "new" / "itss-bridge.toml").read_text("utf-8")


def test_what_is_commented_out_is_valid_when_it_is_not(bridge_command, tmp_path: Path) -> None:
    assert bridge_command("init", tmp_path, "--organisation", "x").code == 0
    file = tmp_path / "itss-bridge.toml"
    head, _, tables = file.read_text("utf-8").partition("# [sources.servicenow]")
    lines = [line.removeprefix("# ").removeprefix("#") for line in f"# [sources.servicenow]{tables}".splitlines()]
    file.write_text(head + "\n".join(lines), "utf-8")
    assert set(Workspace.open(tmp_path).sources) == {"files", "servicenow", "jira", "confluence"}


@pytest.mark.parametrize(
    "flags",
    [("--tool", "jra"), ("--target", "level-3"), ("--time-zone", "Mars/Olympus"), ("--organisation", "")],
)
def test_a_wrong_wish_leaves_nothing_behind(bridge_command, tmp_path: Path, flags: tuple[str, ...]) -> None:
    ran = bridge_command("init", tmp_path / "new", "--organisation", "x", *flags)
    assert ran.code == 2
    assert ran.err.strip()
    assert not (tmp_path / "new" / "itss-bridge.toml").exists()


def test_it_says_what_to_do_next(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("init", tmp_path / "new", "--organisation", "x", "--tool", "jira")
    assert ran.out.strip() == str(tmp_path / "new" / "itss-bridge.toml")
    assert f"itss-bridge doctor -w {tmp_path / 'new'}" in ran.err
