"""Every request we send and every answer of the stand-in, checked against the vendor's own API description."""

import json
import os
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED") or Path(__file__).parents[4] / "shared")
SPECIFICATION = SHARED / "apis" / "specs" / "jira-cloud-platform-v3.oas3.json"

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.exists(), reason=f"the vendor's API description is not kept here: {SPECIFICATION}"
)


@cache
def specification() -> dict:
    return json.loads(SPECIFICATION.read_text("utf-8"))


def check(schema: dict, value: object) -> None:
    """One schema of the description; its references point into the description's components."""
    Draft202012Validator({"components": specification()["components"], **schema}).validate(value)


def operation(request) -> dict:
    paths = specification()["paths"]
    assert request.path in paths, f"{request.path} is not in the description"
    assert request.method.lower() in paths[request.path], f"{request.method} {request.path} is not in the description"
    found = paths[request.path][request.method.lower()]
    assert not found.get("deprecated"), f"{request.path} is deprecated"
    return found


def check_request(request) -> None:
    described = operation(request)
    known = {one["name"]: one for one in described.get("parameters", ()) if one["in"] == "query"}
    assert set(request.query) <= set(known)
    assert {name for name, one in known.items() if one.get("required")} <= set(request.query)
    for name, values in request.query.items():
        allowed = known[name]["schema"].get("enum")
        assert allowed is None or set(values) <= set(allowed)
    if "requestBody" in described:
        assert request.headers["content-type"].startswith("application/json")
        check(described["requestBody"]["content"]["application/json"]["schema"], request.json())
    else:
        assert request.body in {b"", b"null"}


def check_answer(request, answer) -> None:
    described = operation(request)["responses"][str(answer.status)]
    content = described.get("content")
    assert content, f"no content is described for {answer.status}"
    check(content["application/json"]["schema"], json.loads(answer.payload()))


def test_all_that_a_sync_sends_and_gets_fits_the_description(bench, read):
    everything, _by_id = read
    connector = bench.connector(titles=True)
    bench.tool.page_cap = 60
    connector.check()
    for stream in connector.streams():
        connector.count(stream)
        everything(connector, stream)
        list(connector.census(stream))
    everything(bench.connector(streams={"sla": {"jql": "project = OPS"}}), "sla")
    for request, answer in bench.recorder.exchanges:
        check_request(request)
        check_answer(request, answer)
    assert {*bench.paths()} == {
        "myself", "field", "status", "jql/parse",
        "search/jql", "search/approximate-count", "issue/bulkfetch", "changelog/bulkfetch",
    }  # fmt: skip


def test_what_only_people_ask_for_fits_the_description_too(bench):
    http = bench.connector().http
    for path in ("serverInfo", "search/jql?jql=project%20%3D%20OPS&fields=*all&maxResults=20"):
        http.get(f"{bench.server.origin}/rest/api/3/{path}")
    for request, answer in bench.recorder.exchanges:
        check_answer(request, answer)
    assert len(bench.recorder.exchanges) == 2


def test_every_error_the_stand_in_gives_is_one_the_description_knows(bench):
    http, wrong = bench.connector().http, bench.connector(secret="wrong").http
    url, allow = f"{bench.server.origin}/rest/api/3", {400, 401}
    http.post(f"{url}/search/jql", json={"jql": "order by id"}, allow=allow)
    http.post(f"{url}/search/approximate-count", json={"jql": "project = NO"}, allow=allow)
    http.post(f"{url}/issue/bulkfetch", json={"issueIdsOrKeys": ["1"] * 101}, allow=allow)
    http.post(f"{url}/changelog/bulkfetch", json={"issueIdsOrKeys": []}, allow=allow)
    wrong.get(f"{url}/myself", allow=allow)
    assert [answer.status for _request, answer in bench.recorder.exchanges] == [400, 400, 400, 400, 401]
    for request, answer in bench.recorder.exchanges:
        assert str(answer.status) in operation(request)["responses"]
        check({"$ref": "#/components/schemas/ErrorCollection"}, json.loads(answer.payload()))
