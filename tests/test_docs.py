"""The documents say what is true: help is diffed, shell lines are run, tables are compared with the code."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from itss_bridge.data import schema, stream_names
from itss_bridge.wording import names
from itss_bridge.workspace import Workspace

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")


def block(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name}.*? -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found, f"no <!-- {name} --> block"
    return found[1]


def environment() -> dict[str, str]:
    # a plain terminal of 100 columns, whatever the machine that runs the tests
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "100", "TERM": "dumb"}


def run(line: str, cwd: Path) -> subprocess.CompletedProcess:
    words = shlex.split(line, comments=True)
    assert words[0] == "itss-bridge"
    command = [sys.executable, "-m", "itss_bridge", *words[1:]]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment(), check=False)


def test_the_readme_shows_the_help_as_it_is(tmp_path: Path) -> None:
    shown = re.search(r"```text\n(.*?)```", block(README, "help"), re.DOTALL)
    assert shown
    assert shown[1].strip() == run("itss-bridge --help", tmp_path).stdout.strip()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess]:
    folder = tmp_path_factory.mktemp("readme")
    return folder, run("itss-bridge demo", folder)


def test_the_demo_ends_well_and_every_row_has_a_status(demo) -> None:
    folder, ran = demo
    assert ran.returncode == 0, ran.stderr
    assert (folder / "itss-demo" / "matrix.xlsx").stat().st_size > 10_000
    assert (folder / "itss-demo" / "report.html").stat().st_size > 10_000
    shown = json.loads(run("itss-bridge matrix -w itss-demo --json", folder).stdout)
    assert len(shown["rows"]) > 80
    assert all(row["status"] and row["evidence"] >= 0 for row in shown["rows"])
    statuses = {row["status"] for row in shown["rows"]}
    assert statuses >= {"conforming", "nonconforming"}


def lines(heading: str) -> list[str]:
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    return [line for line in shell.splitlines() if "itss-demo" in line]


@pytest.mark.parametrize("line", [*lines("Go on from the demo"), *lines("From findings to a certificate")])
def test_a_line_of_the_readme_does_what_it_says(demo, line: str) -> None:
    folder, _ = demo
    ran = run(line, folder)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


def test_the_workspace_that_the_readme_shows_is_valid(tmp_path: Path) -> None:
    *places, sources = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "itss-bridge.toml").write_text("\n".join((sources, *places)), "utf-8")
    workspace = Workspace.open(tmp_path)
    assert set(workspace.sources) == {"servicenow", "jira", "confluence", "files"}
    assert {place["source"] for place in workspace.publish.values()} <= set(workspace.sources)


def test_the_table_of_streams_is_the_folder_of_streams() -> None:
    text = (ROOT / "schemas" / "README.md").read_text("utf-8")
    rows = [
        f"| `{name}` | {found['x-title-zh']} | {found['description']} |"
        for name in stream_names()
        if (found := schema(f"streams/{name}"))
    ]
    assert block(text, "streams").strip().splitlines() == rows


def test_every_link_between_documents_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("plugins/*/README.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("shelf", re.findall(r"<!-- ([A-Z_]+) -->", GLOSSARY))
def test_the_glossary_says_what_reports_say(shelf: str) -> None:
    rows = [f"| {t.zh} | {t.en} | `{getattr(k, 'value', k)}` |" for k, t in getattr(names, shelf).items()]
    assert block(GLOSSARY, f"{shelf}(?= )").strip().splitlines()[2:] == rows
