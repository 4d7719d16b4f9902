"""The report's page on both stand-ins, over real HTTP: made once, found wherever it went, never in place of another."""

import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.contracts import Sheet
from itss_bridge.data import schema
from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable, UsageError
from itss_bridge.publish_page import key, publish_page
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_confluence.mark import PROPERTY, mark, marked
from itss_bridge_confluence.publisher import ConfluencePage
from itss_bridge_confluence.reading import lines
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as CloudSite
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.messages import Wire
from itss_bridge_playground.server import ToolServer

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
JUNE = datetime(2016, 6, 1, tzinfo=UTC)
KEY = key("晨星信息", "confluence")
TITLE = "一体化符合性矩阵"
SECTION = "05 记录与报告"
MATRIX = "<h2>矩阵</h2><table><tbody><tr><td>8.6.1</td><td>{}</td></tr></tbody></table>"


@dataclass
class Fault:
    """What becomes of the answers to some requests, once these have had their effect; *then* strikes *times* times."""

    method: str
    path: str
    then: object
    times: int = 1
    struck: list = field(default_factory=list)

    def __call__(self, request, answer):
        if request.method == self.method and re.search(self.path, request.path) and len(self.struck) < self.times:
            self.struck.append(request.path)
            return self.then(answer) or answer
        return answer


def lost(answer):
    """The connection breaks off before the first byte of the answer."""
    return replace(answer, wire=Wire(raw=b"", reset=True))


@pytest.fixture(params=["cloud", "data-center"])
def site(request):
    clock = Clock(JUNE)
    tool = (CloudSite if request.param == "cloud" else ConfluenceDataCenter)(clock)
    tool.operations = ["read", "create", "update"]
    with ToolServer(tool, clock) as server:
        url = server.origin + ("" if request.param == "cloud" else "/confluence")
        yield SimpleNamespace(server=server, tool=tool, clock=clock, url=url, deployment=request.param)


def sheet(status="不符合", title=TITLE, named=KEY):
    body = MATRIX.format(status)
    return Sheet(named, title, body, sha256(body.encode()).hexdigest())


def publish(site, wanted=None, *, apply=True, **config):
    def message(changed):
        return f"as of June: {changed} lines changed"

    def impatient(seconds):
        pytest.fail(f"it waits {seconds} s")

    credentials = Credentials.basic("bridge@acme.example", "playground")
    http = GuardedSession(
        site.url, credentials=credentials, writes=ConfluencePage.writes if apply else (), sleep=impatient
    )
    own = {"url": site.url, "deployment": site.deployment, "space": "QMS", "title": TITLE, "parent": SECTION}
    return publish_page(ConfluencePage(own | config, http), wanted or sheet(), message, apply=apply)


def refused(site, *arguments, **options):
    with pytest.raises(BridgeError) as caught:
        publish(site, *arguments, **options)
    return caught.value


def written(site):
    return [line.method for line in site.server.log if line.method not in {"GET", "HEAD"}]


def pages(site):
    return [page for page in site.tool.pages if page.bodies and page.status(site.clock.now) == "current"]


def titled(site, title):
    return next(page for page in site.tool.pages if page.title == title)


# ---- made once, updated in place ----


def test_a_dry_run_writes_nothing(site):
    step = publish(site, apply=False)
    assert (step.doing, step.applied, step.page) == ("create", False, None)
    assert (written(site), pages(site)) == ([], [])


def test_a_page_is_made_below_its_parent_with_mark_and_note(site):
    step = publish(site)
    (page,) = pages(site)
    assert (step.doing, step.page.id, step.page.version) == ("create", str(page.id), 1)
    assert page.parent == titled(site, SECTION).id
    assert mark(page.bodies[0]) == KEY
    assert written(site) == ["POST", "POST"]
    assert step.page.url.startswith(site.url)


@pytest.mark.parametrize("parent", [None, "id"])
def test_a_parent_may_be_left_out_or_named_by_its_id(site, parent):
    below = titled(site, SECTION if parent else "晨星信息质量与服务管理体系")
    publish(site, parent=str(below.id) if parent else "")
    assert pages(site)[0].parent == below.id


