"""The connector against the playground over HTTP: everything, once, provably; or a reason."""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.contracts import Record
from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.transport import Credentials, GuardedSession, Limits
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import Answer, Request, ToolServer
from itss_bridge_playground.servicenow import STREAMS
from itss_bridge_playground.servicenow import ServiceNow as Instance
from itss_bridge_playground.uci import IncidentLog
from itss_bridge_servicenow import itss_bridge_connectors
from itss_bridge_servicenow.connector import ServiceNow
from itss_bridge_servicenow.mapping import moment, seconds, whole

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
SPECS = SHARED / "apis" / "specs"
FULL = SHARED / "data" / "uci_incident_event_log"
MAY, JUNE, END = (datetime(*day, tzinfo=UTC) for day in ((2016, 5, 1), (2016, 6, 1), (2017, 2, 18, 15)))
LIMITS = Limits(attempts=1)

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared material is not at {SHARED}")
every_stream = pytest.mark.parametrize("stream", list(STREAMS))


@pytest.fixture(scope="module")
def log() -> IncidentLog:
    return IncidentLog.sample()


@pytest.fixture
def server(log) -> Iterator[ToolServer]:
    clock = Clock(MAY)
    with ToolServer(Instance(clock, log), clock) as running:
        yield running


def connect(server: ToolServer, *, secret: str = "playground", streams=None, **config) -> ServiceNow:
    http = GuardedSession(server.origin, credentials=Credentials.basic("bridge", secret), limits=LIMITS)
    return ServiceNow({"url": server.origin, **config}, http, streams or {})


def read(connector: ServiceNow, stream: str, since: datetime | None = None) -> tuple[list[Record], int]:
    pages = [page for piece in connector.slices(stream, since) for page in connector.read(piece)]
    return [record for page in pages for record in page.records], sum(page.hidden for page in pages)


def held(records: list[Record]) -> dict[str, datetime]:
    return {record.id: record.changed_at for record in records}


# --- everything, once


@every_stream
def test_a_full_read_equals_the_truth(server, stream):
    connector = connect(server)
    records, hidden = read(connector, stream)
    assert held(records) == server.tool.truth()[stream]
    assert len(records) == len(held(records)) == connector.count(stream).rows
    assert hidden == 0


@pytest.mark.parametrize("page_size", [50, 97, 1367, 10_000])
def test_no_page_size_loses_or_doubles_a_row(server, page_size):
    records, _ = read(connect(server, page_size=page_size), "incident")
    assert held(records) == server.tool.truth()["incident"]
    assert len(records) == 1367


@every_stream
def test_the_census_names_every_key(server, stream):
    census = list(connect(server).census(stream))
    assert len(census) == len(set(census))
    assert set(census) == server.tool.truth()[stream].keys()


@every_stream
def test_an_incremental_read_after_a_month_brings_the_copy_up_to_the_truth(server, stream):
    connector = connect(server, page_size=100)
    copy = held(read(connector, stream)[0])
    since = connector.check().server_time
    server.clock.move_to(JUNE)
    changed = held(read(connector, stream, since)[0])
    assert copy | changed == server.tool.truth()[stream]
    assert min(changed.values()) >= since
    assert connector.count(stream).rows == len(copy | changed)


def test_the_bound_of_an_incremental_read_is_included_and_read_as_utc(server):
    at = max(server.tool.truth()["incident"].values())
    zone = datetime.fromisoformat("2016-01-01T00:00:00+08:00").tzinfo
    for since in (at, at.astimezone(zone)):
        assert set(held(read(connect(server), "incident", since)[0]).values()) == {at}
    assert read(connect(server), "incident", at + timedelta(seconds=1)) == ([], 0)


