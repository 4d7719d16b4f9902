"""Streams beyond the usual five, tables and columns of one's own, and what the dictionary says about them."""

import json
import os
import re
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.errors import AccessDenied, UsageError
from itss_bridge_playground.further_tables import RECOMMENDATION, SATISFACTION
from itss_bridge_playground.servicenow import FURTHER_STREAMS, STREAMS

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
SPECS = SHARED / "apis" / "specs"
JUNE = datetime(2016, 6, 1, tzinfo=UTC)
further = pytest.mark.parametrize("stream", list(FURTHER_STREAMS))
QUESTIONS = {"score": SATISFACTION, "scale": [1, 5], "recommend": RECOMMENDATION}
PROJECTS = {
    "table": "u_service_project",
    "ref": "u_contract",
    "fields": {
        "customer": "u_customer",
        "amount": "u_amount",
        "state": "u_phase",
        "started_at": "u_start",
        "ended_at": "u_end",
        "accepted_at": "u_accepted",
    },
    "states": {"1": "planned", "2": "running", "3": "completed"},
}
RELEASES = {
    "fields": {
        "outcome": "u_outcome",
        "tested": "u_tested",
        "cmdb_updated": "u_cmdb_updated",
        "backout_plan": "u_backout_plan",
    },
    "values": {
        "outcome": {
            "successful": "successful",
            "successful_issues": "successful-with-issues",
            "rolled_back": "rolled-back",
        },
        "backout_plan": {"Previous version kept.": True},
    },
}


def records(connector, stream, since=None):
    return [r for piece in connector.slices(stream, since) for page in connector.read(piece) for r in page.records]


def rows(server, table):
    found = server.tool.tables()[table]
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def valid(stream, found):
    schema = json.loads((ROOT / "schemas" / "streams" / f"{stream}.json").read_text("utf-8"))
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return found and not [error for record in found for error in validator.iter_errors(dict(record.data))]


# --- what is read, and when


def test_only_the_usual_five_are_read_unless_more_is_asked_for(connect):
    assert connect().streams() == tuple(STREAMS)
    assert connect({"request": {}, "project": PROJECTS}).streams() == (*STREAMS, "project", "request")
    assert connect({"project": PROJECTS}, read=["project", "release"]).streams() == ("project", "release")


@further
def test_a_further_stream_equals_the_truth_and_costs_two_requests_when_nothing_is_new(server, connect, stream):
    table = FURTHER_STREAMS[stream]
    connector = connect({stream: {}}, page_size=50)
    found = records(connector, stream)
    truth = server.tool.truth_of(table)
    if stream == "survey":
        surveys = {row["sys_id"] for row in rows(server, table) if row["metric_type.evaluation_method"] == "survey"}
        assert surveys < truth.keys()
        truth = {key: at for key, at in truth.items() if key in surveys}
    assert {record.id: record.changed_at for record in found} == truth
    assert len(found) == connector.count(stream).rows == len(set(connector.census(stream)))
    assert valid(stream, found)
    server.log.clear()
    connector.count(stream)
    assert records(connector, stream, server.clock.now) == []
    assert len(server.log) == 2


@further
def test_a_month_later_an_incremental_read_brings_the_copy_up_to_the_truth(server, connect, stream):
    connector = connect({stream: {}})
    copy = {record.id: record.changed_at for record in records(connector, stream)}
    since = server.clock.now
    server.clock.move_to(JUNE)
    recent = {record.id: record.changed_at for record in records(connector, stream, since)}
    assert recent
    assert copy | recent == {record.id: record.changed_at for record in records(connector, stream)}


# --- what a row becomes