def test_a_parent_that_is_not_there_is_told_and_nothing_is_made(site):
    error = refused(site, parent="no such page")
    assert (error.exit_code, "no such page" in error.what, written(site)) == (2, True, [])


def test_the_same_report_changes_nothing(site):
    publish(site)
    step = publish(site)
    assert (step.doing, step.changed, step.page.version) == ("none", 0, 1)
    assert len(written(site)) == 2


def test_a_changed_report_makes_one_version_with_a_message(site):
    publish(site)
    dry = publish(site, sheet("符合"), apply=False)
    assert (dry.doing, dry.changed, list(dry.diff())) == ("update", 1, ["-8.6.1 | 不符合", "+8.6.1 | 符合"])
    messages = spied(site)
    step = publish(site, sheet("符合"))
    assert (step.doing, step.page.version, step.changed) == ("update", 2, 1)
    assert messages == ["as of June: 1 lines changed"]
    assert (len(pages(site)), written(site)) == (1, ["POST", "POST", "PUT", "PUT"])
    assert publish(site, sheet("符合")).doing == "none"


def spied(site):
    """Messages of versions that are sent from now on."""
    told, keep = [], site.tool.answer

    def answer(request, origin):
        if request.method == "PUT" and "propert" not in request.path:
            told.append(request.json()["version"]["message"])
        return keep(request, origin)

    site.tool.answer = answer
    return told


# ---- what people do to it ----


def test_a_page_that_people_renamed_and_moved_stays_where_they_put_it(site):
    publish(site)
    (page,) = pages(site)
    elsewhere = titled(site, "02 程序文件").id
    site.tool.edit(page.id, title="矩阵（管理评审用）", parent=elsewhere)
    assert publish(site).doing == "none", "a name is theirs, and no reason for a version"
    step = publish(site, sheet("符合"))
    (page,) = pages(site)
    assert (step.doing, page.title, page.parent) == ("update", "矩阵（管理评审用）", elsewhere)


def test_text_that_people_changed_is_put_back_and_told(site):
    publish(site)
    (page,) = pages(site)
    site.tool.edit(page.id, body=page.bodies[0].replace("不符合", "符合"))
    step = publish(site)
    assert (step.doing, step.touched, step.changed) == ("update", True, 1)
    assert "不符合" in pages(site)[0].bodies[-1]
    assert publish(site).doing == "none"


def test_a_page_of_that_title_that_is_not_ours_is_never_overwritten(site):
    other = titled(site, "事件管理程序")
    error = refused(site, sheet(title=other.title))
    assert (type(error), error.exit_code) == (UsageError, 2)
    assert "title" in error.fix
    assert (written(site), titled(site, "事件管理程序")) == ([], other)


def test_the_page_of_another_workspace_is_not_ours_either(site):
    publish(site)
    error = refused(site, sheet("符合", named=key("another organisation", "confluence")))
    assert "not ours" in error.what
    assert len(pages(site)) == len(pages(site)[0].bodies) == 1


def test_a_copy_of_the_page_is_left_to_those_who_made_it(site):
    publish(site)
    (page,) = pages(site)
    copy = replace(page, id=page.id + 1, title="副本", versions=(replace(page.versions[0], author="somebody"),))
    site.tool.pages.append(copy)
    site.tool.properties[copy.id] = dict(site.tool.properties[page.id])
    site.tool.edit(page.id, title="renamed")
    publish(site, sheet("符合"))
    assert titled(site, "副本") == copy
    assert "符合" in titled(site, "renamed").bodies[-1]


@pytest.mark.parametrize("fate", ["trashed_at", "archived_at"])
def test_a_page_in_the_trash_is_not_made_anew_behind_somebodys_back(site, fate):
    if fate == "archived_at" and site.deployment == "data-center":
        pytest.skip("Data Center has no archive for pages")
    publish(site)
    site.tool.edit(pages(site)[0].id, **{fate: JUNE})
    before = len(written(site))
    error = refused(site, sheet("符合"))
    assert (error.exit_code, "restore" in error.fix) == (2, True)
    assert len(written(site)) == before


