"""`sync` and `status` when a source has been taken out of itss-bridge.toml."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HEAD = '[workspace]\norganisation = "晨星信息"\n'
FILES = '[sources.{name}]\nconnector = "files"\nfolder = "{name}"\n'


@pytest.fixture
def root(tmp_path: Path, bridge_command) -> Path:
    """Two sources of files, both read."""
    configure(tmp_path, "old", "new")
    for name, rows in (("old", "1,80\n2,90\n"), ("new", "3,70\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "survey.csv").write_text(f"id,score\n{rows}", "utf-8")
    assert bridge_command("sync", "-w", tmp_path).code == 0
    return tmp_path


def configure(root: Path, *names: str) -> None:
    text = HEAD + "".join(FILES.format(name=name) for name in names)
    (root / "itss-bridge.toml").write_text(text, "utf-8")


def states(bridge_command, root: Path) -> dict[str, str]:
    shown = json.loads(bridge_command("status", "-w", root, "--json").out)
    return {state["source"]: state["state"] for state in shown}


def test_evidence_of_a_source_that_was_taken_out_fails_and_says_what_to_do(bridge_command, root: Path) -> None:
    configure(root, "new")
    ran = bridge_command("sync", "-w", root, "--json")
    assert ran.code == 5
    stream = json.loads(ran.out)["sources"]["old"]["streams"]["survey"]
    assert (stream["state"], stream["seen"]) == ("failed", 2)
    assert "no longer configured" in stream["reason"]
    assert "--accept-removals" in stream["reason"]
    assert states(bridge_command, root) == {"old": "failed", "new": "complete"}


def test_a_source_that_was_taken_out_is_left_alone_while_only_another_is_synced(bridge_command, root: Path) -> None:
    configure(root, "new")
    assert bridge_command("sync", "-w", root, "--source", "new").code == 0
    assert states(bridge_command, root) == {"old": "complete", "new": "complete"}


def test_a_source_is_ended_by_accepting_its_removal(bridge_command, root: Path) -> None:
    configure(root, "new")
    ran = bridge_command("sync", "-w", root, "--json", "--accept-removals")
    assert ran.code == 0
    stream = json.loads(ran.out)["sources"]["old"]["streams"]["survey"]
    assert (stream["state"], stream["removed"], stream["seen"]) == ("complete", 2, 0)
    again = bridge_command("sync", "-w", root, "--json")
    assert (again.code, list(json.loads(again.out)["sources"])) == (0, ["new"])
    listed = bridge_command("evidence", "list", "survey", "-w", root, "--json").out
    assert [json.loads(line)["source"] for line in listed.splitlines()] == ["new"]
    assert bridge_command("verify", "-w", root).code == 0


def test_with_no_source_left_nothing_is_read_and_nothing_stays_complete(bridge_command, root: Path) -> None:
    configure(root)
    assert bridge_command("sync", "-w", root).code == 2
    assert set(states(bridge_command, root).values()) == {"failed"}


def test_a_source_that_is_put_back_goes_on(bridge_command, root: Path) -> None:
    configure(root, "new")
    assert bridge_command("sync", "-w", root).code == 5
    configure(root, "old", "new")
    assert bridge_command("sync", "-w", root).code == 0
    assert states(bridge_command, root) == {"old": "complete", "new": "complete"}
