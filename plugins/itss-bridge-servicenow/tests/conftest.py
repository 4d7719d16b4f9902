"""A running playground, and how the connector reaches it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from itss_bridge.transport import Credentials, GuardedSession, Limits
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import ServiceNow as Instance
from itss_bridge_playground.uci import IncidentLog
from itss_bridge_servicenow.connector import ServiceNow

Connect = Callable[..., ServiceNow]


@pytest.fixture(scope="session")
def log() -> IncidentLog:
    return IncidentLog.sample()


@pytest.fixture
def server(log: IncidentLog) -> Iterator[ToolServer]:
    clock = Clock(datetime(2016, 5, 1, tzinfo=UTC))
    with ToolServer(Instance(clock, log), clock) as running:
        yield running


@pytest.fixture
def connect(server: ToolServer) -> Connect:
    """The connector on the playground; keywords are the source's keys, `streams` its streams' tables."""

    def connected(streams=None, **config) -> ServiceNow:
        http = GuardedSession(
            server.origin, credentials=Credentials.basic("bridge", "playground"), limits=Limits(attempts=1)
        )
        return ServiceNow({"url": server.origin, **config}, http, streams or {})

    return connected
