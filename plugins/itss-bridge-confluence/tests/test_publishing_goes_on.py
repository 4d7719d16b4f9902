"""Whatever people do to the page and whichever answers are lost: there is one page, and it shows what was last published."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from itss_bridge.contracts import Sheet
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.publish_page import publish_page
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.publisher import ConfluencePage
from itss_bridge_confluence.reading import lines
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as CloudSite
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.messages import Answer, Wire
from itss_bridge_playground.server import ToolServer

JUNE = datetime(2016, 6, 1, tzinfo=UTC)
KEY = "itss-bridge-page-0123456789abcdef"
STATUSES = st.sampled_from(["符合", "不符合", "证据不足"])


class Publishing(RuleBasedStateMachine):
    """One workspace publishes to one site, over real HTTP."""

    @initialize(cloud=st.booleans())
    def open(self, cloud):
        clock = Clock(JUNE)
        self.tool = (CloudSite if cloud else ConfluenceDataCenter)(clock)
        self.tool.operations = ["read", "create", "update"]
        self.server = ToolServer(self.tool, clock).start()
        self.url = self.server.origin + ("" if cloud else "/confluence")
        self.config = {
            "url": self.url, "deployment": "cloud" if cloud else "data-center", "space": "QMS", "title": "矩阵"
        }  # fmt: skip
        self.shown = None
        self.noted = None
        self.renamed = False
        self.edited = False

    def teardown(self):
        if hasattr(self, "server"):
            self.server.stop()

    @property
    def ours(self):
        return [page for page in self.tool.pages if page.bodies]

    def publish(self, status):
        body = f"<table><tbody><tr><td>8.6.1</td><td>{status}</td></tr></tbody></table>"
        http = GuardedSession(
            self.url, credentials=Credentials.basic("bridge@acme.example", "playground"), writes=ConfluencePage.writes
        )
        sheet = Sheet(KEY, "矩阵", body, sha256(body.encode()).hexdigest())
        return publish_page(ConfluencePage(self.config, http), sheet, "{} lines".format, apply=True), body

    def versions(self):
        return len(self.ours[0].bodies) if self.ours else 0

    @property
    def unnoted(self):
        """Whether the note on the page is of another text; one put back to what it was needs no new note."""
        return self.noted != self.shown

    def trashed(self):
        return bool(self.ours) and self.ours[0].status(JUNE) == "trashed"

    @rule(status=STATUSES)
    def publish_it(self, status):
        before = self.versions()
        if self.trashed():
            with pytest.raises(UsageError):
                self.publish(status)
            assert self.versions() == before
            return
        step, body = self.publish(status)
        changes = self.shown != lines(body) or self.edited
        assert self.versions() == before + changes, "one version where something changes, else none"
        assert (step.doing == "none") == (not changes and not self.unnoted)
        self.shown = self.noted = lines(body)
        self.edited = False

    @precondition(lambda self: not self.trashed())
    @rule(status=STATUSES, note=st.booleans())
    def lose_an_answer(self, status, note):
        struck = []

        def lost(request, answer):
            if request.method == "GET" or ("propert" in request.path) != note or struck:
                return answer
            struck.append(request.path)
            return Answer(answer.status, answer.body, wire=Wire(raw=b"", reset=True))

        self.server.faults["lost"] = lost
        try:
            _, body = self.publish(status)
        except SourceUnavailable:
            body = f"<p>8.6.1 | {status}</p>"
            arrived = note
        else:
            arrived = True
        finally:
            self.server.faults.clear()
        self.shown, self.edited = lines(body), False
        self.noted = self.shown if arrived else self.noted

    @precondition(lambda self: self.ours and not self.unnoted and not self.trashed())
    @rule(name=st.sampled_from(["für die Managementbewertung", "矩阵（评审用）"]), place=st.integers(0, 20))
    def rename_and_move(self, name, place):
        self.tool.edit(self.ours[0].id, title=name, parent=self.tool.pages[place].id)
        self.renamed = True

    @precondition(lambda self: self.ours)
    @rule()
    def edit_by_hand(self):
        self.tool.edit(self.ours[0].id, body=self.ours[0].bodies[-1].replace("8.6.1", "8.6.1!"))
        self.edited = True

    # what lies in the trash is found by its title alone
    @precondition(lambda self: self.ours and not self.unnoted and not self.renamed)
    @rule()
    def into_the_trash_or_back(self):
        self.tool.edit(self.ours[0].id, trashed_at=JUNE if not self.trashed() else JUNE.replace(year=2999))

    @invariant()
    def there_is_one_page_and_it_shows_what_was_published(self):
        if hasattr(self, "tool"):
            assert len(self.ours) == (self.shown is not None)
            if self.ours and not self.edited:
                assert lines(self.ours[0].bodies[-1]) == self.shown


Publishing.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPublishing = Publishing.TestCase
