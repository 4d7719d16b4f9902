"""Parts and months: whatever a metric is split by, all parts together are the whole."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_metric_cases import METRICS, CaseEngine

from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.metrics import measure, months_until, split

YEAR = (datetime(2015, 12, 31, 16, tzinfo=UTC), datetime(2016, 12, 31, 16, tzinfo=UTC))
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [SHANGHAI, *map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"))]
BY_PRIORITY = ("kpi-mttr", "kpi-mtta", "kpi-res", "kpi-reopen", "kpi-intime", "kpi-sec")

Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), YEAR[1])
    yield engine
    engine.close()


_at = st.integers(-24 * 20, 24 * 400).map(lambda hours: YEAR[0] + timedelta(hours=hours))
_incident = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["active", "resolved", "closed", "cancelled"]),
        "priority": st.none() | st.integers(1, 5),
        "service": st.none() | st.sampled_from(["mail", "网络"]),
        "category": st.sampled_from(["security", "hardware"]),
        "opened_at": _at,
        "acknowledged_at": st.none() | _at,
        "resolved_at": st.none() | _at,
        "reopen_count": st.integers(0, 2),
        "labels": st.sampled_from([None, ["test"]]),
    }
)
_incidents = st.lists(_incident, max_size=25).map(lambda rows: [row | {"id": str(n)} for n, row in enumerate(rows)])


def _streams(rows: Rows) -> dict[str, Rows]:
    """The incidents, and for each a clock that has stopped."""
    clocks = [
        {"id": row["id"], "task": row["id"], "stage": "completed", "target": "resolution", "ended_at": row["opened_at"]}
        | {"breached": row["reopen_count"] > 0, "priority": row["priority"]}
        for row in rows
    ]
    return {"incident": rows, "sla": clocks}


@pytest.mark.parametrize("by", ["priority", "service"])
@pytest.mark.parametrize("name", BY_PRIORITY)
@settings(max_examples=12, deadline=None)
@given(rows=_incidents)
def test_the_parts_of_a_metric_add_up_to_the_whole(engine: CaseEngine, name: str, by: str, rows: Rows) -> None:
    engine.give(_streams(rows))

    whole = measure(METRICS[name], engine, *YEAR, {})
    parts = split(METRICS[name], engine, *YEAR, {}, by)

    assert sum(part.n for part in parts.values()) == whole.n
    assert sum(part.items for part in parts.values()) == whole.items
    assert sum(part.numerator or 0 for part in parts.values()) == pytest.approx(whole.numerator or 0)
    for reason, count in whole.excluded.items():
        assert sum(part.excluded.get(reason, 0) for part in parts.values()) == count
    assert set(parts) <= {row[by] for row in rows}


def test_parts_stand_in_order_and_what_has_none_stands_last(engine: CaseEngine) -> None:
    at = YEAR[0] + timedelta(days=3)
    rows = [
        {"id": str(priority), "state": "closed", "priority": priority, "opened_at": at, "resolved_at": at}
        for priority in (None, 4, 1, 5)
    ]
    engine.give({"incident": rows})

    assert list(split(METRICS["kpi-mttr"], engine, *YEAR, {}, "priority")) == [1, 4, 5, None]


def test_a_metric_that_tells_no_service_refuses_to_be_split_by_it(engine: CaseEngine) -> None:
    engine.give({})

    with pytest.raises(UsageError, match="cannot be split by service") as refused:
        split(METRICS["kpi-sla"], engine, *YEAR, {}, "service")

    assert refused.value.fix == "there are: priority"


_moments = st.integers(
    int(datetime(2011, 6, 1, tzinfo=UTC).timestamp()), int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(moment=_moments, count=st.integers(1, 30), zone=st.sampled_from(ZONES))
def test_months_follow_each_other_without_gap_and_end_at_the_moment(
    moment: datetime, count: int, zone: ZoneInfo
) -> None:
    months = months_until(moment, count, zone)

    assert len(months) == count
    assert all(a.end == b.start for a, b in pairwise(months))
    assert months[-1].start < months[-1].end == moment
    assert all(
        month.start.astimezone(zone).strftime("%Y-%m %d %H:%M:%S") == f"{month.name} 01 00:00:00" for month in months
    )
    assert all(month.whole for month in months[:-1])
    assert months[-1].whole == (moment.astimezone(zone).strftime("%d %H:%M:%S") == "01 00:00:00")


def test_a_moment_at_which_a_month_begins_ends_the_month_before() -> None:
    (march,) = months_until(datetime(2016, 3, 31, 16, tzinfo=UTC), 1, SHANGHAI)

    assert (march.name, march.whole) == ("2016-03", True)
    assert march.start == datetime(2016, 2, 29, 16, tzinfo=UTC)


@pytest.mark.parametrize("name", ["kpi-mttr", "kpi-sla", "kpi-reopen", "incidents-recorded"])
@settings(max_examples=12, deadline=None)
@given(rows=_incidents)
def test_the_months_of_a_year_add_up_to_the_year(engine: CaseEngine, name: str, rows: Rows) -> None:
    engine.give(_streams(rows))

    year = measure(METRICS[name], engine, *YEAR, {})
    months = [measure(METRICS[name], engine, m.start, m.end, {}) for m in months_until(YEAR[1], 12, SHANGHAI)]

    assert sum(month.n for month in months) == year.n
    assert sum(month.items for month in months) == year.items
    assert sum(month.numerator or 0 for month in months) == pytest.approx(year.numerator or 0)
