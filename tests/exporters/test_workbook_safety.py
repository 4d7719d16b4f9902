"""Nothing in a workbook is a formula, whatever strangers wrote, in whichever column; and every cell leads to its ticket."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.exporters.full import full_report, infested_everywhere
from tests.exporters.payloads import PAYLOADS

from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx import XlsxExporter
from itss_bridge.model import Report
from itss_bridge.wording import SHEET, STATUS, VERDICT

COLUMNS = {
    "matrix": ("名称", "判定理由", "判定人（角色）"),
    "findings": ("名称", "原因", "依据", "判定理由", "判定人（角色）"),
    "gaps": ("名称", "责任人（角色）", "下一步措施／备注"),
    "nonconformities": ("名称", "责任人（角色）", "工单", "原因分析", "纠正", "纠正措施", "有效性评价", "原因", "未满足条目"),
    "changes": ("名称", "涉及检查项或条目"),
    "calendar": ("事项", "备注", "出处", "可信度"),
    "documents": ("成文信息", "所在位置", "原因", "出处"),
    "materials": ("清单", "名称", "提供部门", "所在位置", "原因", "备注", "出处", "可信度"),
    "metrics": ("参数", "单位", "剔除", "原因"),
    "evidence": ("名称", "工单或文件", "原因", "出处", "可信度"),
    "crosswalk": ("审核", "理由"),
    "sources": ("来源系统", "数据流", "原因", "证据链头"),
}  # fmt: skip
"""The columns in which other people's words stand; those of texts that a catalogue or plugin could bring, too."""


def export(report: Report) -> bytes:
    return XlsxExporter().export(report, "zh")


@pytest.fixture(scope="module")
def spoilt() -> bytes:
    return export(infested_everywhere())


@pytest.fixture(scope="module")
def spoilt_book(spoilt: bytes) -> Any:
    return load_workbook(io.BytesIO(spoilt))


def texts(page: Any, head: str) -> Iterator[str]:
    """All texts below a head, wherever the heads stand; openpyxl leaves the escape of an underscore as it is."""
    for row in page.iter_rows(max_row=40):
        for cell in row:
            if isinstance(cell.value, str) and cell.value.split("\n")[0] == head and cell.font.bold:
                below = page.iter_rows(min_row=cell.row + 1, min_col=cell.column, max_col=cell.column, values_only=True)
                yield from (str(value).replace("_x005F_x", "_x") for (value,) in below if value is not None)


@pytest.mark.parametrize(("name", "head"), [(name, head) for name, heads in COLUMNS.items() for head in heads])
def test_sixty_payloads_in_every_text_column(spoilt_book: Any, name: str, head: str) -> None:
    found = set(texts(spoilt_book[SHEET[name]["zh"]], head))
    joined = "\x00".join(found)
    assert not [payload for payload in PAYLOADS if plain(payload).strip() not in joined]


