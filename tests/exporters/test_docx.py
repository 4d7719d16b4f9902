"""The Word report: read by python-docx, opened by LibreOffice, filled from a template that people changed."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered
from tests.sample_report import sample_report

from itss_bridge.errors import UsageError
from itss_bridge.exporters.account import account
from itss_bridge.exporters.docx import DocxExporter, shipped
from itss_bridge.exporters.docx.make_templates import template
from itss_bridge.exporters.foreign import plain
from itss_bridge.model import Judgement, Milestone, Origin, Report, Status, Template, Text
from itss_bridge.workspace import Workspace

MOMENT = datetime(2016, 5, 31, 16)  # noqa: DTZ001 - Word's own dates have no zone


def opened(report: Report, language: str = "zh"):
    return Document(io.BytesIO(DocxExporter().export(report, language)))


def texts(document) -> list[str]:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in document.paragraphs), *cells]


def headings(document) -> list[tuple[str, str]]:
    found = [(p.style.name, p.text) for p in document.paragraphs]
    return [(style, text) for style, text in found if style.startswith("Heading")]


def table(document, *head: str):
    (found,) = [t for t in document.tables if [c.text for c in t.rows[0].cells][: len(head)] == list(head)]
    return [[cell.text for cell in row.cells] for row in found.rows[1:]]


def edited(change) -> bytes:
    """The shipped template as somebody saved it after a change in Word."""
    document = Document(str(shipped("zh")))
    change(document)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


@pytest.fixture(scope="module")
def full(report: Report) -> Report:
    judged = Judgement(
        "itss:prc-inc-a", Status.CONFORMING, "seen on site", "quality manager", date(2016, 5, 1), None, ""
    )
    day = Milestone(
        "m", "audit", date(2016, 9, 5), None, Text("Internal audit", "内部审核"), Text("", ""), (), (), certain=False, origin=Origin()
    )  # fmt: skip
    return replace(steered(report), judgements=(judged,), calendar=(day,))


@pytest.fixture(scope="module")
def document(full: Report):
    return opened(full)


def test_every_section_has_a_heading_of_the_right_rank(document, full: Report) -> None:
    found = headings(document)
    assert [text for style, text in found if style == "Heading 1"] == [
        "评估范围与证据完整性", "ITSS 等级达成情况与差距", "各标准符合性总览", "逐条评估结果", "差距与整改措施",
        "不符合项与纠正措施", "成文信息", "指标", "重要日期", "人工判定", "说明", "签署",
    ]  # fmt: skip
    second = [text for style, text in found if style == "Heading 2"]
    assert second == ["四级 · 基本级", "三级 · 拓展级", *(f.title.zh for f in full.frameworks)], (
        "levels up to the target"
    )


def test_incomplete_evidence_is_said_on_the_cover(document, report: Report) -> None:
    said = [p.text for p in document.paragraphs]
    assert said.index("7 个数据流中有 2 个不完整。凡依赖其数据的结论一律为“证据不足”，不论其他部分是否良好。") < 6
    whole = texts(opened(sample_report(whole=True), "en"))
    assert whole.count("All 7 data streams are complete.") == 2


def test_every_finding_stands_once_with_its_status(document, full: Report) -> None:
    rows = [
        [cell.text for cell in row.cells]
        for t in document.tables
        if t.rows[0].cells[1].text == "要求条目"
        for row in t.rows[1:]
    ]
    told = [f for framework in account(full, "zh")["frameworks"] for f in framework["findings"]]
    assert [(row[0], row[1], row[2]) for row in rows] == [(f["clause"], f["title"], f["label"]) for f in told]
    assert len(rows) == sum(len(full.findings(f.id)) for f in full.frameworks)


def test_numbers_stand_with_numerator_and_denominator(document) -> None:
    rows = table(document, "指标", "值")
    known = [row for row in rows if "incomplete" not in row[1]]
    assert known
    assert all(re.fullmatch(r"[\d,.]+ / [\d,]+", row[3]) and row[2] != "0" for row in known)
    assert all(row[3] == "–" for row in rows if row not in known), "what is unknown has no fraction"


def test_gaps_have_their_actions_and_judgements_what_was_measured(document, full: Report) -> None:
    gaps = table(document, "#")
    assert [row[0] for row in gaps] == [str(g.rank) for g in full.gaps]
    assert gaps[0][-1] == "service manager 2016-08-31"
    (judged,) = table(document, "条款号", "符合性", "实测结果")
    assert judged[0].startswith("9.4 a)")
    assert (judged[1], judged[3], judged[4]) == ("符合", "seen on site", "quality manager 2016-05-01")
    assert [row[0] for row in table(document, "编号")] == [n.id for n in full.nonconformities]
    assert table(document, "日期", "名称") == [["2016-09-05", "内部审核 (待核实)", ""]]


def test_table_heads_are_repeated_and_no_loop_is_left(document) -> None:
    for found in document.tables:
        assert found.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    assert not [text for text in texts(document) if "{%" in text or "{{" in text]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_style_has_a_font_for_chinese(full: Report, language: str) -> None:
    styles = opened(full, language).styles
    for name, font in {"Normal": "宋体", "Heading 1": "黑体", "Heading 2": "黑体", "Title": "黑体"}.items():
        assert styles[name].element.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia")) == font
    assert styles.element.find(f".//{qn('w:lang')}").get(qn("w:eastAsia")) == "zh-CN"


def test_pages_are_numbered_and_named(document, full: Report) -> None:
    section = document.sections[0]
    fields = [e.text for e in section.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert section.header.paragraphs[0].text == f"{full.organisation} · 自评估报告 · 2016-06-01"
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_nothing_but_the_report_dates_the_document(document, full: Report) -> None:
    properties = document.core_properties
    assert properties.created.replace(tzinfo=None) == properties.modified.replace(tzinfo=None) == MOMENT
    with zipfile.ZipFile(io.BytesIO(DocxExporter().export(full, "zh"))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_strangers_wrote_stays_text(infested: Report, language: str) -> None:
    content = DocxExporter().export(steered(infested), language)
    document = Document(io.BytesIO(content))
    shown = set(texts(document))
    for payload in PAYLOADS:
        assert " ".join(plain(payload).split()) in shown, payload
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            assert b"evil.example" not in archive.read(name) or not name.endswith(".rels"), "no link leads out"
        assert {e.text for e in document.element.iter(qn("w:instrText"))} == set(), "no field in the text"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_shipped_template_is_what_the_script_makes(language: str) -> None:
    made, kept = Document(io.BytesIO(template(language))), Document(str(shipped(language)))
    assert texts(made) == texts(kept)
    assert [p.style.name for p in made.paragraphs] == [p.style.name for p in kept.paragraphs]
    assert template(language) == template(language)


def test_a_template_that_was_changed_in_word_is_used(full: Report, tmp_path: Path) -> None:
    def ours(document) -> None:
        document.paragraphs[0].text = "我单位的报告：{{ organisation }}，共 {{ gaps | length }} 项差距"
        document.add_paragraph("{%p for g in gaps %}")
        document.add_paragraph("{{ g.rank }}. {{ g.title }}")
        document.add_paragraph("{%p endfor %}")

    (tmp_path / "ours.docx").write_bytes(edited(ours))
    settings = '[workspace]\norganisation = "x"\n[export]\ndocx_template = "ours.docx"\n'
    (tmp_path / "itss-bridge.toml").write_text(settings, "utf-8")
    own = Workspace.open(tmp_path).word_template
    said = texts(opened(replace(full, word_template=own)))
    assert said[0] == f"我单位的报告：{full.organisation}，共 {len(full.gaps)} 项差距"
    assert f"1. {full.gaps[0].result.check.title.zh}" in said


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = '[workspace]\norganisation = "x"\n[export]\ndocx_template = "nowhere.docx"\n'
    (tmp_path / "itss-bridge.toml").write_text(settings, "utf-8")
    with pytest.raises(UsageError, match="cannot be read") as raised:
        _ = Workspace.open(tmp_path).word_template
    assert raised.value.where.endswith("nowhere.docx")


@pytest.mark.parametrize(
    ("placeholder", "cause"),
    [
        ("{{ organization }}", "'organization' is undefined"),
        ("{{ gaps[0].colour }}", "no attribute 'colour'"),
        ("{{ organisation", "unexpected"),
        ("{% for g in gaps %}", "endfor"),
        ("{{ organisation | nonsense }}", "nonsense"),
        ("{{ gaps / 2 }}", "unsupported operand"),
        ("{{ organisation.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ gaps[999].title }}", "999"),
    ],
)
def test_a_wrong_placeholder_is_told_with_file_cause_and_fix(full: Report, placeholder: str, cause: str) -> None:
    content = edited(lambda document: document.add_paragraph(placeholder))
    with pytest.raises(UsageError, match="cannot be filled") as raised:
        opened(replace(full, word_template=Template(content, "ours.docx")))
    assert raised.value.where == "ours.docx"
    assert cause in raised.value.cause
    assert "README.md" in raised.value.fix


def _without(name: str) -> bytes:
    kept, written = zipfile.ZipFile(shipped("zh")), io.BytesIO()
    with kept, zipfile.ZipFile(written, "w") as archive:
        for inner in kept.namelist():
            if inner != name:
                archive.writestr(inner, kept.read(inner))
    return written.getvalue()


def _odd() -> Iterator[bytes]:
    yield b""
    yield b"PK\x03\x04 cut"
    yield b"<html>"
    yield shipped("zh").read_bytes()[:5000]
    yield _without("word/document.xml")
    yield _without("[Content_Types].xml")


@pytest.mark.parametrize("content", list(_odd()))
def test_what_is_no_word_document_is_told_so(full: Report, content: bytes) -> None:
    with pytest.raises(UsageError, match="no Word document") as raised:
        opened(replace(full, word_template=Template(content, "ours.docx")))
    assert (raised.value.where, raised.value.exit_code) == ("ours.docx", 2)


def test_the_guide_lists_what_can_be_filled_in(full: Report) -> None:
    guide = (shipped("zh").parent / "README.md").read_text("utf-8")
    table = guide.partition("<!-- placeholders -->")[2].partition("<!-- /placeholders -->")[0]
    told = account(replace(full, documents=()), "zh")
    listed: dict[str, list[str]] = {}
    for line in table.splitlines()[3:]:
        names, each = (re.findall(r"`([\w.\[\]]+)`", cell) for cell in line.strip("|").split("|"))
        listed |= dict.fromkeys(names, each)
    assert {name for name in listed if "." not in name} == told.keys()
    for name, each in listed.items():
        outer, _, inner = name.partition("[].")
        found = next((row[inner] for row in told[outer] if row[inner]), ()) if inner else told[outer]
        assert not each or not found or set(each) == found[0].keys(), name


def test_without_docxtpl_it_says_what_to_install(full: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docxtpl", None)
    with pytest.raises(UsageError, match="not installed") as raised:
        opened(full)
    assert "pip install 'itss-bridge[docx]'" in raised.value.fix


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice (soffice) is not on PATH")
@pytest.mark.parametrize("which", ["full", "infested"])
def test_libreoffice_opens_it_without_repair(request: pytest.FixtureRequest, which: str, tmp_path: Path) -> None:
    file = tmp_path / "report.docx"
    file.write_bytes(DocxExporter().export(request.getfixturevalue(which), "zh"))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    from pypdf import PdfReader

    pages = PdfReader(tmp_path / "report.pdf").pages
    assert "签署" in pages[-1].extract_text() + pages[-2].extract_text()
