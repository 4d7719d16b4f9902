"""The command line: bad input gets one clear message, the right exit code, and loses nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.prepared import DAY, collect, copied

from itss_bridge.cli import COMMANDS, itss_bridge

GOOD = '[workspace]\norganisation = "晨星信息"\n'
SERVICENOW = (
    GOOD + '[sources.sn]\nconnector = "servicenow"\nurl = "{url}"\nusername = "bridge"\nsecret = "env:SN_PASSWORD"\n'
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "itss-bridge.toml").write_text(GOOD, "utf-8")
    return tmp_path


def configure(root: Path, text: str) -> None:
    (root / "itss-bridge.toml").write_text(text, "utf-8")


def every_command() -> list[tuple[str, ...]]:
    """All commands, those of groups one by one."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = itss_bridge.get_command(click.Context(itss_bridge), name)
        members = command.list_commands(click.Context(command)) if isinstance(command, click.Group) else ()
        found += [(name, member) for member in members] or [(name,)]
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(bridge_command, command: tuple[str, ...]) -> None:
    ran = bridge_command(*command, "--help")
    assert ran.code == 0
    assert "Example" in ran.out


def test_a_misspelt_command_is_answered_with_the_right_one(bridge_command) -> None:
    ran = bridge_command("matrx")
    assert ran.code == 2
    assert "did you mean 'matrix'" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync",),
        ("assess", "--as-of", "yesterday"),
        ("assess", "--require", "level-3"),
        ("metric", "show", "kpi-slaa"),
        ("metric", "show", "document-approved"),
        ("metric", "show", "kpi-sla", "--with", "label=x"),
        ("evidence", "list", "incidents"),
        ("evidence", "list", "incident", "--columns", "colour"),
        ("catalogue", "sign", "--reviewer", "质量负责人"),
        ("catalogue", "sign", "nothing", "--reviewer", "质量负责人"),
        ("catalogue", "sign", "--all", "--reviewer", "质量负责人", "--date", "1.3.2026"),
        ("publish", "tickets", "--to", "nowhere"),
        ("publish", "page", "--to", "nowhere"),
        ("nonconformity", "close", "NC-2016-001"),
        ("audit", "documents", "--framework", "iso9000"),
        ("audit", "sample", "incident", "--seed", "1"),
        ("audit", "sample", "incidents", "--seed", "1", "--each", "3"),
        ("analyse", "causes", "incident", "--by", "colour"),
        ("analyse", "volume", "document"),
        ("export", "matrix.docs"),
        ("export",),
    ],
)
def test_wrong_usage_ends_with_2_and_one_message(bridge_command, root: Path, arguments: tuple[str, ...]) -> None:
    ran = bridge_command(*arguments, "-w", root)
    assert ran.code == 2
    assert ran.err.strip()
    assert "Traceback" not in ran.err + ran.out


