"""The connector against the stand-in Data Center, below its context path, over real HTTP through the guarded session."""

import json
import os
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.data import schema
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.evidence import Lake
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_jira.connector import Jira
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira as CloudSite
from itss_bridge_playground.jira_dc import JiraDataCenter, user_key
from itss_bridge_playground.jira_issues import Issue, Step, accounts
from itss_bridge_playground.server import Answer, Request, ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED") or Path(__file__).parents[4] / "shared")
SPECIFICATION = SHARED / "apis" / "specs" / "jira-dc-10.3.oas3.json"
MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)
STREAMS = {
    "incident": {"jql": "project = OPS AND issuetype = Incident"},
    "request": {"jql": "project = OPS AND issuetype = 服务请求"},
    "problem": {"jql": "project = OPS AND issuetype = Problem"},
    "change": {"jql": "project = OPS AND issuetype = Change"},
}
ALL = {"request": {"jql": "project = OPS"}}


@dataclass
class Recorder:
    """The stand-in, with everything that went through it kept."""

    tool: JiraDataCenter
    name: str = "jira"
    exchanges: list[tuple[Request, Answer]] = field(default_factory=list)

    def answer(self, request, origin):
        answer = self.tool.answer(request, origin)
        self.exchanges.append((request, deepcopy(answer)))
        return answer

    def searches(self):
        return [request.json() for request, _answer in self.exchanges if request.path.endswith("/search")]


@pytest.fixture
def site():
    clock = Clock(MAY)
    recorder = Recorder(JiraDataCenter(clock))
    with ToolServer(recorder, clock) as server:
        yield SimpleNamespace(
            server=server, recorder=recorder, tool=recorder.tool, clock=clock, url=f"{server.origin}/jira"
        )


def connect(site, streams=None, *, credentials=None, **config):
    def impatient(seconds):
        pytest.fail(f"it waits {seconds} s")

    credentials = credentials or Credentials.bearer("playground")
    http = GuardedSession(site.url, credentials=credentials, read_posts=Jira.read_posts, sleep=impatient)
    return Jira({"url": site.url, "deployment": "data-center", **config}, http, streams or STREAMS)


def read(connector, stream, since=None):
    pages = [page for piece in connector.slices(stream, since) for page in connector.read(piece)]
    records = [record for page in pages for record in page.records]
    found = {record.id: record for record in records}
    assert len(found) == len(records), "a record came twice"
    return found


def times(records):
    return {one: record.changed_at for one, record in records.items()}


# ---- everything, once, as it is ----


@pytest.mark.parametrize("stream", STREAMS)
def test_every_issue_is_read_once_and_fits_the_schema(site, stream):
    records = read(connect(site), stream)
    assert times(records) == site.tool.truth()[stream]
    judge = Draft202012Validator(schema(f"streams/{stream}"), format_checker=FormatChecker())
    for record in records.values():
        judge.validate(dict(record.data))
        assert record.url == f"{site.url}/browse/{record.ref}"


@pytest.mark.parametrize("stream", [*STREAMS, "sla"])
def test_the_same_issues_make_the_same_records_as_in_the_cloud(site, stream):
    clock = Clock(MAY)
    streams = {**STREAMS, "sla": ALL["request"]}
    with ToolServer(CloudSite(clock), clock) as server:
        credentials = Credentials.basic("bridge@acme.example", "playground")
        http = GuardedSession(server.origin, credentials=credentials, read_posts=Jira.read_posts)
        cloud = read(Jira({"url": server.origin}, http, streams), stream)
    here = read(connect(site, streams), stream)
    keys = {one: user_key(one) for one in accounts(7)}
    for one, record in cloud.items():
        data = dict(record.data)
        data |= {name: keys[data[name]] for name in ("assignee", "requester") if data.get(name)}
        if data.get("configuration_items"):
            data["configuration_items"] = [f"CMDB-{number}" for number in data["configuration_items"]]
        assert (here[one].ref, here[one].changed_at, dict(here[one].data)) == (record.ref, record.changed_at, data)
    assert here.keys() == cloud.keys()
    assert any(record.data.get("history") for record in here.values()) or stream == "sla"


def test_what_changed_besides_the_four_fields_we_use_is_not_kept(site):
    records = read(connect(site), "problem")
    logged = [item for request, answer in site.recorder.exchanges if request.path.endswith("/search")
              for issue in answer.body["issues"] for entry in issue.get("changelog", {"histories": ()})["histories"]
              for item in entry["items"]]  # fmt: skip
    assert "Root cause" in {item["field"] for item in logged}
    kept = {entry["field"] for record in records.values() for entry in record.data["history"]}
    assert kept == {"status", "resolution", "assignee"}


