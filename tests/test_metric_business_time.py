"""Business time in SQL is business time in Python: the same seconds, and the same refusal of years without a calendar."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_metric_cases import CALENDARS, METRICS, CaseEngine, moment

from itss_bridge.catalogue.calendars import Calendar, UnknownYear, business_seconds
from itss_bridge.evidence import Lake
from itss_bridge.metrics import measure, population, split
from itss_bridge.metrics.working_time import pieces
from itss_bridge.model import Item, Metric, Origin, Text

END = datetime(2017, 1, 1, tzinfo=UTC)
CHINA = CALENDARS["china"]
NIGHTS = replace(
    CALENDARS["monday-friday"],
    id="nights",
    zone=ZoneInfo("Europe/Berlin"),
    week=(((0, 3 * 3600 + 1740), (22 * 3600, 86400)),) * 5 + ((),) * 2,
)
"""Works through the hours that Berlin's clocks skip in March and show twice in October."""

WORKED = Metric(
    id="worked",
    title=Text("Time worked", "工作时间"),
    definition=Text("Seconds from opening to resolution.", "从受理到解决的秒数。"),
    unit="s",
    better="down",
    summary="sum",
    window="snapshot",
    streams=("incident",),
    parameters=(),
    population="""
        SELECT id, ref, url, business_seconds(opened_at, resolved_at) AS value, priority,
            CASE WHEN state = 'cancelled' THEN 'cancelled' END AS excluded, opened_at AS at FROM incident
    """,
    origin=Origin(),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


def counted(engine: CaseEngine, calendar: Calendar, spans: list[tuple[datetime, datetime]]) -> list[Item]:
    engine.give({"incident": [incident(n, *span) for n, span in enumerate(spans)]}, calendar)
    return list(population(WORKED, engine, None, END, {}))


def incident(number: int, opened: datetime, resolved: datetime, **more: object) -> dict[str, object]:
    return {"id": f"{number:04}", "opened_at": opened, "resolved_at": resolved, **more}


def in_python(calendar: Calendar, start: datetime, end: datetime) -> float | None:
    try:
        return business_seconds(calendar, start, end)
    except UnknownYear:
        return None


def in_sql(item: Item) -> float | None:
    assert item.value is not None
    return None if item.value != item.value else item.value


ticks = st.integers(
    int(datetime(2014, 12, 1, tzinfo=UTC).timestamp()), int(datetime(2017, 1, 20, tzinfo=UTC).timestamp())
)
edges = st.sampled_from(
    [
        datetime(2014, 12, 31, 16, tzinfo=UTC),  # 2015 begins in Shanghai
        datetime(2016, 2, 6, 1, tzinfo=UTC),  # a make-up Saturday begins
        datetime(2016, 3, 27, 1, tzinfo=UTC),  # Berlin skips an hour
        datetime(2016, 10, 30, 1, tzinfo=UTC),  # Berlin shows an hour twice
    ]
)
moments = ticks.map(lambda tick: datetime.fromtimestamp(tick, UTC)) | st.builds(
    lambda edge, minutes: edge + timedelta(minutes=minutes), edges, st.integers(-600, 600)
)
spans = st.lists(st.tuples(moments, moments) | moments.map(lambda at: (at, at)), min_size=1, max_size=40)


@pytest.mark.parametrize("calendar", [*CALENDARS.values(), NIGHTS], ids=lambda calendar: calendar.id)
@settings(max_examples=12, deadline=None)
@given(spans=spans)
def test_any_span_lasts_as_long_in_sql_as_in_python(
    engine: CaseEngine, calendar: Calendar, spans: list[tuple[datetime, datetime]]
) -> None:
    items = counted(engine, calendar, spans)

    assert [in_sql(item) for item in items] == [
        None if (seconds := in_python(calendar, *span)) is None else pytest.approx(seconds, abs=1e-5) for span in spans
    ]


@pytest.mark.parametrize(
    ("begun", "ended", "hours"),
    [
        ("2016-02-06T00:00+08:00", "2016-02-07T00:00+08:00", 8),  # the Saturday worked before the Spring Festival
        ("2016-01-09T00:00+08:00", "2016-01-10T00:00+08:00", 0),  # any other Saturday
        ("2016-02-08T09:00+08:00", "2016-02-12T18:00+08:00", 0),  # within the Festival
        ("2016-01-08T17:00+08:00", "2016-01-11T10:00+08:00", 2),  # over a weekend
        ("2016-01-11T12:00+08:00", "2016-01-11T13:00+08:00", 0),  # the lunch break
        ("2016-01-11T10:00+08:00", "2016-01-11T10:00+08:00", 0),
    ],
)
def test_working_hours_in_china(engine: CaseEngine, begun: str, ended: str, hours: float) -> None:
    (item,) = counted(engine, CHINA, [(moment(begun), moment(ended))])

    assert item.value == hours * 3600


def test_the_pieces_cover_the_years_without_gap_or_overlap_and_midnight_parts_them() -> None:
    cut = list(pieces(NIGHTS, 2015, 2016))[:-1]

    assert all(a.to_second == b.from_second for a, b in pairwise(cut))
    assert all(piece.from_second // 86400 == piece.day == (piece.to_second - 1) // 86400 for piece in cut)
    assert all(
        b.before_seconds - a.before_seconds == a.working * (a.to_second - a.from_second) for a, b in pairwise(cut)
    )


def test_a_year_that_the_calendar_lacks_makes_the_metric_unknown_and_names_the_tickets(engine: CaseEngine) -> None:
    known, beyond = datetime(2016, 5, 3, tzinfo=UTC), datetime(2030, 5, 3, tzinfo=UTC)
    rows = [incident(1, known, known), incident(2, known, beyond), incident(3, beyond, beyond + timedelta(hours=1))]
    engine.give({"incident": rows}, CHINA)

    measured = measure(WORKED, engine, None, END, {})

    assert (measured.value, measured.spread) == (None, {})
    assert "china has the years 2015 to" in measured.unknown
    assert "0002, 0003" in measured.unknown
    assert "0001" not in measured.unknown


def test_a_ticket_that_does_not_count_may_lie_in_any_year(engine: CaseEngine) -> None:
    known, beyond = datetime(2016, 5, 3, 2, tzinfo=UTC), datetime(2030, 5, 3, tzinfo=UTC)
    rows = [incident(1, known, known + timedelta(hours=1)), incident(2, beyond, known, state="cancelled")]
    engine.give({"incident": rows}, CHINA)

    measured = measure(WORKED, engine, None, END, {})

    assert (measured.value, measured.unknown, measured.excluded) == (3600, "", {"cancelled": 1})


def test_a_part_without_a_calendar_is_unknown_and_the_others_are_not(engine: CaseEngine) -> None:
    known, beyond = datetime(2016, 5, 3, 2, tzinfo=UTC), datetime(2030, 5, 3, tzinfo=UTC)
    rows = [incident(1, known, known + timedelta(hours=1), priority=1), incident(2, known, beyond, priority=2)]
    engine.give({"incident": rows}, CHINA)

    parts = split(WORKED, engine, None, END, {}, "priority")

    assert (parts[1].value, parts[1].unknown) == (3600, "")
    assert parts[2].value is None
    assert "china" in parts[2].unknown


@pytest.mark.parametrize("calendar", ["around-the-clock", "china"])
def test_a_measurement_of_business_time_names_its_calendar_and_others_name_none(
    engine: CaseEngine, calendar: str
) -> None:
    engine.give({}, calendar)

    assert measure(METRICS["kpi-mttr"], engine, None, END, {}).calendar == calendar
    assert measure(METRICS["kpi-reopen"], engine, None, END, {}).calendar == ""


@pytest.mark.parametrize(
    ("name", "value"),
    # from Friday 17:00 to Monday 10:00 in Shanghai, and from one working Wednesday's 10:00 to the next one's
    [("kpi-mttr", 2.0), ("kpi-mtta", 120.0)],
)
def test_times_to_react_are_counted_in_working_hours(engine: CaseEngine, name: str, value: float) -> None:
    opened, done = moment("2016-01-08T17:00+08:00"), moment("2016-01-11T10:00+08:00")
    row = {"id": "a", "state": "closed", "opened_at": opened, "acknowledged_at": done, "resolved_at": done}
    engine.give({"incident": [row]}, "china")

    assert measure(METRICS[name], engine, None, END, {}).value == pytest.approx(value)


def test_days_are_working_days(engine: CaseEngine) -> None:
    row = {"id": "a", "state": "closed", "opened_at": moment("2016-01-06T10:00+08:00")}
    row |= {"resolved_at": moment("2016-01-13T10:00+08:00")}

    engine.give({"problem": [row]}, "china")
    assert measure(METRICS["kpi-prb-mttr"], engine, None, END, {}).value == pytest.approx(5)
    engine.give({"problem": [row]}, "around-the-clock")
    assert measure(METRICS["kpi-prb-mttr"], engine, None, END, {}).value == pytest.approx(7)


def test_time_on_hold_is_taken_off_where_all_of_it_was_working_time_and_left_out_where_that_is_not_known(
    engine: CaseEngine,
) -> None:
    within = {"opened_at": moment("2016-01-06T09:00+08:00"), "resolved_at": moment("2016-01-06T12:00+08:00")}
    over_night = {"opened_at": moment("2016-01-06T17:00+08:00"), "resolved_at": moment("2016-01-07T10:00+08:00")}
    rows = [
        {"id": name, "state": "closed", "waiting_seconds": 3600, **times}
        for name, times in (("within", within), ("over night", over_night))
    ]
    engine.give({"incident": rows}, "china")

    measured = measure(METRICS["kpi-mttr"], engine, None, END, {})

    assert (measured.value, measured.n) == (2.0, 1)
    assert measured.excluded == {"on hold, not only in working time": 1}