def test_a_title_in_the_trash_is_free(site):
    old = titled(site, "旧版巡检记录表")
    assert old.status(JUNE) == "trashed"
    assert publish(site, sheet(title=old.title)).doing == "create"


# ---- what goes wrong on the way ----


@pytest.mark.parametrize("which", ["page", "note"])
def test_a_page_whose_answer_is_lost_is_found_by_the_next_run(site, which):
    path = r"(pages|content)$" if which == "page" else r"propert(y|ies)$"
    site.server.faults["lost"] = Fault("POST", path, lost)
    error = refused(site)
    assert (type(error), error.exit_code) == (SourceUnavailable, 5)
    assert "nothing is made twice" in error.fix
    assert len(pages(site)) == 1, "it has arrived all the same"
    step = publish(site)
    assert (step.doing, step.page.version, len(pages(site))) == ("finish" if which == "page" else "none", 1, 1)
    assert publish(site).doing == "none"


@pytest.mark.parametrize("which", ["page", "note"])
def test_a_version_whose_answer_is_lost_is_not_made_again(site, which):
    publish(site)
    path = r"\d$" if which == "page" else r"propert"
    site.server.faults["lost"] = Fault("PUT", path, lost)
    assert refused(site, sheet("符合")).exit_code == 5
    step = publish(site, sheet("符合"))
    assert (step.doing, step.page.version) == ("finish" if which == "page" else "none", 2)
    assert len(pages(site)[0].bodies) == 2
    assert publish(site, sheet("符合")).doing == "none"


def test_a_write_is_sent_once_even_when_the_site_asks_to_come_again(site):
    site.server.faults["busy"] = Fault("POST", r"(pages|content)$", lambda answer: replace(answer, status=503), times=9)
    refused(site)
    assert written(site) == ["POST"]


def test_somebody_who_saves_meanwhile_is_not_overwritten(site):
    publish(site)
    (page,) = pages(site)

    def meanwhile(_answer):
        site.tool.edit(page.id, body=page.bodies[0].replace("8.6.1", "8.6.1（见会议纪要）"))

    site.server.faults["meanwhile"] = Fault("GET", r"propert", meanwhile)
    error = refused(site, sheet("符合"))
    assert (type(error), "nothing was overwritten" in error.what) == (SourceUnavailable, True)
    assert "见会议纪要" in pages(site)[0].bodies[-1]
    step = publish(site, sheet("符合"))
    assert (step.doing, step.touched, step.page.version) == ("update", True, 3)


@pytest.mark.parametrize("missing", ["create", "update"])
def test_a_missing_right_is_named(site, missing):
    site.tool.operations.remove(missing)
    error = refused(site)
    assert (type(error), error.exit_code) == (AccessDenied, 4)
    assert "添加页面" in error.cause
    site.tool.operations.append(missing)
    publish(site)
    assert len(pages(site)) == 1


def test_a_title_that_is_hidden_from_us_is_told(site):
    hidden = replace(titled(site, "事件管理程序"), title=TITLE, id=1)
    keep = site.tool.new_page

    def with_hidden(*arguments):
        site.tool.pages.append(hidden)
        return keep(*arguments)

    site.tool.new_page = with_hidden
    error = refused(site)
    assert (type(error), "already exists" in error.what, "hidden" in error.cause) == (UsageError, True, True)


def test_a_body_that_is_no_xml_is_refused_by_the_site_and_told(site):
    error = refused(site, replace(sheet(), body="<p>not closed"))
    assert "parsing xhtml" in error.what
    assert pages(site) == []


def test_without_apply_the_session_itself_refuses_to_write(site):
    http = GuardedSession(site.url, credentials=Credentials.bearer("playground"))
    publisher = ConfluencePage({"url": site.url, "deployment": site.deployment, "space": "QMS", "title": TITLE}, http)
    with pytest.raises(UsageError, match="read-only"):
        publisher.create(sheet())
    assert written(site) == []


