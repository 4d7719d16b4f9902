"""Volume, capacity, causes and recurrence, against plain Python over the same tickets."""

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_bridge.analysis import Tickets, capacity, causes, forecast, recurrences, weeks
from itss_bridge.analysis.forecast import LEAST_WEEKS, TESTED_WEEKS
from itss_bridge.contracts import Record
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.rows import StreamRows

pytestmark = pytest.mark.slow

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2016, 6, 1, 8, tzinfo=UTC)
FIRST = datetime(2016, 3, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Incident:
    opened: datetime
    ended: datetime | None
    category: str | None = "network"
    item: str | None = "ci-1"
    assignee: str | None = "a"
    state: str = "active"


INCIDENTS = st.lists(
    st.builds(
        lambda opened, took, **other: Incident(opened, opened + took if took else None, **other),
        opened=st.timedeltas(timedelta(), timedelta(days=88)).map(lambda later: FIRST + later),
        took=st.none() | st.timedeltas(timedelta(), timedelta(days=30)),
        category=st.sampled_from(["network", "mail", None]),
        item=st.sampled_from(["ci-1", "ci-2", None]),
        assignee=st.sampled_from(["a", "b", None]),
        state=st.sampled_from(["active", "resolved", "cancelled"]),
    ),
    max_size=40,
)


def tickets(folder: Path, incidents: Sequence[Incident]) -> Tickets:
    """The incidents in a lake of their own."""
    lake = Lake(folder)
    table, rows = lake.table("incident"), StreamRows.of("incident")
    stored = []
    for number, one in enumerate(incidents):
        data = {"state": one.state, "category": one.category, "assignee": one.assignee, "opened_at": one.opened}
        data |= {"resolved_at": one.ended, "configuration_items": [one.item] if one.item else []}
        stored.append(rows.stored("tool", Record(f"{number:04}", f"INC{number:04}", "", one.opened, data), str))
    at = AS_OF - timedelta(minutes=1)
    mark = SourceMark("complete", None, len(stored), len(stored), at)
    table.append(stored, run="r", at=at, source="tool", mark=mark)
    return Tickets(lake, "incident", AS_OF, ZONE)


def counted(incidents: Sequence[Incident]) -> list[Incident]:
    return [one for one in incidents if one.state != "cancelled" and one.opened < AS_OF]


def monday(moment: datetime) -> datetime:
    local = moment.astimezone(ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=local.weekday())


on_random_tickets = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(INCIDENTS)
@on_random_tickets
def test_weeks_agree_with_plain_python_and_leave_out_the_running_one(
    tmp_path_factory: pytest.TempPathFactory, incidents: list[Incident]
) -> None:
    with tickets(tmp_path_factory.mktemp("lake"), incidents) as held:
        found = weeks(held)
    here = counted(incidents)
    opened = Counter(monday(one.opened).date() for one in here)
    ended = Counter(monday(one.ended).date() for one in here if one.ended and one.ended < AS_OF)
    for week in found:
        assert (week.opened, week.ended) == (opened[week.start], ended[week.start])
        after = monday(AS_OF).replace(year=week.start.year, month=week.start.month, day=week.start.day)
        end = after + timedelta(days=7)
        open_then = [o for o in here if o.opened < end and (o.ended is None or o.ended >= end)]
        assert week.backlog == len(open_then)
    starts = [week.start for week in found]
    assert starts == [starts[0] + timedelta(weeks=n) for n in range(len(starts))] if starts else not found
    if here and monday(min(o.opened for o in here)) < monday(AS_OF):
        assert starts[0] == monday(min(o.opened for o in here)).date()
        assert starts[-1] == (monday(AS_OF) - timedelta(days=7)).date()


@given(INCIDENTS, st.lists(st.floats(0, 500), max_size=3))
@on_random_tickets
def test_the_pace_of_the_desk_agrees_with_plain_python(
    tmp_path_factory: pytest.TempPathFactory, incidents: list[Incident], expected: list[float]
) -> None:
    with tickets(tmp_path_factory.mktemp("lake"), incidents) as held:
        found = capacity(held, expected)
    here = counted(incidents)
    until = monday(AS_OF)
    recent = [o for o in here if o.ended and until - timedelta(days=84) <= o.ended < until and o.assignee]
    by_week: dict[datetime, list[str]] = {}
    for one in recent:
        by_week.setdefault(monday(one.ended), []).append(one.assignee)
    assert found.backlog == sum(o.ended is None or o.ended >= AS_OF for o in here)
    if not by_week:
        assert (found.people, found.each, found.backlog_weeks, found.needed) == (None, None, None, None)
        return
    assert found.people == median(len(set(names)) for names in by_week.values())
    assert found.each == pytest.approx(median(len(names) / len(set(names)) for names in by_week.values()))
    assert found.needed == tuple(math.ceil(round(volume / found.each, 9)) for volume in expected)


@given(INCIDENTS)
@on_random_tickets
def test_causes_count_every_ticket_once_the_nameless_too(
    tmp_path_factory: pytest.TempPathFactory, incidents: list[Incident]
) -> None:
    with tickets(tmp_path_factory.mktemp("lake"), incidents) as held:
        found = causes(held, "category", FIRST + timedelta(days=7))
        by_item = causes(held, "configuration_items", None)
    since = [o for o in counted(incidents) if o.opened >= FIRST + timedelta(days=7)]
    assert {cause.name: cause.count for cause in found} == Counter(o.category or "" for o in since)
    assert {cause.name: cause.count for cause in by_item} == Counter(o.item or "" for o in counted(incidents))
    if found:
        assert found[-1].cumulative == pytest.approx(100)
        assert sum(cause.share for cause in found) == pytest.approx(100)
        assert [c.count for c in found] == sorted((c.count for c in found), reverse=True)
        vital = [cause for cause in found if cause.vital]
        assert vital == found[: len(vital)]
        assert vital[-1].cumulative >= 80 - 1e-9


@given(INCIDENTS)
@on_random_tickets
def test_recurrences_agree_with_plain_python(
    tmp_path_factory: pytest.TempPathFactory, incidents: list[Incident]
) -> None:
    with tickets(tmp_path_factory.mktemp("lake"), incidents) as held:
        found = {(r.item, r.category): (r.tickets, r.count) for r in recurrences(held, None)}
    expected: dict[tuple[str, str], tuple[int, int]] = {}
    kinds: dict[tuple[str, str], list[tuple[datetime, int, Incident]]] = {}
    for number, one in enumerate(incidents):
        if one in counted(incidents) and one.item and one.category:
            kinds.setdefault((one.item, one.category), []).append((one.opened, number, one))
    for kind, members in kinds.items():
        again = 0
        members.sort(key=lambda member: member[:2])
        for place, (opened, _, _) in enumerate(members):
            ended = [o.ended for _, _, o in members[:place] if o.ended]
            latest = max(ended, default=None)
            again += bool(latest and latest <= opened and opened - latest <= timedelta(days=90))
        if again:
            expected[kind] = (len(members), again)
    assert found == expected


def test_an_empty_stream_has_no_weeks_and_nothing_to_report(tmp_path: Path) -> None:
    with Tickets(Lake(tmp_path), "incident", AS_OF, ZONE) as held:
        assert (weeks(held), causes(held, "category", None), recurrences(held, None)) == ([], [], [])
        assert capacity(held).backlog == 0


def test_a_stream_without_tickets_and_a_field_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="document holds no tickets"):
        Tickets(Lake(tmp_path), "document", AS_OF, ZONE)
    with Tickets(Lake(tmp_path), "incident", AS_OF, ZONE) as held, pytest.raises(UsageError, match="no field 'colour'"):
        causes(held, "colour", None)