class LocalTimes:
    """An instance that reads times in queries as its account's own, and not as UTC."""

    name = "servicenow"
    quirks: ClassVar[dict[str, bool]] = {}

    def __init__(self, tool: Instance, zone: str) -> None:
        self.tool, self.zone = tool, ZoneInfo(zone)

    def answer(self, request: Request, origin: str) -> Answer:
        text = request.value("sysparm_query")
        for local in re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text):
            utc = datetime.fromisoformat(local).replace(tzinfo=self.zone).astimezone(UTC)
            text = text.replace(local, f"{utc:%Y-%m-%d %H:%M:%S}")
        answer = self.tool.answer(replace(request, query={**request.query, "sysparm_query": [text]}), origin)
        for row in answer.body.get("result") or () if "sys_user" in request.path else ():
            row["time_zone"] = self.zone.key
        return answer


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu", "UTC", "no/where"])
def test_an_instance_that_reads_times_in_a_western_zone_hides_nothing(log, zone):
    clock = Clock(JUNE)
    whole = Instance(clock, log)
    tool = LocalTimes(whole, zone if "no" not in zone else "Pacific/Honolulu")
    with ToolServer(tool, clock) as server:
        connector = connect(server)
        connector.check()
        recent = held(read(connector, "incident", JUNE - timedelta(hours=16))[0])
    missed = {key: at for key, at in whole.truth()["incident"].items() if at >= JUNE - timedelta(hours=16)}
    assert missed
    assert missed.items() <= recent.items()


def test_a_time_read_in_an_eastern_zone_is_refused_since_rows_come_that_nobody_asked_for(log):
    clock = Clock(JUNE)
    with ToolServer(LocalTimes(Instance(clock, log), "Asia/Shanghai"), clock) as server:
        connector = connect(server)
        connector.check()
        with pytest.raises(SourceUnavailable, match="not asked for"):
            read(connector, "incident", JUNE - timedelta(hours=16))


def test_a_full_read_takes_about_as_many_requests_as_it_is_planned_for(server):
    for size in (50, 500):
        connector = connect(server, page_size=size)
        rows = connector.count("incident").rows
        server.log.clear()
        read(connector, "incident")
        pages = [line for line in server.log if "/table/" in line.path]
        assert connector.rows_per_request == size
        assert rows / size <= len(pages) <= rows / size + 16


def test_nothing_new_costs_a_count_and_one_page(server):
    connector = connect(server)
    server.log.clear()
    connector.count("incident")
    assert read(connector, "incident", MAY) == ([], 0)
    assert [exchange.path for exchange in server.log] == ["/api/now/stats/incident", "/api/now/table/incident"]


def test_slices_can_be_read_at_once_by_many_threads(server):
    connector = connect(server, page_size=50)
    pieces = connector.slices("incident", None)
    assert len(pieces) == 16
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda piece: [r for page in connector.read(piece) for r in page.records], pieces))
    assert Counter(r.id for part in parts for r in part) == Counter(server.tool.truth()["incident"].keys())


def test_rows_with_keys_that_are_not_hexadecimal_are_not_left_out(server):
    table = server.tool.tables()["incident"]
    key = table.position["sys_id"]
    odd = ["-1", "0", "glide.maint", "zzz"]
    table.rows[: len(odd)] = [(*row[:key], name, *row[key + 1 :]) for name, row in zip(odd, table.rows, strict=False)]
    records, _ = read(connect(server, page_size=50), "incident")
    assert len(records) == 1367
    assert set(odd) <= held(records).keys()


class Moving(Instance):
    """An instance whose table loses rows while it is read."""

    def _list(self, table, request, origin):
        answer = super()._list(table, request, origin)
        if request.value("sysparm_offset") == "100":
            del table.rows[:30]
        return answer


def test_rows_deleted_in_the_middle_of_a_walk_push_no_other_row_out(log):
    clock = Clock(MAY)
    with ToolServer(Moving(clock, log), clock) as server:
        connector = connect(server, page_size=100)
        [piece] = connector.slices("incident", datetime(2016, 1, 1, tzinfo=UTC))
        server.tool.tables()["incident"].rows.sort()
        seen = held([record for page in connector.read(piece) for record in page.records])
        assert seen.keys() >= server.tool.truth()["incident"].keys()


# --- incomplete never looks complete


@pytest.mark.parametrize("page_size", [50, 2_000])
def test_rows_that_access_rules_hide_are_counted(server, page_size):
    server.break_with("hidden-rows")
    connector = connect(server, page_size=page_size)
    records, hidden = read(connector, "incident")
    shown = {key for key in server.tool.truth()["incident"] if not key.endswith("7")}
    assert held(records).keys() == shown == set(connector.census("incident"))
    assert hidden == connector.count("incident").rows - len(shown) > 50


def test_a_page_that_is_hidden_whole_is_not_taken_for_the_end(server):
    table = server.tool.tables()["incident"]
    key = table.position["sys_id"]
    low = [(*row[:key], f"{n:031x}7", *row[key + 1 :]) for n, row in enumerate(table.rows[:120])]
    table.rows[:120] = low
    server.break_with("hidden-rows")
    connector = connect(server, page_size=50)
    records, hidden = read(connector, "incident", datetime(2016, 1, 1, tzinfo=UTC))
    assert len(records) + hidden == 1367
    assert hidden >= 120


