"""Every shipped metric against cases that an auditor can read, and two of them against an oracle that knows no SQL.

A case lists rows per stream, the period, and what the population must be: an item is met (`true`, `false`), has a
value (a number), or is left out (the reason). Times without a zone are UTC; `calendar` chooses another than around the
clock, `unknown` says why nothing may be concluded. To add a case, add it to the YAML file.
"""

import csv
import gzip
import os
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.catalogue.calendars import calendar as parsed_calendar
from itss_bridge.catalogue.parse import metric as parsed
from itss_bridge.catalogue.yaml import read
from itss_bridge.contracts import Record
from itss_bridge.data import folder
from itss_bridge.evidence import Lake
from itss_bridge.evidence.kinds import INSTANT
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.metrics import DuckEngine, measure, population
from itss_bridge.metrics.tables import Tables
from itss_bridge.model import Item, Measurement, Metric

pytestmark = pytest.mark.content

CASES = Path(__file__).parent / "cases" / "metrics"
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parent.parent.parent / "shared"))
RECORDED = SHARED / "data" / "uci_incident_event_log"
METRICS = {path.stem: parsed(read(path, "metric")) for path in sorted((folder("mappings") / "metrics").glob("*.yaml"))}
CALENDARS = {
    path.stem: parsed_calendar(read(path, "calendar")) for path in (folder("mappings") / "calendars").glob("*.yaml")
}
UNCHANGED = datetime(2015, 1, 1, tzinfo=UTC)
END = datetime(2016, 6, 1, tzinfo=UTC)
ENVELOPE = ("source", "id", "ref", "url", "changed_at")

Rows = Sequence[Mapping[str, Any]]


class CaseTables(Tables):
    """The real tables, fed with the rows of one case in place of a lake."""

    def give(self, streams: Mapping[str, Rows], calendar: Calendar) -> None:
        self._ready.clear()
        self._knows_business_time = self._knows_business_time and calendar is self._calendar
        self._calendar = calendar
        self._streams = streams

    def _materialise(self, cursor: Any, stream: str, columns: frozenset[str]) -> None:
        stored = [_stored(stream, row) for row in self._streams.get(stream, ())]
        rows = [{name: getattr(row, name) for name in ENVELOPE} | dict(row.content) for row in stored]
        cursor.register("given", pa.Table.from_pylist(rows, schema=StreamRows.of(stream).arrow))
        quoted = ", ".join(f'"{name}"' for name in sorted(columns))
        cursor.execute(f'CREATE OR REPLACE TABLE "{stream}" AS SELECT {quoted} FROM given')
        cursor.unregister("given")


class CaseEngine(DuckEngine):
    """The real engine over such tables."""

    def _made_tables(self) -> Tables:
        return CaseTables(*self._told)

    def give(self, streams: Mapping[str, Rows], calendar: Calendar | str = "around-the-clock") -> None:
        """Forget what was read before and read *streams* from now on, business time by *calendar*."""
        self._tables.give(streams, CALENDARS[calendar] if isinstance(calendar, str) else calendar)
        self._held = None


def _stored(stream: str, row: Mapping[str, Any]) -> Any:
    moments = {name for name, column in StreamRows.of(stream).columns.items() if column.sql == INSTANT}
    data = {name: moment(v) if name in moments and v else v for name, v in row.items() if name not in ENVELOPE}
    key = str(row["id"])
    changed = moment(row.get("changed_at", UNCHANGED))
    record = Record(key, row.get("ref", key), row.get("url", ""), changed, data)
    return StreamRows.of(stream).stored(row.get("source", "tool"), record, str)