def test_a_steady_climb_is_seen_ahead_and_smoothing_is_believed_for_it() -> None:
    pytest.importorskip("statsmodels", reason="forecasts need the extra `forecast`")
    told = forecast([100 + 5 * week for week in range(40)], 4)
    assert told.method == "smoothing"
    assert told.expected == pytest.approx([300, 305, 310, 315], abs=4)
    assert all(low <= mid <= high for low, mid, high in zip(told.low, told.expected, told.high, strict=True))


def test_where_nothing_beats_last_week_last_week_is_what_is_said() -> None:
    pytest.importorskip("statsmodels", reason="forecasts need the extra `forecast`")
    steps = [10.0] * 20 + [50.0] * 20
    told = forecast(steps, 3)
    assert told.method == "as-last-week"
    assert (told.expected, told.error) == ((50.0, 50.0, 50.0), 0.0)


@given(st.lists(st.integers(0, 400), min_size=LEAST_WEEKS, max_size=60), st.integers(1, 8))
@settings(max_examples=15, deadline=None)
def test_a_forecast_is_never_below_nought_and_never_worse_than_last_week_where_it_was_tested(
    series: list[int], ahead: int
) -> None:
    pytest.importorskip("statsmodels", reason="forecasts need the extra `forecast`")
    told = forecast(series, ahead)
    assert len(told.expected) == len(told.low) == len(told.high) == ahead
    assert min(told.low) >= 0
    assert told.error <= told.naive_error
    last = series[-TESTED_WEEKS - 1]
    assert told.naive_error == pytest.approx(sum(abs(last - came) for came in series[-TESTED_WEEKS:]) / TESTED_WEEKS)


def test_too_little_history_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="needs 26 whole weeks, there are 25"):
        forecast([1.0] * 25, 4)
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.exponential_smoothing.ets", None)
    with pytest.raises(UsageError, match="statsmodels, which is not installed") as caught:
        forecast([1.0] * 26, 4)
    assert "itss-bridge[forecast]" in caught.value.fix
