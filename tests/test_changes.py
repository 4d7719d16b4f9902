"""What changed between two reports, and the cause that the reports themselves show."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.prepared import COLLECTED, DAY, collect, copied

from itss_bridge.changes import changes as compared
from itss_bridge.data import schema
from itss_bridge.exporters.changed import changes_json

pytestmark = pytest.mark.slow

DOCUMENT = "itss:prc-inc-a"
MAPPED = "iso9001:8.2.1"


def changes(old: dict, new: dict) -> dict:
    return changes_json(compared(old, new))


def check(verdict: str, needed: str = ">= 1", name: str = "prc-inc-a.document") -> dict:
    return {"id": name, "verdict": verdict, "value": int(verdict == "met"), "needed": needed}


def finding(requirement: str, status: str, **more) -> dict:
    row = {"requirement": requirement, "clause": "9.4 a)", "title": {"en": "Incidents", "zh": "事件"}, "status": status}
    return row | {"basis": "checks", "checks": [], "supports": []} | more


def support(status: str, review: str = "reviewed", relationship: str = "superset-of") -> dict:
    ends = {"source": DOCUMENT, "target": MAPPED, "requirement": DOCUMENT}
    return ends | {"status": status, "review": review, "relationship": relationship}


def report(*findings: dict, catalogue: str = "a" * 64, head: str = "1", **levels: str) -> dict:
    return {
        "as_of": "2026-03-31T16:00:00Z",
        "catalogue": catalogue,
        "streams": [{"source": "files", "stream": "document", "state": "complete", "head": head}],
        "frameworks": {"itss": {"findings": list(findings)}},
        "levels": {n[1:]: {"state": state, "packs": {}} for n, state in levels.items()},
    }


def met(**more) -> dict:
    return finding(DOCUMENT, "conforming", checks=[check("met")], **more)


def failed(**more) -> dict:
    return finding(DOCUMENT, "nonconforming", checks=[check("not_met")], **more)


JUDGED = {"status": "conforming", "reason": "已见原件", "role": "审核员", "on": "2026-03-01", "expires": None}
CASES = {
    "evidence": (report(failed()), report(met(), head="2")),
    "time": (report(met()), report(failed())),
    "catalogue": (report(failed()), report(finding(DOCUMENT, "conforming", checks=[check("met", ">= 0")]), head="2")),
    "judgement": (
        report(failed()),
        report(failed(measured="nonconforming", judgement=JUDGED) | {"status": "conforming", "basis": "judgement"}),
    ),
    "scope": (report(failed()), report(finding(DOCUMENT, "not-applicable", basis="scope"))),
    "review": (
        report(finding(MAPPED, "partial", basis="mappings", supports=[support("conforming", "proposed")])),
        report(finding(MAPPED, "conforming", basis="mappings", supports=[support("conforming")])),
    ),
    "unknown": (report(finding(DOCUMENT, "partial")), report(finding(DOCUMENT, "conforming"))),
}


@pytest.mark.parametrize("cause", CASES)
def test_a_cause_is_the_one_that_the_reports_show(cause: str) -> None:
    (row,) = changes(*CASES[cause])["changes"]
    # a changed criterion and a changed verdict cannot be told apart any further
    assert set(row["causes"]) - ({"evidence"} if cause == "catalogue" else set()) == {cause}


def test_nothing_changed_is_said_as_nothing() -> None:
    same = changes(report(met(), l4="conforming"), report(met(), l4="conforming"))
    assert (same["changes"], same["levels"], same["catalogue"], same["evidence"]) == ([], [], "same", "same")


def test_what_reaches_a_clause_by_mapping_is_followed_to_its_cause() -> None:
    before = report(failed(), finding(MAPPED, "undetermined", basis="mappings", supports=[support("nonconforming")]))
    after = report(met(), finding(MAPPED, "conforming", basis="mappings", supports=[support("conforming")]), head="2")
    rows = {row["requirement"]: row for row in changes(before, after)["changes"]}
    assert rows[MAPPED]["causes"] == ["evidence"]
    assert rows[MAPPED]["by"] == [DOCUMENT]


def test_a_requirement_that_came_or_went_was_not_asked_before() -> None:
    (row,) = changes(report(), report(met()))["changes"]
    assert (row["causes"], row["from"]) == (["catalogue"], None)


def test_what_a_judgement_hides_is_still_a_change() -> None:
    hidden = {"status": "conforming", "basis": "judgement", "judgement": JUDGED}
    before = report(failed(measured="nonconforming") | hidden)
    after = report(met(measured="conforming") | hidden, head="2")
    (row,) = changes(before, after)["changes"]
    assert row["causes"] == ["evidence"]


def test_without_digests_nothing_more_is_claimed_than_is_known() -> None:
    before, after = (deepcopy(document) for document in CASES["evidence"])
    for document in (before, after):
        del document["catalogue"], document["streams"]
    found = changes(before, after)
    assert (found["catalogue"], found["evidence"]) == ("unknown", "unknown")
    assert any("query" in note["en"] for note in found["notes"])
    assert not changes(*CASES["evidence"])["notes"]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation whose escalation procedure was approved a week later."""
    root = copied("level-4-only", tmp_path_factory.mktemp("grown"))
    collect(root, COLLECTED.replace(day=20))
    path = root / "attestations" / "document.jsonl"
    added = {
        "id": "HC-QP-12",
        "ref": "HC-QP-12 事件升级管理规定",
        "changed_at": "2026-03-25T10:00:00+08:00",
        "status": "current",
        "labels": ["itss-prc-inc-c"],
        "approved": True,
        "approved_at": "2026-03-25",
        "created_at": "2026-03-24",
    }
    path.write_text(path.read_text("utf-8") + json.dumps(added, ensure_ascii=False) + "\n", "utf-8")
    collect(root)
    return root


