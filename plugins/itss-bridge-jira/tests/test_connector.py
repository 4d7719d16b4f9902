"""The connector against the stand-in Jira, over real HTTP through the guarded session."""

import itertools
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge_jira import itss_bridge_connectors
from itss_bridge_jira.connector import Jira

MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)
SCHEMAS = Path(__file__).parents[3] / "schemas" / "streams"
JQL = {"problem": "project = OPS AND issuetype = Problem"}
STREAMS = ("incident", "request", "problem", "change")


def valid(stream):
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("stream", STREAMS)
def test_every_issue_is_read_once_with_its_update_time_and_fits_the_schema(bench, read, stream):
    everything, by_id = read
    records = by_id(everything(bench.connector(), stream))
    assert {one: record.changed_at for one, record in records.items()} == bench.tool.truth()[stream]
    validator = valid(stream)
    for record in records.values():
        validator.validate(dict(record.data))
        assert record.ref.startswith("OPS-")
        assert record.url == f"{bench.server.origin}/browse/{record.ref}"


@pytest.mark.parametrize("stream", STREAMS)
def test_after_the_clock_moved_the_changed_issues_are_exactly_what_is_read(bench, read, stream):
    everything, by_id = read
    connector = bench.connector()
    held = by_id(everything(connector, stream))
    bench.clock.move_to(JUNE)
    truth = bench.tool.truth()[stream]
    fresh = by_id(everything(connector, stream, MAY))
    assert set(fresh) == {one for one, at in truth.items() if at >= MAY}
    assert {one: record.changed_at for one, record in (held | fresh).items()} == truth
    whole = by_id(everything(connector, stream))
    assert {one: record.data for one, record in (held | fresh).items()} == {o: r.data for o, r in whole.items()}


def test_a_sync_without_change_costs_two_requests_a_stream(bench):
    connector = bench.connector()
    bench.recorder.exchanges.clear()
    for stream in STREAMS:
        assert connector.slices(stream, MAY) == []
        assert connector.count(stream).rows == len(bench.tool.truth()[stream])
    assert bench.paths() == ["search/jql", "search/approximate-count"] * len(STREAMS)


@pytest.mark.parametrize("cap", [1, 3, 33, 100])
def test_short_pages_lose_and_double_nothing(bench, read, cap):
    everything, by_id = read
    bench.tool.page_cap = cap
    records = by_id(everything(bench.connector(), "problem"))
    assert set(records) == set(bench.tool.truth()["problem"])
    bench.tool.page_cap = None
    assert records == by_id(everything(bench.connector(), "problem"))


def test_slices_say_how_many_records_they_hold(bench):
    pieces = bench.connector().slices("request", None)
    assert [piece.expected for piece in pieces] == [len(piece.where["ids"]) for piece in pieces]
    assert sum(piece.expected for piece in pieces) == len(bench.tool.truth()["request"])


def test_a_changelog_longer_than_a_page_is_read_to_its_end(bench, read):
    everything, _by_id = read
    bench.tool.page_cap = 100
    whole = everything(bench.connector(), "change")
    asked = bench.paths().count("changelog/bulkfetch")
    assert asked > 3
    bench.tool.page_cap = None
    bench.recorder.exchanges.clear()
    assert whole == everything(bench.connector(), "change")
    assert bench.paths().count("changelog/bulkfetch") == 1


def test_an_empty_page_with_a_token_is_not_the_end(bench):
    first = iter([True])

    def empty_first(request, answer):
        if request.path.endswith("search/jql") and next(first, False):
            answer.body = answer.body | {"issues": []}
        return answer

    bench.tool.page_cap = 30
    ids = sorted(bench.tool.truth()["change"], key=int)
    bench.server.faults["empty first page"] = empty_first
    assert list(bench.connector().census("change")) == ids[30:]


def test_a_repeated_page_token_ends_in_an_error_not_in_a_circle(bench):
    def forgetful(request, answer):
        body = json.loads(request.body)
        if body.pop("nextPageToken", None):
            again = type(request)(
                request.method, request.path, request.query, request.headers, json.dumps(body).encode()
            )
            answer = bench.tool.answer(again, bench.server.origin)
        answer.body = answer.body | {"nextPageToken": "again", "isLast": False}
        return answer

    bench.server.faults["repeated token"] = forgetful
    with pytest.raises(SourceUnavailable, match="same page token"):
        bench.connector().slices("change", None)
    assert len(bench.paths()) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"isLast": False, "nextPageToken": None}, "more pages are announced"),
        ({"warningMessages": ["The value 'X' does not exist"]}, "does not exist"),
        ({"issues": None}, "no 'issues'"),
    ],
)
def test_an_answer_that_cannot_be_complete_is_refused(bench, change, message):
    def spoil(_request, answer):
        answer.body = answer.body | change
        return answer

    bench.server.faults["spoilt"] = spoil
    with pytest.raises(SourceUnavailable, match=message):
        bench.connector().slices("change", None)


