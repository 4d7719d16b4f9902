"""A stand-in Jira on loopback, and the connector on the guarded session in front of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from itss_bridge.contracts import Record
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_jira.connector import Jira
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira as Playground
from itss_bridge_playground.server import Answer, Request, ToolServer

MAY = datetime(2016, 5, 1, tzinfo=UTC)
JQL = {
    "incident": "project = OPS AND issuetype = Incident",
    "request": 'project = OPS AND issuetype = "Service Request"',
    "problem": "project = OPS AND issuetype in (Problem)",
    "change": "project = OPS AND issuetype = Change",
}
STATES = {
    "待评估": "assess", "待审批": "authorise", "已排期": "scheduled", "实施中": "implement",
    "待评审": "review", "已关闭": "closed", "已取消": "cancelled",
}  # fmt: skip


@dataclass
class Recorder:
    """The playground's tool, with everything that went through it kept."""

    tool: Playground
    name: str = "jira"
    exchanges: list[tuple[Request, Answer]] = field(default_factory=list)

    def answer(self, request: Request, origin: str) -> Answer:
        answer = self.tool.answer(request, origin)
        self.exchanges.append((request, answer))
        return answer


@dataclass
class Bench:
    server: ToolServer
    recorder: Recorder
    clock: Clock

    @property
    def tool(self) -> Playground:
        return self.recorder.tool

    def connector(self, secret: str = "playground", streams=None, **config) -> Jira:
        credentials = Credentials.basic("bridge@acme.example", secret)
        http = GuardedSession(self.server.origin, credentials=credentials, read_posts=Jira.read_posts)
        streams = streams or {
            stream: {"jql": jql} | ({"values": {"state": STATES}} if stream == "change" else {})
            for stream, jql in JQL.items()
        }
        return Jira({"connector": "jira", "url": self.server.origin, **config}, http, streams)

    def paths(self) -> list[str]:
        return [request.path.removeprefix("/rest/api/3/") for request, _answer in self.recorder.exchanges]


def everything(connector: Jira, stream: str, since: datetime | None = None) -> list[Record]:
    return [
        record for piece in connector.slices(stream, since) for page in connector.read(piece) for record in page.records
    ]


def by_id(records: Sequence[Record]) -> dict[str, Record]:
    found = {record.id: record for record in records}
    assert len(found) == len(records), "a record came twice"
    return found


@pytest.fixture
def bench() -> Iterator[Bench]:
    clock = Clock(MAY)
    recorder = Recorder(Playground(clock))
    with ToolServer(recorder, clock) as server:
        yield Bench(server, recorder, clock)


@pytest.fixture
def read():
    """The two helpers above, reachable under importlib mode."""
    return everything, by_id
