"""The stand-in Jira answers as the vendor's documents say, as of the clock."""

import base64
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira
from itss_bridge_playground.jql import Context, JqlError, parse
from itss_bridge_playground.server import Request, ToolServer

MAY = datetime(2016, 5, 1, tzinfo=UTC)
AUTH = ("bridge@acme.example", "playground")


class Client:
    def __init__(self, server: ToolServer, tool: Jira) -> None:
        self.server, self.tool, self.clock = server, tool, server.clock

    def ask(self, method: str, path: str, body=None, auth=AUTH, **query) -> requests.Response:
        url = f"{self.server.origin}/rest/api/3/{path}"
        return requests.request(method, url, json=body, params=query, auth=auth, timeout=10)

    def search(self, jql: str, **body) -> dict:
        return self.ask("POST", "search/jql", {"jql": jql, **body}).json()

    def walk(self, jql: str, **body) -> list[str]:
        ids, token = [], None
        while True:
            page = self.search(jql, **body, **({"nextPageToken": token} if token else {}))
            ids += [issue["id"] for issue in page["issues"]]
            token = page.get("nextPageToken")
            assert page["isLast"] is (token is None)
            if token is None:
                return ids


@pytest.fixture
def jira() -> Iterator[Client]:
    clock = Clock(MAY)
    tool = Jira(clock)
    with ToolServer(tool, clock) as server:
        yield Client(server, tool)


def test_two_sites_with_one_seed_tell_the_same_story_and_another_seed_another():
    def story(seed):
        tool = Jira(Clock(MAY), seed)
        return tool.truth()

    assert story(7) == story(7) != story(8)


def test_a_search_without_fields_gives_ids_only_fifty_to_a_page(jira):
    page = jira.search("project = OPS")
    assert len(page["issues"]) == 50
    assert all(set(issue) == {"id"} for issue in page["issues"])
    assert page["isLast"] is False
    assert "total" not in page


def test_pages_with_fields_hold_a_hundred_pages_of_ids_five_thousand(jira):
    everything = sum(len(stream) for stream in jira.tool.truth().values())
    assert everything > 200
    assert len(jira.search("project = OPS", fields=["summary"], maxResults=5000)["issues"]) == 100
    assert len(jira.search("project = OPS", fields=["id"], maxResults=5000)["issues"]) == everything


@pytest.mark.parametrize("cap", [1, 7, 50])
def test_walking_by_token_finds_every_issue_once_whatever_the_page_size(jira, cap):
    jira.tool.page_cap = cap
    ids = jira.walk("project = OPS AND issuetype = Problem ORDER BY id ASC")
    assert ids == sorted(jira.tool.truth()["problem"], key=int)


def test_a_token_serves_only_the_query_it_came_from_and_only_for_seven_days(jira):
    token = jira.search("project = OPS")["nextPageToken"]
    other = jira.ask("POST", "search/jql", {"jql": "project = OPS AND issuetype = Change", "nextPageToken": token})
    assert other.status_code == 400
    jira.clock.move_to(MAY + timedelta(days=7, seconds=1))
    assert jira.ask("POST", "search/jql", {"jql": "project = OPS", "nextPageToken": token}).status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search/jql", {"jql": "project = OPS", "startAt": 0}),
        ("search/jql", {"jql": "project = OPS", "validateQuery": "strict"}),
        ("search/jql", {"jql": "project = OPS", "maxResults": "50"}),
        ("search/jql", {"jql": "ORDER BY id"}),
        ("search/jql", {"jql": "project = NOWHERE"}),
        ("search/jql", {"jql": "project = OPS AND flavour = sweet"}),
        ("search/jql", {"jql": "project = OPS AND"}),
        ("search/jql", {"jql": "status > Open"}),
        ("search/jql", {"jql": 'updated >= "yesterday"'}),
        ("search/jql", {"jql": "project = OPS", "nextPageToken": "never issued"}),
        ("search/approximate-count", {"jql": ""}),
        ("issue/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(101)]}),
        ("issue/bulkfetch", {"issueIdsOrKeys": []}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": [str(n) for n in range(1001)]}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["10001"], "fieldIds": [str(n) for n in range(11)]}),
    ],
)
def test_a_request_the_vendor_refuses_is_refused_in_its_words(jira, path, body):
    answer = jira.ask("POST", path, body)
    assert answer.status_code == 400
    assert answer.json()["errorMessages"][0]


def test_the_old_search_is_gone_and_unknown_addresses_are_not_found(jira):
    assert jira.ask("GET", "search", jql="project = OPS").status_code == 410
    assert "CHANGE-2046" in jira.ask("POST", "search", {}).json()["errorMessages"][0]
    assert jira.ask("GET", "nonsense").status_code == 404
    assert jira.ask("DELETE", "field").status_code == 405