def test_an_issue_that_vanishes_between_walk_and_fetch_is_missing_and_nothing_else_is(bench, read):
    _everything, by_id = read
    connector = bench.connector()
    piece = connector.slices("problem", None)[0]
    lost = piece.where["ids"][3]

    def deleted(request, answer):
        if request.path.endswith("issue/bulkfetch"):
            answer.body = answer.body | {"issues": [i for i in answer.body["issues"] if i["id"] != lost]}
        return answer

    bench.server.faults["deleted"] = deleted
    records = by_id([record for page in connector.read(piece) for record in page.records])
    assert set(piece.where["ids"]) - set(records) == {lost}


def test_an_issue_that_jira_could_not_give_at_once_is_asked_for_again(bench, read):
    everything, by_id = read
    calls = itertools.count()
    late = sorted(bench.tool.truth()["problem"])[2]

    def busy(request, answer):
        if request.path.endswith("issue/bulkfetch") and next(calls) == 0:
            kept = [issue for issue in answer.body["issues"] if issue["id"] != late]
            answer.body = {"issues": kept, "issueErrors": [{"id": late, "errorMessage": "try again"}]}
        return answer

    bench.server.faults["busy"] = busy
    assert set(by_id(everything(bench.connector(), "problem"))) == set(bench.tool.truth()["problem"])
    assert next(calls) == 2


def test_an_issue_moved_to_another_project_keeps_its_id(bench, read):
    everything, by_id = read

    def moved(request, answer):
        if request.path.endswith("issue/bulkfetch"):
            answer.body["issues"][0]["key"] = "NEW-1"
        return answer

    bench.server.faults["moved"] = moved
    records = by_id(everything(bench.connector(), "problem"))
    assert set(records) == set(bench.tool.truth()["problem"])
    assert "NEW-1" in {record.ref for record in records.values()}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Shanghai"])
def test_the_accounts_time_zone_neither_loses_nor_shifts_anything(bench, read, zone):
    everything, by_id = read
    bench.tool.time_zone = zone
    bench.clock.move_to(JUNE)
    truth = bench.tool.truth()["request"]
    connector = bench.connector()
    assert connector.check().time_zone == zone
    since = MAY + timedelta(hours=7, milliseconds=431)
    fresh = by_id(everything(connector, "request", since))
    assert {one: record.changed_at for one, record in fresh.items()} == {
        o: at for o, at in truth.items() if at >= since
    }
    bench.tool.time_zone = "UTC"
    assert fresh == by_id(everything(connector, "request", since))


def test_changelog_times_given_as_epoch_numbers_are_understood(bench, read):
    everything, _by_id = read
    plain = everything(bench.connector(), "change")

    def numbers(request, answer):
        if request.path.endswith("changelog/bulkfetch"):
            for log in answer.body["issueChangeLogs"]:
                for entry in log["changeHistories"]:
                    entry["created"] = round(datetime.fromisoformat(entry["created"]).timestamp() * 1000)
        return answer

    bench.server.faults["numbers"] = numbers
    assert everything(bench.connector(), "change") == plain


def test_a_sign_on_page_is_no_empty_result(bench):
    bench.server.break_with("login-page")
    connector = bench.connector()
    for ask in (connector.check, lambda: connector.slices("change", None), lambda: connector.count("change")):
        with pytest.raises(SourceUnavailable, match="web page"):
            ask()


def test_wrong_credentials_are_refused_access(bench):
    with pytest.raises(AccessDenied):
        bench.connector(secret="wrong").check()


def test_the_librarys_client_leaves_the_sessions_credentials_alone(bench):
    connector = bench.connector()
    assert connector.check().account.startswith("712020:")
    assert "Authorization" not in connector.http.headers
    assert connector._tool.client.backoff_and_retry is False
    assert logging.getLogger("atlassian.rest_client").getEffectiveLevel() == logging.WARNING


def test_check_tells_who_when_and_which_streams_can_be_read_in_two_requests(bench):
    streams = {"change": {"jql": "project = OPS"}, "problem": {"jql": "project = SECRET"}}
    identity = bench.connector(streams=streams).check()
    assert identity.server_time == MAY
    assert identity.time_zone == "Asia/Shanghai"
    assert identity.readable["change"] == ""
    assert "SECRET" in identity.readable["problem"]
    assert bench.paths() == ["myself", "jql/parse"]


