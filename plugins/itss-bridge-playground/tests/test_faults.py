"""The faults themselves: that they strike when and where they say, the same way every time, and end when mended."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.faults import FAULTS
from itss_bridge_playground.faults.dialects import Part, dialect, rows_of
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import ServiceNow
from itss_bridge_playground.uci import IncidentLog

NOW = datetime(2016, 3, 2, 16, 34, tzinfo=UTC)
BASIC = {"servicenow": "Basic YnJpZGdlOnBsYXlncm91bmQ=", "atlassian": "Bearer playground"}
JQL = "project = OPS AND issuetype = 服务请求"
ASKED = {
    "servicenow": (
        ("/api/now/table/sys_user?sysparm_query=sys_id=javascript:gs.getUserID()", None),
        ("/api/now/stats/incident?sysparm_count=true", None),
        ("/api/now/table/incident?sysparm_query=ORDERBYsys_id&sysparm_limit=20&sysparm_offset=20", None),
    ),
    "atlassian": (
        ("/rest/api/3/myself", None),
        ("/rest/api/3/search/approximate-count", {"jql": JQL}),
        ("/rest/api/3/search/jql", {"jql": JQL, "fields": ["id"], "maxResults": 20}),
        ("/rest/api/3/issue/bulkfetch", {"issueIdsOrKeys": ["10001", "10002", "10003"], "fields": ["*all"]}),
        ("/wiki/rest/api/user/current", None),
        ("/wiki/api/v2/spaces?keys=QMS", None),
        ("/wiki/rest/api/content/search?cql=space=QMS", None),
        ("/wiki/api/v2/pages?space-id=98306&limit=20&sort=id", None),
    ),
}


README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_readme_lists_every_fault_and_every_quirk_by_name():
    block = re.search(r"<!-- faults -->\n(.*?)<!-- /faults -->", README, re.DOTALL)
    assert block
    rows = [f"| `{name}` | {kind.category} | {kind.about} |" for name, kind in FAULTS.items()]
    assert block[1].strip().splitlines()[2:] == rows
    clock = Clock(NOW)
    for tool in (ServiceNow(clock, IncidentLog.sample()), JiraDataCenter(clock), ConfluenceDataCenter(clock)):
        assert all(f"`{quirk}`" in README for quirk in tool.quirks)
    assert {kind.category for kind in FAULTS.values()} == set(re.findall(r"\b(F\d+)\s", README.split("The kinds:")[1]))


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(NOW) as running:
        yield running


@pytest.fixture(params=list(ASKED))
def server(playground, request) -> Iterator[ToolServer]:
    running: ToolServer = getattr(playground, request.param)
    yield running
    running.mend()


@pytest.fixture
def servicenow(playground) -> Iterator[ToolServer]:
    yield playground.servicenow
    playground.servicenow.mend()


def asked(server: ToolServer) -> list[Request]:
    headers = {"authorization": BASIC[server.tool.name]}
    made = []
    for url, body in ASKED[server.tool.name]:
        parts = urlsplit(url)
        method, data = ("POST", json.dumps(body).encode()) if body else ("GET", b"")
        made.append(Request(method, parts.path, parse_qs(parts.query), headers, data))
    return made


def get(server: ToolServer, timeout: float = 10, **more) -> requests.Response:
    url, _ = ASKED["servicenow"][2]
    return requests.get(server.origin + url, headers={"Authorization": BASIC["servicenow"]}, timeout=timeout, **more)


def incidents(server: ToolServer, size: int = 15) -> list[str]:
    """All ids by walking pages until the server's total."""
    found: list[str] = []
    offset, total = 0, 1
    while offset < total:
        query = {"sysparm_query": ["ORDERBYsys_id"], "sysparm_limit": [str(size)], "sysparm_offset": [str(offset)]}
        request = Request("GET", "/api/now/table/incident", query, {"authorization": BASIC["servicenow"]}, b"")
        answer = server.handle(request)
        found += [row["sys_id"] for row in json.loads(answer.body)["result"]]
        offset, total = offset + size, int(answer.headers["X-Total-Count"])
    return found


