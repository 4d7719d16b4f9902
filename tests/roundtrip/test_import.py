"""Export, edit, import, compare, apply, export again: with real workbooks, as openpyxl and LibreOffice save them."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openpyxl import load_workbook
from tests.prepared import DAY
from tests.roundtrip.conftest import ACTIONS, Sheets, workbook_of

from itss_bridge.bridge import Bridge
from itss_bridge.data import schema
from itss_bridge.exporters.xlsx.base import SHEET_NAME
from itss_bridge.roundtrip import read_workbook

REQUIREMENT = "itss:prc-inc-a"
needs_soffice = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not on PATH")


@pytest.fixture
def take(bridge_command: Any, workspace: Path, tmp_path: Path) -> Any:
    """`import`, its exit code and its document."""

    def importing(sheets: Sheets | Path, *options: str) -> tuple[int, dict[str, Any]]:
        file = sheets if isinstance(sheets, Path) else sheets.save(tmp_path / "filled.xlsx")
        ran = bridge_command("import", file, "-w", workspace, "--as-of", DAY, "--json", *options)
        document = json.loads(ran.out)
        if "counts" in document:
            Draft202012Validator(schema("cli/import")).validate(document)
        return ran.code, document

    return importing


def resaved(file: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    folder = file.parent / "resaved"
    profile = f"-env:UserInstallation=file://{file.parent}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return folder / file.name


def states(document: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in document["lines"]:
        found.setdefault(line["state"], set()).add(f"{line['id']} {line['field']}")
    return found


def test_an_untouched_workbook_has_nothing_to_say(take: Any, sheets: Sheets) -> None:
    code, document = take(sheets, "--apply")
    assert (code, document["lines"], document["files"], document["ok"]) == (0, [], [], True)


def test_export_edit_import_apply_export(take: Any, sheets: Sheets, gaps: list[str], workspace: Path) -> None:
    sheets.act(gaps[0], owner="事件经理", due=date(2026, 6, 30), effort=3, next_action="修订并报批")
    sheets.act(gaps[1], due="2026/7/1")
    sheets.judge(REQUIREMENT, status="部分符合", reason="现场核查：缺一份记录", role="内审员")
    shown_code, shown = take(sheets)
    assert (shown_code, shown["applied"], shown["counts"]["taken"]) == (0, False, 8)
    assert not (workspace / "actions.yaml").exists()
    code, applied = take(sheets, "--apply")
    assert (code, applied["applied"], len(applied["files"])) == (0, True, 2)
    planned = Bridge(workspace).planned.actions
    assert (planned[gaps[0]].owner, planned[gaps[0]].due, planned[gaps[0]].effort, planned[gaps[0]].next_action) == (
        "事件经理", date(2026, 6, 30), 3, "修订并报批",
    )  # fmt: skip
    assert planned[gaps[1]].due == date(2026, 7, 1)
    (judged,) = Bridge(workspace).judgements
    assert (judged.requirement, judged.status, judged.role, judged.on) == (
        REQUIREMENT, "partial", "内审员", date.fromisoformat(DAY),
    )  # fmt: skip
    again_code, again = take(sheets, "--apply")
    assert (again_code, again["counts"]["there"], again["counts"]["taken"], again["files"]) == (0, 8, 0, [])
    anew = Sheets(workbook_of(workspace))
    assert anew.cell("gaps", "check", gaps[0], "action.owner").value == "事件经理"
    assert anew.cell("findings", "requirement", REQUIREMENT, "judgement.status").value == "部分符合"
    assert anew.cell("matrix", "requirement", REQUIREMENT, "judgement.reason").value == "现场核查：缺一份记录"
    assert take(anew)[1]["lines"] == []


@needs_soffice
@pytest.mark.slow
def test_what_libreoffice_saved_is_read_alike(take: Any, exported: bytes, gaps: list[str], tmp_path: Path) -> None:
    (tmp_path / "untouched.xlsx").write_bytes(exported)
    untouched = resaved(tmp_path / "untouched.xlsx")
    sheets = Sheets(exported)
    assert take(untouched)[1]["lines"] == []
    sheets.act(gaps[0], owner="=不是公式", due=date(2026, 6, 30), effort=3)
    sheets.cell("gaps", "check", gaps[0], "action.owner").data_type = "s"
    sheets.judge(REQUIREMENT, on="matrix", status="不符合", reason="两行\n理由", role="内审员")
    file = sheets.save(tmp_path / "filled.xlsx")
    straight, through = take(file)[1], take(resaved(file))[1]
    assert through["lines"] == straight["lines"]
    assert through["counts"]["taken"] == 6


def test_sorting_inserting_renaming_and_deleting_confuse_nothing(take: Any, sheets: Sheets, gaps: list[str]) -> None:
    sheets.act(gaps[0], owner="甲岗")
    page = sheets.page("gaps")
    last = [[cell.value for cell in row] for row in page.iter_rows(min_row=3)]
    for row, values in enumerate(reversed(last), start=3):
        for column, value in enumerate(values, start=1):
            page.cell(row, column).value = value
    page.delete_rows(3)
    page.insert_cols(2, 2)
    page.insert_rows(2, 3)
    page.cell(5, 1).value = "我们的标题"
    page.title = "整改计划"
    sheets.book.move_sheet(page, -3)
    code, document = take(sheets)
    assert code == 0
    assert [(line["id"], line["field"], line["workbook"]) for line in document["lines"]] == [(gaps[0], "owner", "甲岗")]
    assert document["lines"][0]["cell"].startswith("整改计划!Q")


def test_heads_may_be_called_otherwise(take: Any, sheets: Sheets) -> None:
    for name, row in (("gaps", 2), ("findings", 2), ("matrix", 3)):
        for cell in sheets.page(name)[row]:
            cell.value = f"列 {cell.column}"
    assert take(sheets)[1]["lines"] == []


def test_a_conflict_is_refused_until_it_is_decided(take: Any, sheets: Sheets, gaps: list[str], workspace: Path) -> None:
    (workspace / "actions.yaml").write_text(f"actions:\n- check: {gaps[0]}\n  owner: 乙岗\n  effort: 9\n", "utf-8")
    before = (workspace / "actions.yaml").read_bytes()
    sheets.act(gaps[0], owner="甲岗", due=date(2026, 6, 30))
    code, document = take(sheets, "--apply")
    assert (code, document["ok"], document["applied"]) == (2, False, False)
    assert states(document) == {
        "conflict": {f"{gaps[0]} owner"}, "taken": {f"{gaps[0]} due"}, "kept": {f"{gaps[0]} effort"},
    }  # fmt: skip
    assert (workspace / "actions.yaml").read_bytes() == before
    assert take(sheets, "--apply", "--take", "workspace")[0] == 0
    planned = Bridge(workspace).planned.actions[gaps[0]]
    assert (planned.owner, planned.due, planned.effort) == ("乙岗", date(2026, 6, 30), 9)
    assert take(sheets, "--apply", "--take", "workbook")[0] == 0
    assert Bridge(workspace).planned.actions[gaps[0]].owner == "甲岗"


def test_what_is_wrong_is_named_by_its_cell_and_nothing_is_written(
    bridge_command: Any, take: Any, sheets: Sheets, gaps: list[str], workspace: Path, tmp_path: Path
) -> None:
    sheets.act(gaps[0], owner="甲岗", due="下周", effort="三天")
    sheets.act(gaps[1], owner="=TODAY()")
    sheets.judge(REQUIREMENT, status="大概符合", reason="x", role="内审员")
    code, document = take(sheets, "--apply")
    wrong = {line["cell"]: line["reason"] for line in document["lines"] if line["state"] == "invalid"}
    for field, name in (("due", gaps[0]), ("effort", gaps[0]), ("owner", gaps[1])):
        cell = sheets.cell("gaps", "check", name, f"action.{field}")
        assert wrong[f"差距与措施!{cell.coordinate}"]
    assert any(place.startswith("逐条结果!") and "大概符合" in reason for place, reason in wrong.items())
    assert (code, document["files"]) == (2, [])
    assert not (workspace / "actions.yaml").exists()
    shown = bridge_command("import", tmp_path / "filled.xlsx", "-w", workspace, "--as-of", DAY, "--lang", "zh")
    assert (shown.code, "无效" in shown.out, "差距与措施!" in shown.out) == (2, True, True)


def test_comments_order_and_other_rows_stay(take: Any, sheets: Sheets, gaps: list[str], workspace: Path) -> None:
    other = next(rule.id for rule in Bridge(workspace).catalogue.rules if rule.id not in gaps)
    text = ACTIONS.replace("prc-chg-c.document", other) + f"  - check: {gaps[0]}\n    due: 2026-05-01  # 暂定\n# 完\n"
    (workspace / "actions.yaml").write_text(text, "utf-8")
    anew = Sheets(workbook_of(workspace))
    anew.act(gaps[0], due=date(2026, 6, 30), owner="甲岗")
    anew.act(gaps[1], effort=2)
    assert take(anew, "--apply")[0] == 0
    written = (workspace / "actions.yaml").read_text("utf-8")
    assert written == text.replace("due: 2026-05-01  # 暂定\n", "due: '2026-06-30'  # 暂定\n    owner: 甲岗\n").replace(
        "# 完\n", f"  - check: {gaps[1]}\n    effort: 2\n# 完\n"
    )
    assert take(anew)[1]["counts"]["taken"] == 0


@pytest.mark.slow
def test_what_is_emptied_is_taken_back(take: Any, sheets: Sheets, gaps: list[str], workspace: Path) -> None:
    (workspace / "actions.yaml").write_text(f"actions:\n- check: {gaps[0]}\n  owner: 乙岗\n  effort: 9\n", "utf-8")
    anew = Sheets(workbook_of(workspace))
    anew.act(gaps[0], effort=None)
    assert take(anew, "--apply")[0] == 0
    assert (workspace / "actions.yaml").read_text("utf-8") == f"actions:\n- check: {gaps[0]}\n  owner: 乙岗\n"


JUDGED = f"""\
judgements:
  # 首次评审
  - requirement: {REQUIREMENT}
    status: partial
    reason: 缺记录
    role: 内审员
    on: 2026-02-01