def moment(value: Any) -> datetime:
    """A YAML date, time or text as an instant; UTC where no zone is given."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    elif isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseEngine]:
    engine = CaseEngine(Lake(tmp_path_factory.mktemp("lake")), END)
    yield engine
    engine.close()


def run(
    engine: CaseEngine,
    metric: Metric,
    streams: Mapping[str, Rows],
    period: Mapping[str, Any],
    given: Mapping[str, str],
    by: str = "around-the-clock",
) -> tuple[Measurement, list[Item]]:
    """The one place where cases meet the engine."""
    engine.give(streams, by)
    start = moment(period["from"]) if "from" in period else None
    end = moment(period["to"])
    return measure(metric, engine, start, end, given), list(population(metric, engine, start, end, given))


def _verdict(item: Item) -> Any:
    return next(said for said in (item.excluded, item.met, item.value) if said is not None)


def _cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        for case in content["cases"]:
            yield pytest.param(content["metric"], case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(_cases()))
def test_case(engine: CaseEngine, name: str, case: Mapping[str, Any]) -> None:
    metric = METRICS[name]
    chosen = case.get("calendar", "around-the-clock")
    measured, items = run(engine, metric, case["streams"], case["period"], case.get("with", {}), chosen)

    assert {item.id: _verdict(item) for item in items} == case["population"]
    assert len(items) == len(case["population"]), "an item stands twice in the population"
    reasons = Counter(said for said in case["population"].values() if isinstance(said, str))
    assert measured.excluded == reasons
    assert (measured.n, measured.denominator) == (case["denominator"], case["denominator"])
    assert measured.value == (None if case["value"] is None else pytest.approx(case["value"], abs=1e-6))
    assert case.get("unknown", measured.unknown) == measured.unknown
    if "numerator" in case:
        assert measured.numerator == case["numerator"]


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_two_cases_and_one_of_them_at_an_edge(name: str) -> None:
    cases = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))["cases"]

    assert len(cases) >= 2
    assert len({case["name"] for case in cases}) == len(cases)
    assert any(
        not case["value"] or any(isinstance(said, str) for said in case["population"].values()) for case in cases
    )


@pytest.mark.parametrize("name", METRICS)
def test_a_case_gives_exactly_the_streams_and_parameters_that_the_metric_declares(name: str) -> None:
    content = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))

    assert content["metric"] == name
    for case in content["cases"]:
        assert set(case["streams"]) == set(METRICS[name].streams), case["name"]
        assert set(case.get("with", {})) == set(METRICS[name].parameters), case["name"]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_over_empty_streams_has_no_share_and_no_average_but_may_count_nought(
    engine: CaseEngine, name: str
) -> None:
    metric = METRICS[name]
    given = dict.fromkeys(metric.parameters, "1")

    measured, items = run(engine, metric, {}, {"to": END}, given)

    assert items == []
    assert measured.value == (0 if metric.summary == "count" else None)


TICKETS = {"incident", "request", "problem", "change", "release"}
# Rows that stand for something else than a ticket, or that count however a ticket is marked.
UNMARKED = {"kpi-sla", "incident-records-months"}
COUNTED = sorted(name for name, metric in METRICS.items() if TICKETS & set(metric.streams) and name not in UNMARKED)


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        *((name, {"labels": [label]}) for name in COUNTED for label in ("test", "duplicate")),
        *(
            (name, {"resolution_code": "Duplicate"})
            for name in COUNTED
            if "resolution_code" in METRICS[name].population
        ),
    ],
    ids=str,
)
def test_no_duplicate_or_test_ticket_is_ever_counted(engine: CaseEngine, name: str, mark: Mapping[str, Any]) -> None:
    for case in yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))["cases"]:
        streams = {
            stream: [row | _marked(row, mark) if stream in TICKETS else row for row in rows]
            for stream, rows in case["streams"].items()
        }
        measured, items = run(engine, METRICS[name], streams, case["period"], case.get("with", {}))

        assert measured.n == 0, case["name"]
        assert {item.id for item in items} == set(case["population"]), "excluded, but still shown"


def _marked(row: Mapping[str, Any], mark: Mapping[str, Any]) -> dict[str, Any]:
    """The mark, added to the labels that the row has."""
    return {**mark, "labels": [*row.get("labels", ()), *mark.get("labels", ())]}


# Two metrics once more, from the definition, in plain Python.

_hours = st.integers(-24 * 40, 24 * 40)
_known = _hours.map(lambda hours: datetime(2016, 1, 15, tzinfo=UTC) + timedelta(hours=hours))
_times = st.none() | _known
_states = st.sampled_from(["new", "active", "waiting", "resolved", "closed", "cancelled"])
_labels = st.sampled_from([None, [], ["vip"], ["test"], ["duplicate"]])
_incidents = st.lists(
    st.fixed_dictionaries(
        {
            "state": _states,
            "opened_at": _times,
            "resolved_at": _times,
            "closed_at": _times,
            "changed_at": _known,
            "waiting_seconds": st.none() | st.integers(0, 10_000),
            "labels": _labels,
            "resolution_code": st.sampled_from([None, "Solved", "DUPLICATE"]),
        }
    ),
    max_size=12,
)
JANUARY = {"from": datetime(2016, 1, 1, tzinfo=UTC), "to": datetime(2016, 2, 1, tzinfo=UTC)}


def _numbered(rows: Rows) -> list[dict[str, Any]]:
    return [dict(row, id=str(number)) for number, row in enumerate(rows)]


def _in_january(at: datetime) -> bool:
    return JANUARY["from"] <= at < JANUARY["to"]


def _left_out(row: Mapping[str, Any]) -> bool:
    marks = set(row["labels"] or ()) & {"test", "duplicate"}
    return row["state"] == "cancelled" or bool(marks) or row["resolution_code"] == "DUPLICATE"


def _hours_to_resolve(row: Mapping[str, Any]) -> float | None:
    """Hours of one incident that counts for kpi-mttr in January; None for all others."""
    opened, resolved = row["opened_at"], row["resolved_at"]
    if _left_out(row) or row["state"] not in {"resolved", "closed"} or not opened or not resolved:
        return None
    seconds = (resolved - opened).total_seconds() - (row["waiting_seconds"] or 0)
    return seconds / 3600 if _in_january(resolved) and seconds >= 0 else None


@settings(max_examples=60, deadline=None)
@given(rows=_incidents.map(_numbered))
def test_mean_time_to_resolve_is_what_plain_python_computes(engine: CaseEngine, rows: Rows) -> None:
    hours = [found for row in rows if (found := _hours_to_resolve(row)) is not None]

    measured, _ = run(engine, METRICS["kpi-mttr"], {"incident": rows}, JANUARY, {})

    assert measured.n == len(hours)
    assert measured.value == (pytest.approx(statistics.fmean(hours)) if hours else None)
    if hours:
        assert measured.spread["median"] == pytest.approx(statistics.median(hours))


def _due(row: Mapping[str, Any]) -> bool | None:
    """Whether an incident due in January was resolved in it; None when it does not count."""
    done = row["state"] in {"resolved", "closed"}
    finished = (row["resolved_at"] or row["closed_at"]) if done else None
    if _left_out(row) or not row["opened_at"] or (done and not finished):
        return None
    if row["opened_at"] >= JANUARY["to"] or (finished and finished < JANUARY["from"]):
        return None
    return finished is not None and _in_january(finished)


@settings(max_examples=60, deadline=None)
@given(rows=_incidents.map(_numbered))
def test_resolution_rate_is_what_plain_python_computes(engine: CaseEngine, rows: Rows) -> None:
    verdicts = [said for row in rows if (said := _due(row)) is not None]

    measured, _ = run(engine, METRICS["kpi-res"], {"incident": rows}, JANUARY, {})

    assert (measured.numerator, measured.denominator) == (sum(verdicts) if verdicts else None, len(verdicts))


@given(rows=_incidents.map(_numbered), cut=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_two_windows_side_by_side_count_what_one_window_counts(engine: CaseEngine, rows: Rows, cut: int) -> None:
    middle = JANUARY["from"] + timedelta(days=cut)
    metric = METRICS["incidents-recorded"]

    whole, _ = run(engine, metric, {"incident": rows}, JANUARY, {})
    first, _ = run(engine, metric, {"incident": rows}, {"from": JANUARY["from"], "to": middle}, {})
    second, _ = run(engine, metric, {"incident": rows}, {"from": middle, "to": JANUARY["to"]}, {})

    assert whole.n == first.n + second.n
    assert whole.items == first.items + second.items


# What really happened once: 24,918 recorded incidents, each as its last event left it.


def _last_events() -> dict[str, dict[str, str]]:
    """The last event of each incident, by number."""
    last: dict[str, dict[str, str]] = {}
    for path in sorted(RECORDED.glob("incident_event_log.part*.csv.gz")):
        with gzip.open(path, "rt", newline="", encoding="utf-8") as lines:
            last |= {event["number"]: event for event in csv.DictReader(lines)}
    return last


def _recorded(text: str) -> datetime | None:
    return None if text == "?" else datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def _recorded_incident(number: str, event: Mapping[str, str]) -> dict[str, Any]:
    times = {name: _recorded(event[name]) for name in ("opened_at", "resolved_at", "closed_at")}
    return {"id": number, "state": "closed", "reopen_count": int(event["reopen_count"]), **times}


def _recorded_clock(number: str, event: Mapping[str, str]) -> dict[str, Any]:
    ended = _recorded(event["resolved_at"]) or _recorded(event["closed_at"])
    return {"id": number, "stage": "completed", "breached": event["made_sla"] == "false", "ended_at": ended}


@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"{RECORDED} is not here: the recorded incidents are kept outside")
def test_the_recorded_incidents_give_their_published_reference_values(engine: CaseEngine) -> None:
    events = _last_events()
    streams = {
        "incident": [_recorded_incident(number, event) for number, event in events.items()],
        "sla": [_recorded_clock(number, event) for number, event in events.items()],
    }
    engine.give(streams)
    sla, mttr, reopen = (
        measure(METRICS[name], engine, None, datetime(2018, 1, 1, tzinfo=UTC), {})
        for name in ("kpi-sla", "kpi-mttr", "kpi-reopen")
    )

    assert (sla.numerator, sla.denominator) == (15_803, 24_918)
    assert (mttr.n, mttr.excluded) == (23_362, {"no resolution time": 1_556})
    assert (mttr.value, mttr.spread["median"]) == (pytest.approx(178.1716, abs=1e-4), pytest.approx(22.1))
    assert (reopen.numerator, reopen.denominator) == (275, 24_918)