def test_resolution_and_reopening_come_from_the_changelog(bench, read):
    everything, by_id = read
    bench.clock.move_to(datetime(2016, 12, 31, tzinfo=UTC))
    records = by_id(everything(bench.connector(waiting=["Waiting for customer"]), "request"))
    assert sum(record.data["reopen_count"] for record in records.values()) > 5
    for issue in bench.tool.issues:
        if issue.kind != "服务请求":
            continue
        data, values = records[issue.id].data, issue.values(bench.clock.now)
        expected = values.get("resolutiondate")
        assert data["resolved_at"] == (expected.isoformat() if expected else None)
        assert data["opened_at"] == issue.created.isoformat()
        assert data["acknowledged_at"] == issue.steps[1].at.isoformat()
        assert (data["state"] in {"closed", "cancelled"}) is (expected is not None)


def test_waiting_counts_finished_waits_in_the_named_statuses_only(bench, read):
    everything, _by_id = read
    streams = {"incident": {"jql": 'project = OPS AND issuetype = "服务请求"'}}
    bench.clock.move_to(datetime(2016, 12, 31, tzinfo=UTC))
    assert {r.data["waiting_seconds"] for r in everything(bench.connector(streams=streams), "incident")} == {None}
    waited = {
        r.ref: r.data["waiting_seconds"]
        for r in everything(bench.connector(streams=streams, waiting=["10012"]), "incident")
    }
    for issue in bench.tool.issues:
        if issue.kind == "服务请求":
            moves = [step for step in issue.steps if "status" in step.values]
            pauses = [b.at - a.at for a, b in itertools.pairwise(moves) if a.values["status"] == "10012"]
            assert waited[issue.key] == sum(pauses, timedelta()).total_seconds()
    assert any(waited.values())


def test_changes_show_type_outcome_approval_and_when_work_began(bench, read):
    everything, _by_id = read
    data = [record.data for record in everything(bench.connector(), "change")]
    assert {row["type"] for row in data} == {"standard", "normal", "emergency"}
    assert {"successful", "unsuccessful", "rolled-back"} <= {row["outcome"] for row in data}
    began = [row for row in data if row["started_at"]]
    early = [row for row in began if not row["approved_at"] or row["approved_at"] > row["started_at"]]
    assert len(early) == 2
    assert {row["approval"] for row in early} == {"approved", "not-requested"}
    assert all(row["ended_at"] > row["started_at"] for row in began if row["state"] == "closed")
    assert all(row["review_done"] for row in began if row["state"] == "closed")
    assert {row["state"] for row in data} >= {"closed", "cancelled"}
    assert {row["backout_plan"] for row in data} == {True, False}


def test_without_a_state_table_an_unfinished_changes_state_is_unknown_not_guessed(bench, read):
    everything, _by_id = read
    bench.clock.move_to(JUNE)
    streams = {"change": {"jql": "project = OPS AND issuetype = Change"}}
    data = [record.data for record in everything(bench.connector(streams=streams), "change")]
    assert {row["state"] for row in data} == {"closed", "cancelled", None}
    assert {row["started_at"] for row in data} == {None}


def test_problems_know_their_root_cause_and_their_incidents(bench, read):
    everything, _by_id = read
    problems = {record.ref: record.data for record in everything(bench.connector(), "problem")}
    assert {row["root_cause_known"] for row in problems.values()} == {True, False}
    assert {row["known_error"] for row in problems.values()} == {None}
    incidents = {record.ref: record for record in everything(bench.connector(), "incident")}
    joined = {ref for row in problems.values() for ref in row["incidents"]}
    assert joined
    assert joined <= set(incidents)
    assert any(record.data["caused_by"] for record in incidents.values())
    assert all(record.data["problem"] in bench.tool.truth()["problem"] for record in incidents.values())


def test_summaries_are_asked_for_only_when_wanted(bench, read):
    everything, _by_id = read
    assert {record.data["title"] for record in everything(bench.connector(), "problem")} == {None}
    asked = [json.loads(r.body) for r, _a in bench.recorder.exchanges if r.path.endswith("issue/bulkfetch")]
    assert all("summary" not in body["fields"] for body in asked)
    assert all(record.data["title"] for record in everything(bench.connector(titles=True), "problem"))


def test_who_a_ticket_moved_between_is_not_kept_in_its_history(bench, read):
    everything, _by_id = read
    entries = [entry for record in everything(bench.connector(), "incident") for entry in record.data["history"]]
    moved = [entry for entry in entries if entry["field"] == "assignee"]
    assert moved
    assert all(entry["to"] is None for entry in moved)
    assert any(entry["field"] == "status" and entry["to"] == "In Progress" for entry in entries)


