"""What the account could write, as Confluence tells it, in the cloud and on Data Center."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.errors import AccessDenied
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as Cloud
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.server import ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED") or Path(__file__).parents[4] / "shared")
SPECIFICATION = SHARED / "apis" / "specs" / "confluence-cloud-v2.oas3.json"
DEPLOYMENTS = {"cloud": (Cloud, ""), "data-center": (ConfluenceDataCenter, "/confluence")}


@pytest.fixture(params=list(DEPLOYMENTS))
def asked(request):
    """The tool, its server, and how to connect."""
    kind, context = DEPLOYMENTS[request.param]
    clock = Clock(datetime(2016, 5, 1, tzinfo=UTC))
    tool = kind(clock)
    with ToolServer(tool, clock) as server:
        url = server.origin + context

        def connect(*spaces: str) -> Confluence:
            http = GuardedSession(url, credentials=Credentials.basic("bridge@acme.example", "playground"))
            return Confluence({"url": url, "deployment": request.param, "spaces": list(spaces)}, http, {})

        yield tool, server, connect


def test_what_an_account_may_do_but_read_is_named_with_the_spaces(asked) -> None:
    tool, server, connect = asked
    tool.operations = ["read"]
    assert connect("QMS").writable() == {}
    tool.operations = ["read", "update", "delete"]
    assert connect("QMS").writable() == {"delete": "QMS", "update": "QMS"}
    assert {exchange.method for exchange in server.log} == {"GET"}


def test_a_space_that_is_not_seen_is_a_refusal(asked) -> None:
    _, _, connect = asked
    with pytest.raises(AccessDenied):
        connect("SECRET").writable()


@pytest.mark.parametrize("asked", ["data-center"], indirect=True)
def test_where_there_is_no_page_data_center_does_not_tell(asked) -> None:
    tool, _, connect = asked
    tool.pages.clear()
    assert connect("QMS").writable() is None


@pytest.mark.parametrize("asked", ["cloud"], indirect=True)
@pytest.mark.skipif(
    not SPECIFICATION.exists(), reason=f"the vendor's API description is not kept here: {SPECIFICATION}"
)
def test_the_cloud_s_answer_fits_the_vendor_s_description(asked) -> None:
    _, server, connect = asked
    description = json.loads(SPECIFICATION.read_text("utf-8"))
    connector = connect("QMS")
    connector.writable()
    *_, exchange = server.log
    operation = description["paths"]["/spaces/{id}/operations"]["get"]
    assert exchange.path.startswith("/wiki/api/v2/spaces/")
    assert not exchange.query
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    answer = connector.http.get(f"{server.origin}{exchange.path}").json()
    Draft202012Validator({"components": description["components"], **schema}).validate(answer)