# ---- the walk ----


def starts(site):
    return [(asked.get("startAt", 0), asked["maxResults"]) for asked in site.recorder.searches()]


@pytest.mark.parametrize("most", [1, 2, 7, 100, 1000])
def test_however_short_the_server_makes_its_pages_all_is_read_without_offsets(site, most):
    site.tool.most, site.tool.window = most, 1000
    truth = site.tool.truth()["problem"]
    connector = connect(site)
    assert sorted(connector.census("problem")) == sorted(truth)
    assert times(read(connector, "problem")) == truth
    assert {start for start, _most in starts(site)} <= ({0} if most > 1 else {0, 1})


def same_minute(site, count):
    """Issues of one minute, as a bulk import makes them; the first of them is number 1."""
    at = datetime(2016, 3, 3, 3, 3, tzinfo=UTC)
    pattern = next(issue for issue in site.tool.issues if issue.kind == "Problem").steps[0].values
    site.tool.issues = [
        Issue("Problem", at + timedelta(milliseconds=n), [Step(at + timedelta(milliseconds=n), "a", pattern)], n)
        for n in range(1, count + 1)
    ]
    return {issue.id for issue in site.tool.issues}


def test_a_minute_that_fills_a_page_is_walked_by_offset_inside_the_window(site):
    ids = same_minute(site, 60)
    site.tool.most = 25
    assert set(connect(site).census("problem")) == ids
    assert [start for start, _most in starts(site)] == [0, 0, 25, 50]


def test_more_issues_in_one_minute_than_search_can_show_are_an_error_not_a_cut(site):
    same_minute(site, 10_001)
    with pytest.raises(SourceUnavailable, match="in the minute"):
        list(connect(site).census("problem"))
    assert all(start + most <= 10_000 for start, most in starts(site))


def test_a_smaller_window_than_we_know_of_is_refused_aloud(site):
    same_minute(site, 60)
    site.tool.most, site.tool.window = 25, 40
    with pytest.raises(SourceUnavailable, match="Search limit exceeded"):
        list(connect(site).census("problem"))


def test_a_thousand_issues_to_a_page_never_come_near_the_window(site):
    site.tool.most = 50
    for stream in STREAMS:
        read(connect(site), stream)
    asked = starts(site)
    assert len(asked) > 10
    assert max(start + most for start, most in asked) <= 1000


def test_issues_that_leave_while_the_walk_goes_on_move_nothing(site):
    """With offsets, each issue that leaves the first page makes another one slip through at the next."""
    site.tool.most = 20
    ids = sorted(site.tool.truth()["problem"], key=int)

    def leaving(request, answer):
        if b'"created"' in request.body:
            site.tool.issues = [issue for issue in site.tool.issues if issue.id not in ids[:10]]
        return answer

    site.server.faults["leaving"] = leaving
    assert list(connect(site).census("problem")) == ids


def test_an_issue_deleted_between_walk_and_fetch_is_missing_and_nothing_else_is(site):
    connector = connect(site)
    piece = connector.slices("problem", None)[0]
    lost = piece.where["ids"][3]
    site.tool.issues = [issue for issue in site.tool.issues if issue.id != lost]
    records = [record for page in connector.read(piece) for record in page.records]
    assert set(piece.where["ids"]) - {record.id for record in records} == {lost}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda body: body | {"issues": []}, "counts more issues than it shows"),
        (lambda body: body | {"total": None}, "'total' is no number"),
        (lambda body: {name: value for name, value in body.items() if name != "issues"}, "no 'issues'"),
        (lambda body: body | {"warningMessages": ["The value 'X' does not exist"]}, "does not exist"),
    ],
)
def test_a_walk_that_cannot_be_complete_is_refused(site, spoil, message):
    def spoilt(_request, answer):
        answer.body = spoil(answer.body)
        return answer

    site.server.faults["spoilt"] = spoilt
    with pytest.raises(SourceUnavailable, match=message):
        connect(site).slices("problem", None)