def test_no_workspace_ends_with_2(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("matrix", "-w", tmp_path)
    assert ran.code == 2
    assert "no workspace here" in ran.err


def test_an_error_is_data_too(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("matrix", "-w", tmp_path, "--json")
    error = json.loads(ran.out)
    assert error["ok"] is False
    assert set(error["error"]) >= {"what", "where", "fix"}


def test_a_broken_catalogue_file_is_named_with_its_line(bridge_command, root: Path) -> None:
    pack = root / "own" / "metrics"
    pack.mkdir(parents=True)
    (pack / "bad.yaml").write_text("metric: x\nmetric: y\n", "utf-8")
    configure(root, GOOD + 'catalogues = ["own"]\n')
    ran = bridge_command("matrix", "-w", root)
    assert ran.code == 2
    assert "bad.yaml:2:1" in ran.err


@pytest.mark.parametrize("url", ["http://acme.example", "ftp://127.0.0.1", "https://user:canary@acme.example", "acme"])
def test_an_address_that_is_not_safe_is_refused(bridge_command, root: Path, monkeypatch, url: str) -> None:
    monkeypatch.setenv("SN_PASSWORD", "canary")
    configure(root, SERVICENOW.format(url=url))
    ran = bridge_command("sync", "-w", root)
    assert ran.code == 2
    assert "canary" not in ran.err + ran.out
    assert not list((root / "evidence").glob("*/")) if (root / "evidence").exists() else True


def test_a_host_that_does_not_answer_ends_with_5(bridge_command, root: Path, monkeypatch) -> None:
    monkeypatch.setenv("SN_PASSWORD", "canary")
    configure(root, SERVICENOW.format(url="http://127.0.0.1:9") + "attempts = 1\n")
    ran = bridge_command("sync", "-w", root, "--json")
    assert ran.code == 5
    shown = json.loads(ran.out)
    assert shown["ok"] is False
    states = {s["state"] for s in shown["sources"]["sn"]["streams"].values()}
    assert states == {"failed"}
    assert "canary" not in ran.out + ran.err


def test_a_secret_that_is_not_there_ends_with_2(bridge_command, root: Path, monkeypatch) -> None:
    monkeypatch.delenv("SN_PASSWORD", raising=False)
    configure(root, SERVICENOW.format(url="https://acme.service-now.com"))
    ran = bridge_command("sync", "-w", root)
    assert ran.code == 2
    assert "SN_PASSWORD" in ran.err


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('rule_packs = ["itss-application-2021"]', "rule_packs"),
        ('frameworks = ["iso20000"]', "frameworks"),
        ('binding = ["consultant-000"]', "binding"),
        ('[scope]\nnot_applicable = [{requirement = "itss:nothing", justification = "x"}]', "not_applicable"),
    ],
)
def test_names_that_nothing_answers_to_are_refused(bridge_command, root: Path, line: str, what: str) -> None:
    configure(root, f"{GOOD}{line}\n")
    ran = bridge_command("matrix", "-w", root)
    assert ran.code == 2
    assert what in ran.err


def test_only_the_frameworks_that_are_asked_for_are_shown(bridge_command, root: Path) -> None:
    configure(root, f'{GOOD}frameworks = ["itss", "iso9001"]\n')
    shown = json.loads(bridge_command("matrix", "-w", root, "--json").out)
    frameworks = {row["requirement"].split(":")[0] for row in shown["rows"]}
    assert frameworks <= {"itss", "iso9001"}
    assert {name for row in shown["rows"] for name in row["cells"]} == {"itss", "iso9001"}


def test_conflicts_between_packs_name_the_one_that_decides(bridge_command, root: Path) -> None:
    shown = json.loads(bridge_command("catalogue", "conflicts", "-w", root, "--json").out)
    entry = next(c for c in shown if c["level"] == 3 and "rules-2020.l3.entry" in c["rules"])
    assert entry["decides"] == ["rules-2020.l3.entry"]
    configure(root, GOOD + 'rule_packs = ["consultant-002"]\nbinding = ["consultant-002"]\n')
    shown = json.loads(bridge_command("catalogue", "conflicts", "-w", root, "--json").out)
    assert {rule for c in shown for rule in c["decides"]} <= {r for c in shown for r in c["rules"] if "002" in r}


def test_a_gate_that_is_not_met_ends_with_3(bridge_command, root: Path) -> None:
    ran = bridge_command("assess", "-w", root, "--require", "itss-level-4", "--json")
    assert ran.code == 3


