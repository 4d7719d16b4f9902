"""The report on paper, read back by pypdf: everything said once, numbers with denominators, strangers' text as text."""

import io
import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
import typst
from pypdf import PdfReader
from tests.exporters.here import LACKING
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered
from tests.sample_report import sample_report

from itss_bridge.errors import UsageError
from itss_bridge.exporters.account import account
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.pdf import PdfExporter, setting
from itss_bridge.model import Report

pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no font with Chinese characters: {LACKING}")


def read(report: Report, language: str = "zh") -> PdfReader:
    return PdfReader(io.BytesIO(PdfExporter().export(report, language)))


def squeezed(text: str) -> str:
    """Without space: where lines break is typst's affair."""
    return re.sub(r"[\s\u200b]", "", text)


@cache
def said(language: str) -> str:
    return squeezed("".join(page.extract_text() for page in read(steered(sample_report()), language).pages))


def test_it_is_a_dated_a4_document(report: Report) -> None:
    document = read(report)
    assert document.metadata is not None
    assert document.metadata.title == "晨星信息技术有限公司 自评估报告"
    assert document.metadata.creation_date == report.as_of
    box = document.pages[0].mediabox
    assert (round(box.width * 25.4 / 72), round(box.height * 25.4 / 72)) == (210, 297)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", "7 个数据流中有 2 个不完整。凡依赖其数据的结论一律为“证据不足”，不论其他部分是否良好。"),
        ("en", "2 of 7 data streams are not complete. What rests on them is undetermined, whatever else looks good."),
    ],
)
def test_the_cover_says_that_evidence_is_incomplete(report: Report, language: str, expected: str) -> None:
    cover = squeezed(read(report, language).pages[0].extract_text())
    assert squeezed(expected) in cover
    whole = squeezed(read(sample_report(whole=True), language).pages[0].extract_text())
    assert squeezed(expected) not in whole


def test_sections_can_be_jumped_to(report: Report) -> None:
    document = read(report)
    titles = [re.sub(r"^\d+ ", "", entry.title) for entry in document.outline if not isinstance(entry, list)]
    words = account(report, "zh")["words"]
    named = ("scope", "levels", "counts", "findings", "gaps", "nonconformities", "documents", "metrics", "dates")
    assert titles[:9] == [words[name] for name in named]
    assert titles[-1] == words["sign_off"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_the_account_lists_is_printed(report: Report, language: str) -> None:
    told = account(steered(report), language)
    for finding in (f for framework in told["frameworks"] for f in framework["findings"]):
        assert squeezed(f"{finding['clause']}{finding['title']}") in said(language)
    for gap in told["gaps"]:
        assert squeezed(f"{gap['value']}{gap['fraction']}") in said(language)
    for metric in told["metrics"]:
        assert squeezed(f"{metric['value']}{metric['n']}{metric['fraction']}") in said(language)
    for nonconformity in told["nonconformities"]:
        assert squeezed(nonconformity["id"]) in said(language)


def test_every_page_but_the_cover_is_numbered(report: Report) -> None:
    pages = read(report, "en").pages
    numbered = [re.findall(r"Page (\d+) of (\d+)", page.extract_text()) for page in pages]
    assert numbered == [[], *([(str(n), str(len(pages)))] for n in range(2, len(pages) + 1))]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_strangers_wrote_stays_text(infested: Report, language: str) -> None:
    document = read(steered(infested), language)
    text = squeezed("".join(page.extract_text() for page in document.pages))
    drawn = [payload for payload in PAYLOADS if payload.isascii()]
    assert len(drawn) > 45
    for payload in drawn:
        assert squeezed(plain(payload)) in text, payload
    links = [link.get_object() for page in document.pages for link in page.get("/Annots", [])]
    assert [link for link in links if "/A" in link] == [], "contents lead to pages, nothing leads out"


@pytest.mark.parametrize(
    "odd", ["#pagebreak()", "$x^2$", '*bold* _it_ `raw` #read("/etc/passwd")', "= head", "\\u{41}", "<x> @x", "//c /*"]
)
def test_typst_s_own_markup_is_text_too(report: Report, odd: str) -> None:
    pages = read(replace(report, organisation=odd)).pages
    assert squeezed(odd) in squeezed(pages[0].extract_text())
    assert len(pages) == len(read(report).pages)


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert PdfExporter().export(report, "zh") == PdfExporter().export(sample_report(), "zh")


def test_a_report_of_nothing_is_printed_too(report: Report) -> None:
    bare = replace(
        report, streams=(), frameworks=(), crosswalks=(), rows=(), notes=(), target=None,
        assessment=replace(report.assessment, findings={}, levels={}, measurements=()),
    )  # fmt: skip
    text = squeezed(read(bare).pages[0].extract_text())
    assert squeezed("尚未采集任何数据") in text


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_any_date_can_be_printed(report: Report, day: date) -> None:
    full = steered(report)
    due = tuple(replace(n, due=day) for n in full.nonconformities)
    assert read(replace(full, nonconformities=due)).pages


def test_without_a_chinese_font_it_refuses(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = typst.Fonts(include_system_fonts=False)
    monkeypatch.setattr(setting, "_fonts", lambda: (embedded, setting.lacks_chinese(typst, embedded)))
    with pytest.raises(UsageError, match="no font with Chinese characters") as raised:
        read(report)
    assert "fonts-noto-cjk" in raised.value.fix
    assert raised.value.exit_code == 2


def test_without_typst_it_says_what_to_install(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(UsageError, match="not installed") as raised:
        read(report)
    assert "pip install 'itss-bridge[pdf]'" in raised.value.fix