def test_a_shortened_changelog_is_refused(site):
    def shortened(request, answer):
        for issue in answer.body["issues"] if request.path.endswith("/search") else ():
            if "changelog" in issue:
                del issue["changelog"]["histories"][1:]
        return answer

    site.server.faults["shortened"] = shortened
    with pytest.raises(SourceUnavailable, match="only a part of its changelog"):
        read(connect(site), "request")


# ---- time ----


ZONES = ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Shanghai", "America/St_Johns", "Europe/Berlin"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_accounts_time_zone_loses_nothing(site, zone):
    site.tool.time_zone = zone
    site.clock.move_to(JUNE)
    truth = site.tool.truth()["request"]
    connector = connect(site)
    assert connector.check().time_zone == zone
    for updated in sorted(truth.values())[-40:]:
        found = {one for piece in connector.slices("request", updated) for one in piece.where["ids"]}
        assert found == {one for one, at in truth.items() if at >= updated.replace(second=0, microsecond=0)}


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_that_only_jira_knows_costs_a_day_more_and_loses_nothing(site, zone):
    site.tool.time_zone = zone

    def unknown(request, answer):
        if request.path.endswith("/myself"):
            answer.body["timeZone"] = "GMT+08:00 (own)"
        return answer

    site.server.faults["unknown"] = unknown
    truth = site.tool.truth()["request"]
    for updated in sorted(truth.values())[-40::9]:
        fresh = times(read(connect(site), "request", updated))
        assert {one: at for one, at in truth.items() if at >= updated}.items() <= fresh.items()
        assert min(fresh.values()) >= updated - timedelta(hours=27)
    site.tool.most = 3
    assert set(connect(site).census("problem")) == set(site.tool.truth()["problem"])


