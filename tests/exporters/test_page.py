"""The page: one offline file that loads nothing, runs nothing of strangers, and says the same in both languages."""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.exporters.payloads import PAYLOADS
from tests.sample_report import reports, sample_report

from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Relationship, Report, Status, Text
from itss_bridge.wording import STATUS, STREAM_STATE

VOID = {"meta", "input", "br", "rect", "path", "circle"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "span", "button", "p", "h1", "h2", "h3", "h4",
    "dl", "dt", "dd", "ul", "ol", "li", "strong", "nav", "input", "output", "main", "section", "details", "summary",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "small", "b", "i", "bdi", "code", "time", "article", "svg",
    "rect", "path", "circle", "footer", "script",
}  # fmt: skip
ATTRIBUTES = re.compile(
    "lang|class|id|href|rel|role|title|type|name|content|charset|http-equiv|placeholder|scope|colspan|open|hidden|width"
    "|height|viewbox|preserveaspectratio|focusable|aria-(label|hidden|live|pressed)|tabindex|autocomplete|for|d|cx|cy|r"
    "|data-(language|status|id|filter|print|set-language|theme-switch|label|other|check)"
)


class Outline(HTMLParser):
    """Elements, attributes, ids, links and the text of a page; tags that do not match are recorded."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.inside: dict[str, str] = {}
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in {"style", "script", "title"}:
            name = "words" if self.elements[-1][1].get("type") == "application/json" else self.open[-1]
            self.inside[name] = self.inside.get(name, "") + data

    @property
    def ids(self) -> list[str]:
        return [a["id"] or "" for _, a in self.elements if "id" in a]

    @property
    def links(self) -> list[dict[str, str | None]]:
        return [a for tag, a in self.elements if tag == "a"]


def page(report: Report, language: str = "zh") -> Outline:
    return Outline(HtmlExporter().export(report, language))


@pytest.fixture(scope="module")
def outline(report: Report) -> Outline:
    return page(report)


@pytest.fixture(scope="module")
def infested_outline(infested: Report) -> Outline:
    return page(infested)


def test_every_tag_is_closed_and_every_id_is_unique(outline: Outline, infested_outline: Outline) -> None:
    for found in (outline, infested_outline):
        assert found.faults == []
        assert found.open == []
        assert len(set(found.ids)) == len(found.ids)


def test_every_link_inside_the_page_has_its_target(outline: Outline) -> None:
    from urllib.parse import unquote

    inner = [unquote((a["href"] or "")[1:]) for a in outline.links if (a["href"] or "").startswith("#")]
    assert len(inner) > 500
    assert set(inner) <= set(outline.ids)


def test_nothing_is_loaded_from_anywhere(outline: Outline, infested_outline: Outline) -> None:
    for found in (outline, infested_outline):
        assert {tag for tag, _ in found.elements} <= TAGS
        for tag, attributes in found.elements:
            for name in attributes:
                assert ATTRIBUTES.fullmatch(name), f"<{tag} {name}>"
        assert not re.search(r"url\(|@import|fetch|XMLHttp|import\(|eval|innerHTML", found.inside["style"])
        assert not re.search(r"https?:|fetch|XMLHttp|import\(|eval|innerHTML|document\.write", found.inside["script"])


def test_outward_links_are_https_or_this_machine_and_opaque_to_the_opener(infested_outline: Outline) -> None:
    report = sample_report(url="http://127.0.0.1:8123/x?{digest}", checks=7)
    for found in (infested_outline, page(report), page(sample_report())):
        outward = [a for a in found.links if not (a["href"] or "").startswith("#")]
        for attributes in outward:
            assert link(attributes["href"] or "") == attributes["href"]
            assert attributes["rel"] == "noopener"
    assert outward


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_policy_allows_exactly_the_style_and_script_that_are_there(report: Report, language: str) -> None:
    found = page(report, language)
    metas = {a.get("http-equiv"): a.get("content") or "" for tag, a in found.elements if tag == "meta"}
    directives = dict(part.strip().split(" ", 1) for part in metas["Content-Security-Policy"].split(";"))

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode() + "'"

    assert directives == {
        "default-src": "'none'",
        "style-src": digest(found.inside["style"]),
        "script-src": digest(found.inside["script"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not [a for _, a in found.elements if "style" in a]


def test_sixty_payloads_are_shown_as_text_and_nothing_else(infested_outline: Outline) -> None:
    text = "".join(infested_outline.texts)
    for payload in PAYLOADS:
        assert plain(payload) in text, repr(payload)
    assert [a.get("type") for tag, a in infested_outline.elements if tag == "script"] == ["application/json", None]
    assert "49" not in infested_outline.inside["title"]


def test_nothing_can_end_the_dictionary(infested: Report) -> None:
    texts = [Text(payload, f"中 {payload}") for payload in PAYLOADS]
    found = page(replace(infested, notes=(*texts, *texts)), "en")
    words = found.inside["words"]
    assert not set("<>&") & set(words)
    assert {plain(t.en): plain(t.zh) for t in texts}.items() <= json.loads(words).items()


def test_one_text_that_stands_for_two_keeps_both(report: Report) -> None:
    found = page(replace(report, notes=(Text("one", "同"), Text("other", "同"))))
    assert json.loads(found.inside["words"])["同"] == "one"
    assert [a["data-other"] for tag, a in found.elements if tag == "i" and a.get("data-other") == "other"] == ["other"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_any_text_leaves_the_page_in_one_piece(odd: Report) -> None:
    found = page(odd)
    assert found.faults == []
    assert {tag for tag, _ in found.elements} <= TAGS


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_are_in_the_page_and_the_chosen_one_is_shown(report: Report, language: str) -> None:
    found = page(report, language)
    text = "".join(found.texts)
    assert "符合性矩阵" in text
    assert "Conformance matrix" in text
    assert found.elements[0][1]["data-language"] == language
    assert sum(tag == "i" for tag, _ in found.elements) > 1000
    pair = ("符合性矩阵", "Conformance matrix")
    assert json.loads(found.inside["words"])[pair[language == "en"]] == pair[language == "zh"]


def test_every_assessable_requirement_can_be_opened_and_has_its_status(report: Report, outline: Outline) -> None:
    shown = {a["id"]: a["data-status"] for tag, a in outline.elements if tag == "details" and "data-status" in a}
    for framework in report.frameworks:
        for finding in report.findings(framework.id):
            assert shown[finding.requirement] == finding.status.value


def test_every_cell_of_the_matrix_has_its_status_and_leads_to_its_requirement(report: Report, outline: Outline) -> None:
    tiles = [a for a in outline.links if (a.get("class") or "").startswith("tile ")]
    expected = [c for row in report.rows for cells in row.cells.values() for c in cells]
    assert [t["class"] for t in tiles] == [
        "tile unrelated" if c.relationship is Relationship.NONE else f"tile {c.status.value}" for c in expected
    ]
    assert "tile unrelated" in {t["class"] for t in tiles}


def test_colours_come_with_letter_and_pattern(outline: Outline) -> None:
    style = outline.inside["style"]
    for status in Status:
        for language in ("zh", "en"):
            assert f'html[data-language="{language}"] :is(.badge, .tile, .key, .dot).{status.value}::before' in style
    for patterned in ("partial", "undetermined"):
        assert re.search(rf"\.dot\)\.{patterned}::before {{[^}}]*gradient", style)


def test_a_requirement_names_its_checks_and_each_check_lists_its_tickets_once(report: Report) -> None:
    """What brings them together in one place is in tests/browser/test_used.py."""
    content = HtmlExporter().export(report, "zh").decode()
    finding = next(f for f in report.findings("itss") if f.status is Status.NONCONFORMING)
    body = content.partition(f' id="{finding.requirement}"')[2].partition('<details class="requirement"')[0]
    key = Reading(report).key(finding.checks[0], finding.requirement)
    assert f'<li data-check="{key}">' in body
    entry = content.partition(f' id="e-{key}"')[2].partition("</details>")[0]
    items = finding.checks[0].measurement.failing if finding.checks[0].measurement else ()
    assert len(items) == 6
    for item in items:
        assert entry.count(f'href="{item.url}" rel="noopener"><bdi>{item.ref}</bdi>') == 1


def test_an_incomplete_stream_screams(outline: Outline) -> None:
    assert [a for _, a in outline.elements if a.get("role") == "alert"]
    classes = [
        a.get("class") for tag, a in outline.elements if tag == "tr" and (a.get("class") or "").startswith("stream ")
    ]
    assert sorted(classes)[-2:] == ["stream failed", "stream incomplete"]
    assert STREAM_STATE["failed"]["zh"] in "".join(outline.texts)


def test_a_whole_report_does_not_scream() -> None:
    found = page(sample_report(whole=True))
    assert not [a for _, a in found.elements if a.get("role") == "alert"]
    assert "全部 7 个数据流均已完整采集" in "".join(found.texts)


def test_no_streams_at_all_scream_too(report: Report) -> None:
    assert [a for _, a in page(replace(report, streams=())).elements if a.get("role") == "alert"]


def test_bars_count_undetermined_as_not_assessed(report: Report, outline: Outline) -> None:
    bars = [float(a["width"] or 0) for tag, a in outline.elements if tag == "rect" and a["class"] != "track"]
    counts = report.counts("itss")
    everything = sum(counts.values()) - counts[Status.NOT_APPLICABLE]
    assessed = everything - counts[Status.UNDETERMINED]
    assert bars[0] == pytest.approx(100 * assessed / everything, abs=0.01)
    assert bars[1] == pytest.approx(100 * counts[Status.CONFORMING] / everything, abs=0.01)


def test_every_gap_is_in_the_gap_list(report: Report) -> None:
    content = HtmlExporter().export(report, "zh").decode()
    section = content.partition('<section id="gaps">')[2].partition("</section>")[0]
    assert section.count("<tr data-status") == len(Reading(report).gaps) + len(Reading(report).missing_rules)


def test_a_clause_number_that_is_not_confirmed_is_not_invented(outline: Outline, report: Report) -> None:
    assert Reading(report).clause("itss:res-data") == ""
    assert "未确认" in "".join(outline.texts)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_large_report_stays_under_two_megabytes(large: Report, language: str) -> None:
    assert sum(len(large.findings(f.id)) for f in large.frameworks) >= 250
    assert len(HtmlExporter().export(large, language)) <= 2_000_000


def test_a_report_that_would_not_fit_lists_fewer_items_and_says_so(large: Report) -> None:
    wide = sample_report(copies=2, checks=200, failing=50, url="https://acme.example/" + "x" * 1000 + "{digest}")
    content = HtmlExporter().export(wide, "zh")
    assert len(content) <= 2_000_000
    assert "itss-bridge metric show" in content.decode()


def test_a_missing_value_is_an_error_and_not_an_empty_place() -> None:
    from jinja2 import UndefinedError

    from itss_bridge.exporters.html.bilingual import Bilingual
    from itss_bridge.exporters.html.page import _environment

    with pytest.raises(UndefinedError):
        _environment(Bilingual("zh")).from_string("{{ nothing }}").render()
    assert _environment(Bilingual("zh")).from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"


def test_statuses_are_said_in_words(outline: Outline) -> None:
    text = "".join(outline.texts)
    for status in Status:
        assert STATUS[status]["zh"] in text
        assert STATUS[status]["en"] in text


def browse(address: str, profile: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}",
        "--enable-logging=stderr", "--v=0", "--dump-dom", *more, address,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


needs_chromium = pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not on PATH")


@pytest.mark.slow
@needs_chromium
def test_a_browser_shows_it_without_a_word_on_the_console(report: Report, infested: Report, tmp_path: Path) -> None:
    for name, shown in (("plain", report), ("infested", infested)):
        file = tmp_path / f"{name}.html"
        file.write_bytes(HtmlExporter().export(shown, "zh"))
        done = browse(f"{file.as_uri()}#itss:prc-inc-b", tmp_path / name)
        assert "CONSOLE" not in done.stderr
        assert 'class="scripts"' in done.stdout
        assert re.search(r'<details[^>]* id="itss:prc-inc-b"[^>]* open=""', done.stdout)


@pytest.mark.slow
@needs_chromium
def test_a_browser_refuses_a_page_whose_script_was_changed(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "changed.html"
    file.write_bytes(HtmlExporter().export(report, "zh").replace(b'"use strict";', b'"use strict"; '))
    done = browse(file.as_uri(), tmp_path / "profile")
    assert "CONSOLE" in done.stderr
    assert 'class="scripts"' not in done.stdout
