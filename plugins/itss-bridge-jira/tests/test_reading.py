"""Single values: what is certain is read, everything else is None."""

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge_jira import reading
from itss_bridge_jira.history import Change, Workflow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
READERS = [
    reading.instant, reading.text, reading.texts, reading.word, reading.filled, reading.rank,
    reading.account, reading.approval, reading.approved_at, reading.rating, reading.objects,
]  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@given(value=JSON)
def test_no_value_breaks_a_reader(reader, value):
    reader(value, {})


@given(
    st.integers(10**11, 4 * 10**12).map(lambda n: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=n)),
    st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_a_moment_is_the_same_whatever_its_zone_or_form(at, zone):
    assert reading.moment(at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.%f%z")) == at
    assert reading.moment((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)) == at


@pytest.mark.parametrize("value", ["2016-05-01", "2016-05-01T00:00:00", "soon", "", None, True, {}, 10**30])
def test_a_time_without_zone_or_sense_is_unknown(value):
    assert reading.moment(value) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, False),
        ("", False),
        ("  ", False),
        ({"type": "doc", "version": 1, "content": []}, False),
        ({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": " "}]}]}, False),
        ({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "见附件"}]}]}, True),
        ({"type": "doc", "content": [{"type": "mediaSingle", "content": [{"type": "media", "attrs": {}}]}]}, True),
        ("磁盘固件缺陷", True),
    ],
)
def test_an_empty_document_is_not_something_written(value, told):
    assert reading.filled(value, {}) is told


def test_the_latest_approval_counts():
    first = {"finalDecision": "declined", "createdDate": {"epochMillis": 1_000_000_000_000}}
    second = {
        "finalDecision": "approved",
        "createdDate": {"epochMillis": 1_000_000_100_000},
        "completedDate": {"epochMillis": 1_000_000_200_000},
    }
    assert reading.approval([second, first], {}) == "approved"
    assert reading.approved_at([second, first], {}) == "2001-09-09T01:50:00+00:00"
    assert reading.approved_at([first], {}) is None
    assert reading.approval([], {}) == "not-requested"
    assert reading.approval(None, {}) is None


def test_stars_are_spread_over_a_hundred():
    assert [reading.rating({"rating": stars}, {}) for stars in (0, 1, 3, 5, 6)] == [None, 0.0, 50.0, 100.0, None]


def test_priorities_of_an_own_scheme_are_unknown_until_they_are_told():
    own = {"id": "10200", "name": "P1 特急"}
    assert reading.rank({"id": "2", "name": "重要"}, {}) == 2
    assert reading.rank(own, {}) is None
    assert reading.rank(own, {"p1 特急": 1}) == 1


STATUSES = {"n": "new", "w": "indeterminate", "p": "indeterminate", "d": "done", "c": "done"}


def moved(path, gaps):
    at, moves = datetime(2016, 1, 1, tzinfo=UTC), []
    for (before, after), gap in zip(itertools.pairwise(path), gaps, strict=False):
        at += timedelta(seconds=gap)
        moves.append(Change(at, "status", before, after, before, after))
    return moves


@given(
    st.lists(st.sampled_from("nwpdc"), min_size=2, max_size=12), st.lists(st.integers(1, 9), min_size=11, max_size=11)
)
def test_reopenings_and_resolutions_follow_the_categories(path, gaps):
    path = [one for one, _same in itertools.groupby(path)]
    moves = moved(path, gaps)
    told = Workflow(STATUSES, {}, frozenset("p")).told(moves, settled=True, resolved=None)
    solved = [m for m in moves if m.after in "dc" and m.before not in "dc"]
    assert told["reopen_count"] == sum(m.before in "dc" and m.after not in "dc" for m in moves)
    if moves and path[-1] in "dc" and solved:
        assert told["resolved_at"] == solved[-1].at.isoformat() <= told["closed_at"]
    else:
        assert told["resolved_at"] is None
    if moves and path[-1] not in "dc":
        assert told["closed_at"] is None


@given(
    st.lists(st.sampled_from("nwpd"), min_size=2, max_size=12), st.lists(st.integers(1, 9), min_size=11, max_size=11)
)
def test_waiting_is_the_sum_of_the_finished_waits(path, gaps):
    path = [one for one, _same in itertools.groupby(path)]
    waits = [gap for status, gap in zip(path[1:-1], gaps[1:], strict=False) if status == "p"]
    assert Workflow(STATUSES, {}, frozenset("p")).waited(moved(path, gaps)) == sum(waits)
    assert Workflow(STATUSES, {}, None).waited(moved(path, gaps)) is None


def test_a_status_that_the_site_no_longer_knows_makes_the_times_unknown():
    told = Workflow(STATUSES, {}, None).told(moved("nxd", [1, 1]), settled=True, resolved=None)
    assert set(told.values()) == {None}


def test_a_ticket_that_came_without_history_has_jiras_own_resolution_date():
    told = Workflow(STATUSES, {}, None).told([], settled=True, resolved="2016-01-01T00:00:00+00:00")
    assert told["resolved_at"] == told["closed_at"] == "2016-01-01T00:00:00+00:00"


def test_a_resolved_but_not_closed_ticket_has_no_closing_time():
    workflow = Workflow(STATUSES, {"d": "resolved"}, None)
    assert workflow.state("d", cancelled=False, stream="request") == "resolved"
    assert workflow.told(moved("nwd", [1, 1]), settled=False, resolved=None)["closed_at"] is None