def test_no_cell_is_a_formula(spoilt_book: Any) -> None:
    kinds = {cell.data_type for page in spoilt_book.worksheets for row in page.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d"}


def parts(content: bytes, folder: str) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {n: archive.read(n).decode() for n in archive.namelist() if n.startswith(folder) and n.endswith(".xml")}


def test_no_formula_stands_in_the_file_but_those_we_write_ourselves(spoilt: bytes) -> None:
    words = {f'"{text[lang]}"' for kind in (STATUS, VERDICT) for text in kind.values() for lang in ("zh", "en")}
    words |= {f'"{",".join(text["zh"] for text in STATUS.values())}"', "0", "36526"}
    for name, text in parts(spoilt, "xl/worksheets/").items():
        assert not re.search(r"<f[ >/]", text), name
        found = re.findall(r"<formula[12]?>(.*?)</formula[12]?>", text)
        assert {f.replace("&quot;", '"') for f in found} <= words, name
    names = re.findall(r"<definedName name=\"([^\"]+)\"", parts(spoilt, "xl/workbook")["xl/workbook.xml"])
    assert set(names) <= {"_xlnm._FilterDatabase", "_xlnm.Print_Titles", "_xlnm.Print_Area"}
    for text in parts(spoilt, "xl/charts/").values():
        assert set(re.findall(r"<c:f>([^!<]+)!\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?</c:f>", text)) == {
            SHEET["dashboard"]["zh"]
        }
        assert text.count("<c:f>") == len(re.findall(rf"<c:f>{SHEET['dashboard']['zh']}!", text))


def test_from_a_cell_of_the_matrix_to_the_ticket_in_two_clicks() -> None:
    report = full_report()
    reading = Reading(report)
    book = load_workbook(io.BytesIO(export(report)))
    matrix, evidence = (book[SHEET[name]["zh"]] for name in ("matrix", "evidence"))
    found = report.assessment.findings
    below = _items_by_check(evidence)
    linked = 0
    for row, line in zip(matrix.iter_rows(min_row=4), report.rows, strict=True):
        assert row[3].value == line.requirement
        checks = {reading.key(result, line.requirement) for result in found[line.requirement].checks}
        assert bool(row[6].hyperlink) == bool(checks)
        if not checks:
            continue
        name, _, place = row[6].hyperlink.location.partition("!")
        assert (name, evidence[place].value in checks) == (f"'{evidence.title}'", True)
        items = reading.entries[evidence[place].value].result.measurement.failing
        shown = below.get(evidence[place].value, [])
        assert [cell.value for cell in shown] == [item.ref for item in items]
        for cell, item in zip(shown, items, strict=True):
            assert (cell.hyperlink.target if cell.hyperlink else "") == link(item.url)
            linked += bool(cell.hyperlink)
    assert linked > 20


def _items_by_check(evidence: Any) -> dict[str, list[Any]]:
    """The cells of tickets under each check."""
    found: dict[str, list[Any]] = {}
    for row in evidence.iter_rows(min_row=2):
        if evidence.row_dimensions[row[0].row].outlineLevel:
            found.setdefault(row[0].value, []).append(row[4])
    return found


def test_the_way_down_from_another_frameworks_clause_ends_at_evidence_too() -> None:
    report = full_report()
    book = load_workbook(io.BytesIO(export(report)))
    matrix, evidence = (book[SHEET[name]["zh"]] for name in ("matrix", "evidence"))
    keys = set(Reading(report).entries)
    heads = [cell.column for cell in matrix[3] if str(cell.value).startswith("证据数")][1:]
    places = [
        c.hyperlink.location.partition("!")[2] for n in heads for (c,) in matrix.iter_rows(4, None, n, n) if c.hyperlink
    ]
    assert len(places) > 40
    assert {evidence[place].value for place in places} <= keys


def test_cells_for_people_offer_what_may_be_entered() -> None:
    book = load_workbook(io.BytesIO(export(full_report())))
    words = ",".join(text["zh"] for text in STATUS.values())
    for name in ("matrix", "findings"):
        rules = book[SHEET[name]["zh"]].data_validations.dataValidation
        assert [(r.type, r.formula1) for r in rules if r.type == "list"] == [("list", f'"{words}"')]
    kinds = {rule.type for rule in book[SHEET["gaps"]["zh"]].data_validations.dataValidation}
    assert {"date", "whole"} <= kinds


@pytest.mark.parametrize("language", ["zh", "en"])
def test_statuses_are_coloured_by_what_stands_there(language: str) -> None:
    book = load_workbook(io.BytesIO(XlsxExporter().export(full_report(), language)))
    for name in ("matrix", "findings", "crosswalk"):
        rules = [rule for found in book[SHEET[name][language]].conditional_formatting for rule in found.rules]
        assert {rule.formula[0] for rule in rules} >= {f'"{text[language]}"' for text in STATUS.values()}
