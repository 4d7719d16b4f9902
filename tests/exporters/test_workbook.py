"""The workbook, read back by another library: sheets, rows, links, colours, and not one formula."""

import io
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.exporters.full import full_report
from tests.exporters.payloads import PAYLOADS
from tests.sample_report import AS_OF, sample_report

from itss_bridge.exporters.foreign import CELL_LIMIT, is_formula, link, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx import XlsxExporter
from itss_bridge.exporters.xlsx.sheet import text_width
from itss_bridge.model import Item, Relationship, Report, Status, Trend, TrendPoint
from itss_bridge.wording import SHEET, STATUS, STREAM_STATE, VERDICT

BASE = "itss-bridge"
TABLES = {
    "matrix": 3, "findings": 2, "levels": 1, "gaps": 2, "nonconformities": 1, "calendar": 1, "documents": 1,
    "materials": 1, "metrics": 1, "evidence": 1, "crosswalk": 1, "sources": 1,
}  # fmt: skip
"""The row of the heads: below the hidden row of keys and the row of groups, where there are any."""
GREEN = "FFCFE8DA"


def opened(report: Report, language: str = "zh") -> Any:
    return load_workbook(io.BytesIO(XlsxExporter().export(report, language)))


@pytest.fixture(scope="module")
def book(report: Report) -> Any:
    return opened(report)


@pytest.fixture(scope="module")
def infested_book(infested: Report) -> Any:
    return opened(infested)


def sheet(book: Any, name: str, language: str = "zh") -> Any:
    return book[SHEET[name][language]]


