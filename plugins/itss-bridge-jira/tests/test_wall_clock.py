"""Times in words, for a tool that reads them on a wall clock: whatever is written is never read as a later moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge_jira.wall_clock import FARTHEST_WEST, words, zone_named

ZONES = [
    "Asia/Shanghai", "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin", "America/St_Johns",
    "Australia/Lord_Howe", "Antarctica/Troll", "America/Sao_Paulo", "Asia/Kathmandu",
]  # fmt: skip
MOMENTS = st.integers(0, 12 * 365 * 86_400).map(lambda s: datetime(2014, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
AUTUMN_NIGHT = st.integers(0, 4 * 3600).map(lambda s: datetime(2016, 10, 29, 23, tzinfo=UTC) + timedelta(seconds=s))


def readings(text, zone):
    shown = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    return [shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]


@given(MOMENTS | AUTUMN_NIGHT, st.sampled_from(ZONES).map(ZoneInfo))
def test_no_reading_is_later_than_the_moment_nor_much_earlier(at, zone):
    for reading in readings(words(at, zone), zone):
        assert at - timedelta(hours=4, minutes=1) < reading <= at


@given(MOMENTS, st.sampled_from(ZONES).map(ZoneInfo))
def test_where_no_hour_comes_twice_the_minute_is_kept(at, zone):
    first, second = (at.astimezone(zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        assert at - timedelta(minutes=1) < readings(words(at, zone), zone)[0] <= at


@given(MOMENTS, st.sampled_from(ZONES).map(ZoneInfo))
def test_in_a_zone_we_do_not_know_it_is_early_and_never_late(at, zone):
    for reading in readings(words(at, FARTHEST_WEST), zone):
        assert at - timedelta(hours=28) < reading <= at


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "America", "GMT+08:00", "\0"])
def test_a_name_that_is_no_zone_here_stands_for_the_last_zone_on_earth(name):
    assert zone_named(name) is FARTHEST_WEST
    assert zone_named("Asia/Shanghai") == ZoneInfo("Asia/Shanghai")
