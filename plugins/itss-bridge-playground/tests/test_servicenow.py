"""The stand-in ServiceNow answers as the vendor's documents say, as of the clock."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.encoded_query import Column, Table
from itss_bridge_playground.itsm_tables import ACCOUNT_ID, columns_of
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import FURTHER_STREAMS, STREAMS, ServiceNow
from itss_bridge_playground.uci import IncidentLog

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
DOCUMENTED = SHARED / "apis" / "samples" / "servicenow-docs"
FULL = SHARED / "data" / "uci_incident_event_log"
MAY, JUNE, END = (datetime(*day, tzinfo=UTC) for day in ((2016, 5, 1), (2016, 6, 1), (2017, 2, 18, 15)))
AUTH = ("bridge", "playground")
SYNTHETIC = (*FURTHER_STREAMS.values(), "asmt_metric_result", "cmdb_rel_ci", "u_service_project")
EVERY_TABLE = (*STREAMS.values(), *SYNTHETIC)

needs_docs = pytest.mark.skipif(not DOCUMENTED.is_dir(), reason=f"the documented answers are not at {DOCUMENTED}")


class Client:
    def __init__(self, server: ToolServer) -> None:
        self.server = server

    def ask(self, path: str, *, method: str = "GET", auth=AUTH, headers=None, **query) -> requests.Response:
        params = {f"sysparm_{name}": value for name, value in query.items()}
        url = f"{self.server.origin}/api/now/{path}"
        return requests.request(method, url, params=params, auth=auth, headers=headers, timeout=10)

    def rows(self, table: str, query: str = "", **more) -> list[dict]:
        return self.ask(f"table/{table}", query=query, **more).json()["result"]

    def every(self, table: str) -> list[dict]:
        return self.rows(table, exclude_reference_link="true")


@pytest.fixture(scope="module")
def log() -> IncidentLog:
    return IncidentLog.sample()


@pytest.fixture(scope="module")
def may(log) -> Iterator[Client]:
    clock = Clock(MAY)
    with ToolServer(ServiceNow(clock, log), clock) as server:
        yield Client(server)


@pytest.fixture
def client(log) -> Iterator[Client]:
    clock = Clock(MAY)
    with ToolServer(ServiceNow(clock, log), clock) as server:
        yield Client(server)


# --- who may ask, and what


@pytest.mark.parametrize("auth", [None, ("bridge", "wrong"), ("admin", "playground")])
def test_wrong_credentials_are_refused_as_documented(may, auth):
    answer = may.ask("table/incident", auth=auth)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
        "status": "failure",
    }
    assert answer.headers["WWW-Authenticate"].startswith("BASIC")


def test_a_bearer_token_is_accepted(may):
    assert may.ask("table/incident", auth=None, headers={"Authorization": "Bearer playground"}, limit=1).ok


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(may, method):
    answer = may.ask("table/incident", method=method)
    assert answer.status_code == 403
    assert answer.json()["status"] == "failure"


@pytest.mark.parametrize("path", ["table/no_such_table", "stats/no_such_table", "table/incident/0123"])
def test_what_does_not_exist_is_not_found(may, path):
    answer = may.ask(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"error", "status"}


def test_the_account_sees_its_own_user_row_only(may):
    [own] = may.rows("sys_user", "sys_id=javascript:gs.getUserID()", fields="user_name,time_zone")
    assert own == {"user_name": "bridge", "time_zone": "Asia/Shanghai"}
    assert [row["sys_id"] for row in may.rows("sys_user")] == [ACCOUNT_ID]


# --- shapes


def kind_of(value: object) -> str:
    return "reference" if isinstance(value, dict) else type(value).__name__


@needs_docs
@pytest.mark.parametrize(
    ("sample", "table"), [("table_0", "problem"), ("table_1", "incident"), ("table_3", "incident")]
)
def test_rows_have_the_documented_columns_and_shapes(may, sample, table):
    documented = json.loads((DOCUMENTED / f"{sample}.json").read_text())["result"]
    documented = documented[0] if isinstance(documented, list) else documented
    rows = may.rows(table)
    assert documented.keys() <= rows[0].keys()
    for name, example in documented.items():
        shapes = {kind_of(row[name]) for row in rows}
        assert shapes <= {"str", "reference"}
        assert "reference" not in shapes or columns_of(table)[name].reference
        if isinstance(example, dict):
            references = [row[name] for row in rows if isinstance(row[name], dict)]
            assert all(set(one) == set(example) == {"link", "value"} for one in references)


@needs_docs
def test_groups_have_the_documented_shape(may):
    documented = json.loads((DOCUMENTED / "aggregate_0.json").read_text())["result"]
    groups = may.ask("stats/incident", count="true", group_by="assignment_group").json()["result"]
    assert groups[0].keys() == documented[0].keys()
    assert groups[0]["groupby_fields"][0].keys() == documented[0]["groupby_fields"][0].keys()


def test_one_record_is_an_object_and_equals_its_row_in_the_list(may):
    [row] = may.rows("incident", limit=1)
    assert may.ask(f"table/incident/{row['sys_id']}").json()["result"] == row
    assert may.ask(f"v2/table/incident/{row['sys_id']}").json()["result"] == row


def test_a_reference_links_to_its_row_or_is_a_plain_key(may):
    [linked] = may.rows("incident", "problem_idISNOTEMPTY^ORDERBYsys_id", limit=1, fields="problem_id")
    [plain] = may.rows("incident", "problem_idISNOTEMPTY^ORDERBYsys_id", limit=1, fields="problem_id",
                       exclude_reference_link="true")  # fmt: skip
    reference = linked["problem_id"]
    assert reference["value"] == plain["problem_id"]
    problem = requests.get(reference["link"], auth=AUTH, timeout=10).json()["result"]
    assert problem["sys_id"] == reference["value"]


def test_an_empty_reference_is_an_empty_string(may):
    assert may.rows("incident", "problem_idISEMPTY", limit=1, fields="problem_id") == [{"problem_id": ""}]


def test_display_values_are_labels_names_and_local_times(may):
    query = {
        "query": "number=INC0000045^ORpriority=3^ORDERBYnumber",
        "limit": 1,
        "fields": "priority,opened_at,caller_id",
    }
    [raw] = may.ask("table/incident", **query).json()["result"]
    [shown] = may.ask("table/incident", **query, display_value="true").json()["result"]
    [both] = may.ask("table/incident", **query, display_value="all", exclude_reference_link="true").json()["result"]
    assert (raw["priority"], shown["priority"]) == ("3", "3 - Moderate")
    ahead = datetime.fromisoformat(shown["opened_at"]) - datetime.fromisoformat(raw["opened_at"])
    assert ahead.total_seconds() == 8 * 3600
    assert shown["caller_id"]["display_value"].startswith("Caller ")
    assert both["priority"] == {"display_value": "3 - Moderate", "value": "3"}
    assert both["caller_id"] == {
        "display_value": shown["caller_id"]["display_value"],
        "value": raw["caller_id"]["value"],
    }


def test_the_dictionary_describes_every_column_at_the_table_that_brings_it_in(may):
    above = {row["name"]: row["super_class.name"] for row in may.rows("sys_db_object", fields="name,super_class.name")}
    for table in EVERY_TABLE:
        lineage = [table]
        while above[lineage[-1]]:
            lineage.append(above[lineage[-1]])
        described = {row["element"]: row for row in may.rows("sys_dictionary", f"nameIN{','.join(lineage)}")}
        [row] = may.rows(table, limit=1)
        assert row.keys() <= described.keys()
        assert all(described[name]["reference"] for name, value in row.items() if isinstance(value, dict))
    assert above["rm_release"] == "planned_task"
    assert {row["name"] for row in may.rows("sys_dictionary", "element=opened_at")} == {"task"}


# --- paging


def test_pages_by_offset_give_every_row_once_and_say_how_many_there_are(may):
    seen, offset = [], 0
    while True:
        answer = may.ask("table/incident", query="ORDERBYsys_id", fields="sys_id", limit=400, offset=offset)
        seen += [row["sys_id"] for row in answer.json()["result"]]
        assert answer.headers["X-Total-Count"] == "1367"
        if "next" not in answer.links:
            break
        offset += 400
    assert len(seen) == len(set(seen)) == 1367
    assert seen == sorted(seen)


def test_links_lead_to_the_first_previous_next_and_last_page(may):
    answer = may.ask("table/incident", query="ORDERBYsys_id", fields="sys_id", limit=500, offset=500)
    assert answer.links.keys() == {"first", "prev", "next", "last"}
    offsets = {rel: link["url"].rpartition("=")[2] for rel, link in answer.links.items()}
    assert offsets == {"first": "0", "prev": "0", "next": "1000", "last": "1000"}
    last = requests.get(answer.links["last"]["url"], auth=AUTH, timeout=10)
    assert len(last.json()["result"]) == 367
    assert last.links.keys() == {"first", "prev", "last"}


def test_counting_and_links_can_be_switched_off(may):
    answer = may.ask("table/incident", limit=1, no_count="true", suppress_pagination_header="true")
    assert "X-Total-Count" not in answer.headers
    assert "Link" not in answer.headers


def test_unknown_fields_are_ignored_without_a_word(may):
    [row] = may.rows("incident", limit=1, fields="number,no_such_field")
    assert row.keys() == {"number"}


# --- encoded queries


def test_or_widens_the_condition_before_it_only(may):
    first = may.rows("incident", "priority=1^ORpriority=2^state=7", fields="priority,state")
    assert {(row["priority"], row["state"]) for row in first} == {("1", "7"), ("2", "7")}


def test_a_keyset_written_with_or_loses_rows_as_it_does_at_the_vendor(may):
    rows = sorted((r["sys_updated_on"], r["sys_id"]) for r in may.rows("incident", fields="sys_updated_on,sys_id"))
    at, key = rows[600]
    got = may.rows("incident", f"sys_updated_on>{at}^ORsys_updated_on={at}^sys_id>{key}", fields="sys_id")
    assert len(got) < len(rows[601:])


def test_a_new_query_adds_its_rows(may):
    both = may.rows("incident", "priority=1^NQpriority=4", fields="priority")
    assert {row["priority"] for row in both} == {"1", "4"}
    assert len(both) == 19 + 46


def test_an_invalid_part_of_a_query_is_ignored_and_gives_too_much(may):
    assert len(may.rows("incident", "no_such_column=1^priority=1", fields="number")) == 19
    assert len(may.rows("incident", "no_such_column=1", fields="number")) == 1367


def test_whole_numbers_sort_and_compare_as_numbers(may):
    counts = [
        int(r["sys_mod_count"])
        for r in may.rows("incident", "sys_mod_count>9^ORDERBYDESCsys_mod_count", fields="sys_mod_count")
    ]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) == 10


COLUMNS = {"sys_id": Column("sys_id", "GUID"), "a": Column("a", "string"), "n": Column("n", "integer")}
CELLS = st.tuples(
    st.sampled_from("0123456789abcdef"), st.sampled_from(["", "x", "Xy", "z"]), st.sampled_from(["", "2", "10"])
)
CONDITIONS = st.tuples(
    st.sampled_from(["sys_id", "a"]),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "STARTSWITH", "IN", "ISEMPTY"]),
    st.sampled_from(["", "4", "x", "c", "x,4"]),
)


def holds(cell: str, operator: str, value: str) -> bool:
    cell, value = cell.lower(), value.lower()
    match operator:
        case "ISEMPTY":
            return not cell
        case "IN":
            return cell in value.split(",")
        case "STARTSWITH":
            return cell.startswith(value)
        case "=":
            return cell == value
        case "!=":
            return cell != value
    return bool(cell) and {"<": cell < value, "<=": cell <= value, ">": cell > value, ">=": cell >= value}[operator]


@given(
    cells=st.lists(CELLS, max_size=12),
    groups=st.lists(st.lists(st.lists(CONDITIONS, min_size=1, max_size=2), max_size=3), min_size=1, max_size=2),
    descending=st.booleans(),
)
def test_an_encoded_query_means_any_group_of_all_conditions_with_any_alternative(cells, groups, descending):
    rows = [(key + str(n), a, number) for n, (key, a, number) in enumerate(cells)]
    text = "^NQ".join(
        "^".join("^OR".join("".join(c) for c in alternatives) for alternatives in group) for group in groups
    )
    text += f"^ORDERBY{'DESC' if descending else ''}sys_id"
    place = {"sys_id": 0, "a": 1}
    expected = [
        row for row in rows
        if any(all(any(holds(row[place[c]], o, v) for c, o, v in alternatives) for alternatives in group) for group in groups)
    ]  # fmt: skip
    assert Table("t", COLUMNS, rows).select(text) == sorted(expected, reverse=descending)


@given(words=st.lists(st.sampled_from("0123456789abcdef"), min_size=1, max_size=6), cells=st.lists(CELLS, max_size=12))
def test_keys_in_a_list_are_found_whether_or_not_the_column_has_an_index(words, cells):
    rows = [(key, a, number) for key, a, number in cells]
    table = Table("t", COLUMNS, rows)
    assert sorted(table.select(f"sys_idIN{','.join(words)}")) == sorted(row for row in rows if row[0] in words)


def test_rows_taken_away_are_gone_from_answers_that_were_kept():
    table = Table("t", COLUMNS, [("1", "x", "2"), ("2", "x", "2")])
    assert len(table.select("sys_id=1^NQa=x")) == 2
    del table.rows[:1]
    assert table.select("sys_id=1^NQa=x") == [("2", "x", "2")]


# --- counts


def test_counts_agree_with_the_rows(may):
    for table in EVERY_TABLE:
        total = may.ask(f"stats/{table}", count="true").json()["result"]["stats"]["count"]
        assert total == may.ask(f"table/{table}", limit=1).headers["X-Total-Count"] == str(len(may.rows(table)))


@pytest.mark.skipif(not FULL.is_dir(), reason=f"the full recording is not at {FULL}")
def test_the_whole_year_is_counted_as_published():
    clock = Clock(END)
    with ToolServer(ServiceNow(clock, IncidentLog.full(FULL)), clock) as server:
        client = Client(server)

        def count(table: str, query: str) -> int:
            return int(client.ask(f"stats/{table}", count="true", query=query).json()["result"]["stats"]["count"])

        facts = json.loads((FULL / "facts.json").read_text())
        assert count("incident", "") == count("incident", "state=7") == 24_918
        assert count("incident", "made_sla=true") == count("task_sla", "has_breached=false") == 15_803
        assert count("incident", "resolved_atISNOTEMPTY") == 23_362
        assert count("incident", "reopen_count>0") == 275
        assert count("problem", "") == facts["distinct_problem_id"]
        assert count("cmdb_ci", "") == facts["distinct_cmdb_ci"]
        groups = client.ask("stats/incident", count="true", query="made_sla=true", group_by="priority").json()["result"]
        kept = {group["groupby_fields"][0]["value"]: int(group["stats"]["count"]) for group in groups}
        assert kept == {name[0]: row[0] for name, row in facts["share_made_sla_by_priority"].items()}


# --- time


@pytest.mark.parametrize("moment", [MAY, JUNE, END])
def test_nothing_refers_to_a_row_before_it_exists(client, moment):
    client.server.clock.move_to(moment)
    tables = {name: {row["sys_id"]: row for row in client.every(name)} for name in STREAMS.values()}
    for row in tables["incident"].values():
        for column, table in (("problem_id", "problem"), ("rfc", "change_request"), ("cmdb_ci", "cmdb_ci")):
            if row[column]:
                assert tables[table][row[column]]["sys_created_on"] <= row["sys_updated_on"]
        if row["caused_by"]:
            assert tables["change_request"][row["caused_by"]]["work_end"] <= row["opened_at"]
    assert {row["task"] for row in tables["task_sla"].values()} == tables["incident"].keys()


def test_every_time_is_in_the_past(may):
    now = "2016-05-01 00:00:00"
    for table in (*EVERY_TABLE, "sys_audit", "metric_instance"):
        planned = {"start_date", "end_date"}
        times = [
            name for name, column in columns_of(table).items() if column.kind == "glide_date_time" and "." not in name
        ]
        for row in may.every(table):
            assert all(row[name] <= now for name in times if name not in planned)


def test_the_server_says_what_time_it_is_there(client):
    assert client.ask("table/incident", limit=1).headers["Date"] == "Sun, 01 May 2016 00:00:00 GMT"


@pytest.mark.parametrize("table", [table for table in EVERY_TABLE if table not in ("cmdb_rel_ci", "u_service_project")])
def test_a_month_later_exactly_the_rows_updated_since_are_new_or_different(client, table):
    before, known = client.server.tool.truth_of(table), {row["sys_id"]: row for row in client.every(table)}
    client.server.clock.move_to(JUNE)
    after, now = client.server.tool.truth_of(table), {row["sys_id"]: row for row in client.every(table)}
    changed = {key for key, row in now.items() if known.get(key) != row}
    assert changed == {key for key, at in after.items() if before.get(key) != at}
    since = client.rows(table, "sys_updated_on>2016-05-01 00:00:00", fields="sys_id")
    assert {row["sys_id"] for row in since} == changed
    assert changed


def test_another_seed_changes_what_is_made_up_and_nothing_that_is_recorded(log):
    one, other = (ServiceNow(Clock(END), log, seed=seed).tables() for seed in (7, 8))
    assert one["incident"].rows == other["incident"].rows
    assert one["task_sla"].rows == other["task_sla"].rows
    assert one["change_request"].rows != other["change_request"].rows


def test_an_agreement_is_breached_exactly_when_the_recording_says_so(may):
    made = {row["sys_id"]: row["made_sla"] for row in may.every("incident")}
    breached = {row["task"]: row["has_breached"] for row in may.every("task_sla")}
    assert {task: {"true": "false", "false": "true"}[value] for task, value in breached.items()} == made


def test_an_agreement_runs_rests_and_ends_with_its_incident(may):
    stages = {"1": "in_progress", "2": "in_progress", "3": "paused", "6": "completed", "7": "completed"}
    states = {row["sys_id"]: row["state"] for row in may.every("incident")}
    for row in may.every("task_sla"):
        assert row["stage"] == stages[states[row["task"]]]
        assert (row["end_time"] != "") == (row["stage"] == "completed")
        assert row["duration"] >= "1970-01-01 00:00:00"


# --- the audit trail


def test_the_audit_trail_leads_from_state_to_state_to_the_incident_as_it_is(may):
    incidents = {row["sys_id"]: row for row in may.every("incident")}
    trail = sorted(may.every("sys_audit"), key=itemgetter("documentkey", "fieldname", "sys_created_on"))
    followed = 0
    for (key, column), changes in groupby(trail, key=itemgetter("documentkey", "fieldname")):
        steps = list(changes)
        assert all(a["newvalue"] == b["oldvalue"] != b["newvalue"] for a, b in pairwise(steps))
        assert all(a["sys_created_on"] < b["sys_created_on"] for a, b in pairwise(steps))
        assert steps[-1]["newvalue"] == incidents[key][column]
        assert incidents[key]["sys_created_on"] < steps[0]["sys_created_on"]
        followed += column == "state"
    assert followed > 1000


def test_metrics_say_the_same_as_the_audit_trail(may):
    incidents = {row["sys_id"]: row for row in may.every("incident")}
    changed = Counter((row["documentkey"], row["sys_created_on"]) for row in may.rows("sys_audit", "fieldname=state"))
    for row in may.rows("metric_instance", "field=incident_state", exclude_reference_link="true"):
        created = row["start"] == incidents[row["id"]]["sys_created_on"]
        assert created or changed[row["id"], row["start"]] == 1
        assert row["end"] == "" or changed[row["id"], row["end"]] == 1
        assert (row["calculation_complete"] == "true") == (row["end"] != "") == (row["duration"] != "")
        if not row["end"]:
            assert row["field_value"] == incidents[row["id"]]["state"]


def test_a_trail_only_grows(client):
    before = {row["sys_id"]: row for row in client.every("sys_audit")}
    client.server.clock.move_to(JUNE)
    after = {row["sys_id"]: row for row in client.every("sys_audit")}
    assert before.items() < after.items()


# --- faults


@pytest.mark.parametrize(
    ("fault", "tables"),
    [("dictionary-denied", ("sys_dictionary", "sys_db_object")), ("history-denied", ("sys_audit", "metric_instance"))],
)
def test_a_denied_table_is_refused_and_others_are_not(client, fault, tables):
    client.server.break_with(fault)
    for table in tables:
        assert client.ask(f"table/{table}", limit=1).status_code == 403
        assert client.ask(f"stats/{table}", count="true").status_code == 403
    assert client.ask("table/incident", limit=1).status_code == 200


def test_hidden_rows_are_counted_but_not_shown(client):
    client.server.break_with("hidden-rows")
    answer = client.ask("table/incident", limit=200, query="ORDERBYsys_id")
    assert answer.headers["X-Total-Count"] == "1367"
    assert 150 < len(answer.json()["result"]) < 200


def test_a_slow_page_comes_half_with_an_error_and_status_200(client):
    client.server.break_with("slow-pages")
    answer = client.ask("table/incident", limit=1000)
    assert answer.status_code == 200
    assert len(answer.json()["result"]) == 500
    assert "maximum execution time exceeded" in answer.json()["error"]["message"]
    assert "error" not in client.ask("table/incident", limit=500).json()


def test_faults_are_mended(client):
    for fault in ("filter-ignored", "error-beside-result", "login-page"):
        client.server.break_with(fault)
    client.server.mend()
    assert len(client.rows("incident", "priority=1")) == 19


def test_an_unknown_fault_is_named_with_the_known_ones(client):
    with pytest.raises(KeyError, match="hidden-rows"):
        client.server.break_with("no-such-fault")