def test_an_hour_that_comes_twice_is_read_from_its_beginning(site):
    """In Berlin it is 02:30 twice on 2015-10-25: an issue changed in the first hour must not be taken for old."""
    site.tool.time_zone = "Europe/Berlin"
    first = datetime(2015, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    connector = connect(site)
    connector.slices("request", first)
    assert 'updated >= "2015-10-25 01:30"' in site.recorder.searches()[0]["jql"]
    connector.slices("request", first + timedelta(hours=1))
    assert 'updated >= "2015-10-25 02:30"' in site.recorder.searches()[1]["jql"]


# ---- through the engine ----


def sync(connector, lake, run):
    job = SourceRun(
        source="jira",
        connector=connector,
        run=run,
        pseudonym=lambda person: f"p-{person[-4:]}",
        clock=lambda identity: identity.server_time if identity else MAY,
        watch=lambda *_progress: None,
    )
    return sync_source(job, lake)


def test_a_month_goes_by_and_what_is_held_equals_the_tool_both_times(site, tmp_path):
    lake = Lake(tmp_path)
    for moment in (MAY, JUNE):
        site.clock.move_to(moment)
        before = len(site.recorder.exchanges)
        outcomes = sync(connect(site), lake, f"{moment:%m}")
        for stream, known in site.tool.truth().items():
            assert (outcomes[stream].state, outcomes[stream].seen) == ("complete", len(known))
    assert sum(outcome.changed for outcome in outcomes.values()) > 0
    assert len(site.recorder.exchanges) - before < 30
    again = sync(connect(site), lake, "again")
    assert {(o.state, o.new, o.changed, o.removed) for o in again.values()} == {("complete", 0, 0, 0)}


def test_a_deleted_issue_is_marked_removed(site, tmp_path):
    lake = Lake(tmp_path)
    sync(connect(site), lake, "a")
    lost = next(issue for issue in site.tool.issues if issue.id in site.tool.truth()["change"])
    site.tool.issues.remove(lost)
    outcome = sync(connect(site), lake, "b")["change"]
    assert (outcome.state, outcome.removed) == ("complete", 1)


def test_a_change_that_the_index_showed_too_late_is_caught_by_the_next_sync(site, tmp_path):
    site.tool.index_lag = timedelta(minutes=4)
    lake = Lake(tmp_path)
    soon = timedelta(hours=2)
    requests = [issue for issue in site.tool.issues if issue.kind == "服务请求"]
    changed = next(i.steps[1].at for i in requests if MAY < i.created < i.steps[1].at - soon)
    site.clock.move_to(changed - timedelta(hours=1))
    sync(connect(site), lake, "before")
    site.clock.move_to(changed + timedelta(minutes=1))
    assert sync(connect(site), lake, "too early")["request"].changed == 0
    site.clock.move_to(changed + timedelta(minutes=5, seconds=30))
    assert sync(connect(site), lake, "overlap")["request"].changed == 1


# ---- who asks ----


def test_the_check_names_account_zone_and_clock_in_two_requests(site):
    identity = connect(site).check()
    assert identity.account == user_key(accounts(7)[0])
    assert (identity.time_zone, identity.server_time) == ("Asia/Shanghai", MAY)
    assert set(identity.readable.values()) == {""}
    assert len(site.recorder.exchanges) == 2


def test_a_query_that_jira_does_not_take_is_named_and_the_others_stay_readable(site):
    identity = connect(site, {**STREAMS, "problem": {"jql": "project = SECRET"}}).check()
    assert "SECRET" in identity.readable["problem"]
    assert [stream for stream, reason in identity.readable.items() if not reason] == ["incident", "request", "change"]


def test_the_context_path_is_on_every_request_and_nothing_but_search_is_posted_to(site):
    connector = connect(site)
    connector.check()
    for stream in STREAMS:
        connector.count(stream)
        read(connector, stream)
        list(connector.census(stream))
    for request, answer in site.recorder.exchanges:
        assert request.path.startswith("/jira/rest/api/2/")
        assert request.method == "GET" or request.path.endswith("/search")
        assert answer.status == 200


def test_a_password_opens_it_as_well_as_a_personal_access_token(site):
    basic = Credentials.basic("bridge@acme.example", "playground")
    assert len(read(connect(site, credentials=basic), "change")) == len(site.tool.truth()["change"])


def asks(connector):
    return [connector.check, lambda: connector.slices("change", None), lambda: connector.count("change")]


@pytest.mark.parametrize("credentials", [Credentials.bearer("stolen"), Credentials.basic("bridge", "wrong")])
def test_wrong_credentials_are_access_denied_though_the_answer_is_a_web_page(site, credentials):
    for ask in asks(connect(site, credentials=credentials)):
        with pytest.raises(AccessDenied):
            ask()


@pytest.mark.parametrize("quirk", ["captcha", "signed-out"])
def test_to_be_taken_for_nobody_is_access_denied_and_no_empty_result(site, quirk):
    site.tool.quirks[quirk] = True
    for ask in asks(connect(site)):
        with pytest.raises(AccessDenied):
            ask()


@pytest.mark.parametrize("fault", ["login-page", "not-found"])
def test_a_sign_on_page_or_a_wrong_address_is_no_empty_result(site, fault):
    if fault == "login-page":
        site.server.break_with(fault)
    else:
        site.url = f"{site.server.origin}/tickets"
    for ask in asks(connect(site)):
        with pytest.raises(SourceUnavailable):
            ask()


# ---- the vendor's description ----


@cache
def specification():
    if not SPECIFICATION.is_file():
        pytest.skip(f"the vendor's API description is not kept here: {SPECIFICATION}")
    described = json.loads(SPECIFICATION.read_text("utf-8"))
    # a known defect: fields are declared as objects, and are texts, numbers, lists and nulls too
    described["components"]["schemas"]["IssueBean"]["properties"]["fields"] = {"type": "object"}
    # declared as texts, and null where there is nothing, as the vendor's own servers answer
    for name in ("from", "fromString", "to", "toString"):
        described["components"]["schemas"]["ChangeItemBean"]["properties"][name] = {"type": ["string", "null"]}
    return described


def check(rule, value):
    Draft202012Validator({"components": specification()["components"], **rule}).validate(value)


def test_all_that_a_sync_sends_and_gets_fits_the_description(site):
    specification()
    connector = connect(site, {**STREAMS, "sla": ALL["request"]}, titles=True)
    connector.check()
    for stream in connector.streams():
        connector.count(stream)
        read(connector, stream)
    asked = set()
    for request, answer in site.recorder.exchanges:
        path = request.path.removeprefix("/jira/rest")
        described = specification()["paths"][path][request.method.lower()]
        asked.add(path)
        if request.method == "POST":
            rule = described["requestBody"]["content"]["application/json"]["schema"]
            check(rule, request.json())
            named = specification()["components"]["schemas"]["SearchRequestBean"]["properties"]
            assert set(request.json()) <= set(named)
        rule = described["responses"]["200"]["content"]["application/json"]["schema"]
        # another known defect: lists are declared as one of their items
        for body in answer.body if isinstance(answer.body, list) else [answer.body]:
            check(rule, body)
    assert asked == {"/api/2/myself", "/api/2/search", "/api/2/field", "/api/2/status"}