def test_fields_are_chosen_by_name_or_id_and_words_by_the_organisations_table(bench, read):
    everything, _by_id = read
    table = {
        "jql": "project = OPS AND issuetype = Change",
        "fields": {"service": "模块", "risk": "customfield_10011", "backout_plan": ""},
        "values": {"type": {"标准变更": "normal"}},
    }
    data = [record.data for record in everything(bench.connector(streams={"change": table}), "change")]
    assert "数据库平台" in {row["service"] for row in data}
    assert {row["risk"] for row in data} == {"低", "中", "高"}
    assert {row["backout_plan"] for row in data} == {None}
    assert {row["type"] for row in data} == {"normal", "emergency"}


def test_two_fields_of_one_name_must_be_told_apart_by_the_user(bench):
    def twin(request, answer):
        if request.path.endswith("/field"):
            answer.body = [*answer.body, {"id": "customfield_99999", "name": "Change Type", "custom": True}]
        return answer

    bench.server.faults["twin"] = twin
    connector = bench.connector()
    with pytest.raises(UsageError, match="2 Jira fields could be 'type'"):
        list(connector.read(connector.slices("change", None)[0]))


@pytest.mark.parametrize(
    ("streams", "config", "message"),
    [
        ({"release": {"jql": "project = OPS"}}, {}, "gives no 'release'"),
        ({"change": {}}, {}, "needs a query"),
        ({"change": {"jql": "project = OPS order  by id"}}, {}, "must not be ordered"),
        ({"change": {"jql": "project = OPS", "jsql": "x"}}, {}, "'jsql' is not a key"),
        ({"change": {"jql": "project = OPS", "values": {"outcom": {}}}}, {}, "no words are looked up for 'outcom'"),
        ({"change": {"jql": "project = OPS", "values": {"category": {"a": "b"}}}}, {}, "looked up for 'category'"),
        ({"change": {"jql": "project = OPS", "values": {"type": "normal"}}}, {}, "no table of words"),
        ({"change": {"jql": "project = OPS", "values": {"type": {"一般": "usual"}}}}, {}, "'一般' cannot mean 'usual'"),
        ({"change": {"jql": "project = OPS", "values": {"priority": {"P0": 0}}}}, {}, "'P0' cannot mean 0"),
        ({"sla": {"jql": "project = OPS", "values": {"state": {"Open": "new"}}}}, {}, "looked up for 'state'"),
        ({"incident": {"jql": "project = OPS", "values": {"resolution": {"撤回": "yes"}}}}, {}, "cannot mean 'yes'"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_asked(bench, streams, config, message):
    with pytest.raises(UsageError, match=message):
        bench.connector(streams=streams, **config)
    assert bench.paths() == []


@pytest.mark.parametrize(
    ("values", "config", "where"),
    [
        ({"state": {"待评估": "assess", "Waiting for godot": "review"}}, {}, "streams.change.values.state"),
        ({"state": {"99999": "assess"}}, {}, "streams.change.values.state"),
        ({}, {"waiting": ["Waiting for godot"]}, "waiting"),
    ],
)
def test_a_status_that_the_site_does_not_have_is_named(bench, values, config, where):
    streams = {"change": {"jql": "project = OPS", "values": values}}
    connector = bench.connector(streams=streams, **config)
    with pytest.raises(UsageError, match="Jira has no status") as caught:
        list(connector.read(connector.slices("change", None)[0]))
    assert caught.value.where == where
    assert "待评估" in caught.value.fix


@pytest.mark.parametrize("name", ["10009", "Known Error", "known ERROR"])
def test_a_status_is_known_by_its_id_and_by_its_name_however_it_is_written(bench, read, name):
    everything, _by_id = read
    table = {"jql": JQL["problem"], "values": {"state": {name: "resolved"}}}
    records = everything(bench.connector(streams={"problem": table}), "problem")
    states = {record.data["state"] for record in records if record.data["tool_state"] == "Known Error"}
    assert states == {"resolved"}


def test_a_full_read_takes_about_as_many_requests_as_it_is_planned_for(bench, read):
    everything, _by_id = read
    connector = bench.connector()
    read_now = len(everything(connector, "request"))
    requests = len([path for path in bench.paths() if path.endswith("bulkfetch")])
    assert requests - 2 < read_now / connector.rows_per_request <= requests


def test_a_word_inside_quotes_does_not_order_the_query(bench):
    bench.connector(streams={"change": {"jql": 'project = OPS AND summary ~ "order by"'}})


def test_a_field_that_does_not_exist_is_named(bench):
    streams = {"change": {"jql": "project = OPS", "fields": {"risk": "Danger"}}}
    connector = bench.connector(streams=streams)
    with pytest.raises(UsageError, match="no field 'Danger'"):
        list(connector.read(connector.slices("change", None)[0]))


def test_the_entry_point_gives_the_connector_and_its_schema_is_valid():
    assert itss_bridge_connectors() == [Jira]
    Draft202012Validator.check_schema(Jira.config_schema)