def test_only_the_right_credentials_open_it(jira):
    assert jira.ask("GET", "myself").json()["timeZone"] == "Asia/Shanghai"
    refused = jira.ask("GET", "myself", auth=("bridge@acme.example", "wrong"))
    assert refused.status_code == 401
    assert refused.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    url = f"{jira.server.origin}/rest/api/3/myself"
    assert requests.get(url, headers={"Authorization": "Bearer playground"}, timeout=10).status_code == 200


def test_get_and_post_search_give_the_same_page(jira):
    posted = jira.search("project = OPS", fields=["summary", "status"], maxResults=3)
    got = jira.ask("GET", "search/jql", jql="project = OPS", fields="summary,status", maxResults=3).json()
    assert got["issues"] == posted["issues"]
    assert set(got["issues"][0]["fields"]) == {"summary", "status"}


def test_bulk_fetch_takes_keys_and_ids_gives_ascending_ids_and_is_silent_on_what_is_not_there(jira):
    body = {"issueIdsOrKeys": ["OPS-9", "10002", "OPS-1", "OPS-450", "99"], "fields": ["summary"]}
    answer = jira.ask("POST", "issue/bulkfetch", body).json()
    assert [issue["key"] for issue in answer["issues"]] == ["OPS-1", "OPS-2", "OPS-9"]
    assert answer["issueErrors"] == []


def test_the_changelog_is_paged_oldest_first_and_filtered_by_field(jira):
    ids = list(jira.tool.truth()["request"])[:20]
    asked = {"issueIdsOrKeys": ids, "fieldIds": ["status"]}
    whole = jira.ask("POST", "changelog/bulkfetch", asked).json()
    assert "nextPageToken" not in whole
    found, token = {}, None
    while True:
        more = {"nextPageToken": token} if token else {}
        page = jira.ask("POST", "changelog/bulkfetch", asked | {"maxResults": 3} | more).json()
        for log in page["issueChangeLogs"]:
            found.setdefault(log["issueId"], []).extend(log["changeHistories"])
        token = page.get("nextPageToken")
        if token is None:
            break
    assert found == {log["issueId"]: log["changeHistories"] for log in whole["issueChangeLogs"]}
    for entries in found.values():
        assert [entry["created"] for entry in entries] == sorted(entry["created"] for entry in entries)
        assert {item["fieldId"] for entry in entries for item in entry["items"]} == {"status"}


def test_status_names_are_chinese_and_english_but_categories_are_keys(jira):
    statuses = jira.ask("GET", "status").json()
    assert {"已关闭", "In Progress"} <= {status["name"] for status in statuses}
    assert {status["statusCategory"]["key"] for status in statuses} == {"new", "indeterminate", "done"}


def test_an_issue_shows_only_what_had_happened_by_then(jira):
    half = next(i for i in jira.tool.issues if i.kind == "Change" and i.steps[1].at <= MAY < i.steps[-1].at)

    def seen() -> tuple[dict, int]:
        issues = jira.ask("POST", "issue/bulkfetch", {"issueIdsOrKeys": [half.key]}).json()["issues"]
        logs = jira.ask("POST", "changelog/bulkfetch", {"issueIdsOrKeys": [half.key]}).json()["issueChangeLogs"]
        return issues[0]["fields"], len(logs[0]["changeHistories"])

    (before, entries), _ = seen(), jira.clock.move_to(half.steps[-1].at)
    after, more = seen()
    assert before["resolution"] is None
    assert before["status"]["statusCategory"]["key"] != "done"
    assert after["resolution"]["name"] in {"完成", "已取消"}
    assert datetime.fromisoformat(before["updated"]) <= MAY < datetime.fromisoformat(after["updated"])
    assert entries < more


def test_moving_the_clock_brings_issues_and_changes_and_takes_none(jira):
    before = jira.tool.truth()
    jira.clock.move_to(datetime(2016, 6, 1, tzinfo=UTC))
    after = jira.tool.truth()
    for stream, known in before.items():
        assert set(known) <= set(after[stream])
        assert all(after[stream][one] >= at for one, at in known.items())
    assert any(after["request"][one] > at for one, at in before["request"].items())
    assert len(after["change"]) > len(before["change"])


def test_updated_bounds_mean_the_same_moment_in_milliseconds_words_and_relative(jira):
    since = MAY - timedelta(days=3)
    truth = {one for stream in jira.tool.truth().values() for one, at in stream.items() if at >= since}
    assert truth
    local = since.astimezone(ZoneInfo("Asia/Shanghai"))
    for bound in (f"{int(since.timestamp() * 1000)}", f'"{local:%Y-%m-%d %H:%M}"', f'"{local:%Y/%m/%d %H:%M}"', "-3d"):
        assert set(jira.walk(f"project = OPS AND updated >= {bound}", maxResults=5000)) == truth


