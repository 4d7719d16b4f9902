"""SLA cycles: out of the field where Jira shows it, else request by request; never fewer than there are."""

import json
import os
from datetime import UTC, datetime, timedelta
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
from itss_bridge_playground.jira import Jira as Cloud
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.jira_view import CLOCKED, View
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.service_desk import REQUESTS

MAY = datetime(2016, 5, 1, tzinfo=UTC)
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parents[4] / "shared"))
SPECIFICATION = SHARED / "apis" / "specs" / "jsm-cloud.oas3.json"
SLA = {"sla": {"jql": "project = OPS"}}
CUSTOMERS = {"sla": {"jql": "project = OPS AND issuetype in (Incident, 服务请求)"}}
JUDGE = Draft202012Validator(schema("streams/sla"), format_checker=FormatChecker())


def test_sla_cycles_are_records_of_their_own(bench, read):
    everything, by_id = read
    connector = bench.connector(streams=SLA)
    records = by_id(everything(connector, "sla"))
    assert set(connector.census("sla")) == set(records)
    assert connector.count("sla") is None
    for record in records.values():
        JUDGE.validate(dict(record.data))
    data = [record.data for record in records.values()]
    assert {row["target"] for row in data} == {"response", "resolution"}
    assert {row["task_kind"] for row in data} == {"incident", "request"}
    assert {row["task"] for row in data} == set(bench.tool.truth()["request"]) | set(bench.tool.truth()["incident"])
    assert {row["breached"] for row in data if row["stage"] == "completed"} == {True, False}


def test_a_running_clock_says_nothing_that_could_turn_false_by_itself(bench, read):
    everything, _by_id = read
    connector = bench.connector(streams=SLA)
    running = [record for record in everything(connector, "sla") if record.data["stage"] != "completed"]
    assert running
    bench.clock.move_to(MAY + timedelta(seconds=1))
    later = {record.id: record for record in everything(connector, "sla")}
    for record in running:
        assert record.data["breached"] is not False
        if later[record.id].changed_at == record.changed_at:
            assert later[record.id].data == record.data


# ---- request by request ----


@pytest.fixture(params=["cloud", "data-center"])
def site(request):
    """A site whose account sees no SLA field, and a connector to it."""
    clock = Clock(MAY)
    tool = Cloud(clock) if request.param == "cloud" else JiraDataCenter(clock)
    tool.sla_fields = False
    with ToolServer(tool, clock) as server:
        url = server.origin + ("" if request.param == "cloud" else tool.context)
        http = GuardedSession(url, credentials=Credentials.bearer("playground"), read_posts=Jira.read_posts)
        config = {"url": url, "deployment": request.param}
        yield SimpleNamespace(tool=tool, clock=clock, server=server, connector=Jira(config, http, CUSTOMERS))


def cycles_at_the_tool(tool, now) -> int:
    view = View("", now, ZoneInfo("UTC"))
    asked = [issue for issue in tool.issues if issue.kind in REQUESTS and issue.created <= now]
    clocks = [show(view, issue) for issue in asked for show in CLOCKED.values()]
    return sum(len(clock["completedCycles"]) + ("ongoingCycle" in clock) for clock in clocks)


def read(connector):
    pages = [page for piece in connector.slices("sla", None) for page in connector.read(piece)]
    return {record.id: record for page in pages for record in page.records}, sum(page.hidden for page in pages)


def sync(site, lake, run):
    job = SourceRun(
        source="jira",
        connector=site.connector,
        run=run,
        pseudonym=lambda person: person,
        clock=lambda identity: identity.server_time if identity else MAY,
        watch=lambda *_progress: None,
    )
    return sync_source(job, lake)["sla"]


def test_all_cycles_come_either_way_and_say_the_same(site):
    asked, hidden = read(site.connector)
    assert (len(asked), hidden) == (cycles_at_the_tool(site.tool, MAY), 0)
    site.tool.sla_fields = True
    site.connector = Jira(site.connector.config, site.connector.http, CUSTOMERS)
    shown, _ = read(site.connector)

    def told(records):
        return sorted((r.ref, r.changed_at.isoformat(), repr(sorted(r.data.items()))) for r in records.values())

    assert told(asked) == told(shown)


