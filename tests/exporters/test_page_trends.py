"""Trends drawn: a gap stays a gap, the running month is hollow, zero is on every axis, and the numbers stand beside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exporters.everything import everything, trend

from itss_bridge.exporters.html import HtmlExporter, charts


def test_the_line_is_lifted_over_months_that_have_no_value() -> None:
    drawn = charts.chart(trend("kpi-sla", [90, 91, None, 92, 93, 94]), "%")
    assert drawn.line.count("M") == 2
    assert len(drawn.dots) == 5
    assert len(drawn.gaps) == 1


def test_the_running_month_is_hollow_and_reached_by_a_tail() -> None:
    drawn = charts.chart(trend("kpi-sla", [90, 91, 92]), "%")
    assert [dot.hollow for dot in drawn.dots] == [False, False, True]
    assert drawn.tail.startswith("M")
    assert charts.chart(trend("kpi-sla", [90, 91, 92], running=False), "%").tail == ""


def test_what_is_unknown_is_not_drawn() -> None:
    hidden = trend("kpi-sla", [90, 91, 92], unknown="sla is incomplete")
    assert not charts.told(hidden)
    assert charts.chart(hidden, "%").dots == ()
    assert charts.last(hidden) is None


def test_the_last_whole_month_with_a_value_is_named() -> None:
    last = charts.last(trend("kpi-sla", [90, 91, None, 50]))
    assert last is not None
    assert (last.month, last.measurement.value) == ("2015-02", 91)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=13), st.sampled_from(["%", "h"]))
def test_every_value_lies_in_the_picture_and_so_does_zero(values: list[float | None], unit: str) -> None:
    drawn = charts.chart(trend("kpi-nps", values), unit)
    heights = [float(dot.y) for dot in drawn.dots] + [float(drawn.base)]
    assert all(0 <= y <= charts.HEIGHT for y in heights)
    assert drawn.low <= 0 <= drawn.top
    assert len(drawn.dots) + len(drawn.gaps) == len(values)
    assert "None" not in drawn.line + drawn.tail


@pytest.fixture(scope="module")
def section() -> str:
    content = HtmlExporter().export(everything(checks=14), "en").decode()
    return content.partition('<section id="metrics">')[2].partition("</section>")[0]


def test_each_month_stands_in_a_table_too(section: str) -> None:
    drawn = section.partition('<div class="trends">')[2]
    assert drawn.count('<article class="trend">') == 2
    months = re.findall(r'<tr><th scope="row">(\d{4}-\d\d)', drawn)
    assert months[:3] == ["2015-01", "2015-02", "2015-03"]
    assert len(months) == 13 + 5


def test_a_metric_with_a_threshold_comes_first_and_shows_it(section: str) -> None:
    first = section.partition('<article class="trend">')[2].partition("</article>")[0]
    assert "SLA achievement rate" in first
    assert "≥ 90" in first
    assert first.count('class="goal"') == 1


def test_what_no_month_can_tell_says_why(section: str) -> None:
    listed = section.partition("No month can be told")[2]
    assert "change of jira is incomplete" in listed
    assert "no data" in listed
