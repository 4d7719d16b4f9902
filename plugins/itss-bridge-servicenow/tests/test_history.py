"""The past of tickets over HTTP, against an independent computation from the recording's own file."""

import csv
import gzip
import json
import os
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.metrics import measure
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import ServiceNow as Instance
from itss_bridge_playground.uci import SAMPLE, IncidentLog
from itss_bridge_servicenow.connector import ServiceNow
from itss_bridge_servicenow.history import Change, Trail, _in_order, kept

ROOT = Path(__file__).parents[3]
FULL = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared")) / "data" / "uci_incident_event_log"
JUNE = datetime(2016, 6, 1, tzinfo=UTC)
TRAILS = pytest.mark.parametrize("trail", ["sys_audit", "metric_instance"])


def records(connector, stream, since=None):
    return [r for piece in connector.slices(stream, since) for page in connector.read(piece) for r in page.records]


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[tuple[datetime, str]]]:
    """For each incident the states that its file rows show until June, with their times."""
    found = defaultdict(list)
    with gzip.open(files("itss_bridge_playground") / "data" / SAMPLE, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            if (at := moment(row["sys_updated_at"])) <= JUNE:
                found[row["number"]].append((at, row["incident_state"]))
    return found


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def acknowledged(rows: list[tuple[datetime, str]]) -> datetime | None:
    return next((at for at, state in rows if state != "New"), None)


def waited(rows: list[tuple[datetime, str]]) -> float:
    """Seconds on hold; a wait that has not ended is no wait yet."""
    ended = max((n for n, (_, state) in enumerate(rows) if not state.startswith("Awaiting")), default=-1)
    rows = rows[: ended + 1]
    return sum(((b[0] - a[0]).total_seconds() for a, b in pairwise(rows) if a[1].startswith("Awaiting")), 0.0)


def reopened(rows: list[tuple[datetime, str]]) -> bool:
    return any(a[1] == "Closed" != b[1] for a, b in pairwise(rows))


@TRAILS
def test_times_of_response_and_waits_equal_the_file(server, connect, recorded, trail):
    server.clock.move_to(JUNE)
    found = records(connect({"incident": {"history": trail}}), "incident")
    assert len(found) == len(recorded) == 1968
    audit = server.tool.tables()["sys_audit"]
    oldest = datetime.fromisoformat(min(audit.cell(row, "sys_created_on") for row in audit.rows) + "+00:00")
    unknown = 0
    for record in found:
        rows = recorded[record.ref]
        told = record.data["acknowledged_at"]
        if trail == "sys_audit" and rows[0][0] < oldest and rows[0][1] != "New":
            # older than the oldest row of the trail: nobody knows what it was before
            assert told is record.data["waiting_seconds"] is None
            unknown += 1
            continue
        assert (datetime.fromisoformat(told) if told else None) == acknowledged(rows)
        # a metric stops when its ticket is closed, so it says nothing about the time until it is open again
        stopped = trail == "metric_instance" and reopened(rows)
        assert record.data["waiting_seconds"] == (None if stopped else waited(rows))
    assert unknown <= 3
    assert sum(record.data["acknowledged_at"] is not None for record in found) > 1900


WORKSPACE = """
[workspace]
organisation = "晨星信息"
clock = "source"
[sources.servicenow]
connector = "servicenow"
url = "{url}"
username = "bridge"
secret = "env:SN_PASSWORD"
read = ["incident"]
streams.incident.history = "sys_audit"
"""


def test_the_mean_time_to_acknowledge_equals_the_file(server, recorded, tmp_path, monkeypatch):
    server.clock.move_to(JUNE)
    monkeypatch.setenv("SN_PASSWORD", "playground")
    (tmp_path / "itss-bridge.toml").write_text(WORKSPACE.format(url=server.origin), "utf-8")
    bridge = Bridge(tmp_path)
    for _ in range(2):
        _, outcomes = bridge.sync(lambda *_: None)
        assert outcomes["servicenow"]["incident"].state == "complete"
    # the second sync found nothing new: a past that is read again is the same to the byte
    assert (outcomes["servicenow"]["incident"].new, outcomes["servicenow"]["incident"].changed) == (0, 0)
    opened = {row.number: row.opened_at for row in server.tool._instance.log.as_of(JUNE)}
    minutes = [
        (at - datetime.fromisoformat(f"{opened[number]}+00:00")).total_seconds() / 60
        for number, rows in recorded.items()
        if (at := acknowledged(rows))
    ]
    with bridge.engine(bridge.now()) as engine:
        measured = measure(bridge.catalogue.metrics["kpi-mtta"], engine, None, bridge.now(), {})
    assert measured.n == len(minutes) > 1900
    assert float(measured.value) == pytest.approx(fmean(minutes))


@pytest.mark.slow
@pytest.mark.skipif(not FULL.is_dir(), reason=f"the full recording is not at {FULL}")
def test_the_whole_year_is_acknowledged_when_the_file_says():
    states = defaultdict(list)
    for part in sorted(FULL.glob("*.csv.gz")):
        with gzip.open(part, "rt", encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                states[row["number"]].append((moment(row["sys_updated_at"]), row["incident_state"]))
    clock = Clock(datetime(2017, 3, 1, tzinfo=UTC))
    with ToolServer(Instance(clock, IncidentLog.full(FULL)), clock) as server:
        http = GuardedSession(server.origin, credentials=Credentials.basic("bridge", "playground"))
        found = records(ServiceNow({"url": server.origin}, http, {"incident": {"history": "sys_audit"}}), "incident")
        assert http.requests_made < 300
    told = {r.ref: r.data["acknowledged_at"] for r in found}
    differ = {ref for ref, at in told.items() if at != acknowledged(states[ref]).isoformat()}
    assert len(told) == 24_918
    # the one went on from new to a state without a name, the other is older than its first recorded row
    assert differ == {"INC0028089", "INC0000135"}
    assert states["INC0028089"][1][1] == "-100"
    assert told["INC0028089"] is None
    assert told["INC0000135"] < states["INC0000135"][0][0].isoformat()


@TRAILS
def test_a_history_fits_the_schema_and_names_nobody(server, connect, trail):
    schema = json.loads((ROOT / "schemas" / "streams" / "incident.json").read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    seen = Counter()
    for record in records(connect({"incident": {"history": trail}}), "incident"):
        assert list(validator.iter_errors(dict(record.data))) == []
        events = record.data["history"]
        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        seen.update(event["field"] for event in events)
        assert all(event["from"] is event["to"] is None for event in events if event["field"] == "assignee")
    assert seen.keys() == {"state", "group", "assignee"}


@TRAILS
def test_a_hundred_tickets_cost_one_request(server, connect, trail):
    connector = connect({"incident": {"history": trail}}, page_size=1000)
    server.log.clear()
    records(connector, "incident")
    asked = Counter(exchange.path.rpartition("/")[2] for exchange in server.log)
    assert asked.keys() == {"incident", trail}
    assert asked[trail] <= 1367 // 100 + 3
    assert max(len(exchange.query["sysparm_query"][0]) for exchange in server.log) < 4000


def test_nothing_new_asks_for_no_history(server, connect):
    connector = connect({"incident": {"history": "sys_audit"}})
    connector.count("incident")
    assert records(connector, "incident", JUNE) == []
    assert not [exchange for exchange in server.log if "sys_audit" in exchange.path]


def test_an_incremental_read_brings_the_same_past_as_a_full_one(server, connect):
    connector = connect({"incident": {"history": "sys_audit"}})
    before = {r.id: r.data for r in records(connector, "incident")}
    since = server.clock.now
    server.clock.move_to(JUNE)
    recent = {r.id: r.data for r in records(connector, "incident", since)}
    assert before | recent == {r.id: r.data for r in records(connector, "incident")}


def test_metrics_that_are_written_late_are_looked_for_an_hour_longer(server, connect):
    at = max(server.tool.truth()["incident"].values())
    assert records(connect(), "incident", at + timedelta(minutes=30)) == []
    late = records(connect({"incident": {"history": "metric_instance"}}), "incident", at + timedelta(minutes=30))
    assert at in {record.changed_at for record in late}


def test_being_given_to_a_person_can_count_as_the_response(server, connect):
    by_state = {r.id: r.data for r in records(connect({"incident": {"history": "sys_audit"}}), "incident")}
    options = {"history": "sys_audit", "acknowledged_by": ["state", "assignee"]}
    both = {r.id: r.data["acknowledged_at"] for r in records(connect({"incident": options}), "incident")}
    earlier = 0
    for key, data in by_state.items():
        times = [at for at in (data["acknowledged_at"], both[key]) if at]
        assert both[key] is None or both[key] == min(times)
        if both[key] and both[key] != data["acknowledged_at"]:
            given = [event["at"] for event in data["history"] if event["field"] == "assignee"]
            assert given or data["assignee"]
            earlier += 1
    assert earlier > 100


def test_a_change_has_a_history_too(server, connect):
    # the recording has no history of changes: their trail is empty, and nothing is made of that
    for record in records(connect({"change": {"history": "sys_audit"}}), "change"):
        assert record.data["history"] == []
        assert "acknowledged_at" not in record.data


def test_a_state_of_unknown_meaning_leaves_the_times_unknown(server, connect):
    taught = {"incident": {"history": "sys_audit"}}
    audit = server.tool.tables()["sys_audit"]
    column, value = audit.position["newvalue"], audit.position["oldvalue"]
    first = next(row for row in audit.rows if audit.cell(row, "fieldname") == "state" and row[value] == "1")
    index = audit.rows.index(first)
    key = audit.cell(first, "documentkey")
    following = [n for n, row in enumerate(audit.rows)
                 if audit.cell(row, "documentkey") == key and audit.cell(row, "fieldname") == "state" and n != index]  # fmt: skip
    incidents = server.tool.tables()["incident"]
    for n in [index, *following]:
        row = list(audit.rows[n])
        row[column] = "-77" if row[column] == first[column] else row[column]
        row[value] = "-77" if row[value] == first[column] else row[value]
        audit.rows[n] = tuple(row)
    assert incidents.cell(next(row for row in incidents.rows if key in row), "state") != first[column]
    for states, known in (({}, False), ({"-77": "active"}, True)):
        connector = connect({"incident": taught["incident"] | {"states": states}})
        [record] = [r for r in records(connector, "incident") if r.id == key]
        assert (record.data["acknowledged_at"] is not None) is known
        assert (record.data["waiting_seconds"] is not None) is known


# --- a trail with gaps says nothing but itself


def test_a_trail_with_rows_missing_in_the_middle_leaves_the_times_unknown(server, connect):
    audit = server.tool.tables()["sys_audit"]
    before = {r.id: r.data for r in records(connect({"incident": {"history": "sys_audit"}}), "incident")}
    audit.rows[:] = [row for n, row in enumerate(audit.rows) if n % 3]
    after = {r.id: r.data for r in records(connect({"incident": {"history": "sys_audit"}}), "incident")}
    gaps = [key for key in before if before[key]["acknowledged_at"] and not after[key]["acknowledged_at"]]
    assert len(gaps) > 200
    assert all(after[key]["waiting_seconds"] is None for key in gaps)


@pytest.mark.parametrize("kept_since", ["2016-04-01 00:00:00", "9999"])
def test_where_the_past_was_cleaned_away_no_time_is_made_up(server, connect, recorded, kept_since):
    """Nobody can tell a ticket that was created in work from one whose first rows are gone, unless it is younger."""
    audit = server.tool.tables()["sys_audit"]
    audit.rows[:] = [row for row in audit.rows if audit.cell(row, "sys_created_on") >= kept_since]
    known = 0
    for record in records(connect({"incident": {"history": "sys_audit"}}), "incident"):
        if told := record.data["acknowledged_at"]:
            rows = [row for row in recorded[record.ref] if row[0] <= server.clock.now]
            assert datetime.fromisoformat(told) == acknowledged(rows)
            known += 1
    assert (known > 300) == (kept_since != "9999")


def test_an_instance_that_cannot_sort_its_trail_in_time_leaves_beginnings_unknown(server, connect):
    audit = server.tool.tables()["sys_audit"]
    whole = [r.data["acknowledged_at"] for r in records(connect({"incident": {"history": "sys_audit"}}), "incident")]
    server.tool._list = too_slow(server.tool._list)
    some = [r.data["acknowledged_at"] for r in records(connect({"incident": {"history": "sys_audit"}}), "incident")]
    assert all(one in (None, other) for one, other in zip(some, whole, strict=True))
    assert some.count(None) > whole.count(None)
    assert audit.rows


def too_slow(answer):
    def listed(table, request, origin):
        found = answer(table, request, origin)
        if "ORDERBYsys_created_on" in request.value("sysparm_query"):
            found.body |= {"error": {"message": "Transaction cancelled: maximum execution time exceeded"}}
        return found

    return listed


@TRAILS
def test_hidden_history_is_access_denied_and_no_shorter_history(server, connect, trail):
    connector = connect({"incident": {"history": trail}})
    server.break_with("hidden-rows")
    with pytest.raises(AccessDenied, match=f"rows of {trail} are hidden"):
        records(connector, "incident")


def test_history_that_may_not_be_read_at_all_is_access_denied(server, connect):
    server.break_with("history-denied")
    with pytest.raises(AccessDenied):
        records(connect({"incident": {"history": "sys_audit"}}), "incident")


def test_a_filter_that_the_instance_ignores_fails_instead_of_mixing_histories(server, connect):
    tables = server.tool.tables()
    table = tables["sys_audit"]
    column = table.position["fieldname"]
    table.rows[:] = [(*row[:column], "short_description", *row[column + 1 :]) for row in table.rows]
    select = table.select
    table.select = lambda query: select("^".join(p for p in query.split("^") if not p.startswith("fieldname")))
    with pytest.raises(SourceUnavailable, match="not asked for"):
        records(connect({"incident": {"history": "sys_audit"}}), "incident")


@pytest.mark.parametrize(
    "table",
    [
        {"incident": {"history": "sys_history_line"}},
        {"incident": {"history": True}},
        {"sla": {"history": "sys_audit"}},
        {"incident": {"history": "sys_audit", "acknowledged_by": []}},
        {"incident": {"history": "sys_audit", "acknowledged_by": ["group"]}},
        {"request": {"table": "u_wish", "fields": {"priority": "u_priority"}, "history": "sys_audit"}},
    ],
)
def test_a_wrong_history_is_refused_with_a_fix(connect, table):
    with pytest.raises(UsageError) as caught:
        connect(table)
    assert caught.value.fix
    assert caught.value.where.startswith("streams.")


# --- the algebra of trails

STATES = st.lists(st.sampled_from(["1", "2", "3", "6", "7"]), min_size=1, max_size=8)


def story(values: list[str], gaps: list[int]) -> tuple[list[tuple[str, str]], str]:
    """(time, value) of each change, gaps in seconds, and the time of creation."""
    start = datetime(2016, 3, 1)  # noqa: DTZ001 - as ServiceNow writes it
    times = [start]
    for gap in gaps[: len(values) - 1]:
        times.append(times[-1] + timedelta(seconds=gap))
    return [(f"{at:%Y-%m-%d %H:%M:%S}", value) for at, value in zip(times, values, strict=True)], f"{start}"


@settings(max_examples=200)
@given(STATES, st.lists(st.integers(0, 3), min_size=8, max_size=8), st.randoms(use_true_random=False), st.booleans())
def test_whatever_the_order_of_the_rows_the_story_is_found_again(values, gaps, chance, insert_is_audited):
    # a column that changes in one second back to what it was leaves no order to be found, and no time passes
    values = [value for n, value in enumerate(values) if n == 0 or value != values[n - 1]]
    told, created = story(values, [gap or 1 for gap in gaps])
    changes = [Change(b[0], "state", a[1], b[1]) for a, b in pairwise(told)]
    if insert_is_audited:
        changes.insert(0, Change(created, "state", "", values[0]))
    chance.shuffle(changes)
    row = {"state": values[-1], "sys_created_on": created}
    assert [tuple(one) for one in kept(row, "state", Trail(tuple(_in_order(changes)), whole=True), ())] == told


@given(st.permutations(["1", "2", "3", "6"]), st.randoms(use_true_random=False))
def test_changes_within_one_second_follow_from_each_other(values, chance):
    at = "2016-03-01 10:00:00"
    changes = [Change(at, "state", a, b) for a, b in pairwise(values)]
    shuffled = list(changes)
    chance.shuffle(shuffled)
    assert list(_in_order(shuffled)) == changes


@given(STATES.filter(lambda values: len(set(values)) > 2), st.data())
def test_a_trail_with_a_missing_link_is_known_to_have_one(values, data):
    values = [value for n, value in enumerate(values) if n == 0 or value != values[n - 1]]
    told, created = story(values, [1] * 8)
    changes = [Change(b[0], "state", a[1], b[1]) for a, b in pairwise(told)]
    lost = data.draw(st.integers(0, len(changes) - 1))
    rest = changes[:lost] + changes[lost + 1 :]
    row = {"state": values[-1], "sys_created_on": created}
    if lost:
        assert kept(row, "state", Trail(tuple(rest), whole=True), ()) is None
    else:
        # without its beginning a trail looks whole: that it is not must be known from elsewhere
        assert kept(row, "state", Trail(tuple(rest), whole=False), ()) is None
