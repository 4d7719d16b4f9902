"""Completion, as a shell asks for it: the script is read by the shell itself, ids come without loading a catalogue."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from itss_bridge import workspace
from itss_bridge.catalogue import load
from itss_bridge.cli import complete, itss_bridge
from itss_bridge.cli.complete import completed
from itss_bridge.data import stream_names

CATALOGUE = load()
SOURCES = """\
[workspace]
organisation = "x"
catalogues = ["own"]
[sources.desk]
connector = "servicenow"
[sources.wiki]
connector = "confluence"
[publish.board]
source = "wiki"
"""
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "itss-bridge.toml").write_text(SOURCES, "utf-8")
    (tmp_path / "own" / "metrics").mkdir(parents=True)
    (tmp_path / "own" / "metrics" / "own-lead-time.yaml").write_text("metric: own-lead-time\n", "utf-8")
    return tmp_path


def offered(line: str, shell: str = "bash", probe: str = "") -> list[str]:
    """What pressing Tab at the end of *line* offers; the protocol is the one of click's own scripts."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "_ITSS_BRIDGE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    code = f"import sys; from itss_bridge.cli import main\ntry:\n    main([])\nfinally:\n    {probe or 'pass'}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    return [found.split(",", 1)[-1].split("\t")[0] for found in ran.stdout.splitlines() if found]


@pytest.mark.parametrize("shell", CHECKS)
def test_the_script_is_one_that_the_shell_reads(bridge_command, tmp_path: Path, shell: str) -> None:
    ran = bridge_command("completion", shell)
    assert ran.code == 0
    assert "_ITSS_BRIDGE_COMPLETE" in ran.out
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here to read its script")
    file = tmp_path / "script"
    file.write_text(ran.out, "utf-8")
    subprocess.run([*CHECKS[shell], file], check=True, capture_output=True)


@pytest.mark.parametrize("shell", CHECKS)
def test_every_shell_is_offered_commands_and_ids(shell: str) -> None:
    assert {"doctor", "demo"} <= set(offered("itss-bridge d", shell))
    assert "kpi-sla" in offered("itss-bridge metric show kpi-s", shell)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_itself_completes_with_the_script(bridge_command, tmp_path: Path) -> None:
    program = tmp_path / "itss-bridge"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m itss_bridge "$@"\n')
    program.chmod(0o755)
    script = bridge_command("completion", "bash").out
    asked = f'{script}\nCOMP_WORDS=(itss-bridge explain exit-1); COMP_CWORD=2\n_itss_bridge_completion {program}\necho "${{COMPREPLY[@]}}"\n'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout.split() == ["exit-1", "exit-130"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("itss-bridge evidence list inc", ["incident"]),
        ("itss-bridge sync -w {root} --source d", ["desk"]),
        ("itss-bridge auth scopes -w {root} d", ["desk"]),
        ("itss-bridge publish tickets -w {root} --to b", ["board"]),
        ("itss-bridge metric show -w {root} own", ["own-lead-time"]),
        ("itss-bridge catalogue sign itss-iso9", ["itss-iso9001"]),
        ("itss-bridge audit documents --framework iso9", ["iso9001"]),
        ("itss-bridge schedule show --k", ["--k8s"]),
        ("itss-bridge init --tool serv", ["servicenow"]),
    ],
)
def test_ids_are_offered_where_a_command_takes_one(root: Path, line: str, expected: list[str]) -> None:
    assert offered(line.format(root=root)) == expected


def test_what_is_offered_is_what_there_is(root: Path) -> None:
    context = click.Context(itss_bridge, info_name="itss-bridge")
    for kind, there in {
        "metrics": set(CATALOGUE.metrics),
        "frameworks": set(CATALOGUE.frameworks),
        "crosswalks": set(CATALOGUE.crosswalks),
        "packs": set(CATALOGUE.packs),
        "requirements": set(CATALOGUE.requirements),
        "streams": set(stream_names()),
    }.items():
        context.params = {"workspace": None}
        found = {item.value for item in completed(kind)(context, click.Argument(["x"]), "")}
        assert found == there, kind


@pytest.mark.parametrize("broken", [None, "", "[workspace", "\udcff"])
def test_a_workspace_that_cannot_be_read_stops_no_tab(tmp_path: Path, broken: str | None) -> None:
    if broken is not None:
        (tmp_path / "itss-bridge.toml").write_bytes(broken.encode("utf-8", "surrogateescape"))
    assert "kpi-sla" in offered(f"itss-bridge metric show -w {tmp_path} kpi-sl")
    assert offered(f"itss-bridge sync -w {tmp_path} --source ") == []


def test_it_looks_into_the_workspace_s_own_file() -> None:
    assert complete._FILE == workspace.FILE


def test_a_tab_loads_nothing_heavy() -> None:
    heavy = (
        "duckdb",
        "pyarrow",
        "deltalake",
        "requests",
        "rich",
        "jsonschema",
        "yaml",
        "jinja2",
        "atlassian",
        "pysnow",
    )
    probe = f"print('loaded', *[name for name in {heavy!r} if name in sys.modules], sep=',')"
    for line in ("itss-bridge explain itss:prc-inc", "itss-bridge metric show kpi", "itss-bridge auth scopes "):
        assert offered(line, probe=probe)[-1] == "loaded"
