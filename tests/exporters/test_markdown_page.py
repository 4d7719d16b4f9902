"""The Markdown page: evidence first, every requirement once, numbers with their n, and nothing a stranger wrote is markup."""

import re

import pytest
from tests.exporters.steering import steered
from tests.sample_report import sample_report

from itss_bridge.exporters.page import MarkdownExporter
from itss_bridge.model import Report


def page(report: Report, language: str = "zh") -> str:
    return MarkdownExporter().export(report, language).decode()


def part(text: str, heading: str) -> str:
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def rows(body: str) -> list[list[str]]:
    lines = [line for line in body.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]


def test_incomplete_evidence_is_said_before_anything_else(report: Report) -> None:
    body = part(page(report), "证据采集情况")
    assert body.strip().startswith("**7 个数据流中有 2 个不完整")
    assert page(report).index("证据采集情况") < page(report).index("各标准概况")
    whole = part(page(sample_report(whole=True), "en"), "Evidence collected")
    assert whole.strip().startswith("All 7 data streams are complete.")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_row_of_the_matrix_stands_with_its_framework_once(report: Report, language: str) -> None:
    heading = {"zh": "符合性矩阵：", "en": "Conformance matrix: "}[language]
    text = page(report, language)
    for framework in report.frameworks:
        body = part(text, f"{heading}{framework.title[language]}")
        of_it = [row for row in report.rows if row.requirement.startswith(f"{framework.id}:")]
        assert len(rows(body)) == len(of_it) > 0


def test_counts_stand_with_their_total(report: Report) -> None:
    for row, framework in zip(rows(part(page(report, "en"), "Frameworks")), report.frameworks, strict=True):
        counts = [int(cell) for cell in row[1:]]
        assert counts[:-1] == list(report.counts(framework.id).values())
        assert counts[-1] == sum(counts[:-1])


def test_each_pack_says_whether_it_decides(report: Report) -> None:
    levels = rows(part(page(report, "en"), "ITSS level"))
    assert len(levels) == 8
    assert {row[3].strip() for row in levels} == {"official, decides", "advisory, shown for comparison"}
    assert [row[0].strip() for row in levels if "(target)" in row[0]] == ["Level 3 · expanded (target)"] * 2


def test_gaps_come_with_value_n_and_owner(report: Report) -> None:
    full = steered(report)
    gaps = rows(part(page(full, "en"), "Gaps"))
    assert [int(row[0]) for row in gaps] == [gap.rank for gap in full.gaps]
    assert all(re.fullmatch(r"[\d,]+", row[4].strip()) for row in gaps)
    assert {row[7].strip() for row in gaps} == {"service manager", "–"}
    assert "NC-2016-000" in part(page(full, "en"), "Nonconformities and corrective actions")
    assert part(page(report, "en"), "Gaps").strip() == "No gaps."


def test_nothing_that_a_stranger_wrote_becomes_markup(infested: Report) -> None:
    text = page(steered(infested), "en")
    assert not re.search(r"(?<!\\)<(?!https)", text), "no tag"
    assert not re.search(r"\]\((?!<https?://)", text), "no link but to an address that may be followed"
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block[:200]


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    assert MarkdownExporter().export(report, "zh") == MarkdownExporter().export(report, "zh")
