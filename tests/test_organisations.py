"""Three prepared organisations, from files to levels: gates, thresholds, and what must make no difference."""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from rich.console import Console
from tests.prepared import DAY, ORGANISATIONS, collect, copied, report

from itss_bridge.bridge import Bridge
from itss_bridge.cli.shapes import assessment_shape
from itss_bridge.cli.views import roadmap_view
from itss_bridge.data import schema
from itss_bridge.explain.finding import found as found_of
from itss_bridge.exporters.document import matrix_json
from itss_bridge.gaps import gaps, roadmap
from itss_bridge.model import Finding, Report, Status

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
CASES = yaml.safe_load((ROOT / "tests" / "cases" / "assess" / "organisations.yaml").read_text("utf-8"))
NAMES = sorted(path.name for path in ORGANISATIONS.iterdir() if path.is_dir())
RISING = [Status.NONCONFORMING, Status.PARTIAL, Status.CONFORMING]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The workspaces, collected once."""
    roots = {name: copied(name, tmp_path_factory.mktemp("organisations")) for name in NAMES}
    for root in roots.values():
        collect(root)
    return roots


@pytest.fixture(scope="module")
def judged(collected: dict[str, Path]) -> dict[str, Report]:
    return {name: report(root) for name, root in collected.items()}


@pytest.mark.parametrize("case", CASES["gates"], ids=lambda c: f"{c['organisation']}-{c['level']}")
def test_the_gate_ends_as_the_evidence_says(bridge_command, collected, case: dict) -> None:
    root = collected[case["organisation"]]
    ran = bridge_command("assess", "-w", root, "--as-of", DAY, "--json", "--require", f"itss-level-{case['level']}")
    assert ran.code == case["exit"], ran.err
    shown = json.loads(ran.out)
    Draft202012Validator(schema("cli/assess")).validate(shown)
    assert shown["reached"] == case["reached"]


@pytest.mark.parametrize("case", CASES["rules"], ids=lambda c: c["says"])
def test_one_rule_value_against_threshold(judged: dict[str, Report], case: dict) -> None:
    packs = judged[case["organisation"]].assessment.levels[case["level"]].packs
    (result,) = [r for pack in packs for r in pack.rules if r.check.id == case["rule"]]
    distance = None if result.distance is None else float(result.distance)
    assert result.measurement is not None
    assert result.measurement.value == pytest.approx(case["value"]) if case["value"] else not result.measurement.value
    assert (result.verdict, distance) == (
        case["state"],
        pytest.approx(case["distance"]) if case["distance"] else case["distance"],
    )


def test_what_one_level_asks_says_all_about_each_number(bridge_command, collected) -> None:
    ran = bridge_command("assess", "-w", collected["level-4-only"], "--as-of", DAY, "--level", "3", "--lang", "en")
    text = " ".join(ran.out.split())
    for words in ("1 more document", "3 more months", "decides nothing", "ITSS1-2015", "Level 4 · basic"):
        assert words in text


def test_the_gaps_of_a_level_are_what_keeps_it_from_being_reached(judged) -> None:
    for found in judged.values():
        for level in (4, 3, 2, 1):
            open_ = gaps(found.assessment, found.crosswalks, {}, found.target, level)
            assert bool(open_) != (found.assessment.levels[level].status is Status.CONFORMING)
            assert all(gap.binding and min(gap.levels) >= level for gap in open_)


def test_what_stands_between_is_printed_for_scripts(bridge_command, collected) -> None:
    root = collected["level-4-only"]
    shown = json.loads(bridge_command("gap", "-w", root, "--as-of", DAY, "--level", 3, "--json").out)
    Draft202012Validator(schema("cli/gap")).validate(shown)
    assert [gap["rank"] for gap in shown] == list(range(1, len(shown) + 1))
    assert all(set(gap["levels"]) == {3} for gap in shown)


def test_the_roadmap_opens_with_a_diagnosis_and_keeps_dates_and_roles(bridge_command, collected) -> None:
    root = collected["level-3"]
    shown = json.loads(bridge_command("gap", "-w", root, "--as-of", DAY, "--roadmap", "--json").out)
    Draft202012Validator(schema("cli/roadmap")).validate(shown)
    assert (shown["capacity"], shown["reached"], shown["target"]) == (30, 3, 3)
    assert shown["levels"]["3"]["not_met"] == 0
    assert sum(sum(counts.values()) for counts in shown["elements"].values()) > 80
    dated = {gap["id"]: quarter["quarter"] for quarter in shown["quarters"] for gap in quarter["gaps"] if gap["due"]}
    assert dated == {"consultant-002.l3.senior-managers": "2026-Q2"}


def test_the_roadmap_is_shown_in_chinese(collected, judged) -> None:
    found = judged["level-3"]
    open_ = gaps(found.assessment, found.crosswalks, Bridge(collected["level-3"]).planned.actions, found.target)
    shown = Console(width=200, file=StringIO(), record=True)
    shown.print(roadmap_view(found, roadmap(open_, found.as_of.date(), 20), 20, "zh"))
    text = shown.export_text()
    for words in ("改进路线图 · 每季度 20 人天", "2026 Q2", "人力资源经理", "能力管理", "未满足"):
        assert words in text


def test_a_requirement_is_explained_by_what_was_found_and_by_which_path(judged) -> None:
    own = found_of("itss:prc-rel-c", judged["level-3"])
    assert (own["status"]["en"], own["measured"]["en"], own["basis"]["zh"]) == ("Partial", "Conforming", "人工判定")
    mapped = found_of("iso9001:8.2.1", judged["level-3"])
    assert mapped["path"]
    assert {"requirement", "source_status", "review", "contributes"} <= set(mapped["path"][0])


def test_a_rule_is_explained_with_what_was_measured_and_who_disagrees(bridge_command, collected) -> None:
    words = ("consultant-002.l3.certificate", "-w", collected["level-3"], "--as-of", DAY, "--json")
    rule = json.loads(bridge_command("explain", *words).out)
    assert rule["results"][0]["distance"]["en"] == "1 month to spare"
    sides = {side["id"]: side for side in rule["disagreement"]}
    assert sides["rules-2020.l3.entry"]["decides"]
    assert not sides["consultant-002.l3.certificate"]["decides"]
    assert sides["consultant-002.l3.certificate"]["source"] == ["SEED-002"]


def test_a_judgement_that_expired_is_named_and_counts_no_more(collected, judged) -> None:
    later = report(collected["level-3"], "2026-06-01")
    finding = later.assessment.findings["itss:prc-rel-c"]
    assert (finding.judgement, finding.measured) == (None, None)
    assert judged["level-3"].assessment.findings["itss:prc-rel-c"].judgement is not None
    assert [note.zh for note in later.notes if "itss:prc-rel-c" in note.zh and "2026-06-01" in note.zh]
    assert [j.requirement for j in later.judgements] == ["iso9001:7.1.5"]


def test_spare_parts_are_not_asked_of_those_who_promise_none(judged, tmp_path: Path) -> None:
    waived = [r.check.id for pack in judged["level-3"].assessment.levels[3].packs for r in pack.waived]
    assert waived
    assert all(name.startswith("res-spare-") for name in waived)
    root = copied("level-3", tmp_path)
    toml = (root / "itss-bridge.toml").read_text("utf-8").split("[scope]")[0]
    (root / "itss-bridge.toml").write_text(toml, "utf-8")
    collect(root)
    assert (judged["level-3"].assessment.reached, report(root).assessment.reached) == (3, 4)


def test_a_binding_consultant_changes_the_level(collected, tmp_path: Path) -> None:
    root = copied("level-3", tmp_path)
    toml = (root / "itss-bridge.toml").read_text("utf-8")
    both = toml.replace('binding = ["itss-application-2020"]', 'binding = ["itss-application-2020", "consultant-002"]')
    assert both != toml
    (root / "itss-bridge.toml").write_text(both, "utf-8")
    collect(root)
    assert report(root).assessment.reached == 4


def comparable(found: Report) -> dict:
    """All that is said of evidence, without what tells one sync from another."""
    return {
        "findings": {name: (f.status, f.basis, f.evidence) for name, f in found.assessment.findings.items()},
        "values": [(m.metric, m.value, m.n, m.numerator) for m in found.assessment.measurements],
        "gaps": [(gap.result.check.id, gap.opens) for gap in found.gaps],
        "reached": found.assessment.reached,
    }


def shuffled(root: Path) -> None:
    """The same rows in another order."""
    chance = random.Random(7)
    for path in (root / "attestations").iterdir():
        lines = path.read_text("utf-8").splitlines()
        head, rows = (lines[:1], lines[1:]) if path.suffix == ".csv" else ([], lines)
        chance.shuffle(rows)
        path.write_text("\n".join([*head, *rows]) + "\n", "utf-8")


def test_the_order_of_rows_makes_no_difference(judged, tmp_path: Path) -> None:
    root = copied("level-3", tmp_path)
    shuffled(root)
    collect(root)
    assert comparable(report(root)) == comparable(judged["level-3"])


@pytest.fixture(scope="module")
def here(collected) -> str:
    """The matrix as this process prints it."""
    root = collected["level-4-only"]
    return json.dumps(matrix_json(report(root)), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


ELSEWHERE = """
import sys
from pathlib import Path
from tests.prepared import collect, copied
from itss_bridge.cli import run
root = copied("level-4-only", Path(sys.argv[1]))
collect(root)
sys.exit(run(["matrix", "-w", str(root), "--as-of", "2026-03-31", "--json"]))
"""


def test_page_size_and_the_hosts_time_zone_make_no_difference(here: str, tmp_path: Path) -> None:
    surroundings = {"ITSS_BRIDGE_BATCH": "7", "TZ": "America/St_Johns", "LC_ALL": "C"}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), **surroundings}
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path)], env=environment, cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.decode() == here


def test_the_same_evidence_gives_the_same_bytes(bridge_command, collected, judged) -> None:
    once, again = (assessment_shape(found) for found in (judged["level-3"], report(collected["level-3"])))
    assert json.dumps(once, default=str) == json.dumps(again, default=str)


def never_lower(before: Finding, after: Finding) -> bool:
    """From known to known a status may only rise, and what conformed goes on conforming."""
    if before.status in RISING and after.status in RISING:
        return RISING.index(after.status) >= RISING.index(before.status)
    return before.status is not Status.CONFORMING and after.status is not Status.NONCONFORMING


def kept(root: Path, rows: Iterable[str]) -> None:
    (root / "attestations" / "document.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_more_documents_never_lower_a_status_and_fewer_never_raise_one(
    judged: dict[str, Report], tmp_path_factory, data: st.DataObject
) -> None:
    root = copied("undetermined", tmp_path_factory.mktemp("documents"))
    rows = (root / "attestations" / "document.jsonl").read_text("utf-8").splitlines()
    kept(root, data.draw(st.lists(st.sampled_from(rows), unique=True, min_size=1, max_size=len(rows) - 1)))
    collect(root)
    fewer, all_ = report(root).assessment, judged["undetermined"].assessment
    assert all(never_lower(fewer.findings[name], all_.findings[name]) for name in all_.findings)
    assert (fewer.reached or 5) >= (all_.reached or 5)


def test_the_tables_are_what_a_spreadsheet_would_save() -> None:
    for path in ORGANISATIONS.rglob("*.csv"):
        widths = {len(row) for row in csv.reader(path.read_text("utf-8").splitlines())}
        assert len(widths) == 1, path