@pytest.mark.parametrize("most", [1, 2])
def test_clocks_are_read_to_their_last_page(site, most):
    def short(request, answer):
        if request.path.endswith("/sla"):
            start = int(request.value("start"))
            values = answer.body["values"] if start == 0 else site.kept[start:]
            site.kept = answer.body["values"] if start == 0 else site.kept
            last = start + most >= len(site.kept)
            answer.body |= {"values": values[:most], "size": most, "isLastPage": last}
        return answer

    site.server.faults["short"] = short
    assert len(read(site.connector)[0]) == cycles_at_the_tool(site.tool, MAY)


def test_a_sync_holds_them_all_and_the_next_brings_what_came(site, tmp_path):
    lake = Lake(tmp_path)
    for moment in (MAY, MAY + timedelta(days=3)):
        site.clock.move_to(moment)
        outcome = sync(site, lake, f"{moment:%d}")
        assert (outcome.state, outcome.seen) == ("complete", cycles_at_the_tool(site.tool, moment))
    assert outcome.new


def test_a_request_whose_clocks_are_not_shown_is_hidden_again_and_again(site, tmp_path):
    lost = next(issue for issue in site.tool.issues if issue.kind in REQUESTS and issue.created <= MAY)

    def hide(request, answer):
        if f"/{lost.id}/sla" in request.path:
            answer.status, answer.body = 404, {"errorMessage": "The request does not exist."}
        return answer

    site.server.faults["hide"] = hide
    lake = Lake(tmp_path)
    for run in ("a", "b"):
        outcome = sync(site, lake, run)
        assert outcome.state == "incomplete", run
        assert outcome.seen < cycles_at_the_tool(site.tool, MAY)
    site.server.mend()
    assert sync(site, lake, "c").state == "complete"


def test_issues_that_no_customer_raised_have_no_clocks_to_ask_for(site):
    site.connector = Jira(site.connector.config, site.connector.http, SLA)
    records, hidden = read(site.connector)
    assert len(records) == cycles_at_the_tool(site.tool, MAY)
    others = [issue for issue in site.tool.issues if issue.kind not in REQUESTS and issue.created <= MAY]
    assert hidden == len(others)


def test_an_account_that_is_no_agent_is_told_so(site):
    site.tool.agent = False
    with pytest.raises(AccessDenied, match="does not show SLA clocks"):
        read(site.connector)


def test_the_endpoint_is_asked_and_answers_as_the_vendor_describes_it(site):
    if not SPECIFICATION.is_file():
        pytest.skip(f"the vendor's API description is not kept here: {SPECIFICATION}")
    described = json.loads(SPECIFICATION.read_text("utf-8"))
    operation = described["paths"]["/rest/servicedeskapi/request/{issueIdOrKey}/sla"]["get"]
    parameters = {one["name"] for one in operation["parameters"]}
    rule = {"$ref": "#/components/schemas/PagedDTOSlaInformationDTO", "components": described["components"]}
    bodies = []

    def keep(request, answer):
        if request.path.endswith("/sla"):
            assert set(request.query) <= parameters
            bodies.append(answer.body)
        return answer

    site.server.faults["keep"] = keep
    read(site.connector)
    for body in bodies:
        Draft202012Validator(rule).validate(body)
    assert len(bodies) > 50


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": [], "isLastPage": False}, "more clocks are announced"),
        ({"values": None}, "has no 'values'"),
        ({"values": [{"name": "Time to resolution"}]}, "neither id nor address"),
        ({"errorMessages": ["partly"]}, "partly"),
    ],
)
def test_an_answer_that_may_lack_clocks_is_refused(site, change, said):
    def spoil(request, answer):
        if request.path.endswith("/sla"):
            answer.body |= change
        return answer

    site.server.faults["spoil"] = spoil
    with pytest.raises(SourceUnavailable, match=said):
        read(site.connector)
