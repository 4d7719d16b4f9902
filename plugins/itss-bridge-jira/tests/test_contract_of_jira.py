"""The connector against the contract that every connector has to keep, in both deployments."""

from datetime import UTC, datetime
from typing import ClassVar

from itss_bridge.testing import ConnectorContract, StandIn
from itss_bridge.transport import Credentials
from itss_bridge_jira.connector import Jira
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.jira import Jira as CloudTool
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.server import ToolServer


class CloudSite(StandIn):
    secret = "playground"
    streams: ClassVar = {
        "request": {"jql": "project = OPS AND issuetype = 服务请求"},
        "change": {"jql": "project = OPS AND issuetype = Change"},
    }
    tool = CloudTool
    context = ""

    def start(self):
        clock = Clock(datetime(2016, 5, 1, tzinfo=UTC))
        self.server = ToolServer(self.tool(clock), clock).start()
        self.url = self.server.origin + self.context

    def stop(self):
        self.server.stop()

    def credentials(self, secret):
        return Credentials.basic("bridge@acme.example", secret)

    def truth(self):
        return self.server.tool.truth()

    def change(self):
        self.server.clock.move_to(datetime(2016, 6, 1, tzinfo=UTC))

    def remove(self):
        tool = self.server.tool
        tool.issues = [issue for number, issue in enumerate(tool.issues) if number % 10]


class DataCenterSite(CloudSite):
    config: ClassVar = {"deployment": "data-center"}
    tool = JiraDataCenter
    context = "/jira"

    def credentials(self, secret):
        return Credentials.bearer(secret)


class TestJira(ConnectorContract):
    connector = Jira
    stand_in = CloudSite


class TestJiraDataCenter(ConnectorContract):
    connector = Jira
    stand_in = DataCenterSite