def test_a_workspace_is_made_once(bridge_command, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert bridge_command("init", folder, "--organisation", '晨星"信息"').code == 0
    before = (folder / "itss-bridge.toml").read_bytes()
    assert bridge_command("init", folder, "--organisation", "other").code == 2
    assert (folder / "itss-bridge.toml").read_bytes() == before
    assert bridge_command("status", "-w", folder).code == 0


def test_a_wrong_wish_makes_no_workspace(bridge_command, tmp_path: Path) -> None:
    assert bridge_command("init", tmp_path, "--organisation", "x", "--time-zone", "Mars/Olympus").code == 2
    assert not (tmp_path / "itss-bridge.toml").exists()


def test_changed_evidence_ends_with_6_and_says_where(bridge_command, root: Path) -> None:
    configure(root, GOOD + '[sources.files]\nconnector = "files"\n')
    (root / "attestations").mkdir()
    (root / "attestations" / "survey.csv").write_text("id,score\n1,80\n", "utf-8")
    assert bridge_command("sync", "-w", root).code == 0
    assert bridge_command("verify", "-w", root).code == 0
    file = next((root / "evidence" / "survey").glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    ran = bridge_command("verify", "-w", root)
    assert ran.code == 6
    assert str(file) in ran.err


def test_evidence_replaced_by_an_older_copy_is_found_against_a_report(bridge_command, root: Path) -> None:
    configure(root, GOOD + '[sources.files]\nconnector = "files"\n')
    (root / "attestations").mkdir()
    survey = root / "attestations" / "survey.csv"
    survey.write_text("id,score\n1,80\n", "utf-8")
    assert bridge_command("sync", "-w", root).code == 0
    shutil.copytree(root / "evidence", root / "backup")
    survey.write_text("id,score\n1,60\n", "utf-8")
    assert bridge_command("sync", "-w", root).code == 0
    report = root / "audit.json"
    assert bridge_command("export", report, "-w", root).code == 0
    assert bridge_command("verify", "-w", root, "--against", report).code == 0
    shutil.rmtree(root / "evidence")
    (root / "backup").rename(root / "evidence")
    assert bridge_command("verify", "-w", root).code == 0  # the older copy is sound in itself
    ran = bridge_command("verify", "-w", root, "--against", report)
    assert ran.code == 6
    assert "which the report names" in ran.err


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"streams": 5}'])
def test_a_file_that_is_no_report_is_refused(bridge_command, root: Path, content: str) -> None:
    (root / "audit.json").write_text(content)
    assert bridge_command("verify", "-w", root, "--against", root / "audit.json").code == 2


def test_a_plan_says_what_would_be_read_and_reads_nothing(bridge_command, root: Path) -> None:
    configure(root, GOOD + '[sources.files]\nconnector = "files"\n')
    (root / "attestations").mkdir()
    (root / "attestations" / "survey.csv").write_text("id,score\n1,80\n2,90\n", "utf-8")
    ran = bridge_command("plan", "-w", root, "--json")
    assert ran.code == 0
    (line,) = json.loads(ran.out)
    assert (line["stream"], line["read"], line["at the tool"], line["held"]) == ("survey", "everything", 2, 0)
    assert not list((root / "evidence").glob("*/")) if (root / "evidence").exists() else True


def test_a_plan_names_the_source_that_does_not_answer(bridge_command, root: Path, monkeypatch) -> None:
    monkeypatch.setenv("SN_PASSWORD", "canary")
    configure(root, SERVICENOW.format(url="http://127.0.0.1:9") + "attempts = 1\n")
    ran = bridge_command("plan", "-w", root, "--json")
    assert ran.code == 5
    assert json.loads(ran.out)[0]["source"] == "sn"


def test_a_second_sync_at_once_ends_with_7(bridge_command, root: Path) -> None:
    from itss_bridge.workspace import Workspace

    configure(root, GOOD + '[sources.files]\nconnector = "files"\n')
    (root / "attestations").mkdir()
    with Workspace.open(root).lock():
        assert bridge_command("sync", "-w", root).code == 7


def test_an_export_that_fails_leaves_the_old_file(bridge_command, root: Path) -> None:
    target = root / "nowhere" / "matrix.json"
    assert bridge_command("export", target, "-w", root).code == 2
    assert bridge_command("export", root / "matrix.json", "-w", root).code == 0
    assert not list(root.glob(".*.partial"))


def loaded_by(*arguments: object) -> set[str]:
    """The modules that are there after a command in a process of its own."""
    words = [str(one) for one in arguments]
    probe = (
        f"import sys; from itss_bridge.cli import run; run({words!r}); print('loaded', *sorted(sys.modules), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=environment, check=True)
    return set(ran.stdout.partition("loaded\n")[2].split())


def test_help_is_there_at_once() -> None:
    """No heavy library is imported for --help: each costs more than the whole budget."""
    loaded = loaded_by("--help")
    assert not loaded & {"duckdb", "pyarrow", "deltalake", "requests", "rich", "jsonschema", "yaml", "jinja2"}


def test_a_report_loads_nothing_that_only_writers_and_connectors_need(tmp_path: Path) -> None:
    """Together they take as long to load as DuckDB to measure a hundred thousand tickets."""
    root = copied("level-3", tmp_path)
    collect(root)
    loaded = loaded_by("assess", "-w", root, "--as-of", DAY)
    assert "duckdb" in loaded
    assert not loaded & {"pyarrow", "numpy", "pandas", "requests", "urllib3", "jsonschema", "openpyxl", "xlsxwriter"}
