"""Calendars: the shipped dates are the published ones, and business time is an honest integral over them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.catalogue.calendars import (
    WEEKDAYS,
    Calendar,
    UnknownYear,
    Year,
    business_seconds,
    calendar,
    is_working_day,
    working_hours,
    working_spans,
)
from itss_bridge.catalogue.yaml import read
from itss_bridge.data import folder
from itss_bridge.errors import UsageError
from itss_bridge.model import Origin, Text

FILES = sorted((folder("mappings") / "calendars").glob("*.yaml"))
SHIPPED = {path.stem: calendar(read(path, "calendar")) for path in FILES}
CHINA = SHIPPED["china"]
ALWAYS = SHIPPED["around-the-clock"]
SHANGHAI = CHINA.zone
SOURCES = {row["id"] for row in read(folder("mappings") / "sources.yaml", "sources").content["sources"]}
FULL_DAY = ((0, 86400),)

# Zones that put the clock on, back, on at midnight, by half an hour, by a whole day, or never touch it.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Havana",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    )
]
OFFICE = ((9 * 3600, 12 * 3600), (13 * 3600, 18 * 3600))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def made(zone: ZoneInfo, hours: tuple[tuple[int, int], ...], years: dict[int, Year] | None = None) -> Calendar:
    return Calendar("made", Text("made", "自制"), zone, (hours,) * 7, hours, years)


def parsed(tmp_path: Path, text: str) -> Calendar:
    path = tmp_path / "own.yaml"
    path.write_text(text, "utf-8")
    return calendar(read(path, "calendar"))


def written(
    hours: str = '[["09:00", "18:00"]]', zone: str = "Asia/Shanghai", years: str = "every", more: str = ""
) -> str:
    week = "\n".join(f"  {name}: {hours if name not in {'saturday', 'sunday'} else '[]'}" for name in WEEKDAYS)
    head = "calendar: own\ntitle: {en: Own, zh: 自有}\nsource: [JUDGEMENT]\nconfidence: ours\n"
    return f"{head}time_zone: {zone}\nweek:\n{week}\n{more}years: {years}\n"


seconds = st.integers(
    int(datetime(2011, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 12, 30, tzinfo=UTC).timestamp())
)
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
near = st.timedeltas(timedelta(days=-40), timedelta(days=40))
minutes = st.integers(0, 1440)
any_hours = st.lists(minutes, unique=True, max_size=6).map(
    lambda ticks: tuple((60 * a, 60 * b) for a, b in zip(sorted(ticks)[::2], sorted(ticks)[1::2], strict=False))
)
calendars = st.builds(made, st.sampled_from(ZONES), any_hours)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_like_its_calendar_and_says_which_schema_it_fits(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../../schemas/calendar.json"
    assert any("Apache-2.0" in line for line in lines[:6])
    assert SHIPPED[path.stem].id == path.stem


@pytest.mark.parametrize("shipped", SHIPPED.values(), ids=SHIPPED)
def test_a_calendar_names_known_sources_and_has_both_titles(shipped: Calendar) -> None:
    named = {*shipped.origin.source, *(s for year in (shipped.years or {}).values() for s in year.origin.source)}
    assert named <= SOURCES, "add the source to mappings/sources.yaml"
    assert shipped.title.en != shipped.title.zh


def test_every_year_of_china_names_the_notices_it_was_taken_from() -> None:
    assert list(CHINA.years) == list(range(2015, 2027))
    for name, year in CHINA.years.items():
        assert year.notices, name
        assert all(n.where.startswith("https://www.gov.cn/") and "电〔" in n.number for n in year.notices), name


def test_china_agrees_day_by_day_with_an_independent_table() -> None:
    table = pytest.importorskip("chinese_calendar", reason="the independent table (chinesecalendar) is not installed")
    last = min(max(CHINA.years), max(table.constants.holidays).year)  # an older release knows fewer years
    for ordinal in range(date(min(CHINA.years), 1, 1).toordinal(), date(last, 12, 31).toordinal() + 1):
        day = date.fromordinal(ordinal)
        assert is_working_day(CHINA, day) == table.is_workday(day), day


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2020-01-31", False),  # the Spring Festival was extended
        ("2020-02-01", False),  # planned as a working day, then off
        ("2026-02-14", True),  # a Saturday worked for the Spring Festival
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2016-10-08", True),
        ("2019-05-02", False),
    ],
)
def test_days_that_a_plain_week_gets_wrong(day: str, worked: bool) -> None:
    assert is_working_day(CHINA, date.fromisoformat(day)) is worked


def test_a_moved_working_day_has_the_hours_of_any_other() -> None:
    assert working_hours(CHINA, date(2026, 2, 14)) == working_hours(CHINA, date(2026, 2, 24)) == OFFICE


def test_from_friday_afternoon_to_monday_morning_counts_the_hours_worked() -> None:
    # Friday 17:00-18:00, Monday 09:00-10:30; the lunch break of neither day lies within
    assert business_seconds(CHINA, shanghai("2026-03-06T17:00"), shanghai("2026-03-09T10:30")) == 2.5 * 3600


def test_a_long_holiday_costs_no_business_time() -> None:
    assert business_seconds(CHINA, shanghai("2026-02-15T00:00"), shanghai("2026-02-24T00:00")) == 0
    assert business_seconds(CHINA, shanghai("2026-02-14T00:00"), shanghai("2026-02-25T00:00")) == 2 * 8 * 3600


def test_hours_do_not_depend_on_the_zone_the_instants_are_told_in() -> None:
    start, end = shanghai("2026-03-06T08:00"), shanghai("2026-03-09T19:00")
    assert business_seconds(CHINA, start.astimezone(UTC), end.astimezone(ZoneInfo("America/New_York"))) == 16 * 3600


def test_a_night_shift_over_the_end_of_summer_time_has_an_hour_more() -> None:
    berlin = made(ZoneInfo("Europe/Berlin"), ((0, 6 * 3600),))
    day = datetime(2025, 10, 26, tzinfo=berlin.zone)
    assert business_seconds(berlin, day, day.replace(hour=12)) == 7 * 3600
    day = datetime(2025, 3, 30, tzinfo=berlin.zone)
    assert business_seconds(berlin, day, day.replace(hour=12)) == 5 * 3600


def test_hours_that_the_clock_skips_are_no_hours() -> None:
    berlin = made(ZoneInfo("Europe/Berlin"), ((2 * 3600, 3 * 3600), (3 * 3600, 4 * 3600)))
    spans = list(working_spans(berlin, date(2025, 3, 30), date(2025, 3, 30)))
    assert [(end - start).total_seconds() for start, end in spans] == [0, 3600]
    assert spans[0][1] == spans[1][0] == datetime(2025, 3, 30, 1, tzinfo=UTC)


def test_a_span_that_begins_in_a_skipped_hour_begins_with_the_jump() -> None:
    berlin = made(ZoneInfo("Europe/Berlin"), ((3600, 9000), (9000, 4 * 3600)))  # 01:00-02:30, 02:30-04:00
    (_, end), (start, _) = working_spans(berlin, date(2025, 3, 30), date(2025, 3, 30))
    assert end == start == datetime(2025, 3, 30, 1, tzinfo=UTC)


def test_the_hour_shown_twice_is_told_apart_when_both_ends_lie_in_it() -> None:
    berlin = made(ZoneInfo("Europe/Berlin"), FULL_DAY)
    first = datetime(2025, 10, 26, 2, 30, tzinfo=berlin.zone)
    assert business_seconds(berlin, first, first.replace(fold=1)) == 3600
    assert business_seconds(berlin, first, first.replace(hour=3)) == 7200


@pytest.mark.parametrize("day", ["2014-12-31", "2027-01-01"])
def test_a_year_that_is_not_published_is_refused(day: str) -> None:
    with pytest.raises(UnknownYear, match=day[:4]) as caught:
        is_working_day(CHINA, date.fromisoformat(day))
    assert isinstance(caught.value, UsageError)
    assert caught.value.exit_code == 2
    assert "2015 to 2026" in caught.value.cause


def test_an_interval_may_end_with_the_last_published_year_but_not_a_moment_later() -> None:
    start, end = shanghai("2026-12-31T00:00"), shanghai("2027-01-01T00:00")
    assert business_seconds(CHINA, start, end) == 8 * 3600
    with pytest.raises(UnknownYear):
        business_seconds(CHINA, start, end + timedelta.resolution)


def test_an_instant_without_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        business_seconds(ALWAYS, datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))  # noqa: DTZ001


@given(calendars, moments, near, near)
def test_business_time_is_additive_over_split_intervals(
    some: Calendar, a: datetime, one: timedelta, two: timedelta
) -> None:
    b, c = a + one, a + two
    whole, parts = business_seconds(some, a, c), business_seconds(some, a, b) + business_seconds(some, b, c)
    assert whole == pytest.approx(parts, abs=1e-5)


@given(st.sampled_from(ZONES), moments, near)
def test_around_the_clock_is_time_on_the_clock(zone: ZoneInfo, start: datetime, length: timedelta) -> None:
    assert business_seconds(made(zone, FULL_DAY), start, start + length) == length.total_seconds()
    assert business_seconds(ALWAYS, start, start + length) == length.total_seconds()


@given(calendars, moments, near, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_business_time_grows_with_the_interval_and_never_faster_than_the_clock(
    some: Calendar, start: datetime, length: timedelta, more: timedelta
) -> None:
    shorter = business_seconds(some, start, start + length)
    longer = business_seconds(some, start, start + length + more)
    assert shorter - 1e-5 <= longer <= shorter + more.total_seconds() + 1e-5


@given(calendars, moments)
def test_spans_are_in_order_and_do_not_overlap(some: Calendar, start: datetime) -> None:
    day = start.date()
    ends = [edge for span in working_spans(some, day, day + timedelta(days=9)) for edge in span]
    assert ends == sorted(ends)


@given(st.sampled_from(ZONES), any_hours, st.dates(date(2015, 1, 2), date(2026, 12, 30)))
def test_a_holiday_has_no_business_time(zone: ZoneInfo, hours: tuple[tuple[int, int], ...], day: date) -> None:
    year = Year(frozenset({day}), frozenset(), (), Origin())
    some = made(zone, hours, {day.year: year})
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    assert not is_working_day(some, day)
    assert business_seconds(some, noon, noon.replace(hour=13)) == 0
    assert is_working_day(replace(some, years=None), day) == bool(hours)


def test_a_calendar_of_ones_own_is_read(tmp_path: Path) -> None:
    own = parsed(
        tmp_path,
        written(
            more='moved_workday: [["10:00", "15:00"]]\n',
            years="\n  2026: {holidays: [2026-01-01], workdays: [2026-01-04], source: [JUDGEMENT]}",
        ),
    )
    assert [is_working_day(own, date(2026, 1, day)) for day in range(1, 6)] == [False, True, False, True, True]
    assert working_hours(own, date(2026, 1, 4)) == ((36000, 54000),)


ONE_YEAR = "\n  2026: {{holidays: [{0}], workdays: [{1}], source: [JUDGEMENT]}}"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (written(zone="Asia/Peking"), "no time zone 'Asia/Peking'"),
        (written(hours='[["13:00", "18:00"], ["09:00", "12:00"]]'), "out of order"),
        (written(hours='[["12:00", "12:00"]]'), "out of order"),
        (written(hours='[["9:00", "12:00"]]'), "does not match"),
        (written(years=ONE_YEAR.format("2026-02-30", "")), "no day 2026-02-30"),
        (written(years=ONE_YEAR.format("2025-12-31", "")), "stands under 2026"),
        (written(years=ONE_YEAR.format("2026-01-04", "2026-01-04")), "both a holiday and a working day"),
        (written(years=ONE_YEAR.format("", "2026-01-05")), "by its weekday already"),
        (written(years=ONE_YEAR.format("", "2026-01-04")), "`moved_workday` is missing"),
        (written(years="none"), "years"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parsed(tmp_path, text)
    assert "own.yaml:" in caught.value.where
