"""The stand-in Jira Data Center answers as the vendor's documents say, as of the clock, below its context path."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira
from itss_bridge_playground.jira_dc import JiraDataCenter, user_key
from itss_bridge_playground.jira_issues import accounts
from itss_bridge_playground.server import Request, ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED") or Path(__file__).parents[4] / "shared")
SPECIFICATION = SHARED / "apis" / "specs" / "jira-dc-10.3.oas3.json"
MAY = datetime(2016, 5, 1, tzinfo=UTC)
TOKEN = {"Authorization": "Bearer playground"}


class Client:
    def __init__(self, server: ToolServer) -> None:
        self.server, self.tool, self.clock = server, server.tool, server.clock

    def ask(self, method: str, path: str, body=None, headers=TOKEN, **query) -> requests.Response:
        url = f"{self.server.origin}/jira/rest/api/2/{path}"
        return requests.request(method, url, json=body, params=query, headers=headers, timeout=10)

    def search(self, jql: str, expected: int = 200, **body) -> dict:
        answer = self.ask("POST", "search", {"jql": jql, **body})
        assert answer.status_code == expected, answer.text[:200]
        return answer.json()


@pytest.fixture
def jira() -> Iterator[Client]:
    clock = Clock(MAY)
    with ToolServer(JiraDataCenter(clock), clock) as server:
        yield Client(server)


def test_it_holds_the_same_issues_as_the_cloud_stand_in():
    assert JiraDataCenter(Clock(MAY)).truth() == Jira(Clock(MAY)).truth()


def test_outside_the_context_path_there_is_nothing_and_tokens_and_passwords_open_it(jira):
    assert requests.get(f"{jira.server.origin}/rest/api/2/myself", headers=TOKEN, timeout=10).status_code == 404
    url = f"{jira.server.origin}/jira/rest/api/2/myself"
    assert requests.get(url, auth=("bridge@acme.example", "playground"), timeout=10).headers["X-AUSERNAME"] == "bridge"
    myself = jira.ask("GET", "myself").json()
    assert (myself["key"], myself["timeZone"]) == (user_key(accounts(7)[0]), "Asia/Shanghai")
    assert "accountId" not in myself


def test_pages_have_fifty_issues_unless_asked_and_what_is_asked_is_lowered(jira):
    page = jira.search("project = OPS", fields=["created"])
    assert (page["startAt"], page["maxResults"], len(page["issues"])) == (0, 50, 50)
    jira.tool.most = 30
    page = jira.search("project = OPS", fields=["created"], maxResults=1000)
    assert (page["maxResults"], len(page["issues"]), page["total"] > 200) == (30, 30, True)
    counted = jira.search("project = OPS", maxResults=0)
    assert (counted["issues"], counted["total"]) == ([], page["total"])


@given(most=st.integers(1, 90))
def test_offsets_lead_through_everything_once_while_nothing_moves(most):
    tool, ids, start = STANDING, [], 0
    tool.most = most
    while True:
        body = {"jql": "issuetype = Problem ORDER BY key ASC", "fields": ["id"], "startAt": start, "maxResults": 90}
        page = tool.answer(Request("POST", "/jira/rest/api/2/search", {}, HEADERS, json.dumps(body).encode()), "").body
        if not page["issues"]:
            break
        ids += [issue["id"] for issue in page["issues"]]
        start += len(page["issues"])
    assert ids == sorted(tool.truth()["problem"], key=int)


def test_an_offset_beyond_the_window_is_refused_unless_the_version_is_old(jira):
    jira.tool.window = 60
    assert jira.search("project = OPS", startAt=10, maxResults=50)["issues"]
    refused = jira.search("project = OPS", 400, startAt=11, maxResults=50)
    assert "Search limit exceeded" in refused["errorMessages"][0]
    jira.tool.window = None
    assert jira.search("project = OPS", startAt=11, maxResults=50)["issues"]


def test_a_deleted_id_refuses_the_query_unless_it_is_not_validated(jira):
    gone = jira.tool.issues.pop(3)
    query = f"id in (10001, {gone.id}, 10002)"
    assert gone.id in jira.search(query, 400)["errorMessages"][0]
    page = jira.search(query, validateQuery=False)
    assert [issue["id"] for issue in page["issues"]] == ["10002", "10001"]
    assert gone.id in page["warningMessages"][0]


def test_the_changelog_comes_whole_in_the_vendors_old_shape(jira):
    issue = jira.search("issuetype = 服务请求 ORDER BY created ASC", expand=["changelog"], maxResults=1)["issues"][0]
    log = issue["changelog"]
    assert log["total"] == log["maxResults"] == len(log["histories"]) > 1
    items = [item for entry in log["histories"] for item in entry["items"]]
    assert all("fieldId" not in item and {"from", "to", "fromString", "toString"} <= set(item) for item in items)
    assert {item["field"] for item in items} >= {"status", "assignee"}
    assert all(item["to"].startswith("JIRAUSER") for item in items if item["field"] == "assignee")
    assert "changelog" not in jira.search("project = OPS", maxResults=1)["issues"][0]


def test_texts_are_plain_and_configuration_items_are_labels_with_keys(jira):
    issues = jira.search("issuetype = Change", fields=["*all"], maxResults=200)["issues"]
    assert {issue["fields"]["customfield_10021"] for issue in issues} == {"见附件记录。", None}
    assets = [item for issue in issues for item in issue["fields"]["customfield_10042"]]
    assert assets
    assert all(item.endswith(")") and "(CMDB-" in item for item in assets)


def test_search_reads_an_index_that_may_lag(jira):
    newest = max(jira.tool.issues, key=lambda issue: issue.created <= MAY and issue.created.timestamp())
    query = f"id in ({newest.id})"
    jira.tool.index_lag = MAY - newest.created + timedelta(seconds=1)
    assert jira.search(query)["total"] == 0
    jira.tool.index_lag = MAY - newest.created
    assert jira.search(query)["total"] == 1


def test_get_and_post_search_give_the_same_page(jira):
    posted = jira.search("project = OPS", fields=["summary", "status"], maxResults=3, startAt=2, expand=["changelog"])
    query = {"jql": "project = OPS", "fields": "summary,status", "maxResults": 3, "startAt": 2, "expand": "changelog"}
    assert jira.ask("GET", "search", **query).json() == posted


def test_every_answer_carries_the_rate_limiters_headers(jira):
    headers = jira.ask("GET", "myself").headers
    assert headers["X-RateLimit-Limit"] == "50"
    assert headers["Retry-After"] == "0"


def test_wrong_credentials_captcha_and_an_ended_session_look_as_they_do_at_the_vendors(jira):
    wrong = jira.ask("GET", "myself", headers={"Authorization": "Bearer stolen"})
    assert (wrong.status_code, wrong.headers["X-Seraph-LoginReason"]) == (401, "AUTHENTICATED_FAILED")
    assert wrong.headers["Content-Type"].startswith("text/html")
    jira.server.break_with("captcha")
    denied = jira.ask("GET", "myself")
    assert (denied.status_code, "CAPTCHA" in denied.headers["X-Authentication-Denied-Reason"]) == (403, True)
    jira.server.mend()
    jira.server.break_with("signed-out")
    visitor = jira.ask("POST", "search", {"jql": "project = OPS"})
    assert (visitor.status_code, visitor.json()["total"], visitor.headers["X-AUSERNAME"]) == (200, 0, "anonymous")
    assert jira.ask("GET", "myself").status_code == 401
    jira.server.mend()
    assert jira.search("project = OPS")["total"] > 0


@pytest.mark.parametrize(
    "body",
    [
        {"jql": "project = NOWHERE"},
        {"jql": "project = OPS AND"},
        {"jql": "project = OPS", "maxResults": "50"},
        {"jql": "project = OPS", "startAt": -1},
        {"jql": "project = OPS", "nextPageToken": "x"},
    ],
)
def test_a_request_the_vendor_refuses_is_refused(jira, body):
    assert jira.ask("POST", "search", body).json()["errorMessages"][0]


def test_what_the_cloud_has_is_not_there(jira):
    for path in ("search/jql", "search/approximate-count", "issue/bulkfetch", "changelog/bulkfetch", "jql/parse"):
        assert jira.ask("POST", path, {}).status_code == 404
    assert jira.ask("DELETE", "field").status_code == 405


def test_its_answers_fit_the_vendors_description_but_for_its_known_defects(jira):
    if not SPECIFICATION.is_file():
        pytest.skip(f"the vendor's API description is not kept here: {SPECIFICATION}")
    described = json.loads(SPECIFICATION.read_text("utf-8"))
    schemas = described["components"]["schemas"]
    schemas["IssueBean"]["properties"]["fields"] = {"type": "object"}
    for name in ("from", "fromString", "to", "toString"):
        schemas["ChangeItemBean"]["properties"][name] = {"type": ["string", "null"]}
    for path in ("myself", "field", "status", "serverInfo", "search"):
        body = jira.ask("GET", path, jql="project = OPS", expand="changelog").json()
        answer = described["paths"][f"/api/2/{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        rule = {"components": described["components"], **answer["schema"]}
        for one in body if isinstance(body, list) else [body]:
            Draft202012Validator(rule).validate(one)


STANDING = JiraDataCenter(Clock(MAY))
HEADERS = {"authorization": "Bearer playground"}


@given(st.binary(max_size=60))
def test_no_body_brings_the_server_down(body):
    answer = STANDING.answer(Request("POST", "/jira/rest/api/2/search", {}, HEADERS, body), "http://127.0.0.1")
    told = json.loads(answer.payload())
    # an object that asks for nothing in particular asks for everything
    assert answer.status == 400 or isinstance(json.loads(body), dict)
    assert told["errorMessages"] if answer.status == 400 else told["issues"]