def test_it_may_write_pages_and_its_own_property_and_nothing_else():
    patterns = [(method, re.compile(path)) for method, path in ConfluencePage.writes]
    for method, path in (
        ("DELETE", "/wiki/api/v2/pages/1"), ("POST", "/wiki/api/v2/blogposts"), ("PUT", "/rest/api/content/1/property/other"),
        ("POST", "/rest/api/content/1/label"), ("PUT", "/rest/api/content/1/restriction"), ("POST", "/wiki/api/v2/spaces"),
    ):  # fmt: skip
        assert not any(method == may and pattern.fullmatch(path) for may, pattern in patterns), path


def test_pages_are_found_where_search_shows_no_properties(site):
    publish(site)
    site.tool.expands_properties = False
    site.tool.edit(pages(site)[0].id, title="renamed")
    assert publish(site, sheet("符合")).doing == "update"
    assert len(pages(site)) == 1


def test_a_page_that_was_moved_to_another_space_is_found_by_who_made_it(site):
    publish(site)
    site.tool.edit(pages(site)[0].id, title="renamed")
    asked = []

    def elsewhere(request, answer):
        listing = request.value("cql").startswith("space") or request.path.endswith("/scan")
        asked.append(listing)
        return replace(answer, body=answer.body | {"results": []}) if listing else answer

    site.server.faults["elsewhere"] = elsewhere
    assert publish(site, sheet("符合")).doing == "update"
    assert any(asked)
    assert len(pages(site)) == 1


def test_a_search_index_that_lags_makes_no_second_page(site):
    publish(site)
    site.tool.index_lag = timedelta(days=30)
    assert publish(site, sheet("符合")).doing == "update"


# ---- what people read on a page ----


def test_what_confluence_adds_when_it_saves_is_not_a_change():
    sent = '<h2>甲 &amp; 乙</h2><p>一<br/>二</p><ac:structured-macro ac:name="toc"/>' + MATRIX.format("符合")
    kept = (
        '<h2>甲 &amp; 乙</h2>\n<p>一<br />二</p><ac:structured-macro ac:name="toc" ac:schema-version="1" ac:macro-id="7"/>'
        '<h2>矩阵</h2><table class="wrapped" ac:local-id="1"><colgroup><col/></colgroup><tbody>\n<tr><td><p>8.6.1</p></td>'
        "<td>符合</td></tr></tbody></table>"
    )
    assert lines(sent) == lines(kept) == ["甲 & 乙", "一 二", "矩阵", "8.6.1 | 符合"]


def test_titles_of_macros_are_read_and_their_settings_are_not():
    status = (
        '<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Red</ac:parameter>'
        '<ac:parameter ac:name="title">不符合</ac:parameter></ac:structured-macro>'
    )
    assert lines(f"<table><tbody><tr><td>{status}</td><td>8</td></tr></tbody></table>") == ["不符合 | 8"]
    assert lines(marked("", KEY)) == []


def test_the_mark_leaves_the_body_well_formed():
    ET.fromstring(f'<x xmlns:ac="a">{marked(MATRIX, KEY)}</x>')
    assert mark(f"<p>{KEY}</p>") == "", "a page that only tells the key is no page of ours"
    assert PROPERTY in KEY


# ---- what the README says ----


def test_the_readmes_table_is_one_that_is_accepted():
    blocks = [tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)]
    (place,) = [block["publish"]["confluence"] for block in blocks if "publish" in block]
    Draft202012Validator(schema("workspace")["properties"]["publish"]["additionalProperties"]).validate(place)
    own = {name: value for name, value in place.items() if name not in {"source", "username", "secret"}}
    Draft202012Validator(ConfluencePage.config_schema).validate(own)
    assert set(own) == set(ConfluencePage.config_schema["properties"])


def test_the_readme_names_all_that_is_written():
    shapes = {re.sub(r"\(/wiki\)\?", "/wiki", path).split(r"/\d+")[0] for _, path in ConfluencePage.writes}
    assert all(f"`{shape}`" in README for shape in shapes), shapes
    assert f"`{PROPERTY}`" in README
