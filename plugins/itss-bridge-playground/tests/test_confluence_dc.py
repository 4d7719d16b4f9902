"""The stand-in Confluence Data Center answers as the vendor's documents say, as of the clock, below its context path."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import Request, ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "apis/specs/confluence-dc-10.0.3.oas3.json"
MAY = datetime(2016, 5, 1, tzinfo=UTC)
TOKEN = {"Authorization": "Bearer playground"}


@pytest.fixture
def server():
    clock = Clock(MAY)
    with ToolServer(ConfluenceDataCenter(clock), clock) as running:
        yield running


def get(server, path, expected=200, headers=TOKEN, **query):
    answer = requests.get(f"{server.origin}/confluence/rest/api/{path}", params=query, headers=headers, timeout=10)
    assert answer.status_code == expected, answer.text[:200]
    return answer


def page_named(server, title):
    return next(page for page in server.tool.pages if page.title == title)


def scan(server, **query):
    rows, cursor = [], {}
    while True:
        body = get(server, "content/scan", spaceKey="QMS", **query, **cursor).json()
        rows += body["results"]
        if "nextCursor" not in body:
            assert "next" not in body["_links"]
            return rows
        cursor = {"cursor": body["nextCursor"]}


def test_it_holds_the_same_pages_as_the_cloud_stand_in():
    moments = [
        {key: datetime.fromisoformat(at) for key, at in tool(Clock(MAY)).truth()["document"].items()}
        for tool in (ConfluenceDataCenter, Confluence)
    ]
    assert moments[0] == moments[1]


@pytest.mark.parametrize("limit", [1, 7, 200, 1000])
def test_scanning_finds_every_page_once_in_the_order_of_ids(server, limit):
    ids = [int(row["id"]) for row in scan(server, limit=limit)]
    assert ids == sorted(map(int, server.tool.truth()["document"]))


def test_the_server_lowers_the_limit_and_more_so_for_bodies(server):
    assert get(server, "content/scan", limit=1000).json()["limit"] == 200
    assert get(server, "content/scan", limit=1000, expand="body.storage").json()["limit"] == 50
    assert get(server, "content/scan").json()["limit"] == 25


def test_next_links_are_relative_to_the_base_and_lack_the_context_path(server):
    links = get(server, "content/scan", spaceKey="QMS", limit=3).json()["_links"]
    assert links["base"] == f"{server.origin}/confluence"
    assert links["next"].startswith("/rest/api/content/scan?")
    assert requests.get(server.origin + links["next"], headers=TOKEN, timeout=10).status_code == 404
    followed = requests.get(links["base"] + links["next"], headers=TOKEN, timeout=10).json()
    assert followed["results"][0]["id"] == str(sorted(page.id for page in server.tool.pages)[3])


def test_only_what_is_expanded_is_shown(server):
    plain = scan(server, expand="version", limit=200)[5]
    assert {"version", "_expandable"} <= set(plain)
    assert not {"history", "ancestors", "metadata", "body"} & set(plain)
    page = page_named(server, "变更管理程序")
    everything = "version,history,ancestors,metadata.labels,body.storage"
    row = next(row for row in scan(server, expand=everything, limit=200) if row["id"] == str(page.id))
    assert row["ancestors"][-1]["id"] == str(page.parent)
    assert [label["name"] for label in row["metadata"]["labels"]["results"]] == page.labels(MAY)
    assert datetime.fromisoformat(row["version"]["when"]) == page.saved(MAY)[-1].at
    assert row["version"]["when"].endswith("+08:00")


def test_labels_in_a_listing_end_at_their_own_limit_and_the_page_has_them_all(server):
    server.tool.most_labels = 2
    page = page_named(server, "变更管理程序")
    row = next(row for row in scan(server, expand="metadata.labels", limit=200) if row["id"] == str(page.id))
    assert len(row["metadata"]["labels"]["results"]) == row["metadata"]["labels"]["limit"] == 2
    names, start = [], 0
    while True:
        body = get(server, f"content/{page.id}/label", start=start, limit=2).json()
        names += [label["name"] for label in body["results"]]
        if "next" not in body["_links"]:
            break
        start += 2
    assert names == page.labels(MAY)


def test_content_properties_are_expanded_by_key(server):
    page = page_named(server, "变更管理程序")
    server.tool.properties[page.id] = {"review": "done", "other": 1}
    rows = scan(server, expand="metadata.properties.review", limit=200)
    own = {row["id"]: row["metadata"]["properties"] for row in rows}
    assert own[str(page.id)] == {"review": {"key": "review", "value": "done"}}
    assert sum(map(len, own.values())) == 1


def test_pages_of_another_space_kind_or_status_are_none(server):
    for query in ({"spaceKey": "HR"}, {"type": "blogpost"}, {"status": "trashed"}):
        assert get(server, "content/scan", **query).json()["results"] == []
    assert [row["key"] for row in get(server, "space", spaceKey=["HR", "QMS"]).json()["results"]] == ["QMS"]


def test_errors_look_as_they_do_at_the_vendors(server):
    assert get(server, "content/scan", 400, cursor="wrong").json()["statusCode"] == 400
    assert get(server, "content/1/label", 404).json()["statusCode"] == 404
    get(server, "nonsense", 404)
    wrong = get(server, "space", 401, headers={"Authorization": "Bearer stolen"})
    assert (wrong.headers["X-AUSERNAME"], wrong.headers["Content-Type"][:9]) == ("anonymous", "text/html")
    server.break_with("captcha")
    assert "CAPTCHA" in get(server, "space", 403).headers["X-Authentication-Denied-Reason"]
    server.mend()
    server.break_with("signed-out")
    assert get(server, "user/current").json()["type"] == "anonymous"
    assert get(server, "content/scan").json()["results"] == []


@pytest.mark.parametrize("path", ["content/scan", "space", "user/current", "content/{id}/label"])
def test_its_answers_fit_the_vendors_description(server, path):
    if not SPEC.is_file():
        pytest.skip(f"the vendor's description is not here: {SPEC}")
    spec = json.loads(SPEC.read_text("utf-8"))
    answer = spec["paths"][f"/rest/api/{path}"]["get"]["responses"]["200"]["content"]["application/json"]
    place = path.replace("{id}", str(server.tool.pages[0].id))
    everything = "version,history,space,ancestors,metadata.labels,body.storage"
    body = get(server, place, expand=everything).json()
    Draft202012Validator({"components": spec["components"], **answer["schema"]}).validate(body)


STANDING = ConfluenceDataCenter(Clock(MAY))


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_query_brings_the_server_down(cursor, limit, expand):
    query = {"cursor": [cursor], "limit": [limit], "expand": [expand]}
    request = Request("GET", "/confluence/rest/api/content/scan", query, {"authorization": TOKEN["Authorization"]}, b"")
    assert STANDING.answer(request, "http://127.0.0.1").status in {200, 400}


def test_the_playground_serves_both_data_centers_on_one_origin():
    with Playground(MAY, deployment="data-center") as playground:
        origin = playground.atlassian.origin
        for path in ("/jira/rest/api/2/myself", "/confluence/rest/api/user/current"):
            assert requests.get(origin + path, headers=TOKEN, timeout=10).status_code == 200
        playground.atlassian.break_with("signed-out")
        for path in ("/jira/rest/api/2/search", "/confluence/rest/api/user/current"):
            answer = requests.get(origin + path, headers=TOKEN, timeout=10)
            assert (answer.status_code, answer.headers["X-AUSERNAME"]) == (200, "anonymous")
        assert set(playground.truth()) == {"servicenow", "jira", "confluence"}
        assert urlsplit(origin).path == ""
        assert f'url = "{origin}/confluence"\nauth = "bearer"' in playground.workspace_toml()