def test_every_fault_says_in_one_line_what_it_does():
    assert len(FAULTS) >= 100
    for name, kind in FAULTS.items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert kind.about
        assert "\n" not in kind.about
        assert kind.ends
        assert {tool for tool, _ in kind.ends_for} <= {"servicenow", "jira", "confluence"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_spoils_every_kind_of_answer_without_failing_itself(server, name):
    if FAULTS[name].refuses:
        pytest.skip("nobody is left to ask")
    before = [server.tool.answer(request, server.origin).payload() for request in asked(server)]
    server.break_with(name)
    for _turn in range(3):
        for request in asked(server):
            assert isinstance(server.handle(request), Answer)
    server.mend()
    assert [server.handle(request).payload() for request in asked(server)] == before


@pytest.mark.parametrize("name", [name for name, kind in FAULTS.items() if kind.strikes.times == 1])
def test_a_fault_that_strikes_once_strikes_once(server, name):
    request = next(one for one in asked(server) if dialect(one).part(one) & FAULTS[name].strikes.parts)
    right = server.tool.answer(request, server.origin)
    server.break_with(name)
    answers = [server.handle(request) for _ in range(4)]
    same = [(one.status, one.payload(), one.wire) == (right.status, right.payload(), right.wire) for one in answers]
    assert same.count(False) == 1


@pytest.mark.parametrize("name", ["few-deleted", "many-deleted", "access-rules-shorten-pages"])
def test_the_same_seed_strikes_the_same_records(servicenow, name):
    def struck(seed: int) -> frozenset[str]:
        servicenow.break_with(name, seed)
        shown = frozenset(incidents(servicenow))
        servicenow.mend()
        return shown

    assert struck(1) == struck(1)
    assert len({struck(seed) for seed in range(5)}) > 1


def test_what_is_gone_is_gone_from_lists_pages_and_counts_alike(servicenow):
    everything = set(servicenow.tool.truth()["incident"])
    servicenow.break_with("many-deleted")
    shown = incidents(servicenow)
    assert len(shown) == len(set(shown)) == len(everything - servicenow.gone()) < 0.8 * len(everything)
    count = json.loads(servicenow.handle(asked(servicenow)[1]).body)["result"]["stats"]["count"]
    assert int(count) == len(shown)
    servicenow.mend()
    assert set(incidents(servicenow)) == everything


def test_what_access_rules_hide_is_counted_all_the_same(servicenow):
    everything = set(servicenow.tool.truth()["incident"])
    servicenow.break_with("permission-narrowed")
    assert set(incidents(servicenow)) < everything
    assert servicenow.gone() == set()
    count = json.loads(servicenow.handle(asked(servicenow)[1]).body)["result"]["stats"]["count"]
    assert int(count) == len(everything)


def test_jiras_count_follows_what_its_search_shows(playground):
    site = playground.atlassian
    site.break_with("many-deleted")
    _, counting, listing, *_ = asked(site)
    shown = json.loads(site.handle(counting).body)["count"]
    body = listing.json() | {"maxResults": 5000}
    whole = Request("POST", listing.path, {}, listing.headers, json.dumps(body).encode())
    assert shown == len(rows_of(whole, Answer(body=json.loads(site.handle(whole).body))))
    site.mend()
    assert shown < json.loads(site.handle(counting).body)["count"]


def test_a_record_deleted_between_pages_moves_those_behind_it(servicenow):
    everything = incidents(servicenow)
    servicenow.break_with("row-deleted-between-pages")
    shown = incidents(servicenow)
    (gone,) = servicenow.gone() & set(everything)
    assert gone in shown
    # the first page was whole; on the second one all rows had moved up by one, so that one is never shown
    assert len(set(everything) - set(shown)) == 1


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("reset-before-answer", requests.ConnectionError),
        ("reset-mid-body", (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
        ("half-close", requests.exceptions.ChunkedEncodingError),
        ("length-too-long", requests.exceptions.ChunkedEncodingError),
        ("chunk-garbage", requests.exceptions.ChunkedEncodingError),
        ("not-http", requests.ConnectionError),
    ],
)
def test_a_broken_connection_is_broken_on_the_wire(servicenow, name, error):
    assert len(get(servicenow).json()["result"]) == 20
    servicenow.break_with(name)
    with pytest.raises(error):
        get(servicenow)
    servicenow.mend()
    assert len(get(servicenow).json()["result"]) == 20


@pytest.mark.parametrize("name", ["no-answer-in-time", "slow-drip"])
def test_a_slow_server_outlasts_a_short_patience(servicenow, name):
    servicenow.break_with(name)
    with pytest.raises((requests.Timeout, requests.ConnectionError)):
        get(servicenow, timeout=0.1)


def test_a_refused_connection_keeps_its_port_until_it_is_mended(servicenow):
    before = servicenow.origin
    servicenow.break_with("refused")
    with socket.socket() as dialling, pytest.raises(ConnectionRefusedError):
        dialling.connect(("127.0.0.1", int(before.rpartition(":")[2])))
    servicenow.mend()
    assert servicenow.origin == before
    assert get(servicenow).ok


def test_a_body_without_end_goes_on_until_the_client_leaves(servicenow):
    servicenow.break_with("endless-body")
    with get(servicenow, stream=True) as answer:
        assert sum(len(piece) for piece, _ in zip(answer.iter_content(1 << 20), range(8), strict=False)) == 8 << 20
    servicenow.mend()
    assert get(servicenow).ok


def test_a_bomb_is_small_until_it_is_unpacked(servicenow):
    servicenow.break_with("gzip-bomb")
    with get(servicenow, stream=True) as answer:
        assert len(answer.raw.read(decode_content=False)) < 1 << 20


def test_the_servers_own_time_can_be_wrong(servicenow):
    right = get(servicenow).headers["Date"]
    servicenow.break_with("server-clock-back")
    assert (right, get(servicenow).headers["Date"]) == (
        "Wed, 02 Mar 2016 16:34:00 GMT",
        "Wed, 02 Mar 2016 15:34:00 GMT",
    )


def test_an_account_elsewhere_sees_the_same_moments_in_its_own_zone(playground):
    site = playground.atlassian
    who, *_, fetch = asked(site)[:4]
    before = json.loads(site.handle(fetch).body)["issues"][0]["fields"]["updated"]
    site.break_with("account-zone-plus-14")
    after = json.loads(site.handle(fetch).body)["issues"][0]["fields"]["updated"]
    assert json.loads(site.handle(who).body)["timeZone"] == "Pacific/Kiritimati"
    assert datetime.fromisoformat(before) == datetime.fromisoformat(after)
    assert (before[-5:], after[-5:]) == ("+0800", "+1400")
    site.mend()
    assert json.loads(site.handle(fetch).body)["issues"][0]["fields"]["updated"] == before


def test_faults_are_listed_over_http_and_the_one_that_shuts_out_is_refused_there(servicenow):
    listed = requests.get(f"{servicenow.origin}/playground/faults", timeout=10).json()
    assert listed.keys() == FAULTS.keys()
    assert listed["nan"] == {"category": "F3", "about": FAULTS["nan"].about}
    answer = requests.post(f"{servicenow.origin}/playground/faults", json={"on": ["refused"]}, timeout=10)
    assert answer.status_code == 400
    assert "shut out" in answer.json()["error"]


def test_parts_of_all_requests_are_known(server):
    assert all(dialect(request).part(request) is not Part.REST for request in asked(server))
