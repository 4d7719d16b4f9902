"""The connector against the contract that every connector has to keep."""

from datetime import UTC, datetime
from typing import ClassVar

from itss_bridge.testing import ConnectorContract, StandIn
from itss_bridge.transport import Credentials
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import ServiceNow as Instance
from itss_bridge_playground.uci import IncidentLog
from itss_bridge_servicenow.connector import ServiceNow

LOG = IncidentLog.sample()


class RecordedInstance(StandIn):
    secret = "playground"
    config: ClassVar = {"page_size": 50}

    def start(self):
        clock = Clock(datetime(2016, 3, 8, tzinfo=UTC))
        self.server = ToolServer(Instance(clock, LOG), clock).start()
        self.url = self.server.origin

    def stop(self):
        self.server.stop()

    def credentials(self, secret):
        return Credentials.basic("bridge", secret)

    def truth(self):
        hidden = "7" if self.server.tool.quirks["hidden-rows"] else "none"
        streams = self.server.tool.truth().items()
        return {stream: {k: at for k, at in rows.items() if not k.endswith(hidden)} for stream, rows in streams}

    def change(self):
        self.server.clock.move_to(datetime(2016, 3, 20, tzinfo=UTC))

    def remove(self):
        for name in ("incident", "task_sla", "cmdb_ci"):
            del self.server.tool.tables()[name].rows[:2]

    def hide(self):
        self.server.break_with("hidden-rows")


class TestServiceNow(ConnectorContract):
    connector = ServiceNow
    stand_in = RecordedInstance