"""


@pytest.mark.slow
def test_a_changed_judgement_begins_today_and_the_old_one_stays_on_record(take: Any, workspace: Path) -> None:
    path = workspace / "judgements" / "ours.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(JUDGED, "utf-8")
    anew = Sheets(workbook_of(workspace))
    anew.judge(REQUIREMENT, status="符合", reason="已补齐")
    assert take(anew, "--apply")[0] == 0
    assert path.read_text("utf-8") == JUDGED
    old, new = sorted(Bridge(workspace).judgements, key=lambda j: j.on)
    assert (old.status, new.status, new.on, new.role) == ("partial", "conforming", date.fromisoformat(DAY), "内审员")
    latest = Sheets(workbook_of(workspace))
    latest.judge(REQUIREMENT, reason="已补齐并抽查", expires=date(2027, 1, 1))
    assert take(latest, "--apply")[0] == 0
    newest = max(Bridge(workspace).judgements, key=lambda j: j.on)
    assert (len(Bridge(workspace).judgements), newest.reason, newest.expires) == (2, "已补齐并抽查", date(2027, 1, 1))


@pytest.mark.slow
def test_a_judgement_that_is_taken_back_ends_today(take: Any, workspace: Path) -> None:
    path = workspace / "judgements" / "ours.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(JUDGED, "utf-8")
    anew = Sheets(workbook_of(workspace))
    anew.judge(REQUIREMENT, status=None)
    anew.judge(REQUIREMENT, on="matrix", status=None)
    assert take(anew, "--apply")[0] == 0
    assert path.read_text("utf-8") == f"{JUDGED}    expires: '{DAY}'\n"
    assert take(Sheets(workbook_of(workspace)))[1]["lines"] == []


@pytest.mark.slow
def test_one_that_began_today_is_taken_out(take: Any, sheets: Sheets, workspace: Path) -> None:
    sheets.judge(REQUIREMENT, status="符合", reason="x")
    assert take(sheets, "--apply", "--role", "内审员")[0] == 0
    anew = Sheets(workbook_of(workspace))
    for page in ("findings", "matrix"):
        anew.judge(REQUIREMENT, on=page, status=None)
    assert take(anew, "--apply")[0] == 0
    assert Bridge(workspace).judgements == ()


def test_nothing_is_half_written_when_a_file_cannot_be(
    take: Any, sheets: Sheets, gaps: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets.act(gaps[0], owner="甲岗")
    sheets.judge(REQUIREMENT, status="符合", reason="x", role="y")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert take(sheets, "--apply")[0] == 2
    monkeypatch.undo()
    left = [path.name for path in workspace.rglob("*.partial")]
    assert (left, (workspace / "actions.yaml").exists(), Bridge(workspace).judgements) == ([], False, ())
    assert take(sheets, "--apply")[0] == 0


@pytest.mark.parametrize("harm", ["stranger", "damaged", "other version", "other organisation", "no keys", "no xlsx"])
def test_what_is_none_of_ours_is_refused(
    bridge_command: Any, sheets: Sheets, workspace: Path, tmp_path: Path, harm: str
) -> None:
    path, book = tmp_path / "odd.xlsx", sheets.book
    if harm == "stranger":
        del book[SHEET_NAME]
    elif harm == "damaged":
        book[SHEET_NAME]["A3"].value = book[SHEET_NAME]["A3"].value.replace('"effort":""', '"effort":"9"', 1)
    elif harm == "other version":
        book[SHEET_NAME]["A1"].value = "itss-bridge workbook 99"
    elif harm == "other organisation":
        toml = workspace / "itss-bridge.toml"
        lines = toml.read_text("utf-8").split("\n")
        named = ['organisation = "别家"' if line.startswith("organisation") else line for line in lines]
        toml.write_text("\n".join(named), "utf-8")
    elif harm == "no keys":
        for page in book.worksheets[:-1]:
            page.delete_rows(1)
    book.save(path)
    if harm == "no xlsx":
        path.write_bytes(b"PK\x03\x04 not really")
    ran = bridge_command("import", path, "-w", workspace, "--apply")
    assert ran.code == 2
    assert "odd.xlsx" in ran.err
    assert "Traceback" not in ran.err


def test_the_hidden_sheet_is_hidden_and_says_what_was_exported(exported: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(exported)
    assert load_workbook(path)[SHEET_NAME].sheet_state == "veryHidden"
    workbook = read_workbook(path)
    assert {cell.id for cell in workbook.entered if cell.kind == "action"} == set(workbook.base["gaps"])
    assert {cell.id for cell in workbook.entered if cell.kind == "judgement"} == set(workbook.base["judgements"])
    assert not [cell for cell in workbook.entered if cell.value or cell.problem]
