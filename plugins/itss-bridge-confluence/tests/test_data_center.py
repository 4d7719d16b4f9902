"""The connector against the stand-in Data Center, below its context path, over real HTTP through the guarded session."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zlib import crc32

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.data import schema
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.evidence import Lake
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as CloudSite
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.server import ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "apis/specs/confluence-dc-10.0.3.oas3.json"
MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)
REVIEWED = {"key": "review-state", "value": "released"}


@pytest.fixture
def site():
    clock = Clock(MAY)
    tool = ConfluenceDataCenter(clock)
    with ToolServer(tool, clock) as server:
        yield SimpleNamespace(server=server, tool=tool, clock=clock, url=f"{server.origin}/confluence")


def connect(site, *, credentials=None, spaces=("QMS",), **config):
    def impatient(seconds):
        pytest.fail(f"it waits {seconds} s")

    http = GuardedSession(site.url, credentials=credentials or Credentials.bearer("playground"), sleep=impatient)
    return Confluence({"url": site.url, "deployment": "data-center", "spaces": list(spaces), **config}, http, {})


def read(connector):
    pages = [page for piece in connector.slices("document", None) for page in connector.read(piece)]
    records = [record for page in pages for record in page.records]
    found = {record.id: record for record in records}
    assert len(found) == len(records), "a page came twice"
    return found


def truth(site):
    return {key: datetime.fromisoformat(at) for key, at in site.tool.truth()["document"].items()}


def page_named(site, title):
    return next(page for page in site.tool.pages if page.title == title)


# ---- everything, once, as it is ----


@pytest.mark.parametrize("size", [250, 7, 1])
def test_every_page_is_read_once_with_the_time_of_its_newest_version(site, size):
    connector = connect(site, page_size=size)
    assert {one: record.changed_at for one, record in read(connector).items()} == truth(site)
    assert sorted(connector.census("document")) == sorted(truth(site))
    assert (connector.count("document").rows, connector.count("document").exact) == (len(truth(site)), True)


def test_each_record_fits_the_schema_of_documents_and_lies_below_the_context_path(site):
    judge = Draft202012Validator(schema("streams/document"), format_checker=FormatChecker())
    for record in read(connect(site)).values():
        judge.validate(dict(record.data))
        assert record.url.startswith(f"{site.url}/display/QMS/")


def test_the_same_pages_make_the_same_records_as_in_the_cloud(site):
    clock = Clock(MAY)
    with ToolServer(CloudSite(clock), clock) as server:
        http = GuardedSession(server.origin, credentials=Credentials.basic("bridge@acme.example", "playground"))
        cloud = read(Confluence({"url": server.origin, "spaces": ["QMS"]}, http, {}))
    here = read(connect(site))
    assert here.keys() == cloud.keys()
    for one, record in cloud.items():
        page = next(page for page in site.tool.pages if str(page.id) == one)
        writer = f"{crc32(page.saved(MAY)[-1].author.encode()):032x}"
        # an archive for pages is there in the cloud only
        assert dict(here[one].data) == {**record.data, "author": writer, "status": "current"}
        assert (here[one].ref, here[one].changed_at) == (record.ref, record.changed_at)


def test_bodies_are_not_asked_for_when_links_are_not_wanted(site):
    records = read(connect(site, links=False))
    assert {record.data["links"] for record in records.values()} == {None}
    assert not any("body" in value for exchange in site.server.log for value in exchange.query.get("expand", ()))


# ---- labels and other signs ----


@pytest.mark.parametrize("links", [True, False])
def test_a_full_read_takes_about_as_many_requests_as_it_is_planned_for(site, links):
    connector = connect(site, links=links)
    connector.check()
    site.server.log.clear()
    pages = len(read(connector))
    assert len(site.server.log) - 1 < pages / connector.rows_per_request <= len(site.server.log)


def test_labels_beyond_the_listings_limit_are_asked_of_the_page(site):
    plain = {one: record.data for one, record in read(connect(site)).items()}
    site.tool.most_labels = 3
    site.server.log.clear()
    assert {one: record.data for one, record in read(connect(site, page_size=2)).items()} == plain
    asked = {exchange.path for exchange in site.server.log if exchange.path.endswith("/label")}
    assert len(asked) == sum(len(row["labels"]) >= 3 for row in plain.values())


def test_a_page_is_approved_by_its_label_or_by_a_property_of_the_configured_value(site):
    drafts = [page_named(site, title) for title in ("配置审核作业指导书（讨论稿）", "服务可用性管理规定（送审稿）")]
    site.tool.properties = {drafts[0].id: {"review-state": "released"}, drafts[1].id: {"review-state": "draft"}}
    by_label = {one: record.data["approved"] for one, record in read(connect(site)).items()}
    by_both = {one: record.data["approved"] for one, record in read(connect(site, approved_property=REVIEWED)).items()}
    assert {one for one in by_both if by_both[one] != by_label[one]} == {str(drafts[0].id)}
    assert by_both[str(drafts[0].id)] is True
    assert by_both[str(drafts[1].id)] is False


# ---- through the engine ----


def sync(connector, lake, run):
    job = SourceRun(
        source="confluence",
        connector=connector,
        run=run,
        pseudonym=lambda person: f"p-{person[-4:]}",
        clock=lambda identity: identity.server_time if identity else MAY,
        watch=lambda *_progress: None,
    )
    return sync_source(job, lake)["document"]


def test_a_month_goes_by_and_what_is_held_equals_the_tool_both_times(site, tmp_path):
    lake = Lake(tmp_path)
    assert sync(connect(site), lake, "a").state == "complete"
    before = truth(site)
    again = sync(connect(site), lake, "b")
    assert (again.state, again.new, again.changed, again.removed) == ("complete", 0, 0, 0)
    site.clock.move_to(JUNE)
    outcome, after = sync(connect(site), lake, "c"), truth(site)
    assert (outcome.state, outcome.seen) == ("complete", len(after))
    assert (outcome.new, outcome.removed) == (len(after.keys() - before), len(before.keys() - after))
    shown = [page for page in site.tool.pages if str(page.id) in before.keys() & after.keys()]
    differs = [p for p in shown if len(p.saved(MAY)) != len(p.saved(JUNE)) or p.labels(MAY) != p.labels(JUNE)]
    assert outcome.changed == len(differs) > 0


def test_pages_that_go_while_the_walk_goes_on_move_nothing(site):
    gone = sorted(truth(site), key=int)[:3]

    def leaving(request, answer):
        if request.path.endswith("/scan"):
            site.tool.pages = [page for page in site.tool.pages if str(page.id) not in gone]
        return answer

    site.server.faults["leaving"] = leaving
    assert sorted(connect(site, page_size=5).census("document")) == sorted(truth(site).keys() | set(gone))


# ---- who asks ----


def test_the_check_names_the_account_and_the_servers_clock_in_two_requests(site):
    identity = connect(site).check()
    assert identity.account == f"{crc32(b'bridge'):032x}"
    assert (identity.server_time, identity.readable) == (MAY, {"document": ""})
    assert len(site.server.log) == 2


def test_the_context_path_is_on_every_request_and_all_of_them_only_get(site):
    site.tool.most_labels = 3
    connector = connect(site, page_size=20)
    connector.check()
    read(connector)
    connector.count("document")
    assert {exchange.method for exchange in site.server.log} == {"GET"}
    assert all(exchange.path.startswith("/confluence/rest/api/") for exchange in site.server.log)
    assert {exchange.status for exchange in site.server.log} == {200}


def test_a_space_that_is_not_visible_is_named_and_not_taken_for_empty(site):
    connector = connect(site, spaces=["QMS", "FINANCE"])
    assert "FINANCE" in connector.check().readable["document"]
    for ask in (lambda: read(connector), lambda: list(connector.census("document"))):
        with pytest.raises(AccessDenied, match="FINANCE"):
            ask()


def asks(connector):
    return [connector.check, lambda: connector.count("document"), lambda: read(connector)]


def test_a_password_opens_it_as_well_as_a_personal_access_token(site):
    basic = Credentials.basic("bridge@acme.example", "playground")
    assert len(read(connect(site, credentials=basic))) == len(truth(site))


@pytest.mark.parametrize("credentials", [Credentials.bearer("stolen"), Credentials.basic("bridge", "wrong")])
def test_wrong_credentials_are_access_denied_though_the_answer_is_a_web_page(site, credentials):
    for ask in asks(connect(site, credentials=credentials)):
        with pytest.raises(AccessDenied):
            ask()


@pytest.mark.parametrize("quirk", ["captcha", "signed-out"])
def test_to_be_taken_for_nobody_is_access_denied_and_no_empty_space(site, quirk):
    connector = connect(site)
    connector.check()
    site.tool.quirks[quirk] = True
    for ask in asks(connector):
        with pytest.raises(AccessDenied):
            ask()


def test_a_visitor_is_known_by_the_profile_too_where_a_proxy_drops_headers(site):
    def dropped(_request, answer):
        answer.headers.clear()
        return answer

    site.server.faults["dropped"] = dropped
    site.tool.quirks["signed-out"] = True
    with pytest.raises(AccessDenied, match="nobody"):
        connect(site).check()


@pytest.mark.parametrize("fault", ["login-page", "not-found"])
def test_a_sign_on_page_or_a_wrong_address_is_no_empty_space(site, fault):
    if fault == "login-page":
        site.server.break_with(fault)
    else:
        site.url = f"{site.server.origin}/wiki"
    for ask in asks(connect(site)):
        with pytest.raises(SourceUnavailable):
            ask()


class Distorted:
    """The stand-in behind a gateway that rewrites its answers."""

    name = "confluence"

    def __init__(self, distort):
        self.tool, self.distort = ConfluenceDataCenter(Clock(MAY)), distort

    def answer(self, request, origin):
        answer = self.tool.answer(request, origin)
        return replace(answer, body=self.distort(json.loads(json.dumps(answer.body))))


def without(*path):
    def distort(body):
        at = body["results"][0] if body.get("results") else body
        for name in path[:-1]:
            at = at.get(name, {})
        at.pop(path[-1], None)
        return body

    return distort


def again(body):
    body["_links"]["next"] = "/rest/api/content/scan?cursor=again"
    return body


@pytest.mark.parametrize(
    "distort",
    [
        without("id"), without("title"), without("history"), without("version", "when"), without("ancestors"),
        without("metadata"), without("metadata", "labels", "limit"), without("body"), without("_links", "webui"),
        lambda body: body | {"results": None}, lambda body: [body], again,
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_refused_not_guessed(distort):
    with ToolServer(Distorted(distort), Clock(MAY)) as server, pytest.raises(SourceUnavailable, match="shape"):
        read(connect(SimpleNamespace(url=f"{server.origin}/confluence")))


# ---- the vendor's description ----


def test_each_request_fits_the_vendors_description(site):
    if not SPEC.is_file():
        pytest.skip(f"the vendor's description is not here: {SPEC}")
    spec = json.loads(SPEC.read_text("utf-8"))
    site.tool.most_labels = 3
    connector = connect(site, page_size=60, approved_property=REVIEWED)
    connector.check()
    read(connector)
    list(connector.census("document"))
    asked = set()
    for exchange in site.server.log:
        path = exchange.path.removeprefix("/confluence")
        template = "/rest/api/content/{id}/label" if path.endswith("/label") else path
        asked.add(template)
        # several parameters are declared twice, as a text and as what they are; the generic client adds none
        declared = spec["paths"][template]["get"].get("parameters", ())
        rules = {name: [one["schema"] for one in declared if one["name"] == name] for name in exchange.query}
        for name, values in exchange.query.items():
            given = [int(values[-1]) if values[-1].isdecimal() else values[-1], list(values), values[-1]]
            assert any(Draft202012Validator(rule).is_valid(one) for rule in rules[name] for one in given), name
    assert asked == {f"/rest/api/{path}" for path in ("user/current", "space", "content/scan", "content/{id}/label")}
