"""Months: a wait is never cut short, a deadline never stretched, at month ends and leap days too."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lifecycle.worlds import CATALOGUE

from itss_bridge.catalogue.calendars import UnknownYear, is_working_day
from itss_bridge.lifecycle.days import day_of, not_after, not_before, today, working_days_before

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(0, 120)
CHINA = CATALOGUE.calendars["china"]


def whole_months(since: date, until: date) -> int:
    """Whole months between two days, as the metrics' SQL counts them."""
    return 12 * (until.year - since.year) + until.month - since.month - (until.day < since.day)


@given(DAYS, MONTHS)
def test_a_wait_ends_on_the_first_day_with_that_many_whole_months(since: date, months: int) -> None:
    end = not_before(since, months)
    assert whole_months(since, end) >= months
    assert months == 0 or whole_months(since, end - timedelta(days=1)) < months


@given(DAYS, st.integers(-120, 120))
def test_a_deadline_lies_in_its_month_and_never_after_the_day(day: date, months: int) -> None:
    end = not_after(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == min(day.day, monthrange(end.year, end.month)[1])


@given(DAYS, DAYS, MONTHS)
def test_an_earlier_beginning_never_ends_later(one: date, other: date, months: int) -> None:
    first, second = sorted((one, other))
    assert not_before(first, months) <= not_before(second, months)
    assert not_after(first, months) <= not_after(second, months)
    assert not_after(first, months) <= not_before(first, months)


@pytest.mark.parametrize(
    ("day", "months", "wait", "deadline"),
    [
        (date(2016, 2, 29), 12, date(2017, 3, 1), date(2017, 2, 28)),
        (date(2016, 2, 29), 48, date(2020, 2, 29), date(2020, 2, 29)),
        (date(2016, 8, 31), 6, date(2017, 3, 1), date(2017, 2, 28)),
        (date(2015, 8, 31), 6, date(2016, 3, 1), date(2016, 2, 29)),
        (date(2016, 12, 31), 2, date(2017, 3, 1), date(2017, 2, 28)),
        (date(2016, 1, 15), 0, date(2016, 1, 15), date(2016, 1, 15)),
    ],
)
def test_month_ends_and_leap_days(day: date, months: int, wait: date, deadline: date) -> None:
    assert (not_before(day, months), not_after(day, months)) == (wait, deadline)


def test_beyond_the_last_year_there_is_a_last_day() -> None:
    assert not_before(date(9999, 6, 1), 12) == not_after(date(9999, 6, 1), 12) == date.max
    assert not_before(date(9999, 12, 31), 1) == date.max
    assert not_after(date(1, 1, 1), -1) == date.min


@given(st.dates(date(2016, 1, 1), date(2019, 12, 31)), st.integers(0, 10))
def test_working_days_are_counted_back_one_by_one(day: date, number: int) -> None:
    found = working_days_before(CHINA, day, number)
    between = (date.fromordinal(n) for n in range(found.toordinal(), day.toordinal()))
    assert sum(is_working_day(CHINA, d) for d in between) == number
    assert found == day or is_working_day(CHINA, found)


def test_a_year_that_nobody_published_is_never_guessed() -> None:
    with pytest.raises(UnknownYear):
        working_days_before(CHINA, date(2040, 1, 10), 5)


def test_the_midnight_that_ends_a_day_belongs_to_it() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert today(datetime(2016, 5, 31, 16, tzinfo=UTC), zone) == date(2016, 5, 31)
    assert today(datetime(2016, 5, 31, 16, 0, 1, tzinfo=UTC), zone) == date(2016, 6, 1)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_a_date_without_a_time_is_that_date_everywhere(zone: str) -> None:
    assert day_of(datetime(2016, 3, 10, tzinfo=UTC), ZoneInfo(zone)) == date(2016, 3, 10)


def test_a_time_is_the_day_of_its_zone() -> None:
    late = datetime(2016, 3, 9, 16, 30, tzinfo=UTC)
    assert day_of(late, ZoneInfo("Asia/Shanghai")) == date(2016, 3, 10)
    assert day_of(None, ZoneInfo("UTC")) is None
