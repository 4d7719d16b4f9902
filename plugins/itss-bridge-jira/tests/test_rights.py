"""What the account could write, as Jira tells it, in the cloud and on Data Center."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.errors import SourceUnavailable
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_jira.connector import Jira
from itss_bridge_jira.rights import WRITES
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira as Cloud
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.server import Answer, ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED") or Path(__file__).parents[4] / "shared")
DEPLOYMENTS = {"cloud": (Cloud, ""), "data-center": (JiraDataCenter, "/jira")}
STREAMS = {"change": {"jql": "project = OPS"}}


@pytest.fixture(params=list(DEPLOYMENTS))
def asked(request):
    """The tool, its server's log, and the connector in front of it."""
    kind, context = DEPLOYMENTS[request.param]
    clock = Clock(datetime(2016, 5, 1, tzinfo=UTC))
    tool = kind(clock)
    with ToolServer(tool, clock) as server:
        url = server.origin + context
        http = GuardedSession(url, credentials=Credentials.basic("bridge@acme.example", "playground"))
        yield tool, server, Jira({"url": url, "deployment": request.param}, http, STREAMS)


def test_permissions_that_change_something_are_named(asked) -> None:
    tool, server, connector = asked
    assert connector.writable() == {"CREATE_ISSUES": "Create issues", "EDIT_ISSUES": "Edit issues"}
    assert [exchange.method for exchange in server.log] == ["GET"]
    tool.permissions = {"BROWSE_PROJECTS"}
    assert connector.writable() == {}
    tool.permissions = set(WRITES)
    assert set(connector.writable()) == set(WRITES)


@pytest.mark.parametrize("body", [{}, [], {"permissions": []}, {"permissions": None}])
def test_an_answer_without_permissions_is_none(asked, monkeypatch, body) -> None:
    tool, _, connector = asked
    monkeypatch.setattr(tool, "answer", lambda *_: Answer(body=body))
    with pytest.raises(SourceUnavailable):
        connector.writable()


def test_request_and_answer_fit_the_vendor_s_description(asked) -> None:
    tool, server, connector = asked
    cloud = type(tool) is Cloud
    file = SHARED / "apis" / "specs" / f"jira-{'cloud-platform-v3' if cloud else 'dc-10.3'}.oas3.json"
    if not file.exists():
        pytest.skip(f"the vendor's API description is not kept here: {file}")
    description = json.loads(file.read_text("utf-8"))
    path = "/rest/api/3/mypermissions" if cloud else "/api/2/mypermissions"
    operation = description["paths"][path]["get"]
    connector.writable()
    (exchange,) = server.log
    assert exchange.path.endswith(path)
    known = {one["name"]: one for one in operation["parameters"]}
    assert set(exchange.query) <= set(known)
    if cloud:
        assert set(exchange.query) == {"permissions"}, "the cloud wants them named"
    answer = connector.http.get(f"{server.origin}{exchange.path}", params={k: v[0] for k, v in exchange.query.items()})
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({"components": description["components"], **schema}).validate(answer.json())