def test_two_moments_of_a_workspace(bridge_command, grown: Path, tmp_path: Path) -> None:
    days = ("--from", "2026-03-24", "--to", DAY)
    found = json.loads(bridge_command("matrix", "diff", "-w", grown, *days, "--json").out)
    Draft202012Validator(schema("cli/changes")).validate(found)
    rows = {row["requirement"]: row for row in found["changes"]}
    assert rows["itss:prc-inc-c"]["causes"] == ["evidence"]
    assert rows["itss:prc-inc-c"]["checks"][0]["id"] == "prc-inc-c.document"
    assert {"id": "prc-inc-c.document", "from": "not_met", "to": "met"} in found["levels"][0]["rules"]
    files = [tmp_path / "old.json", tmp_path / "new.json"]
    for path, day in zip(files, ("2026-03-24", DAY), strict=True):
        path.write_text(bridge_command("assess", "-w", grown, "--as-of", day, "--json").out, "utf-8")
    again = json.loads(bridge_command("matrix", "diff", *files, "--json").out)
    assert again["changes"] == found["changes"]
    shown = bridge_command("matrix", "diff", *files, "-w", grown, "--lang", "zh").out
    assert "证据变化" in shown


def test_an_export_says_what_changed_since_a_day(bridge_command, grown: Path, tmp_path: Path) -> None:
    days = ("--as-of", DAY, "--since", "2026-03-24")
    assert bridge_command("export", tmp_path / "a.json", tmp_path / "b.json", "-w", grown, *days).code == 0
    document = json.loads((tmp_path / "a.json").read_text("utf-8"))
    Draft202012Validator(schema("cli/report")).validate(document)
    asked = ("--from", "2026-03-24", "--to", DAY)
    assert document["changes"] == json.loads(bridge_command("matrix", "diff", "-w", grown, *asked, "--json").out)
    late = bridge_command("export", tmp_path / "c.json", "-w", grown, "--as-of", DAY, "--since", DAY)
    assert (late.code, (tmp_path / "c.json").exists()) == (2, False)


@pytest.mark.parametrize(
    "words",
    [
        ("diff",),
        ("diff", "one.json"),
        ("diff", "--from", "2026-03-31", "--to", "2026-03-01"),
        ("diff", "a.json", "b.json", "--from", "2026-03-01"),
        ("diff", "none.json", "none.json"),
        ("--applicability", "diff", "--from", "2026-03-01"),
        ("--framework", "itss"),
        ("--applicability", "--framework", "iso"),
    ],
)
def test_wrong_usage_ends_with_2(bridge_command, grown: Path, words: tuple[str, ...]) -> None:
    where = words.index("diff") + 1 if "diff" in words else 0
    ran = bridge_command("matrix", *words[:where], "-w", grown, *words[where:])
    assert ran.code == 2
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"as_of": 1}',
        "null",
        '{"matrix": {}}',
        '{"as_of": "2026-02-31T00:00:00Z", "frameworks": {}, "levels": {}}',
    ],
)
def test_a_file_that_is_no_report_is_refused_by_name(bridge_command, tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(text, "utf-8")
    ran = bridge_command("matrix", "diff", path, path)
    assert ran.code == 2
    assert "odd.json" in ran.err


def test_the_statement_of_applicability_gives_every_requirement_a_reason(bridge_command, tmp_path: Path) -> None:
    root = copied("level-3", tmp_path)
    collect(root)
    lines = json.loads(bridge_command("matrix", "--applicability", "-w", root, "--as-of", DAY, "--json").out)
    Draft202012Validator(schema("cli/applicability")).validate(lines)
    by_id = {line["requirement"]: line for line in lines}
    assert all(line["justification"]["zh"] for line in lines)
    assert "需方自备" in by_id["itss:res-spare-a"]["justification"]["zh"]
    judged = by_id["iso9001:7.1.5"]
    assert (judged["applicable"], judged["measured"]) == (False, "nonconforming")
    assert "质量负责人" in judged["justification"]["zh"]
    assert by_id["itss:prc-inc-a"]["means"][0]["id"].startswith("prc-inc-a.")
    assert not [line for line in lines if line["status"] == "conforming" and not line["means"]]
