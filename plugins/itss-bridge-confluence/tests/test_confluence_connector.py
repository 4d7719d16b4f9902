import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.data import schema
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.evidence import Lake, StreamRows
from itss_bridge.plugins import Plugins
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.transport import Credentials, GuardedSession, Limits
from itss_bridge_confluence.connector import Confluence
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence as Tool
from itss_bridge_playground.server import ToolServer

SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", Path(__file__).parents[4] / "shared"))
SPEC = SHARED / "apis/specs/confluence-cloud-v2.oas3.json"
MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)


@pytest.fixture
def server():
    clock = Clock(MAY)
    with ToolServer(Tool(clock), clock) as running:
        yield running


def connect(server, *, credentials=None, spaces=("QMS",), **config):
    http = GuardedSession(
        server.origin,
        credentials=credentials or Credentials.basic("bridge@acme.example", "playground"),
        limits=Limits(attempts=2),
        sleep=lambda _seconds: None,
    )
    return Confluence({"url": server.origin, "spaces": list(spaces), **config}, http, {})


def read(connector, since=None):
    pieces = connector.slices("document", since)
    return {record.id: record for piece in pieces for page in connector.read(piece) for record in page.records}


def by_title(records):
    return {record.ref: record for record in records.values()}


# ---- everything, once, as it is ----


@pytest.mark.parametrize("size", [250, 7])
def test_every_page_is_read_once_with_the_time_of_its_newest_version(server, size):
    connector = connect(server, page_size=size)
    records = [
        r for piece in connector.slices("document", None) for page in connector.read(piece) for r in page.records
    ]
    truth = server.tool.truth()["document"]
    assert {r.id: r.changed_at for r in records} == {key: datetime.fromisoformat(at) for key, at in truth.items()}
    assert len(records) == len(truth)


def test_census_and_count_agree_with_the_tool(server):
    connector = connect(server, page_size=30)
    truth = server.tool.truth()["document"]
    assert sorted(connector.census("document")) == sorted(truth)
    assert (connector.count("document").rows, connector.count("document").exact) == (len(truth), True)


def test_each_record_fits_the_schema_of_documents(server):
    validator = Draft202012Validator(schema("streams/document"), format_checker=FormatChecker())
    for record in read(connect(server)).values():
        validator.validate(dict(record.data))


def test_a_record_says_what_the_page_is_and_where(server):
    record = by_title(read(connect(server)))["变更管理程序"]
    assert record.url.startswith(f"{server.origin}/wiki/spaces/QMS/pages/{record.id}/")
    assert record.data["version"] == 3
    assert record.data["created_at"] < record.data["updated_at"] == record.changed_at.isoformat()
    assert (record.data["space"], record.data["status"], record.data["approved"]) == ("QMS", "current", True)
    assert {"approved", "itss-prc-chg-a", "iso9001-8-5-6"} <= set(record.data["labels"])
    assert record.data["approved_at"] is None


def test_only_the_configured_label_approves(server):
    records = by_title(read(connect(server)))
    assert records["配置审核作业指导书（讨论稿）"].data["approved"] is False
    assert not any(r.data["approved"] for r in read(connect(server, approved_label="released")).values())


def test_links_are_found_in_the_body_and_the_body_is_nowhere(server):
    page = next(page for page in server.tool.pages if page.title == "SAP 用户无法登录的处理")
    record = read(connect(server))[str(page.id)]
    assert record.data["links"] == sorted(page.issues) != []
    assert "按年度评审" in page.body(MAY)
    assert "按年度评审" not in str(record)


def test_bodies_are_not_asked_for_when_links_are_not_wanted(server):
    records = read(connect(server, links=False))
    assert all(record.data["links"] is None for record in records.values())
    assert not any("body-format" in exchange.query for exchange in server.log)


def test_pages_we_may_not_see_are_absent(server):
    assert "薪酬与人员编制方案" not in by_title(read(connect(server)))


def test_a_full_read_takes_about_as_many_requests_as_it_is_planned_for(server):
    for size in (10, 40):
        connector = connect(server, page_size=size)
        connector.check()
        server.log.clear()
        pages = len(read(connector))
        assert len(server.log) - 2 < pages / connector.rows_per_request <= len(server.log)


