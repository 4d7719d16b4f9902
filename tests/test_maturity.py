"""The quarterly self-assessment: the right moments, and what a report says at each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample_report import sample_report

from itss_bridge.maturity import quarter, quarter_ends
from itss_bridge.model import Status

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone follows
ZONES = st.sampled_from(["Asia/Shanghai", "UTC", "America/Santiago", "Pacific/Kiritimati"]).map(ZoneInfo)


@given(MOMENTS, st.integers(1, 12), ZONES)
def test_quarters_end_at_midnight_follow_each_other_and_are_over(moment, count, zone):
    ends = quarter_ends(moment, count, zone)
    assert len(ends) == count
    assert ends == sorted(ends)
    assert ends[-1] <= moment < ends[-1] + timedelta(days=93)
    assert {(end.day, end.month % 3) for end in ends} == {(1, 1)}
    months = [end.year * 12 + end.month for end in ends]
    assert all(later - earlier == 3 for earlier, later in pairwise(months))


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), ["2025-10-01", "2026-01-01"]),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), ["2026-01-01", "2026-04-01"]),
    ],
)
def test_the_last_second_of_a_quarter_in_shanghai_does_not_end_it(moment, ends):
    assert [str(end.date()) for end in quarter_ends(moment, 2, ZoneInfo("Asia/Shanghai"))] == ends


def test_a_quarter_is_named_by_its_last_day_and_counts_every_requirement_once():
    report = replace(sample_report(), as_of=datetime(2026, 3, 31, 16, tzinfo=UTC))
    shown = quarter(report)
    assert (shown.name, str(shown.end)) == ("2026 Q1", "2026-03-31")
    assert sum(sum(counts.values()) for counts in shown.elements.values()) == len(report.findings("itss"))
    assert (
        sum(counts[Status.CONFORMING] for counts in shown.elements.values()) == report.counts("itss")[Status.CONFORMING]
    )
    assert shown.incomplete == tuple(sorted({s.stream for s in report.streams if s.state != "complete"}))