def test_an_ignored_filter_fails_instead_of_reading_everything(server):
    server.break_with("filter-ignored")
    for since, size in ((datetime(2016, 4, 30, tzinfo=UTC), 2_000), (None, 100)):
        with pytest.raises(SourceUnavailable, match="not asked for"):
            read(connect(server, page_size=size), "incident", since)


def test_a_slow_page_is_asked_for_again_at_half_the_size(server):
    server.break_with("slow-pages")
    records, hidden = read(connect(server, page_size=2_000), "incident")
    assert held(records) == server.tool.truth()["incident"]
    assert hidden == 0
    limits = [int(exchange.query["sysparm_limit"][0]) for exchange in server.log if "table" in exchange.path]
    assert limits[:3] == [2_000, 1_000, 500]


def test_an_error_beside_rows_makes_them_worthless(server):
    server.break_with("error-beside-result")
    with pytest.raises(SourceUnavailable, match="Operation Failed"):
        read(connect(server), "incident", MAY)
    with pytest.raises(SourceUnavailable, match="Operation Failed"):
        connect(server).check()


@pytest.mark.parametrize("fault", ["login-page", "unavailable"])
def test_what_is_no_data_is_refused(server, fault):
    server.break_with(fault)
    connector = connect(server)
    for ask in (connector.check, lambda: connector.count("incident"), lambda: list(connector.census("sla"))):
        with pytest.raises(SourceUnavailable):
            ask()


def test_wrong_credentials_are_access_denied(server):
    with pytest.raises(AccessDenied):
        connect(server, secret="wrong").check()


class Bent:
    """The instance behind a proxy that bends its answers."""

    name = "bent"

    def __init__(self, tool: Instance, bend) -> None:
        self.tool, self.bend = tool, bend

    def answer(self, request: Request, origin: str) -> Answer:
        answer = self.tool.answer(request, origin)
        self.bend(answer)
        return answer

    def truth(self) -> dict:
        return self.tool.truth()


def without_total(answer: Answer) -> None:
    answer.headers.pop("X-Total-Count", None)


def without_result(answer: Answer) -> None:
    answer.body = {"records": []}


def a_list(answer: Answer) -> None:
    answer.body = []


def not_rows(answer: Answer) -> None:
    answer.body = {"result": {"stats": {"count": "many"}}}


def shuffled(answer: Answer) -> None:
    answer.body["result"].reverse()


def without_times(answer: Answer) -> None:
    for row in answer.body["result"]:
        del row["sys_updated_on"]


def displayed_times(answer: Answer) -> None:
    for row in answer.body["result"]:
        row["sys_updated_on"] = "01.05.2016 02:00"


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (without_total, "how many rows"),
        (without_result, "no result"),
        (a_list, "no result"),
        (not_rows, "not a list of rows"),
        (shuffled, "out of order"),
        (without_times, "lack sys_id or sys_updated_on"),
        (displayed_times, "lack sys_id or sys_updated_on"),
    ],
)
def test_an_answer_that_proves_nothing_is_refused(log, bend, said):
    clock = Clock(MAY)
    with ToolServer(Bent(Instance(clock, log), bend), clock) as server, pytest.raises(SourceUnavailable, match=said):
        read(connect(server), "problem", datetime(2016, 1, 1, tzinfo=UTC))


def test_a_count_that_is_no_number_is_refused(log):
    clock = Clock(MAY)
    with (
        ToolServer(Bent(Instance(clock, log), not_rows), clock) as server,
        pytest.raises(SourceUnavailable, match="no count"),
    ):
        connect(server).count("incident")


def test_a_server_that_ignores_the_offset_is_no_endless_loop(log):
    clock = Clock(MAY)

    class Stuck(Instance):
        def _list(self, table, request, origin):
            query = {name: values for name, values in request.query.items() if name != "sysparm_offset"}
            return super()._list(table, Request("GET", request.path, query, request.headers, b""), origin)

    with ToolServer(Stuck(clock, log), clock) as server, pytest.raises(SourceUnavailable, match="twice"):
        read(connect(server, page_size=100), "incident", datetime(2016, 1, 1, tzinfo=UTC))