# ---- labels ----


def test_a_label_given_later_is_seen_though_the_page_is_unchanged(server):
    connector = connect(server)
    before = by_title(read(connector))["知识库管理制度"]
    server.clock.move_to(JUNE)
    after = by_title(read(connector, since=MAY))["知识库管理制度"]
    assert after.changed_at == before.changed_at < MAY
    assert set(after.data["labels"]) - set(before.data["labels"]) >= {"itss-res-kb-e"}
    stored = [StreamRows.of("document").stored("confluence", record, str) for record in (before, after)]
    assert stored[0].digest != stored[1].digest


def test_a_page_newer_than_the_index_is_asked_for_its_labels(server):
    server.clock.move_to(datetime(2016, 5, 25, tzinfo=UTC))
    server.tool.index_lag = timedelta(days=6)
    records = read(connect(server))
    for page in server.tool.pages:
        if str(page.id) in records and page.saved(server.clock.now)[-1].at > server.clock.now - timedelta(days=6):
            assert records[str(page.id)].data["labels"] == page.labels(server.clock.now)
    asked = [exchange.path for exchange in server.log if exchange.path.endswith("/labels")]
    assert 0 < len(asked) < 10


def test_without_any_index_labels_still_come_but_an_archived_pages_are_not_known(server):
    server.tool.index_lag = timedelta(days=4000)
    for record in read(connect(server)).values():
        page = next(page for page in server.tool.pages if str(page.id) == record.id)
        if page.status(MAY) == "archived":
            assert (record.data["labels"], record.data["approved"]) == (None, None)
        else:
            assert record.data["labels"] == page.labels(MAY)


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


def test_a_sync_without_changes_takes_three_requests_and_stores_nothing(server, tmp_path):
    connector, lake = connect(server), Lake(tmp_path)
    first = sync(connector, lake, "a")
    again = sync(connector, lake, "b")
    assert (first.state, first.new) == ("complete", len(server.tool.truth()["document"]))
    assert (again.state, again.new, again.changed, again.removed) == ("complete", 0, 0, 0)
    assert again.requests <= 3


def test_a_month_later_new_changed_relabelled_and_removed_pages_are_all_there(server, tmp_path):
    connector, lake = connect(server), Lake(tmp_path)
    sync(connector, lake, "a")
    before = set(server.tool.truth()["document"])
    server.clock.move_to(JUNE)
    outcome = sync(connector, lake, "b")
    after = set(server.tool.truth()["document"])
    assert (outcome.state, outcome.seen) == ("complete", len(after))
    assert (outcome.new, outcome.removed) == (len(after - before), len(before - after))
    shown = [page for page in server.tool.pages if str(page.id) in before & after]
    differs = [p for p in shown if len(p.saved(MAY)) != len(p.saved(JUNE)) or p.labels(MAY) != p.labels(JUNE)]
    assert outcome.changed == len(differs) > 0


# ---- who asks ----


def test_the_check_names_account_zone_and_the_servers_clock(server):
    identity = connect(server).check()
    assert identity.account.startswith("557058:")
    assert (identity.time_zone, identity.server_time, identity.readable) == ("Asia/Shanghai", MAY, {"document": ""})
    assert len(server.log) == 2


def test_a_bearer_token_is_not_lost_in_the_library(server):
    connector = connect(server, credentials=Credentials.bearer("playground"))
    assert len(read(connector)) == len(server.tool.truth()["document"])


def test_wrong_credentials_are_access_denied(server):
    connector = connect(server, credentials=Credentials.basic("bridge@acme.example", "stolen"))
    for ask in (connector.check, lambda: connector.count("document"), lambda: read(connector)):
        with pytest.raises(AccessDenied):
            ask()


def test_a_space_that_is_not_visible_is_named(server):
    connector = connect(server, spaces=["QMS", "FINANCE"])
    assert "FINANCE" in connector.check().readable["document"]
    with pytest.raises(AccessDenied, match="FINANCE"):
        read(connector)
    with pytest.raises(AccessDenied, match="FINANCE"):
        list(connector.census("document"))


