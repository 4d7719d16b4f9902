"""A page that this tool published is no evidence: left out, counted, and no reason to call the stream incomplete."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from itss_bridge.evidence import Lake
from itss_bridge.evidence.known import Known
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.connector import Confluence
from itss_bridge_confluence.mark import PROPERTY, marked
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as CloudSite
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.qms import Mark
from itss_bridge_playground.server import ToolServer

JUNE = datetime(2016, 6, 1, tzinfo=UTC)
KEY = "itss-bridge-page-0123456789abcdef"


@pytest.fixture(params=["cloud", "data-center"])
def site(request):
    clock = Clock(JUNE)
    tool = (CloudSite if request.param == "cloud" else ConfluenceDataCenter)(clock)
    tool.operations = ["read", "create", "update"]
    with ToolServer(tool, clock) as server:
        url = server.origin + ("" if request.param == "cloud" else "/confluence")
        yield SimpleNamespace(tool=tool, url=url, deployment=request.param)


def sync(site, folder, **config):
    credentials = Credentials.basic("bridge@acme.example", "playground")
    table = {"url": site.url, "deployment": site.deployment, "spaces": ["QMS"], **config}
    connector = Confluence(table, GuardedSession(site.url, credentials=credentials), {})
    job = SourceRun("confluence", connector, "run", str, lambda who: who.server_time, lambda *_: None)
    lake = Lake(folder)
    outcome = sync_source(job, lake)["document"]
    with closing(Known(lake.table("document"), "confluence")) as known:
        return outcome, set(known.not_in(set()))


def published(site, *, mark=True, note=True):
    """A page as the publisher leaves it, which somebody has labelled like an approved procedure."""
    body = "<p>矩阵</p>"
    page = site.tool.new_page("一体化符合性矩阵", "", marked(body, KEY) if mark else body)
    labels = tuple(Mark(name, JUNE, datetime.max.replace(tzinfo=UTC)) for name in ("itss-prc-inc-a", "approved"))
    site.tool.edit(page.id, marks=labels)
    if note:
        site.tool.write_property(str(page.id), PROPERTY, {"key": KEY, "page": str(page.id)}, None)
    return str(page.id)


@pytest.mark.parametrize(
    ("mark", "note", "config"),
    [
        (True, True, {}),
        (True, False, {}),
        (False, True, {}),
        (True, True, {"links": False}),
        (True, True, {"page_size": 7}),
    ],
    ids=["usual", "note never arrived", "text replaced by hand", "without bodies", "short pages"],
)
def test_what_we_published_counts_nowhere(site, tmp_path, mark, note, config):
    ours = published(site, mark=mark, note=note)
    outcome, held = sync(site, tmp_path, **config)
    assert (outcome.state, outcome.reason, outcome.left_out) == ("complete", "", 1)
    assert ours not in held
    assert len(held) == outcome.expected == outcome.seen == len(site.tool.truth()["document"]) - 1
    assert outcome.as_dict()["left_out"] == 1


def test_a_page_that_is_published_where_a_document_was_is_taken_out(site, tmp_path):
    page = next(page for page in site.tool.pages if page.title == "事件管理程序")
    _, before = sync(site, tmp_path)
    site.tool.edit(page.id, body=marked("<p>矩阵</p>", KEY))
    outcome, after = sync(site, tmp_path)
    assert before - after == {str(page.id)}
    assert (outcome.state, outcome.removed, outcome.left_out) == ("complete", 1, 1)


def test_a_document_that_only_tells_of_the_page_stays_evidence(site, tmp_path):
    page = next(page for page in site.tool.pages if page.title == "事件管理程序")
    site.tool.edit(page.id, body=f"<p>见 {KEY}</p>")
    outcome, held = sync(site, tmp_path)
    assert (outcome.state, outcome.left_out, str(page.id) in held) == ("complete", 0, True)
    assert "left_out" not in outcome.as_dict()


def test_where_search_lags_behind_and_no_body_is_read_the_page_itself_is_asked(site, tmp_path):
    ours = published(site)
    site.tool.index_lag = timedelta(days=1)
    outcome, held = sync(site, tmp_path, links=False)
    assert (outcome.state, outcome.left_out, ours in held) == ("complete", 1, False)
