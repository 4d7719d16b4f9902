"""What is deleted, moved away or hidden at a tool is no longer evidence, and the metrics over it say so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge.outcomes import StreamOutcome
from itss_bridge.report import stream_states
from itss_bridge_playground.faults.kind import Scene
from itss_bridge_playground.faults.world import World
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

EVER = datetime(2100, 1, 1, tzinfo=UTC)
STREAMS = {"servicenow": "incident", "jira": "change", "confluence": "document"}


@dataclass
class Tool:
    """One tool of the playground, the workspace that has read it, and three records that are about to go."""

    name: str
    playground: Playground
    bridge: Bridge
    going: set[str]

    @property
    def stream(self) -> str:
        return STREAMS[self.name]

    def sync(self) -> StreamOutcome:
        _, outcomes = self.bridge.sync(lambda *_: None, [self.name])
        return outcomes[self.name][self.stream]

    def held(self) -> set[str]:
        return {row["id"] for row in records(self.bridge.lake, self.stream, EVER, ["id", "source"])}

    def counted(self) -> set[str]:
        """Ids in the population of any metric that looks at this stream alone."""
        found: set[str] = set()
        moment = self.bridge.now()
        with self.bridge.engine(moment) as engine:
            for metric in self.bridge.catalogue.metrics.values():
                if tuple(metric.streams) == (self.stream,) and not metric.parameters:
                    engine.hold(metric, {}, None, moment)
                    found |= {row["id"] for row in engine.rows("SELECT id FROM population")}
        return found

    def change(self, world: Callable[[Request, Answer], Answer]) -> None:
        server = self.playground.servicenow if self.name == "servicenow" else self.playground.atlassian
        server.faults["changed"] = world

    def scene(self) -> Scene:
        server = self.playground.servicenow if self.name == "servicenow" else self.playground.atlassian
        return Scene(server.tool, server.origin, server.clock, 7)

    def mend(self) -> None:
        self.playground.servicenow.mend()
        self.playground.atlassian.mend()


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(datetime(2016, 5, 1, tzinfo=UTC)) as running:
        yield running


@pytest.fixture(params=list(STREAMS))
def tool(
    request: pytest.FixtureRequest, playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tool]:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
    bridge = Bridge(tmp_path)
    tool = Tool(request.param, playground, bridge, set())
    assert tool.sync().state == "complete"
    tool.going = set(sorted(tool.counted())[:3])
    assert len(tool.going) == 3
    yield tool
    tool.mend()


def test_what_is_deleted_or_moved_away_is_removed_and_metrics_follow(tool: Tool) -> None:
    """Moved to another project, space or table, a record leaves every list that is asked for, as if it were deleted."""
    before = tool.counted()
    tool.change(World(tool.scene(), tool.going))
    outcome = tool.sync()
    assert (outcome.state, outcome.removed) == ("complete", 3)
    assert not tool.going & tool.held()
    assert tool.counted() == before - tool.going
    tool.mend()
    again = [tool.sync() for _ in range(2)]  # what comes back has an old date: the count tells, a full read finds it
    assert again[-1].state == "complete"
    assert tool.counted() == before


def test_what_may_no_longer_be_seen_is_no_evidence_and_never_silently_so(tool: Tool) -> None:
    """ServiceNow goes on counting what it hides, so that it shows at once, or when keys are compared again."""
    counts_hidden = tool.name == "servicenow"
    before = tool.counted()
    tool.change(World(tool.scene(), tool.going, counted=counts_hidden))
    if counts_hidden:
        forget_the_comparison(tool)
    outcome = tool.sync()
    assert outcome.removed == 3
    assert not tool.going & tool.held()
    assert tool.counted() == before - tool.going
    if counts_hidden:
        assert (outcome.state, outcome.hidden) == ("incomplete", 3)
        states = {state.stream: state.state for state in stream_states(tool.bridge.lake, tool.bridge.now())}
        assert states["incident"] == "incomplete"
    else:
        assert outcome.state == "complete"


def forget_the_comparison(tool: Tool) -> None:
    """As if a week had gone by since every key was compared."""
    from dataclasses import replace

    table = tool.bridge.lake.table(tool.stream)
    last = table.last()
    assert last is not None
    mark = replace(last.sources[tool.name], compared=None)
    table.append([], run="later", at=last.at, source=tool.name, mark=mark)