def test_words_for_times_are_read_in_the_accounts_zone_as_the_vendor_does(jira):
    query = 'project = OPS AND updated >= "2016-04-28 00:00"'
    shanghai = set(jira.walk(query))
    jira.tool.time_zone = "America/Los_Angeles"
    assert set(jira.walk(query)) < shanghai


def test_parse_tells_good_queries_from_bad_ones_one_by_one(jira):
    queries = ["project = OPS", "project = NOWHERE"]
    parsed = jira.ask("POST", "jql/parse?validation=strict", {"queries": queries}).json()["queries"]
    assert "errors" not in parsed[0]
    assert "NOWHERE" in parsed[1]["errors"][0]


def test_an_auditor_finds_flaws_in_the_changes(jira):
    """Emergency and failed changes, and two whose work began before an approval."""
    ids = list(jira.tool.truth()["change"])
    issues = jira.ask("POST", "issue/bulkfetch", {"issueIdsOrKeys": ids[:100], "fields": ["*all"]}).json()["issues"]
    asked = {"issueIdsOrKeys": ids, "fieldIds": ["status"]}
    logs = jira.ask("POST", "changelog/bulkfetch", asked).json()["issueChangeLogs"]
    began = {
        log["issueId"]: datetime.fromisoformat(entry["created"])
        for log in logs
        for entry in log["changeHistories"]
        if entry["items"][0]["toString"] == "实施中"
    }

    def approved(issue) -> datetime | None:
        done = [one["completedDate"]["jira"] for one in issue["fields"]["customfield_10040"] if "completedDate" in one]
        return datetime.fromisoformat(done[0]) if done else None

    started = [issue for issue in issues if issue["id"] in began]
    unapproved = [i for i in started if not approved(i) or approved(i) > began[i["id"]]]
    assert len(unapproved) == 2
    assert sum(i["fields"]["customfield_10010"]["value"] == "紧急变更" for i in issues) >= 3
    assert any((i["fields"]["customfield_10020"] or {}).get("value") == "失败" for i in issues)


def test_sla_clocks_have_the_documented_shape_and_run_again_after_reopening(jira):
    jira.clock.move_to(datetime(2016, 12, 31, tzinfo=UTC))
    ids = list(jira.tool.truth()["request"])
    cycles = 0
    for start in range(0, len(ids), 100):
        body = {"issueIdsOrKeys": ids[start : start + 100], "fields": ["customfield_10030"]}
        for issue in jira.ask("POST", "issue/bulkfetch", body).json()["issues"]:
            completed = issue["fields"]["customfield_10030"]["completedCycles"]
            cycles = max(cycles, len(completed))
            for cycle in completed:
                spent, goal = cycle["elapsedTime"]["millis"], cycle["goalDuration"]["millis"]
                assert cycle["breached"] is (spent > goal)
                assert cycle["remainingTime"]["millis"] == goal - spent
    assert cycles == 2


NAMES = {field: {"ops"} for field in ("project", "issuetype", "status", "statuscategory")}
CONTEXT = Context(MAY, ZoneInfo("Asia/Shanghai"), NAMES)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_and_binds_closer_than_or_and_brackets_closer_than_both(x, low, high):
    row = {"id": x}
    test = parse(f"id >= {low} AND id < {high} OR id = {low}", CONTEXT).test
    assert test(row) == ((low <= x < high) or x == low)
    test = parse(f"id >= {low} AND (id < {high} OR NOT id = {low})", CONTEXT).test
    assert test(row) == (low <= x and (x < high or x != low))


WORDS = [
    "project",
    "id",
    "updated",
    "=",
    ">=",
    "in",
    "not",
    "and",
    "or",
    "(",
    ")",
    ",",
    "OPS",
    "-3d",
    '"',
    "order",
    "by",
]


@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join) | st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused_but_never_breaks(text):
    with contextlib.suppress(JqlError):
        query = parse(text, CONTEXT)
        assert query.test is None or query.test({"id": 1, "project": {"ops"}, "updated": MAY}) in {True, False}


STANDING = Jira(Clock(MAY))


@given(st.binary(max_size=60))
def test_no_body_brings_the_server_down(body):
    basic = base64.b64encode(":".join(AUTH).encode()).decode()
    headers = {"authorization": f"Basic {basic}"}
    answer = STANDING.answer(Request("POST", "/rest/api/3/search/jql", {}, headers, body), "http://127.0.0.1")
    assert answer.status == 400
    assert json.loads(answer.payload())["errorMessages"]
