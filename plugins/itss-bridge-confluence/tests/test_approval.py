"""A page is approved by its label, by a content property or by the status people see on it; two of them say since when."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as Tool
from itss_bridge_playground.server import ToolServer

MAY, MARCH = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 3, 1, tzinfo=UTC)
REVIEWED = {"key": "review", "value": "released"}


@pytest.fixture
def server() -> Iterator[ToolServer]:
    clock = Clock(MAY)
    with ToolServer(Tool(clock), clock) as running:
        yield running


def read(server, **config):
    http = GuardedSession(server.origin, credentials=Credentials.basic("bridge@acme.example", "playground"))
    connector = Confluence({"url": server.origin, "spaces": ["QMS"], **config}, http, {})
    pages = [page for piece in connector.slices("document", None) for page in connector.read(piece)]
    return {record.id: record for page in pages for record in page.records}


def drafts(server) -> list[str]:
    """Current pages without the label `approved`."""
    pages = (p for p in server.tool.pages if p.status(MAY) == "current" and "approved" not in p.labels(MAY))
    return [str(page.id) for page in pages]


def verdicts(records):
    return {one: (record.data["approved"], record.data["approved_at"]) for one, record in records.items()}


@pytest.mark.parametrize("expands", [True, False])
def test_a_property_of_the_configured_value_approves_since_its_own_date(server, expands):
    released, draft, *others = drafts(server)
    server.tool.expands_properties = expands
    server.tool.properties = {int(released): {"review": ("released", MARCH)}, int(draft): {"review": ("draft", MARCH)}}
    found = verdicts(read(server, approved_property=REVIEWED))
    assert found[released] == (True, MARCH.isoformat())
    assert {found[one] for one in (draft, *others)} == {(False, None)}
    assert any(exchange.path.endswith("/properties") for exchange in server.log) is not expands


def test_a_page_status_approves_since_it_was_given_and_by_its_name_only(server):
    verified, rough, *others = drafts(server)
    server.tool.states = {int(verified): ("已批准", MARCH), int(rough): ("Rough draft", MARCH)}
    found = verdicts(read(server, approved_status=["Verified", "已批准"]))
    assert found[verified] == (True, MARCH.isoformat())
    assert {found[one] for one in (rough, *others)} == {(False, None)}
    asked = [exchange for exchange in server.log if exchange.path.endswith("/state")]
    assert len(asked) == len(found)
    assert {tuple(exchange.query["status"]) for exchange in asked} == {("current",)}


def test_statuses_are_not_asked_for_unless_one_of_them_means_something(server):
    server.tool.states = dict.fromkeys(map(int, drafts(server)), ("Verified", MARCH))
    assert {found for one, found in verdicts(read(server)).items() if one in drafts(server)} == {(False, None)}
    assert not [exchange for exchange in server.log if exchange.path.endswith("/state")]


def test_an_archived_page_that_search_leaves_out_may_still_be_approved_by_its_status(server):
    server.tool.index_lag = timedelta(days=4000)
    archived = next(page for page in server.tool.pages if page.status(MAY) == "archived")
    server.tool.states = {archived.id: ("Verified", MARCH)}
    assert verdicts(read(server, approved_status=["Verified"]))[str(archived.id)] == (True, MARCH.isoformat())
    assert verdicts(read(server))[str(archived.id)] == (None, None)


@pytest.mark.parametrize(
    "body", [{}, [], {"contentState": {"id": 1}}, {"contentState": {"name": "x"}, "lastUpdated": "?"}]
)
def test_a_status_of_another_shape_is_refused_not_guessed(server, body):
    def spoil(request, answer):
        if request.path.endswith("/state"):
            answer.body = body
        return answer

    server.faults["spoil"] = spoil
    with pytest.raises(SourceUnavailable, match="shape"):
        read(server, approved_status=["Verified"])


def test_data_center_has_no_page_statuses_and_says_so():
    http = GuardedSession("https://wiki.example", credentials=Credentials.bearer("x"))
    config = {"url": "https://wiki.example", "deployment": "data-center", "spaces": ["Q"], "approved_status": ["x"]}
    assert Draft202012Validator(Confluence.config_schema).is_valid({k: v for k, v in config.items() if k != "url"})
    with pytest.raises(UsageError, match="no page statuses"):
        Confluence(config, http, {})
