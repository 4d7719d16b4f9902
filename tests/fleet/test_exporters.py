"""The portfolio as files: the same bytes twice, failed ones first, nothing run that a stranger wrote, small enough."""

import csv
import io
import re
from dataclasses import replace
from html import unescape

import openpyxl
import pytest
from tests.fleet.fleets import DAY

from itss_bridge.fleet import Portfolio, portfolio
from itss_bridge.fleet.exporters import EXPORTERS
from itss_bridge.fleet.exporters.page import LARGEST
from itss_bridge.fleet.portfolio import Organisation

HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>'


@pytest.fixture(scope="session")
def hostile(found: Portfolio) -> Portfolio:
    """One organisation with a name that wants to be run, one failed with such an error."""
    rows = [*found.organisations]
    standing = rows[-1].standing
    assert standing
    rows[-1] = replace(rows[-1], standing=replace(standing, organisation=HOSTILE))
    rows[0] = replace(rows[0], error={"what": HOSTILE})
    return portfolio(found.name, DAY, rows)


@pytest.mark.parametrize("suffix", EXPORTERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_portfolio_gives_the_same_bytes(hostile: Portfolio, suffix: str, language: str) -> None:
    assert EXPORTERS[suffix](hostile, language) == EXPORTERS[suffix](hostile, language)


def opened(found: Portfolio, language: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(EXPORTERS[".xlsx"](found, language)))


def test_the_workbook_has_a_row_for_every_organisation_failed_ones_first(hostile: Portfolio) -> None:
    book = opened(hostile, "en")
    assert book.sheetnames == [
        "Overview",
        "Not complete",
        "Organisations",
        "Levels",
        "Benchmarks",
        "KPI values",
        "Shared gaps",
    ]
    rows = list(book["Organisations"].iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == [o.workspace for o in hostile.organisations]
    assert rows[0][3:7] == ("FAILED", "?", "?", "?")
    assert {row[1] for row in book["Not complete"].iter_rows(min_row=2, values_only=True)} == {
        "south/broken",
        "none",
        "华东/never",
    }
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_workbooks_numbers_are_the_portfolios(hostile: Portfolio) -> None:
    book = opened(hostile, "zh")
    values = [row for row in book["指标明细"].iter_rows(min_row=2, values_only=True) if "(kpi-csat)" in row[0]]
    (benchmark,) = (b for b in hostile.benchmarks if b.metric == "kpi-csat")
    assert [(row[4], row[5], row[6]) for row in values[:6]] == [
        (p.workspace, p.rank, pytest.approx(p.value)) for p in benchmark.places
    ]
    assert {row[10] for row in values[6:]} == {"未知"}
    gaps = list(book["共性差距"].iter_rows(min_row=3, values_only=True))
    assert [(row[4], row[5]) for row in gaps] == [(len(g.not_met), len(g.undetermined)) for g in hostile.gaps]


def test_the_page_loads_nothing_and_runs_nothing_of_strangers(hostile: Portfolio) -> None:
    text = EXPORTERS[".html"](hostile, "zh").decode()
    assert "default-src 'none'" in unescape(text)
    assert "<script>alert" not in text
    assert len(re.findall("<script", text)) == 1
    assert not re.search(r'(?i)\s(on\w+|style)="', text)
    assert not re.search(r'(?i)(src|href)="(?!#)', text)
    alarm = text.split('<div class="alarm"')[1].split("</header>")[0]
    assert "2 个证据不完整，1 个无法评估" in alarm
    assert all(name in alarm for name in ("south/broken", "none", "华东/never"))


def test_the_table_has_one_value_a_row_and_no_formula(hostile: Portfolio) -> None:
    rows = list(csv.DictReader(io.StringIO(EXPORTERS[".csv"](hostile, "en").decode("utf-8-sig"))))
    counted = {(r["workspace"], r["measure"]): r["value"] for r in rows if r["subject"] == "framework"}
    for o in hostile.organisations:
        if counts := o.framework("itss"):
            assert counted[o.workspace, "assessed"] == str(counts.assessed)
    failed = [r for r in rows if r["workspace"] == "south/broken"]
    assert [(r["measure"], r["value"][:2]) for r in failed] == [("exit_code", "2"), ("what", "'=")]
    unknown = [r for r in rows if r["id"] == "kpi-sla" and r["measure"] == "value"]
    assert {r["value"] for r in unknown} == {""}
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]


def many(found: Portfolio, count: int) -> Portfolio:
    """The same organisations again and again, as a group of *count*."""
    rows: list[Organisation] = []
    for number in range(count):
        row = found.organisations[number % len(found.organisations)]
        rows.append(
            replace(row, workspace=f"group-{number % 20}/organisation-{number:04}", group=f"group-{number % 20}")
        )
    return portfolio("group", DAY, rows)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1000, 5000])
def test_the_page_of_a_large_group_stays_small_and_says_what_it_leaves_out(found: Portfolio, count: int) -> None:
    large = many(found, count)
    content = EXPORTERS[".html"](large, "zh")
    assert len(content) <= LARGEST
    text = content.decode()
    shown = len(re.findall("data-state=", text))
    assert shown >= len(large.of("failed"))
    assert (shown == count) != ("个证据完整的组织，见工作簿" in text)


def test_all_organisations_are_in_the_workbook(found: Portfolio) -> None:
    book = opened(many(found, 60), "zh")
    assert book["组织一览"].max_row == 61
