"""The tables that the README shows are read as they stand there, against the stand-ins."""

import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge.workspace import Source
from itss_bridge_jira.connector import Jira
from itss_bridge_jira.deployment import TOKEN_ENDPOINTS
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.server import ToolServer

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
CLOUD, DATA_CENTER, *OTHERS = (
    tomllib.loads(block)["sources"]["jira"] for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
)


def connector(table, url, streams=None) -> Jira:
    source = Source("jira", "jira", table)
    http = GuardedSession(url, credentials=Credentials.bearer("playground"), read_posts=Jira.read_posts)
    own = {**source.own_keys, "url": url, "titles": table.get("titles", False)}
    return Jira(own, http, streams or table["streams"])


def read(jira: Jira, stream: str):
    return [r.data for piece in jira.slices(stream, None) for page in jira.read(piece) for r in page.records]


@pytest.fixture
def shown(bench):
    return connector(CLOUD, bench.server.origin)


def test_every_stream_of_the_example_is_read(bench, shown):
    assert shown.streams() == ["incident", "request", "problem", "change", "sla"]
    assert all(reason == "" for reason in shown.check().readable.values())
    truth = bench.tool.truth()
    for stream in shown.streams():
        assert len(read(shown, stream)) == len(truth.get(stream, ())) or stream == "sla"


def test_the_sites_own_fields_and_words_become_ours(shown):
    changes = read(shown, "change")
    assert {row["risk"] for row in changes} == {"低", "中", "高"}
    assert {row["outcome"] for row in changes} == {
        "successful",
        "successful-with-issues",
        "unsuccessful",
        "rolled-back",
        None,
    }
    assert {"ERP 系统", "邮件与协作"} < {row["service"] for row in changes}
    assert {row["state"] for row in changes} >= {"scheduled", "closed", "cancelled"}
    assert None not in {row["state"] for row in changes}
    requests = read(shown, "request")
    assert {row["priority"] for row in requests} == {1, 2, 3, 4}
    assert {row["state"] for row in requests} >= {"active", "closed"}
    cycles = read(shown, "sla")
    assert {row["target"] for row in cycles} == {"response", "resolution"}


def test_data_center_reads_the_same_streams(bench):
    with ToolServer(JiraDataCenter(bench.clock), bench.clock) as server:
        assert DATA_CENTER["url"].endswith("/jira")
        there = connector(DATA_CENTER, f"{server.origin}/jira", CLOUD["streams"])
        for stream in there.streams():
            assert len(read(there, stream)) == len(read(connector(CLOUD, bench.server.origin), stream))


def test_every_table_fits_what_the_connector_takes():
    for table in (CLOUD, DATA_CENTER, *OTHERS):
        assert Draft202012Validator(Jira.config_schema).is_valid(Source("jira", "jira", table).own_keys)
    assert {table.get("auth") for table in OTHERS} == {"oauth-client-credentials"}
    assert all(table["token_url"] == TOKEN_ENDPOINTS["cloud"] for table in OTHERS if table.get("deployment") == "cloud")