def test_requests_are_approved_worked_on_and_ended(server, connect):
    raw = {row["sys_id"]: row for row in rows(server, "sc_req_item")}
    states = {"1": "new", "2": "active", "-5": "waiting", "3": "closed", "4": "closed", "7": "cancelled"}
    found = records(connect({"request": {}}), "request")
    for record in found:
        row = raw[record.id]
        assert record.ref == row["number"]
        assert record.data["state"] == states[row["state"]]
        assert (record.data["closed_at"] is not None) == (row["state"] in "347")
        assert record.data["category"] == row["cat_item.name"]
        assert record.data["requester"] == row["request.requested_for"] != ""
        assert record.data["approval"] == row["approval"]
    assert {record.data["state"] for record in found} > {"closed", "cancelled"}


def test_outages_tell_what_failed_how_and_from_when_to_when(server, connect):
    raw = {row["sys_id"]: row for row in rows(server, "cmdb_ci_outage")}
    found = records(connect({"outage": {}}), "outage")
    for record in found:
        row = raw[record.id]
        assert (record.data["service"], record.data["configuration_item"]) == (row["cmdb_ci.name"], row["cmdb_ci"])
        assert (record.data["started_at"], record.data["ended_at"]) == (instant(row["begin"]), instant(row["end"]))
        assert record.ref == f"{row['cmdb_ci.name']} {row['begin']}"
    assert {record.data["kind"] for record in found} == {"outage", "degradation", "planned"}
    items = {record.id for record in records(connect(), "configuration_item")}
    assert {record.data["configuration_item"] for record in found} <= items


def test_releases_have_plan_and_deployment_and_the_rest_when_columns_are_named(server, connect):
    plain = {r.id: r.data for r in records(connect({"release": {}}), "release")}
    named = {r.id: r.data for r in records(connect({"release": RELEASES}), "release")}
    assert valid("release", records(connect({"release": RELEASES}), "release"))
    for row in rows(server, "rm_release"):
        data = named[row["sys_id"]]
        assert plain[row["sys_id"]].items() <= (data | {"title": None}).items()
        assert (data["planned_at"], data["deployed_at"]) == (instant(row["end_date"]), instant(row["work_end"]))
        assert data["tested"] == {"true": True, "": None}[row["u_tested"]]
        assert data["backout_plan"] is (True if row["u_backout_plan"] else None)
    assert {data["outcome"] for data in named.values()} >= {"successful", "successful-with-issues", None}
    assert {data["state"] for data in named.values()} == {"building", "closed"}


def instant(text: str) -> str | None:
    return text.replace(" ", "T") + "+00:00" if text else None


def test_published_articles_are_current_approved_and_knowledge(server, connect):
    raw = {row["sys_id"]: row for row in rows(server, "kb_knowledge")}
    seen = Counter()
    for record in records(connect({"document": {}}), "document"):
        row = raw[record.id]
        published = row["workflow_state"] in ("published", "pending_retirement")
        assert record.data["approved"] is published is (record.data["status"] == "current")
        assert record.data["labels"] == ["knowledge", *filter(None, map(str.strip, row["meta"].split(",")))]
        assert "title" not in record.data
        seen.update(record.data["labels"])
        seen[record.data["status"]] += 1
        if published:
            assert record.data["approved_at"] == f"{row['published']}T00:00:00+00:00"
    assert seen["itss-prc-inc-a"] > 0
    assert min(seen["draft"], seen["current"], seen["archived"]) > 0


def test_articles_can_be_narrowed_to_the_published_ones(connect):
    found = records(connect({"document": {"query": "workflow_state=published"}}), "document")
    assert {record.data["status"] for record in found} == {"current"}


