"""Three tools, two ports, one clock; and the command that serves them."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import requests
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from itss_bridge_playground.cli import main
from itss_bridge_playground.playground import Playground

ROOT = Path(__file__).parents[3]
MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)
SERVICENOW, ATLASSIAN = ("bridge", "playground"), ("bridge@acme.example", "playground")


@pytest.fixture
def playground() -> Iterator[Playground]:
    with Playground(MAY) as running:
        yield running


def get(origin: str, path: str, auth=None) -> requests.Response:
    return requests.get(origin + path, auth=auth, timeout=10)


def test_all_three_tools_answer_and_tell_the_same_time(playground):
    answers = [
        get(playground.servicenow.origin, "/api/now/stats/incident?sysparm_count=true", SERVICENOW),
        get(playground.atlassian.origin, "/rest/api/3/myself", ATLASSIAN),
        get(playground.atlassian.origin, "/wiki/api/v2/spaces", ATLASSIAN),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.headers["Date"] for answer in answers} == {"Sun, 01 May 2016 00:00:00 GMT"}


def test_the_truth_names_every_tool_and_stream_and_moves_on_with_the_clock(playground):
    before = playground.truth()
    assert before.keys() == {"servicenow", "jira", "confluence"}
    assert before["servicenow"].keys() == {"incident", "sla", "problem", "change", "configuration_item"}
    playground.move_to(JUNE)
    after = playground.truth()
    for tool, streams in before.items():
        assert any(after[tool][stream] != records for stream, records in streams.items()), tool


def test_time_never_goes_back(playground):
    with pytest.raises(ValueError, match="only moves forward"):
        playground.move_to(datetime(2016, 4, 1, tzinfo=UTC))


def test_a_naive_moment_is_taken_as_utc():
    with Playground(MAY.replace(tzinfo=None)) as playground:
        assert playground.clock.now == MAY


@pytest.mark.parametrize("taken", [0, 1])
def test_a_taken_port_is_an_error_that_leaves_nothing_open(playground, taken):
    port = int(playground.servicenow.origin.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        Playground(MAY, ports=(port, 0) if taken == 0 else (0, port))


def test_the_workspace_file_is_valid_and_points_at_the_running_servers(playground):
    settings = tomllib.loads(playground.workspace_toml())
    schema = json.loads((ROOT / "schemas" / "workspace.json").read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(settings)) == []
    assert settings["sources"]["servicenow"]["url"] == playground.servicenow.origin
    assert {settings["sources"][name]["url"] for name in ("jira", "confluence")} == {playground.atlassian.origin}
    assert settings["workspace"]["clock"] == "source"


def test_the_full_recording_must_be_where_it_is_said_to_be(tmp_path):
    with pytest.raises(FileNotFoundError, match="not packaged"):
        Playground(MAY, "full")
    with pytest.raises(FileNotFoundError, match="incident_event_log"):
        Playground(MAY, "full", tmp_path)


# --- the control paths, for another process


@pytest.mark.parametrize("server", ["servicenow", "atlassian"])
def test_the_truth_can_be_asked_for_at_each_origin(playground, server):
    running = getattr(playground, server)
    told = get(running.origin, "/playground/truth").json()
    truth = playground.truth()
    expected = truth["servicenow"] if server == "servicenow" else {name: truth[name] for name in ("jira", "confluence")}
    assert told == orjson.loads(orjson.dumps(expected))


def test_the_truth_over_http_equals_the_truth(playground):
    told = get(playground.servicenow.origin, "/playground/truth").json()["incident"]
    assert {key: datetime.fromisoformat(at) for key, at in told.items()} == playground.truth()["servicenow"]["incident"]


def test_the_clock_of_all_tools_can_be_moved_at_one_origin(playground):
    url = f"{playground.atlassian.origin}/playground/clock"
    assert requests.post(url, json={"now": "2016-06-01"}, timeout=10).json() == {"now": "2016-06-01T00:00:00+00:00"}
    assert playground.clock.now == JUNE


def test_faults_can_be_switched_on_and_mended(playground):
    origin = playground.servicenow.origin
    assert requests.post(f"{origin}/playground/faults", json={"on": ["login-page"]}, timeout=10).ok
    assert get(origin, "/api/now/table/incident", SERVICENOW).headers["Content-Type"].startswith("text/html")
    assert requests.post(f"{origin}/playground/faults", json={"on": []}, timeout=10).ok
    assert get(origin, "/api/now/table/incident?sysparm_limit=1", SERVICENOW).json()["result"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"now": "2016-04-01"}),
        ("clock", {"now": "yesterday"}),
        ("clock", {}),
        ("clock", []),
        ("faults", {"on": ["no-such-fault"]}),
        ("faults", None),
        ("weather", {}),
    ],
)
def test_a_wrong_control_request_is_refused_with_a_reason(playground, path, body):
    answer = requests.post(f"{playground.servicenow.origin}/playground/{path}", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_control_requests_are_not_in_the_log(playground):
    get(playground.servicenow.origin, "/playground/truth")
    get(playground.servicenow.origin, "/api/now/table/incident?sysparm_limit=1", SERVICENOW)
    assert [exchange.path for exchange in playground.servicenow.log] == ["/api/now/table/incident"]


def test_the_log_counts_the_bytes_that_were_sent(playground):
    answer = get(playground.servicenow.origin, "/api/now/table/incident?sysparm_limit=3", SERVICENOW)
    assert playground.servicenow.log[-1].bytes_out == len(answer.content)


# --- the command


@pytest.fixture
def served() -> Iterator[dict]:
    command = [
        sys.executable,
        "-c",
        "from itss_bridge_playground.cli import main; main()",
        "serve",
        "--json",
        "--seconds",
        "60",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


def test_serve_prints_where_it_is_and_move_moves_it(served):
    assert tomllib.loads(served["workspace"])["sources"]["jira"]["url"] == served["atlassian"]
    moved = CliRunner().invoke(main, ["move", "--to", "2016-06-01", served["servicenow"]])
    assert (moved.exit_code, moved.output) == (0, "it is 2016-06-01T00:00:00+00:00 there now\n")
    back = CliRunner().invoke(main, ["move", "--to", "2016-05-01", served["atlassian"]])
    assert back.exit_code != 0
    assert "only moves forward" in back.output


def test_serve_stops_by_itself_and_prints_a_workspace_file():
    result = CliRunner().invoke(main, ["serve", "--seconds", "0", "--now", "2016-03-01"])
    assert result.exit_code == 0
    assert "It is 2016-03-01T00:00:00+00:00 there" in result.output
    assert tomllib.loads(result.output.partition("itss-bridge.toml:")[2])["workspace"]["organisation"]


@pytest.mark.parametrize("deployment", ["cloud", "data-center"])
def test_serve_takes_the_deployment_and_says_where_tokens_come_from(deployment):
    result = CliRunner().invoke(main, ["serve", "--seconds", "0", "--deployment", deployment])
    assert result.exit_code == 0
    introduction, _, workspace = result.output.partition("itss-bridge.toml:")
    table = tomllib.loads(workspace)["sources"]["jira"]
    assert (table["deployment"], table["url"].endswith("/jira")) == (deployment, deployment == "data-center")
    assert "/oauth_token.do" in introduction
    assert ("/jira/rest/oauth2/latest/token" in introduction) == (deployment == "data-center")


def test_serve_without_the_full_recording_says_what_to_do():
    result = CliRunner().invoke(main, ["serve", "--incidents", "full"])
    assert result.exit_code == 1
    assert "--data" in result.output


@pytest.mark.parametrize("origin", ["https://acme.service-now.com", "http://127.0.0.1:1"])
def test_move_tells_when_there_is_no_playground(origin):
    result = CliRunner().invoke(main, ["move", "--to", "2016-06-01", origin])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