def column(book: Any, name: str, head: str) -> list[Any]:
    """The cells under the first head of that name."""
    at = TABLES[name]
    found = next(c.column for c in sheet(book, name)[at] if c.value.split("\n")[0] == head)
    return [row[found - 1] for row in sheet(book, name).iter_rows(min_row=at + 1)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheets_are_there_in_order_and_one_is_hidden(report: Report, language: str) -> None:
    book = opened(report, language)
    assert book.sheetnames == [*(text[language] for text in SHEET.values()), BASE]
    assert [page.title for page in book.worksheets if page.sheet_state != "visible"] == [BASE]


def test_heads_are_in_both_languages_the_chosen_one_first(report: Report, book: Any) -> None:
    assert sheet(book, "metrics")["D1"].value == "状态\nState"
    assert sheet(opened(report, "en"), "metrics", "en")["D1"].value == "State\n状态"


def test_the_matrix_has_one_row_per_report_row_and_each_has_a_status(report: Report, book: Any) -> None:
    statuses = [c.value for c in column(book, "matrix", "符合性")]
    requirements = [c.value for c in column(book, "matrix", "要求条目")]
    assert requirements == [row.requirement for row in report.rows]
    assert len(statuses) == len(report.rows)


def test_each_status_stands_beside_its_requirement(report: Report, book: Any) -> None:
    names, statuses = column(book, "findings", "要求条目"), column(book, "findings", "符合性")
    shown = {name.value: found.value for name, found in zip(names, statuses, strict=True)}
    assert shown == {
        f.requirement: STATUS[f.status]["zh"] for findings in Reading(report).findings.values() for f in findings
    }


def test_only_conforming_is_green(book: Any) -> None:
    good = {STATUS[Status.CONFORMING]["zh"], VERDICT["met"]["zh"], STREAM_STATE["complete"]["zh"], "达到要求"}
    both = {f"{STATUS[Status.CONFORMING]['zh']}\n{STATUS[Status.CONFORMING]['en']}"}
    mixed = {f"{STATUS[Status.CONFORMING]['zh']}\n"}
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.fill.fgColor.rgb == GREEN:
                    text = str(cell.value)
                    assert text in good | both or "符合 ×" in text or text in mixed, (page.title, cell.coordinate, text)


def test_a_green_cell_of_several_clauses_has_conforming_ones_only(book: Any) -> None:
    for row in sheet(book, "matrix").iter_rows(min_row=4, min_col=8):
        for cell in row:
            if cell.fill.fgColor.rgb == GREEN:
                words = [line.split(" ×")[0] for line in cell.value.split("\n")]
                assert set(words) <= {"符合", "不适用", "满足"}


def test_a_clause_without_relationship_neither_colours_nor_counts(report: Report, book: Any) -> None:
    page = sheet(book, "matrix")
    by_id = {row[3].value: row for row in page.iter_rows(min_row=4)}
    first = next(c.column for c in page[2] if c.value and c.value.startswith("ISO 9001")) - 1
    row = next(r for r in report.rows if any(c.relationship is Relationship.NONE for c in r.cells.get("iso9001", ())))
    cells = row.cells["iso9001"]
    clauses, relationships, status = by_id[row.requirement][first : first + 3]
    assert len(clauses.value.split("\n")) == len(cells)
    assert set(relationships.value.split("\n")) == {"∅ 无关联"}
    assert len([c for c in cells if c.relationship is not Relationship.NONE]) == 0
    assert status.value == "—"


def test_every_evidence_row_has_a_verdict(book: Any, report: Report) -> None:
    verdicts = [c.value for c in column(book, "evidence", "判定")]
    entries = Reading(report).entries.values()
    items = sum(len(e.result.measurement.failing) for e in entries if e.result.measurement)
    assert len(verdicts) == len(entries) + items
    assert set(verdicts) <= {text["zh"] for text in VERDICT.values()}


def test_the_evidence_count_leads_down_to_the_check(report: Report, book: Any) -> None:
    reading = Reading(report)
    targets = sheet(book, "evidence")
    counts = column(book, "matrix", "证据数")
    linked = 0
    for row, cell in zip(report.rows, counts, strict=True):
        key = reading.entry_of(row.requirement)
        assert bool(key) == bool(cell.hyperlink)
        if key:
            name, _, place = cell.hyperlink.location.partition("!")
            assert name == f"'{SHEET['evidence']['zh']}'"
            assert targets[place].value == key
            linked += 1
    assert linked


def test_each_rule_of_each_level_leads_to_its_evidence(book: Any) -> None:
    targets = sheet(book, "evidence")
    rules, populations = column(book, "levels", "规则"), column(book, "levels", "总体 (n)")
    for rule, cell in zip(rules, populations, strict=True):
        place = cell.hyperlink.location.partition("!")[2]
        assert targets[place].value == rule.value


def test_failing_items_link_to_their_tickets(book: Any, report: Report) -> None:
    links = {c.value: c.hyperlink.target for c in column(book, "evidence", "工单或文件") if c.hyperlink}
    items = [i for m in report.assessment.measurements for i in m.failing]
    assert links == {i.ref: i.url for i in items}
    assert links


def test_an_incomplete_stream_screams_on_the_cover(book: Any) -> None:
    cells = [c for row in sheet(book, "cover").iter_rows() for c in row if c.value]
    alarms = [c for c in cells if c.fill.fgColor.rgb == "FFB3261E"]
    assert any("7 个数据流中有 2 个不完整" in str(c.value) for c in alarms)
    assert {c.value for c in alarms} >= {"不完整", "采集失败"}


def test_a_whole_report_does_not_scream() -> None:
    cells = [c for row in sheet(opened(sample_report(whole=True)), "cover").iter_rows() for c in row]
    assert not [c for c in cells if c.fill.fgColor.rgb == "FFB3261E"]


def test_no_streams_at_all_scream_too(report: Report) -> None:
    cells = [c for row in sheet(opened(replace(report, streams=())), "cover").iter_rows() for c in row]
    assert [c for c in cells if c.fill.fgColor.rgb == "FFB3261E"]


def test_numbers_are_numbers_and_times_are_times(book: Any, report: Report) -> None:
    values = [c.value for c in column(book, "metrics", "值")]
    assert values == [m.value for m in report.assessment.measurements]
    assert all(isinstance(c.value, datetime) for c in column(book, "metrics", "止（不含）"))


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_frozen_filtered_and_print_on_a4_with_their_heads(book: Any, name: str) -> None:
    page = sheet(book, name)
    assert page.freeze_panes
    assert page.auto_filter.ref
    assert page.page_setup.paperSize == 9
    assert page.page_setup.orientation == "landscape"
    assert page.page_setup.fitToHeight == 0
    assert page.print_title_rows


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_cut_off_on_paper(report: Report, language: str) -> None:
    """Every row is as high as its longest text takes in its column, at the least."""
    book = opened(report, language)
    for name, head in TABLES.items():
        page = sheet(book, name, language)
        for row in page.iter_rows(min_row=head):
            height = page.row_dimensions[row[0].row].height
            for cell in (c for c in row if isinstance(c.value, str) and c.alignment.wrap_text):
                width = page.column_dimensions[cell.column_letter].width
                needed = sum(-(-text_width(line) // int(width)) for line in cell.value.split("\n"))
                assert height >= min(400, 11 * needed), (name, cell.coordinate)


def cells(book: Any) -> list[Any]:
    return [c for page in book.worksheets for row in page.iter_rows() for c in row if c.value is not None]


def test_sixty_payloads_stay_text(infested_book: Any, infested: Report) -> None:
    found = cells(infested_book)
    assert not [c for c in found if c.data_type == "f"]
    # openpyxl leaves the escape of an underscore as it is
    texts = {c.value.replace("_x005F_x", "_x") for c in found if c.data_type == "s"}
    assert len(PAYLOADS) == 60
    for payload in PAYLOADS:
        assert plain(payload) in texts, repr(payload)


def test_text_that_looks_like_a_part_of_the_file_is_text(report: Report) -> None:
    """The library writes `<r>…</r>` as it stands: a formula could be smuggled in."""
    text = '<r><t>x</t></r></is></c><c r="A9"><f>cmd()</f></c><c r="B9" t="inlineStr"><is><r><t>y</t></r>'
    found = cells(opened(_with_item(report, Item("1", text, "", None, met=False, excluded=None, at=None))))
    assert not [c for c in found if c.data_type == "f"]
    assert text in {c.value.strip() for c in found if isinstance(c.value, str)}


def test_text_that_looks_like_a_formula_stays_text_when_edited(infested_book: Any) -> None:
    suspects = [c for c in cells(infested_book) if c.data_type == "s" and is_formula(c.value)]
    assert suspects
    assert all(c.quotePrefix for c in suspects)


def test_links_lead_only_where_they_may(infested_book: Any) -> None:
    targets = [c.hyperlink for c in cells(infested_book) if c.hyperlink]
    assert targets
    for found in targets:
        assert found.location or link(found.target) == found.target


@pytest.mark.parametrize("payload", PAYLOADS[::6])
def test_no_organisation_name_breaks_the_cover(report: Report, payload: str) -> None:
    book = opened(replace(report, organisation=payload))
    assert sheet(book, "cover")["A1"].value == plain(payload)
    assert sheet(book, "cover")["A1"].data_type == "s"


def test_a_text_too_long_for_a_cell_is_cut_with_a_marker(report: Report) -> None:
    item = Item("1", "字" * 40_000, "", None, met=False, excluded=None, at=None)
    long = _with_item(report, item)
    shown = [c.value for c in cells(opened(long)) if isinstance(c.value, str) and len(c.value) > 30_000]
    assert shown
    assert all(len(text) <= CELL_LIMIT and "已截断" in text for text in shown)


def test_a_number_that_no_sheet_can_hold_is_said_in_words(report: Report) -> None:
    item = Item("1", "INC1", "", float("nan"), met=False, excluded=None, at=datetime.fromisoformat("1066-10-14T00:00Z"))
    values = {c.value for c in cells(opened(_with_item(report, item)))}
    assert {"nan", "1066-10-14 08:05"} <= values


def test_nothing_outside_is_loaded(report: Report) -> None:
    with zipfile.ZipFile(io.BytesIO(XlsxExporter().export(report, "zh"))) as archive:
        names = archive.namelist()
    assert not [n for n in names if "vba" in n.lower() or "externalLink" in n or "connections" in n]


def test_a_large_report_is_written_whole(large: Report) -> None:
    book = opened(large)
    entries = Reading(large).entries.values()
    items = sum(len(e.result.measurement.failing) for e in entries if e.result.measurement)
    assert sheet(book, "evidence").max_row == 1 + len(entries) + items
    assert items >= 1000


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not on PATH")
def test_libreoffice_opens_and_saves_it_again_without_loss(tmp_path: Path) -> None:
    file = tmp_path / "matrix.xlsx"
    file.write_bytes(XlsxExporter().export(full_report(), "zh"))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for kind in ("xlsx", "pdf"):
        command = [
            "soffice",
            profile,
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(tmp_path / "again"),
            str(file),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    assert (tmp_path / "again" / "matrix.pdf").read_bytes().startswith(b"%PDF")
    before, after = load_workbook(file), load_workbook(tmp_path / "again" / "matrix.xlsx")
    assert after.sheetnames == before.sheetnames
    for page in before.worksheets:
        again = after[page.title]
        assert {c.coordinate: c.value for c in _filled(again)} == {c.coordinate: c.value for c in _filled(page)}
        assert {c.coordinate: _target(c) for c in _filled(again)} == {c.coordinate: _target(c) for c in _filled(page)}
        # frozen panes belong to a window, which headless mode never opens: it saves none, of any workbook
        assert again.auto_filter.ref == page.auto_filter.ref
        assert {str(r) for r in again.merged_cells.ranges} == {str(r) for r in page.merged_cells.ranges}
        assert len(again.data_validations.dataValidation) == len(page.data_validations.dataValidation)
        assert _coloured(again) == _coloured(page)
        assert (again.sheet_state == "visible") == (page.sheet_state == "visible")
    assert len(after[SHEET["dashboard"]["zh"]]._charts) == len(before[SHEET["dashboard"]["zh"]]._charts) == 3


def _filled(page: Any) -> list[Any]:
    """Cells that show something: one saves empty texts, the other does not."""
    return [c for row in page.iter_rows() for c in row if c.value not in {None, ""}]


def _target(cell: Any) -> str:
    link = cell.hyperlink
    return (link.target or (link.location or "").replace("#", "")) if link else ""


def _coloured(page: Any) -> int:
    return sum(len(found.rules) for found in page.conditional_formatting)


def _with_item(report: Report, item: Item) -> Report:
    """The report with one more failing item in its first check with failing items."""
    findings = dict(report.assessment.findings)
    for name, finding in findings.items():
        checks = tuple(
            replace(c, measurement=replace(c.measurement, failing=(item,))) if c.measurement else c
            for c in finding.checks
        )
        findings[name] = replace(finding, checks=checks)
    return replace(report, assessment=replace(report.assessment, findings=findings))


def test_one_language_alone_shows_the_other_nowhere_but_where_it_is_explained(report: Report) -> None:
    book = opened(replace(report, languages=("en",)), "en")
    for name in ("cover", "matrix", "findings", "gaps", "dashboard"):
        texts = "".join(str(c.value) for row in book[SHEET[name]["en"]].iter_rows() for c in row if c.value)
        assert "符合性" not in texts
        assert "条款" not in texts


def test_the_cover_carries_one_digest_of_heads_and_catalogue(report: Report) -> None:
    def shown(of: Report) -> str:
        cells = [c.value for row in sheet(opened(of), "cover").iter_rows() for c in row]
        return next(str(value) for value in cells if str(value).startswith("sha256:"))

    again = replace(report, catalogue="another")
    other = replace(report, streams=(replace(report.streams[0], head="f" * 64), *report.streams[1:]))
    assert len({shown(report), shown(again), shown(other)}) == 3
    assert shown(replace(report, streams=tuple(reversed(report.streams)))) == shown(report)


def test_what_changed_is_shown_and_how_to_ask_where_nobody_did(report: Report) -> None:
    assert "--since" in sheet(opened(report), "changes")["A1"].value
    full = full_report()
    shown = {c.value for row in sheet(opened(full), "changes").iter_rows() for c in row}
    assert {"证据变化", full.changes.findings[0].requirement, "a: 0 → 1 (>= 1)"} <= shown


def test_the_dashboard_charts_the_numbers_beside_them(report: Report) -> None:
    page = sheet(opened(report), "dashboard")
    numbers = {row[0].value: [c.value for c in row[1:6]] for row in page.iter_rows() if row[0].value}
    for framework in report.frameworks:
        assert numbers[framework.title.zh] == list(report.counts(framework.id).values())
    for chart in page._charts:
        for series in chart.series:
            assert series.val.numRef.f.startswith(f"{SHEET['dashboard']['zh']}!$")


def test_a_month_that_is_not_over_is_told_but_not_drawn(report: Report) -> None:
    rated = [
        r for f in report.assessment.findings.values() for r in f.checks if r.measurement and r.measurement.unit == "%"
    ]
    result = next(r for r in rated if r.check.kind == "ticket-metric" and r.measurement.value is not None)
    points = tuple(
        TrendPoint(f"2016-0{n}", AS_OF, AS_OF, whole=n < 5, measurement=replace(result.measurement, value=80.0 + n))
        for n in range(1, 6)
    )
    trend = Trend(result.check.metric, result.check.arguments, (result.check,), points)
    page = sheet(opened(replace(report, trends=(trend,))), "dashboard")
    assert "2016-05（未满）" in {row[0].value for row in page.iter_rows()}
    (line,) = [chart for chart in page._charts if type(chart).__name__ == "LineChart"]
    first, last = line.series[0].val.numRef.f.replace("$B$", "").partition("!")[2].split(":")
    assert int(last) - int(first) == 3