def test_surveys_are_scored_by_the_questions_that_are_named(server, connect):
    connector = connect({"survey": QUESTIONS})
    server.log.clear()
    found = records(connector, "survey")
    asked = [exchange for exchange in server.log if "asmt_metric_result" in exchange.path]
    assert len(asked) == -(-len(found) // 100)
    given = {}
    for row in rows(server, "asmt_metric_result"):
        given.setdefault(row["instance"], {})[row["metric"]] = int(row["actual_value"])
    for record in found:
        answers = given.get(record.id, {})
        score = 25.0 * (answers[SATISFACTION] - 1) if SATISFACTION in answers else None
        assert record.data.get("score") == score
        assert record.data.get("recommend") == answers.get(RECOMMENDATION)
        assert (record.data["answered_at"] is not None) == bool(answers)
    scores = [record.data["score"] for record in found if record.data.get("score") is not None]
    assert 50 < fmean(scores) < 90
    assert valid("survey", found)


def test_without_questions_surveys_have_no_score_and_cost_no_further_request(server, connect):
    assert all("score" not in record.data for record in records(connect({"survey": {}}), "survey"))
    assert not [exchange for exchange in server.log if "asmt_metric_result" in exchange.path]


def test_an_answer_beyond_its_scale_is_unknown(connect):
    for record in records(connect({"survey": QUESTIONS | {"scale": [4, 5]}}), "survey"):
        assert record.data.get("score") in (None, 0.0, 100.0)


@pytest.mark.parametrize(
    "wrong", [{"scale": [1, 5], "score": 7}, {"score": SATISFACTION}, {"score": SATISFACTION, "scale": [5, 1]},
              {"score": SATISFACTION, "scale": [1]}, {"score": "a^b", "scale": [1, 5]}]
)  # fmt: skip
def test_a_score_needs_its_question_and_its_scale(connect, wrong):
    with pytest.raises(UsageError) as caught:
        connect({"survey": wrong})
    assert caught.value.fix


# --- relations of configuration items


def test_relations_are_counted_at_both_ends_without_a_request_for_each_item(server, connect):
    connector = connect({"configuration_item": {"relations": True}})
    server.log.clear()
    found = records(connector, "configuration_item")
    asked = Counter(exchange.path.rpartition("/")[2] for exchange in server.log)
    assert asked == {"cmdb_ci": 2, "cmdb_rel_ci": 1}
    counted = Counter(row[end] for row in rows(server, "cmdb_rel_ci") for end in ("parent", "child"))
    assert {record.id: record.data["relations"] for record in found} == {r.id: counted[r.id] for r in found}
    assert sum(record.data["relations"] == 0 for record in found) == 2
    assert max(counted.values()) > 1
    assert valid("configuration_item", found)


def test_a_relation_that_goes_is_seen_by_the_next_incremental_read(server, connect):
    connector = connect({"configuration_item": {"relations": True}})
    before = {r.id: r.data["relations"] for r in records(connector, "configuration_item")}
    gone = rows(server, "cmdb_rel_ci")[0]
    del server.tool.tables()["cmdb_rel_ci"].rows[0]
    after = {r.id: r.data["relations"] for r in records(connector, "configuration_item", server.clock.now)}
    assert {key: before[key] - after[key] for key in before if before[key] != after[key]} == {
        gone["parent"]: 1, gone["child"]: 1
    }  # fmt: skip


def test_hidden_relations_are_access_denied_and_no_smaller_number(server, connect):
    table = server.tool.tables()["cmdb_rel_ci"]
    key = table.position["sys_id"]
    table.rows[0] = (*table.rows[0][:key], "f" * 31 + "7", *table.rows[0][key + 1 :])
    server.break_with("hidden-rows")
    with pytest.raises(AccessDenied, match="rows of cmdb_rel_ci are hidden"):
        records(connect({"configuration_item": {"relations": True}}), "configuration_item")


# --- tables and columns of one's own


def test_any_table_can_become_any_stream(server, connect):
    connector = connect({"project": PROJECTS})
    assert connector.check().readable["project"] == ""
    raw = {row["sys_id"]: row for row in rows(server, "u_service_project")}
    found = records(connector, "project")
    assert valid("project", found)
    for record in found:
        row = raw[record.id]
        assert record.ref == row["u_contract"]
        assert record.data["amount"] == float(row["u_amount"])
        assert record.data["state"] == {"1": "planned", "2": "running", "3": "completed"}[row["u_phase"]]
        assert record.data["started_at"] == instant(f"{row['u_start']} 00:00:00")
        assert record.data["accepted_at"] == instant(row["u_accepted"])
    assert len(found) == connector.count("project").rows == 12
    assert found[0].url == f"{server.origin}/u_service_project.do?sys_id={found[0].id}"


def test_a_field_can_be_taken_from_another_column_and_keeps_how_it_is_read(server, connect):
    [record, *_] = records(connect({"problem": {"fields": {"workaround": "fix_notes"}}}), "problem")
    assert isinstance(record.data["workaround"], bool)
    told = records(connect({"incident": {"fields": {"labels": "u_symptom"}, "ref": "sys_id"}}), "incident")
    assert {type(record.data["labels"]) for record in told} == {list}
    assert all(record.ref == record.id for record in told)


def test_a_title_column_of_ones_own_is_read_only_when_titles_are_asked_for(connect):
    table = PROJECTS | {"fields": PROJECTS["fields"] | {"title": "u_customer"}}
    assert all("title" not in record.data for record in records(connect({"project": table}), "project"))
    assert all(record.data["title"] for record in records(connect({"project": table}, titles=True), "project"))


@pytest.mark.parametrize(
    ("streams", "where"),
    [
        ({"project": {}}, "streams.project"),
        ({"project": {"table": "u_service_project"}}, "streams.project"),
        ({"projects": PROJECTS}, "streams.projects"),
        ({"project": PROJECTS | {"table": "u_service project"}}, "streams.project.table"),
        ({"project": PROJECTS | {"fields": {"colour": "u_colour"}}}, "streams.project.fields.colour"),
        ({"project": PROJECTS | {"fields": {"amount": 7}}}, "streams.project.fields.amount"),
        ({"project": PROJECTS | {"fields": ["amount"]}}, "streams.project.fields"),
        ({"project": PROJECTS | {"states": {"9": "lost"}}}, "streams.project.states"),
        ({"release": {"values": {"outcome": {"x": "successful"}}}}, "streams.release.values.outcome"),
        ({"release": RELEASES | {"values": {"outcome": {"x": "great"}}}}, "streams.release.values.outcome"),
        ({"release": RELEASES | {"values": {"tested": {"x": "yes"}}}}, "streams.release.values.tested"),
        ({"configuration_item": {"relations": "yes"}}, "streams.configuration_item.relations"),
        ({"incident": {"relations": True}}, "streams.incident"),
        ({"incident": {"ref": "number^ORDERBY"}}, "streams.incident.ref"),
    ],
)
def test_a_wrong_table_of_a_stream_is_refused_before_the_first_request(server, connect, streams, where):
    with pytest.raises(UsageError) as caught:
        connect(streams)
    assert caught.value.where == where
    assert caught.value.fix
    assert server.log == []


def test_reading_a_stream_that_has_no_table_is_refused(connect):
    with pytest.raises(UsageError, match="no table of its own for project"):
        connect(read=["project"])


def test_every_stream_table_that_the_readme_shows_is_accepted(connect):
    shown = re.findall(
        r"```toml\n(.*?)```", (ROOT / "plugins/itss-bridge-servicenow/README.md").read_text("utf-8"), re.DOTALL
    )
    streams = [tomllib.loads(text)["sources"]["servicenow"]["streams"] for text in shown]
    assert len(streams) == 2
    for tables in streams:
        assert set(tables) <= set(connect(tables).streams())


# --- the dictionary


@pytest.mark.parametrize(
    ("streams", "says"),
    [
        ({"incident": {"query": "u_companyISEMPTY"}}, "no column u_company in incident"),
        ({"incident": {"query": "priority=1^ORu_prio=1"}}, "no column u_prio in incident"),
        ({"release": {"fields": {"outcome": "u_result"}}}, "no column u_result in rm_release"),
        ({"project": PROJECTS | {"ref": "number"}}, "no column number in u_service_project"),
        ({"project": PROJECTS | {"table": "u_no_such_table"}}, "no column u_.* in u_no_such_table"),
        ({"problem": {"fields": {"requester": "u_boss.manager"}}}, "no column u_boss.manager in problem"),
    ],
)
def test_a_column_that_does_not_exist_is_named_at_once(connect, streams, says):
    with pytest.raises(UsageError, match=says):
        connect(streams).check()


def test_columns_that_a_table_inherits_are_known(server, connect):
    query = "priority=1^company=^caller_id.nameISNOTEMPTY"
    release = {"fields": {"outcome": "close_notes"}, "values": {"outcome": {"ok": "successful"}}}
    streams = {"incident": {"query": query}, "release": release, "project": PROJECTS}
    identity = connect(streams).check()
    assert set(identity.readable.values()) == {""}
    asked = [exchange.path.rpartition("/")[2] for exchange in server.log]
    assert asked == ["sys_user", "sys_db_object", "sys_dictionary"]


def test_a_denied_dictionary_stops_only_what_it_alone_could_tell(server, connect):
    server.break_with("dictionary-denied")
    assert set(connect().check().readable.values()) == {""}
    readable = connect({"incident": {"history": "sys_audit"}, "release": RELEASES, "request": {}}).check().readable
    assert "sys_dictionary cannot tell whether rm_release.u_" in readable["release"]
    assert "sys_audit" in readable["incident"]
    assert {stream for stream, reason in readable.items() if reason} == {"incident", "release"}


def test_hidden_rows_of_the_dictionary_prove_nothing(server, connect):
    table = server.tool.tables()["sys_dictionary"]
    key = table.position["sys_id"]
    table.rows[:] = [(*row[:key], f"{n:031x}7", *row[key + 1 :]) for n, row in enumerate(table.rows)]
    server.break_with("hidden-rows")
    assert set(connect().check().readable.values()) == {""}
    assert "access rules hide rows of it" in connect({"release": RELEASES}).check().readable["release"]


def test_a_column_that_may_not_be_read_is_access_denied(server, connect):
    columns = server.tool.tables()["rm_release"].columns
    connector = connect({"release": RELEASES})
    connector.check()
    del columns["u_outcome"]
    with pytest.raises(AccessDenied, match="rm_release: there is no column u_outcome"):
        records(connector, "release")


# --- how it asks

needs_shared = pytest.mark.skipif(not SPECS.is_dir(), reason=f"the vendors' descriptions are not at {SPECS}")


def documented(api: str) -> set[str]:
    spec = json.loads((SPECS / f"servicenow-{api}-api.oas3.json").read_text())
    [operation] = [path["get"] for name, path in spec["paths"].items() if name.endswith("/{tableName}")]
    return {parameter["name"] for parameter in operation["parameters"]}


@needs_shared
def test_every_request_for_further_tables_is_a_get_with_documented_parameters_only(server, connect):
    streams = {
        "incident": {"history": "sys_audit"},
        "configuration_item": {"relations": True},
        "survey": QUESTIONS,
        "project": PROJECTS,
    } | {stream: {} for stream in ("request", "release", "document", "outage")}
    connector = connect(streams, page_size=500)
    connector.check()
    for stream in connector.streams():
        records(connector, stream)
        list(connector.census(stream))
        connector.count(stream)
    # sysparm_offset is in the vendor's documentation of paging, but missing in the exported description
    allowed = {"table": documented("table") | {"sysparm_offset"}, "stats": documented("aggregate")}
    tables = set()
    for exchange in server.log:
        _, _, _, api, table = exchange.path.split("/")
        tables.add(table)
        assert exchange.method == "GET"
        assert exchange.query.keys() <= allowed[api]
        assert exchange.status == 200
    assert tables >= {*FURTHER_STREAMS.values(), "sys_audit", "cmdb_rel_ci", "asmt_metric_result", "u_service_project"}
