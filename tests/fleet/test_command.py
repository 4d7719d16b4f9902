"""The command: rows, exit codes, documents for scripts, files."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.fleet.fleets import DAY, fleet_of

from itss_bridge.data import schema
from itss_bridge.fleet import Portfolio
from itss_bridge.fleet.exporters.document import portfolio_json


def shown(ran, name: str) -> dict:
    document = json.loads(ran.out)
    Draft202012Validator(schema(f"cli/{name}")).validate(document)
    return document


def test_matrix_prints_one_portfolio(bridge_command, folder: Path, found: Portfolio) -> None:
    ran = bridge_command("fleet", "matrix", folder, "--json", "--as-of", DAY)
    assert ran.code == 5  # one workspace is broken, two lack evidence
    assert shown(ran, "fleet-portfolio") == json.loads(json.dumps(portfolio_json(found)))


def test_matrix_is_shown_with_what_it_lacks(bridge_command, folder: Path) -> None:
    ran = bridge_command("fleet", "matrix", folder, "--as-of", DAY, "--lang", "en")
    text = " ".join(ran.out.split())
    for words in ("2 of 9 organisations have evidence that is not complete; 1 could not", "south/broken", "FAILED"):
        assert words in text
    assert "组织 001" in text


def test_the_gate_names_who_misses_it(bridge_command, folder: Path) -> None:
    ran = bridge_command("fleet", "assess", folder, "--as-of", DAY, "--require", "itss-level-4", "--json")
    document = shown(ran, "fleet-assess")
    assert (ran.code, document["require"], len(document["missed"])) == (5, 4, 9)
    assert "ITSS level 4" in ran.err or "四" in ran.err or "4" in ran.err


def test_a_gate_alone_ends_with_3(bridge_command, tmp_path: Path) -> None:
    root = fleet_of(tmp_path, 2)
    assert bridge_command("fleet", "sync", root).code == 0
    assert bridge_command("fleet", "assess", root, "--as-of", DAY).code == 0
    assert bridge_command("fleet", "assess", root, "--as-of", DAY, "--require", "itss-level-4").code == 3


def test_plan_and_sync_go_on_past_what_fails(bridge_command, tmp_path: Path) -> None:
    root = fleet_of(tmp_path, 3)
    (root / "broken").mkdir()
    (root / "broken" / "itss-bridge.toml").write_text("x", "utf-8")
    plan = bridge_command("fleet", "plan", root, "--json")
    assert plan.code == 5
    assert {w: len(row["plan"] or ()) for w, row in shown(plan, "fleet-plan")["workspaces"].items()} == {
        "broken": 0,
        "south/org-001": 3,
        "华东/org-000": 2,
        "华东/org-002": 3,
    }
    sync = bridge_command("fleet", "sync", root, "--json", "--workers", 2)
    assert sync.code == 5
    document = shown(sync, "fleet-sync")
    assert document["ok"] is False
    assert {w: row["exit_code"] for w, row in document["workspaces"].items()}["broken"] == 2
    assert document["workspaces"]["华东/org-000"]["sync"]["ok"] is True
    Draft202012Validator(schema("cli/sync")).validate(document["workspaces"]["华东/org-000"]["sync"])


def test_the_command_line_overrides_the_fleet_file(bridge_command, tmp_path: Path) -> None:
    root = fleet_of(tmp_path, 1)
    file = root / "fleet.toml"
    file.write_text('[fleet]\nname = "x"\nexecutor = "dask"\nscheduler = "tcp://127.0.0.1:9"\n', "utf-8")
    ran = bridge_command("fleet", "plan", file, "--executor", "threads", "--json")
    assert ran.code == 0, ran.err
    assert shown(ran, "fleet-plan")["fleet"] == "x"


def test_export_writes_the_portfolio_and_each_report(bridge_command, folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"portfolio{suffix}" for suffix in (".xlsx", ".html", ".csv", ".json")]
    each = tmp_path / "each" / "{workspace}-{organisation}.json"
    ran = bridge_command("fleet", "export", folder, *files, "--each", each, "--as-of", DAY)
    assert ran.code == 5
    assert all(file.stat().st_size > 1000 for file in files)
    written = sorted(path.name for path in (tmp_path / "each").iterdir())
    assert len(written) == 8
    assert "south-org-001-组织 001.json" in written
    assert len(ran.out.splitlines()) == 4 + 8


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["matrix", "--as-of", "yesterday"], "is not a date"),
        (["matrix", "--executor", "dusk"], "dask"),
        (["matrix", "--scheduler", "tcp://127.0.0.1:9"], "belongs to"),
        (["assess", "--require", "3rd"], "itss-level"),
        (["export"], "--each"),
        (["export", "portfolio.docs"], "no such format"),
        (["export", "--each", "all.xlsx"], "two workspaces would write one file"),
        (["export", "--each", "{workspce}.xlsx"], "workspce"),
        (["sync", "--workers", "0"], "0"),
    ],
)
def test_wrong_usage_is_the_fleets_and_ends_with_2(bridge_command, folder: Path, words: list[str], what: str) -> None:
    ran = bridge_command("fleet", words[0], folder, *words[1:])
    assert ran.code == 2
    assert what in ran.err
    assert "Traceback" not in ran.err
