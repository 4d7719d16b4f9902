"""The packs for internal audit and management review: complete, honest about evidence, harmless whatever is in titles."""

import re
from dataclasses import replace
from datetime import date

import pytest

from itss_bridge.exporters.markdown import document, escaped, linked, table
from itss_bridge.exporters.review import internal_audit, management_review
from itss_bridge.model import Decision, Nonconformity, Text

DAY = date(2026, 3, 31)
DONE = Decision(
    "MR-2025-01", date(2025, 9, 1), "second line at night", "service manager", date(2025, 12, 31), date(2025, 12, 1)
)
LATE = replace(DONE, id="MR-2025-02", done=None)
TODAY = replace(LATE, id="MR-2025-03", due=DAY)


def nonconformity(**fields) -> Nonconformity:
    words = Text("closing rate too low", "闭环率偏低")
    one = Nonconformity(
        "NC-2026-001", "c", (), "minor", "correcting", words, date(2026, 1, 1), date(2026, 3, 30), None, "service manager",
        "", "", "", "", None, (), words,
    )  # fmt: skip
    return replace(one, **fields)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_report_gives_the_same_page(report, language):
    assert management_review(report, [DONE], language, DAY) == management_review(report, [DONE], language, DAY)
    assert internal_audit(report, language, DAY) == internal_audit(report, language, DAY)


def test_every_requirement_stands_in_the_checklist_once(report):
    page = internal_audit(report, "en", DAY)
    asked = sum(len(report.findings(framework.id)) for framework in report.frameworks)
    lines = [line for line in page.splitlines() if line.endswith("|  |  |")]
    assert len(lines) == asked > 0


def test_decisions_are_followed_up_and_overdue_ones_are_named(report):
    page = management_review(report, [DONE, LATE, TODAY], "en", DAY)
    states = dict(re.findall(r"\| (MR-2025-0\d) \|.*\| (\w+) \|$", page, re.MULTILINE))
    assert states == {"MR-2025-01": "done", "MR-2025-02": "overdue", "MR-2025-03": "open"}
    assert "MR-2025-01" not in management_review(report, [DONE], "en", date(2025, 8, 31)), "not decided yet on that day"


def test_overdue_nonconformities_come_before_closed_ones_and_are_named(report):
    closed = nonconformity(id="NC-2025-001", progress="closed", due=date(2025, 1, 1))
    page = management_review(replace(report, nonconformities=(closed, nonconformity())), [], "zh", DAY)
    assert page.index("NC-2026-001") < page.index("NC-2025-001")
    assert "2026-03-30 **已逾期**" in page
    assert "2025-01-01 **已逾期**" not in page


def test_what_is_unknown_is_said_and_never_a_number(report):
    measured = replace(
        report.assessment.measurements[0], metric="kpi-csat", unknown="survey: no source gives it", value=None
    )
    metrics = {**report.metrics, "kpi-csat": next(iter(report.metrics.values()))}
    doubtful = replace(report, metrics=metrics, assessment=replace(report.assessment, measurements=(measured,)))
    assert "survey: no source gives it" in management_review(doubtful, [], "en", DAY)


def test_nothing_that_a_stranger_wrote_becomes_markup(infested):
    for page in (internal_audit(infested, "en", DAY), management_review(infested, [], "en", DAY)):
        assert not re.search(r"(?<!\\)<(?!https)", page), "no tag"
        assert not re.search(r"\]\((?!<https?://)", page), "no link to anything but an address that may be followed"
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("| ---")}
        assert widths
        for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block[:200]


def test_markdown_is_escaped_and_only_safe_addresses_are_linked():
    assert escaped("a|b *c* <d>\n# e") == r"a\|b \*c\* \<d\> \# e"
    assert linked("OPS-1", "https://tool.example/1") == "[OPS-1](<https://tool.example/1>)"
    assert linked("OPS-1", "javascript:alert(1)") == "OPS-1"
    assert document("t", [("a", "x"), ("b", "")]) == "# t\n\n## a\n\nx\n"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
