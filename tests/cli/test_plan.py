"""`plan` against the sync that follows it: what it says is about what happens, and it reads nothing itself."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)
COUNTING = re.compile(
    r"/stats/|approximate-count|/search$|/myself|/jql/parse|sys_user|sys_dictionary|user/current|/space"
)
"""Who we are, what may be read, how many there are. Confluence has no count, so its pages are listed without bodies."""


@pytest.fixture(scope="module", params=["cloud", "data-center"])
def playground(request: pytest.FixtureRequest) -> Iterator[Playground]:
    with pytest.MonkeyPatch.context() as patch, Playground(MAY, deployment=request.param) as running:
        patch.setenv("PLAYGROUND_PASSWORD", "playground")
        patch.setenv("PLAYGROUND_TOKEN", "playground")
        yield running


@pytest.fixture
def root(playground: Playground, tmp_path: Path) -> Path:
    """Small pages, so that there are many."""
    text = playground.workspace_toml().replace('spaces = ["QMS"]', 'spaces = ["QMS"]\npage_size = 20')
    text = text.replace('connector = "servicenow"', 'connector = "servicenow"\npage_size = 100')
    (tmp_path / "itss-bridge.toml").write_text(text, "utf-8")
    return tmp_path


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def planned(bridge_command, root: Path) -> dict[tuple[str, str], dict]:
    ran = bridge_command("plan", "-w", root, "--json")
    assert ran.code == 0, ran.err
    return {(line["source"], line["stream"]): line for line in json.loads(ran.out)}


def assert_about(said: int, true: int) -> None:
    """Within a fifth; among a handful of requests, one."""
    assert abs(said - true) <= max(1, 0.2 * true), (said, true)


def test_a_plan_says_about_how_many_requests_the_first_read_takes(
    playground: Playground, root: Path, bridge_command
) -> None:
    plan = planned(bridge_command, root)
    _, outcomes = Bridge(root).sync(quiet)
    for source, streams in outcomes.items():
        said = sum(plan[source, stream]["requests"] for stream in streams)
        assert_about(said, sum(outcome.requests for outcome in streams.values()))
        for stream, outcome in streams.items():
            line = plan[source, stream]
            assert (line["rows"], line["held"], line["reason"]) == (outcome.seen, 0, "first read")
            assert not line["at least"]


def test_a_plan_is_smaller_where_everything_is_held(playground: Playground, root: Path, bridge_command) -> None:
    bridge = Bridge(root)
    bridge.sync(quiet)
    plan = planned(bridge_command, root)
    _, outcomes = bridge.sync(quiet)
    for source, streams in outcomes.items():
        for stream, outcome in streams.items():
            line = plan[source, stream]
            assert line["held"] == outcome.seen
            if source != "confluence":
                assert line["read"].startswith("changes since 2016-05-01")
                assert (line["rows"], line["requests"], line["at least"]) == (0, outcome.requests, True)


def test_a_plan_tells_when_the_configuration_asks_for_everything_again(
    playground: Playground, root: Path, bridge_command
) -> None:
    bridge = Bridge(root)
    bridge.sync(quiet, ["servicenow"])
    with (root / "itss-bridge.toml").open("a", encoding="utf-8") as file:
        file.write('[sources.servicenow.streams.incident.states]\n"2" = "waiting"\n')
    plan = planned(bridge_command, root)
    assert plan["servicenow", "incident"]["reason"] == "connector or configuration have changed"
    assert plan["servicenow", "problem"]["reason"] == ""
    _, outcomes = Bridge(root).sync(quiet, ["servicenow"])
    assert_about(plan["servicenow", "incident"]["requests"], outcomes["servicenow"]["incident"].requests)
    assert outcomes["servicenow"]["problem"].requests <= 3


def test_a_plan_asks_for_counts_only_and_writes_nothing(playground: Playground, root: Path, bridge_command) -> None:
    for server in (playground.servicenow, playground.atlassian):
        server.log.clear()
    planned(bridge_command, root)
    for asked in (*playground.servicenow.log, *playground.atlassian.log):
        bare_keys = "/content" in asked.path or "/pages" in asked.path
        assert COUNTING.search(asked.path) or (bare_keys and "body" not in str(asked.query)), asked
    assert not list(root.glob("evidence/*/"))


def test_minutes_follow_the_requests_that_a_source_allows_at_once(
    playground: Playground, root: Path, bridge_command
) -> None:
    fast = planned(bridge_command, root)["servicenow", "incident"]
    text = (root / "itss-bridge.toml").read_text("utf-8")
    text = text.replace('connector = "servicenow"', 'connector = "servicenow"\nin_flight = 1')
    (root / "itss-bridge.toml").write_text(text, "utf-8")
    slow = planned(bridge_command, root)["servicenow", "incident"]
    assert slow["requests"] == fast["requests"]
    assert slow["minutes"] > fast["minutes"]


def test_a_plan_knows_at_least_what_is_new(playground: Playground, root: Path, bridge_command) -> None:
    bridge = Bridge(root)
    bridge.sync(quiet, ["servicenow"])
    before = len(playground.truth()["servicenow"]["incident"])
    playground.move_to(JUNE)
    line = planned(bridge_command, root)["servicenow", "incident"]
    assert line["rows"] == len(playground.truth()["servicenow"]["incident"]) - before
    _, outcomes = bridge.sync(quiet, ["servicenow"])
    assert line["requests"] <= outcomes["servicenow"]["incident"].requests
