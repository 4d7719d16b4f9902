"""The path of a newcomer: the twelve tasks of docs/first-steps.md, one command each, in order, as they are written."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "first-steps.md").read_text("utf-8")
TASKS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| `(.+)` \|$", PAGE, re.MULTILINE)
LEFT = {
    "demo": ["itss-demo/matrix.xlsx", "itss-demo/report.html"],
    "init": ["mine/itss-bridge.toml"],
    "export": ["board.xlsx", "board.html"],
}
"""The files that a command is to leave."""

SHOWN = {
    "auth": ["申请：ServiceNow 只读账号", "Request: an account for Jira"],
    "doctor": ["Python", "证据库"],
    "status": ["完整"],
    "matrix": ["符合性矩阵", "2016-0"],
    "metric": ["INC"],
    "gap": ["≥"],
    "explain": ["exit-5", "处理办法"],
    "schedule": ["02:17", "sync --log json", "JIRA_TOKEN"],
}
"""What a newcomer looks for on the screen."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


def run(line: str, folder: Path) -> subprocess.CompletedProcess:
    words = shlex.split(line)
    assert words[0] == "itss-bridge"
    environment = {
        **{name: value for name, value in os.environ.items() if "TOKEN" not in name and "PASSWORD" not in name},
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "COLUMNS": "100",
        # the demo's stand-ins are gone, its workspace still refers to their secrets
        "PLAYGROUND_PASSWORD": "playground",
        "PLAYGROUND_TOKEN": "playground",
    }
    command = [sys.executable, "-m", "itss_bridge", *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, check=False)


def test_there_are_twelve_in_both_languages() -> None:
    assert [int(number) for number, *_ in TASKS] == list(range(1, 13))
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, _, chinese, _ in TASKS)
    assert all("`" not in command and "&&" not in command for *_, command in TASKS), "one command each"


@pytest.mark.parametrize(("number", "task", "line"), [(n, task, line) for n, task, _, line in TASKS])
def test_a_task_is_done_by_its_one_command(folder: Path, number: str, task: str, line: str) -> None:
    ran = run(line, folder)
    name = line.split()[1]
    assert ran.returncode == 0, f"{number}. {task}: {ran.stderr}"
    assert all((folder / file).stat().st_size for file in LEFT.get(name, ()))
    assert ran.stdout.strip()
    assert all(words in ran.stdout for words in SHOWN.get(name, ())), ran.stdout


def test_the_last_screen_of_a_step_names_the_next_one(folder: Path) -> None:
    made = run("itss-bridge init other --organisation x", folder)
    assert "itss-bridge doctor" in made.stderr
    checked = run("itss-bridge doctor -w other", folder)
    assert "itss-bridge plan" in checked.stdout


def test_the_demo_is_data_too(folder: Path) -> None:
    ran = run("itss-bridge demo again --json", folder)
    shown = json.loads(ran.stdout)
    assert ran.returncode == 0, ran.stderr
    assert shown["workspace"] == "again"
    assert all((folder / file).exists() for file in shown["files"])
    assert shown["rows"] == json.loads(run("itss-bridge matrix --json -w again", folder).stdout)["rows"]


def test_every_command_of_the_path_stands_in_the_help(folder: Path) -> None:
    shown = run("itss-bridge --help", folder).stdout
    assert {line.split()[1] for *_, line in TASKS} <= set(re.findall(r"^  ([a-z]+) ", shown, re.MULTILINE))


def test_the_exit_codes_and_events_on_the_page_are_those_that_there_are(folder: Path) -> None:
    for code in re.findall(r"\bexit-(\d+)", PAGE):
        assert run(f"itss-bridge explain exit-{code}", folder).returncode == 0
    ran = run("itss-bridge sync --log json --json -w other", folder)
    events = [json.loads(line)["event"] for line in ran.stderr.splitlines() if line.startswith("{")]
    assert set(events) <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert events[-1] == "run"
