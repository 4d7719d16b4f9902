"""The body for Confluence: well-formed, incomplete first, every requirement once, numbers with their n, strangers' text as text."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered
from tests.sample_report import reports, sample_report

from itss_bridge.exporters import storage_format
from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.storage_format import LARGEST, StorageFormatExporter
from itss_bridge.model import Report, Status
from itss_bridge.wording import STATUS

AC, RI = "{http://atlassian.com/content}", "{http://atlassian.com/resource/identifier}"
TAGS = {
    "p", "h2", "table", "tbody", "tr", "th", "td", "ul", "li", "strong", "code", "br", "a",
    *(AC + name for name in ("structured-macro", "parameter", "rich-text-body")),
}  # fmt: skip
MACROS = {"status", "expand", "toc", "info", "note", "warning"}
COLOURS = {"Green", "Yellow", "Red", "Grey", "Blue"}


def body(report: Report, language: str = "zh") -> ET.Element:
    """The body as an XML parser of its own reads it, below a root that declares Confluence's namespaces."""
    content = StorageFormatExporter().export(report, language).decode()
    return ET.fromstring(f'<body xmlns:ac="{AC[1:-1]}" xmlns:ri="{RI[1:-1]}">{content}</body>')


def text(element: ET.Element) -> str:
    return "".join(element.itertext())


def part(page: ET.Element, heading: str) -> list[ET.Element]:
    """What stands between a heading and the next."""
    found: list[ET.Element] = []
    inside = False
    for element in page:
        if element.tag == "h2":
            inside = text(element).startswith(heading)
        elif inside:
            found.append(element)
    assert found, heading
    return found


def rows(elements: list[ET.Element]) -> list[list[str]]:
    every = [[text(cell) for cell in row] for element in elements for row in element.iter("tr")]
    return every[1:]


def macros(page: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in page.iter(f"{AC}structured-macro") if one.get(f"{AC}name") == name]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_well_formed_and_of_known_pieces(report: Report, infested: Report, language: str) -> None:
    for shown in (steered(report), steered(infested), replace(report, streams=(), rows=())):
        page = body(shown, language)
        assert {element.tag for element in page.iter()} - {"body"} <= TAGS
        assert {one.get(f"{AC}name") for one in page.iter(f"{AC}structured-macro")} <= MACROS
        colours = [one.text for one in page.iter(f"{AC}parameter") if one.get(f"{AC}name") == "colour"]
        assert set(colours) <= COLOURS
        for element in page.iter():
            assert set(element.attrib) <= {f"{AC}name", "href"}


def test_sixty_payloads_stay_text(infested: Report) -> None:
    page = body(steered(infested), "en")
    shown = text(page)
    for payload in PAYLOADS:
        assert " ".join(plain(payload).split()) in " ".join(shown.split()), repr(payload)
    for address in (anchor.get("href", "") for anchor in page.iter("a")):
        assert link(address) == address


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_any_text_leaves_the_body_well_formed(odd: Report) -> None:
    assert {element.tag for element in body(odd).iter()} - {"body"} <= TAGS


def test_incomplete_evidence_comes_first_and_loud(report: Report) -> None:
    first = body(report)[0]
    assert first.get(f"{AC}name") == "warning"
    assert "7 个数据流中有 2 个不完整" in text(first)
    assert text(first).count("INCOMPLETE") + text(first).count("FAILED") == 2
    assert body(replace(report, streams=()))[0].get(f"{AC}name") == "warning"
    whole = body(sample_report(whole=True))
    assert macros(whole, "warning") == []
    assert "全部 7 个数据流均已完整采集" in text(whole)


def test_every_row_of_the_matrix_stands_with_its_framework_once_and_carries_its_status(report: Report) -> None:
    page = body(report, "en")
    for framework in report.frameworks:
        ours = [row for row in report.rows if row.requirement.startswith(f"{framework.id}:")]
        shown = rows(part(page, f"Conformance matrix / 符合性矩阵: {framework.title.en}"))
        assert len(shown) == len(ours) > 0
        for row, cells in zip(ours, shown, strict=True):
            assert STATUS[row.status].en in cells[2]
            assert cells[-1] == f"{row.evidence:,}"


def test_counts_stand_with_their_total(report: Report) -> None:
    for cells, framework in zip(rows(part(body(report), "各标准概况")), report.frameworks, strict=True):
        counts = [int(cell) for cell in cells[1:]]
        assert counts == [*report.counts(framework.id).values(), sum(counts[:-1])]


def test_metrics_come_with_their_denominator_and_gaps_with_theirs(report: Report) -> None:
    full = steered(report)
    shown = rows(part(body(full), "指标"))
    assert len(shown) == len(full.assessment.measurements)
    measured = [cells for cells in shown if cells[2] != "–"]
    assert measured
    assert all(re.fullmatch(r"(–|[\d.,]+) / [\d,]+ \(n [\d,]+\)", cells[2]) for cells in measured)
    gaps = rows(part(body(full), "差距清单"))
    assert [int(cells[0]) for cells in gaps] == [gap.rank for gap in full.gaps]


def test_as_of_and_every_chain_head_are_there(report: Report) -> None:
    shown = text(body(report))
    assert "2016-06-01 00:00 (Asia/Shanghai)" in shown
    for state in report.streams:
        assert state.head in shown


def test_unknown_is_grey_and_only_conforming_is_green(report: Report) -> None:
    for macro in macros(body(report), "status"):
        colour, title = (text(parameter) for parameter in macro)
        if title.startswith(STATUS[Status.UNDETERMINED].zh):
            assert colour == "Grey"
        assert (colour == "Green") == title.startswith(("符合", "满足", "达到要求", "完整"))


@pytest.mark.parametrize(
    ("languages", "said", "unsaid"), [(("zh",), "符合性矩阵", "Conformance"), (("en",), "Conformance", "符合")]
)
def test_a_workspace_of_one_language_gets_a_page_in_it(
    report: Report, languages: tuple[str, ...], said: str, unsaid: str
) -> None:
    one = replace(report, languages=languages, organisation="O", notes=())
    shown = text(body(one, languages[0]))
    assert said in shown
    assert unsaid not in shown


def test_a_large_report_fits_with_room_to_spare(large: Report) -> None:
    assert sum(len(large.findings(f.id)) for f in large.frameworks) >= 250
    assert len(StorageFormatExporter().export(steered(large), "zh")) < LARGEST / 2


def test_a_report_that_would_not_fit_says_what_is_left_out_and_where_the_whole_is(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = StorageFormatExporter().export(steered(report), "zh")
    monkeypatch.setattr(storage_format, "LARGEST", len(whole) - 1)
    page = body(steered(report))
    assert "差距对应的工单" in text(macros(page, "note")[0])
    monkeypatch.setattr(storage_format, "LARGEST", 1)
    page = body(steered(report))
    assert "指标" in text(macros(page, "note")[0])
    assert "itss-bridge export report.html" in text(macros(page, "note")[0])
    assert "数值、分子、分母" not in text(page)
    assert len(rows(part(page, "符合性矩阵"))) > 0, "the matrix itself always stays"


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert StorageFormatExporter().export(report, "zh") == StorageFormatExporter().export(report, "zh")
