"""The connector against the contract that every connector has to keep, in both deployments."""

from datetime import UTC, datetime
from typing import ClassVar

from itss_bridge.testing import ConnectorContract, StandIn
from itss_bridge.transport import Credentials
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as CloudTool
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.server import ToolServer

WHOLE = "labels, archiving and moves have no date at Confluence, so a space is read whole"
WAIVED = {"test_a_later_read_gives_only_what_changed": WHOLE, "test_the_far_future_holds_nothing": WHOLE}


class CloudSpace(StandIn):
    secret = "playground"
    config: ClassVar = {"spaces": ["QMS"], "page_size": 40}
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
        pages = self.server.tool.truth()["document"]
        return {"document": {page: datetime.fromisoformat(at) for page, at in pages.items()}}

    def change(self):
        self.server.clock.move_to(datetime(2016, 6, 1, tzinfo=UTC))

    def remove(self):
        gone = sorted(self.truth()["document"])[:5]
        tool = self.server.tool
        tool.pages = [page for page in tool.pages if str(page.id) not in gone]


class DataCenterSpace(CloudSpace):
    config: ClassVar = {"deployment": "data-center", "spaces": ["QMS"]}
    tool = ConfluenceDataCenter
    context = "/confluence"

    def credentials(self, secret):
        return Credentials.bearer(secret)


class TestConfluence(ConnectorContract):
    connector = Confluence
    stand_in = CloudSpace
    few_requests = 12  # with pages this short
    waived: ClassVar = {**WAIVED, "test_count_takes_one_request": "the API has no total, so pages are counted"}


class TestConfluenceDataCenter(ConnectorContract):
    connector = Confluence
    stand_in = DataCenterSpace
    few_requests = 4  # with bodies, a listing has fifty pages to an answer
    waived: ClassVar = WAIVED