# --- what a row becomes


@every_stream
def test_every_record_fits_the_schema_of_its_stream(server, stream):
    schema = json.loads((ROOT / "schemas" / "streams" / f"{stream}.json").read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    server.clock.move_to(JUNE)
    for record in read(connect(server, titles=True), stream)[0]:
        assert list(validator.iter_errors(dict(record.data))) == []


def test_an_incident_is_mapped_field_by_field(server):
    by_ref = {record.ref: record for record in read(connect(server), "incident")[0]}
    table = server.tool.tables()["incident"]
    for row in table.rows:
        cells = dict(zip(table.columns, row, strict=True))
        record = by_ref[cells["number"]]
        assert record.id == cells["sys_id"]
        assert record.url == f"{server.origin}/incident.do?sys_id={record.id}"
        assert record.data["tool_state"] == cells["state"]
        assert record.data["priority"] == int(cells["priority"])
        assert record.data["made_sla"] is (cells["made_sla"] == "true")
        assert record.data["resolved_at"] == (
            cells["resolved_at"].replace(" ", "T") + "+00:00" if cells["resolved_at"] else None
        )
        assert record.data["configuration_items"] == ([cells["cmdb_ci"]] if cells["cmdb_ci"] else [])
    assert Counter(r.data["state"] for r in by_ref.values()) == {
        "closed": 1118, "resolved": 161, "waiting": 38, "active": 30, "new": 20
    }  # fmt: skip


def test_agreements_point_at_their_incidents(server):
    incidents = {record.id: record for record in read(connect(server), "incident")[0]}
    for record in read(connect(server), "sla")[0]:
        incident = incidents[record.data["task"]]
        assert record.data["task_ref"] == incident.ref
        assert record.data["task_kind"] == "incident"
        assert record.data["breached"] is not incident.data["made_sla"]
        assert record.data["priority"] == incident.data["priority"]
        assert record.ref == f"{incident.ref} Incident resolution"
        assert record.changed_at == incident.changed_at


def test_titles_are_read_only_when_asked_for(server):
    assert all("title" not in record.data for stream in STREAMS for record in read(connect(server), stream)[0])
    assert "short_description" not in server.log[-1].query["sysparm_fields"][0]
    assert all(record.data["title"] for record in read(connect(server, titles=True), "incident")[0])


def test_free_text_of_problems_stays_at_the_tool(server):
    for record in read(connect(server), "problem")[0]:
        assert isinstance(record.data["workaround"], bool)
        assert isinstance(record.data["root_cause_known"], bool)


def test_unknown_states_stay_unknown_until_the_organisation_says_what_they_mean(server):
    table = server.tool.tables()["incident"]
    state = table.position["state"]
    table.rows[0] = (*table.rows[0][:state], "-100", *table.rows[0][state + 1 :])
    ref = table.cell(table.rows[0], "number")
    taught = {"incident": {"states": {"-100": "active"}}}
    for streams, expected in (({}, None), (taught, "active")):
        [record] = [r for r in read(connect(server, streams=streams), "incident")[0] if r.ref == ref]
        assert (record.data["state"], record.data["tool_state"]) == (expected, "-100")


@pytest.mark.parametrize(
    ("convert", "text", "value"),
    [
        (seconds, "1970-01-01 00:02:17", 137),
        (seconds, "1970-01-03 00:00:00", 172_800),
        (seconds, "137", None),
        (seconds, "", None),
        (seconds, "1969-12-31 23:59:59", None),
        (moment, "2016-02-29 01:16:00", "2016-02-29T01:16:00+00:00"),
        (moment, "2016-02-30 01:16:00", None),
        (moment, "29/02/2016 01:16:00", None),
        (moment, "2016-02-29T01:16:00", None),
        (moment, "", None),
        (whole(1, 5), "3", 3),
        (whole(1, 5), "6", None),
        (whole(1, 5), "3 - Moderate", None),
        (whole(0), "-1", None),
        (whole(0), "٣", None),
    ],
)
def test_a_wrong_value_becomes_unknown_and_is_never_guessed(convert, text, value):
    assert convert(text) == value


# --- configuration


def test_the_organisations_own_query_narrows_every_kind_of_read(server):
    connector = connect(server, streams={"incident": {"query": "priority=1^ORpriority=2"}}, page_size=50)
    records, _ = read(connector, "incident")
    assert {record.data["priority"] for record in records} == {1, 2}
    assert connector.count("incident").rows == len(records) == len(list(connector.census("incident"))) == 19 + 25
    since = datetime(2016, 4, 15, tzinfo=UTC)
    recent = {record.id for record in records if record.changed_at >= since}
    assert {record.id for record in read(connector, "incident", since)[0]} == recent != set()


def test_a_typing_error_in_the_organisations_own_query_is_found(server):
    connector = connect(server, streams={"incident": {"query": "prioriti=1"}})
    with pytest.raises(UsageError, match="no column prioriti in incident"):
        connector.check()
    with pytest.raises(AccessDenied, match="no column prioriti"):
        read(connector, "incident")


@pytest.mark.parametrize(
    "streams",
    [
        {"requests": {}},
        {"incident": {"jql": "project = OPS"}},
        {"incident": {"query": "priority=1^NQpriority=2"}},
        {"incident": {"query": "priority=1^ORDERBYnumber"}},
        {"incident": {"query": 1}},
        {"incident": {"states": {"9": "parked"}}},
        {"sla": {"states": {"9": "closed"}}},
    ],
)
def test_wrong_stream_options_are_refused_with_a_fix(server, streams):
    with pytest.raises(UsageError) as caught:
        connect(server, streams=streams)
    assert caught.value.fix
    assert caught.value.where.startswith("streams.")


def test_only_the_streams_that_are_asked_for_are_read(server):
    assert connect(server).streams() == tuple(STREAMS)
    assert connect(server, read=["sla"]).streams() == ("sla",)


@pytest.mark.parametrize(
    "wrong", [{"page_size": 0}, {"page_size": "many"}, {"read": ["tickets"]}, {"read": []}, {"pagesize": 1}]
)
def test_its_own_keys_are_checked(wrong):
    assert list(Draft202012Validator(ServiceNow.config_schema).iter_errors({"page_size": 100, "read": ["sla"]})) == []
    assert list(Draft202012Validator(ServiceNow.config_schema).iter_errors(wrong))


def test_it_is_plugged_in_by_its_hook():
    assert itss_bridge_connectors() == [ServiceNow]


# --- who we are, and how we ask


def test_check_says_who_we_are_and_what_time_it_is_there(server):
    identity = connect(server).check()
    assert (identity.account, identity.time_zone, identity.server_time) == ("bridge", "Asia/Shanghai", MAY)
    assert identity.readable == dict.fromkeys(STREAMS, "")
    assert [exchange.path for exchange in server.log] == ["/api/now/table/sys_user", "/api/now/table/sys_dictionary"]


def test_the_session_keeps_its_own_headers(server):
    connector = connect(server)
    assert connector.http.headers["User-Agent"].startswith("itss-bridge")
    assert "Content-Type" not in connector.http.headers


def documented(api: str) -> set[str]:
    spec = json.loads((SPECS / f"servicenow-{api}-api.oas3.json").read_text())
    [operation] = [path["get"] for name, path in spec["paths"].items() if name.endswith("/{tableName}")]
    return {parameter["name"] for parameter in operation["parameters"]}


@needs_shared
def test_every_request_is_a_get_with_documented_parameters_only(server):
    connector = connect(server, page_size=500)
    connector.check()
    for stream in connector.streams():
        read(connector, stream)
        read(connector, stream, MAY)
        list(connector.census(stream))
        connector.count(stream)
    # sysparm_offset is in the vendor's documentation of paging, but missing in the exported description
    allowed = {"table": documented("table") | {"sysparm_offset"}, "stats": documented("aggregate")}
    assert len(server.log) > 20
    for exchange in server.log:
        api = exchange.path.split("/")[3]
        assert exchange.method == "GET"
        assert exchange.query.keys() <= allowed[api]
        assert exchange.status == 200


@needs_shared
def test_a_year_of_incidents_is_read_and_parsed_within_seconds():
    clock = Clock(END)
    with ToolServer(Instance(clock, IncidentLog.full(FULL)), clock) as server:
        server.tool.tables()
        started = time.perf_counter()
        records, hidden = read(connect(server), "incident")
        assert time.perf_counter() - started < 8  # measured 0.9 s with the server in the same process
        assert (len(held(records)), hidden) == (24_918, 0)
        assert sum(record.data["made_sla"] for record in records) == 15_803
        assert sum(record.data["resolved_at"] is not None for record in records) == 23_362
