"""The connector against the contract that every connector has to keep."""

from datetime import UTC, datetime
from typing import ClassVar

from itss_bridge.testing import ConnectorContract, StandIn
from itss_bridge.transport import Credentials
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as Site
from itss_bridge_playground.server import ToolServer

WHOLE = "labels, archiving and moves have no date at Confluence, so a space is read whole"


class MadeUpSpace(StandIn):
    secret = "playground"
    config: ClassVar = {"spaces": ["QMS"], "page_size": 40}

    def start(self):
        clock = Clock(datetime(2016, 5, 1, tzinfo=UTC))
        self.server = ToolServer(Site(clock), clock).start()
        self.url = self.server.origin

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
        tool = self.server.tool
        shown = [page for page in tool.pages if str(page.id) in self.truth()["document"]]
        tool.pages = [page for page in tool.pages if page not in shown[:5]]


class TestConfluence(ConnectorContract):
    connector = Confluence
    stand_in = MadeUpSpace
    few_requests = 12  # with pages this short
    waived: ClassVar = {
        "test_a_later_read_gives_only_what_changed": WHOLE,
        "test_the_far_future_holds_nothing": WHOLE,
        "test_count_takes_one_request": "the API has no total, so pages are counted",
    }