def test_nothing_but_get_is_ever_sent(server):
    connector = connect(server)
    connector.check()
    read(connector)
    assert {exchange.method for exchange in server.log} == {"GET"}


# ---- answers that are none ----


@pytest.mark.parametrize("fault", ["login-page", "unavailable"])
def test_a_sign_in_page_or_an_outage_is_no_empty_space(server, fault):
    connector = connect(server)
    server.break_with(fault)
    for ask in (connector.check, lambda: connector.count("document"), lambda: read(connector)):
        with pytest.raises(SourceUnavailable):
            ask()


class Distorted:
    """The playground's tool behind a gateway that rewrites its answers."""

    name = "confluence"

    def __init__(self, tool, distort):
        self.tool, self.distort = tool, distort

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


def next_without_cursor(body):
    body["_links"]["next"] = "/wiki/api/v2/pages?start=25"
    return body


@pytest.mark.parametrize(
    "distort",
    [
        without("id"),
        without("title"),
        without("createdAt"),
        without("version"),
        without("version", "number"),
        without("metadata", "labels"),
        lambda body: body | {"results": None},
        lambda body: [body],
        next_without_cursor,
    ],
)
def test_an_answer_of_another_shape_is_refused_not_guessed(distort):
    clock = Clock(MAY)
    with ToolServer(Distorted(Tool(clock), distort), clock) as server, pytest.raises(SourceUnavailable, match="shape"):
        read(connect(server))


class Endless(Tool):
    """Gives the first page again and again, each time with the promise of another one."""

    def answer(self, request, origin):
        asked = {name: values for name, values in request.query.items() if name != "cursor"}
        answer = super().answer(replace(request, query=asked), origin)
        answer.body["_links"]["next"] = "/wiki/api/v2/pages?cursor=again"
        return answer


def test_a_listing_that_never_ends_is_stopped():
    clock = Clock(MAY)
    with ToolServer(Endless(clock), clock) as server, pytest.raises(SourceUnavailable, match="the same again"):
        read(connect(server))
    assert len(server.log) == 2


# ---- configuration ----


@pytest.mark.parametrize(
    "wrong", [{}, {"spaces": []}, {"spaces": ['Q" or 1']}, {"spaces": ["QMS"], "space": "QMS"}, {"spaces": "QMS"}]
)
def test_a_wrong_table_does_not_fit_the_schema(wrong):
    assert not Draft202012Validator(Confluence.config_schema).is_valid(wrong)
    assert Draft202012Validator(Confluence.config_schema).is_valid({"spaces": ["QMS", "~712020abc"]})


def test_the_distribution_plugs_in_under_its_name():
    point = EntryPoint("confluence", "itss_bridge_confluence", "itss_bridge")
    plugins = Plugins([point])
    assert [loaded.problem for loaded in plugins.loaded if loaded.name == "confluence"] == [""]
    declared = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    assert f'{point.name} = "{point.value}"' in declared


# ---- the vendor's description ----


def test_each_v2_request_fits_the_vendors_description(server):
    if not SPEC.is_file():
        pytest.skip(f"the vendor's description is not here: {SPEC}")
    spec = json.loads(SPEC.read_text("utf-8"))
    server.tool.index_lag = timedelta(days=4000)
    connector = connect(server, page_size=60, approved_property={"key": "review", "value": "released"})
    connector.check()
    read(connector)
    list(connector.census("document"))
    asked = [exchange for exchange in server.log if exchange.path.startswith("/wiki/api/v2/")]
    assert {exchange.path.rpartition("/")[2] for exchange in asked} == {"spaces", "pages", "labels", "properties"}
    for exchange in asked:
        last = exchange.path.rpartition("/")[2]
        one = {"labels": "/pages/{id}/labels", "properties": "/pages/{page-id}/properties"}
        template = one.get(last, f"/{last}")
        parameters = {p["name"]: p["schema"] for p in spec["paths"][template]["get"]["parameters"]}
        for name, values in exchange.query.items():
            rule = {**parameters[name], "components": spec["components"]}
            kind = rule.get("type")
            items = rule.get("items", {}).get("type", "string")
            typed = [int(value) if "integer" in (kind, items) else value for value in values]
            Draft202012Validator(rule).validate(typed if kind == "array" else typed[-1])
