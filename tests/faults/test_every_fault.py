"""Every fault on every tool: a sync under it ends exact or says why not, and once it is mended everything is there."""

import base64
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge.outcomes import StreamOutcome, exit_code
from itss_bridge.plugins import Plugins
from itss_bridge.transport import Limits
from itss_bridge_playground.faults import FAULTS, Kind
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import ToolServer

pytestmark = pytest.mark.slow

CANARY = "k4n4ry-s3cr3t/+="
EVER = datetime(2100, 1, 1, tzinfo=UTC)
CODES = {"complete": 0, "unavailable": 5, "denied": 4}
LONGEST = 15.0
"""Seconds in which a sync under any fault must have ended, however busy the machine is."""

# what hangs is worth waiting for only as long as it takes to notice
IMPATIENT = partial(Limits, read_seconds=0.5, budget_seconds=0.2)
PATIENT = partial(Limits, budget_seconds=0.2)
HANGS = {"no-answer-in-time", "slow-drip"}

HEAD = """\
[workspace]
organisation = "晨星信息"
clock = "source"
[privacy]
key = "env:PRIVACY_KEY"
"""
SOURCES = {
    "servicenow": 'auth = "basic"\nusername = "bridge"\nread = ["incident"]\npage_size = 50',
    "jira": 'username = "bridge@acme.example"\n[sources.jira.streams.request]\n'
    'jql = "project = OPS AND issuetype = 服务请求"',
    "confluence": 'auth = "bearer"\nspaces = ["QMS"]\npage_size = 30',
}
STREAMS = {"servicenow": "incident", "jira": "request", "confluence": "document"}
BEFORE = {
    "servicenow": datetime(2016, 3, 1, tzinfo=UTC),
    "jira": datetime(2016, 2, 15, tzinfo=UTC),
    "confluence": datetime(2016, 2, 15, tzinfo=UTC),
}
ALSO_HONEST = {("row-on-two-pages", "servicenow"): "unavailable"}
"""The fault knows one walk only: the last row of the look at the columns comes again where it was not asked for."""
VANISH = {"few-deleted", "many-deleted", "permission-narrowed"}
"""What strikes a workspace in which everything is held."""


class Doorman:
    """A tool that takes the canary for its password, so that no secret of ours is a word that stands everywhere."""

    def __init__(self, tool: Any) -> None:
        self._tool = tool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def answer(self, request: Request, origin: str) -> Answer:
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            known = base64.b64encode(base64.b64decode(secret).replace(CANARY.encode(), b"playground")).decode()
        else:
            known = secret.replace(CANARY, "playground")
        return self._tool.answer(
            replace(request, headers={**request.headers, "authorization": f"{kind} {known}"}), origin
        )


@dataclass
class Bench:
    """One tool at one moment, what a faultless sync of it holds, and workspaces of that moment and an earlier one."""

    flavour: str
    server: ToolServer
    playground: Playground
    plugins: Plugins
    folder: Path
    exact: Mapping[str, str]

    @property
    def stream(self) -> str:
        return STREAMS[self.flavour]

    def truth(self) -> set[str]:
        """Ids that the tool holds, with what the fault has taken away left out."""
        return set(self.playground.truth()[self.flavour][self.stream]) - self.server.gone()


def newest_second(playground: Playground, flavour: str, end: datetime) -> datetime:
    """The whole second in which a record last changed before *end*: the tool's clock will stand at it."""
    playground.move_to(end)
    at = max(playground.truth()[flavour][STREAMS[flavour]].values())
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.replace(microsecond=0) + (timedelta(seconds=1) if moment.microsecond else timedelta())


def write_workspace(root: Path, flavour: str, origin: str) -> None:
    root.mkdir(parents=True)
    table = f'[sources.{flavour}]\nconnector = "{flavour}"\nurl = "{origin}"\nsecret = "env:CANARY"\n'
    text = f"{HEAD}{table}attempts = 2\nin_flight = 1\n{SOURCES[flavour]}\n"
    (root / "itss-bridge.toml").write_text(text, "utf-8")


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def held(bridge: Bridge, stream: str) -> dict[str, str]:
    """Id → digest; the digest covers everything that a record says."""
    rows = list(records(bridge.lake, stream, EVER, ["id", "digest"]))
    found = {row["id"]: row["digest"] for row in rows}
    assert len(rows) == len(found), "a record is held twice"
    return found


@pytest.fixture(scope="session", params=list(SOURCES))
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    flavour = request.param
    folder = tmp_path_factory.mktemp(flavour)
    os.environ |= {"CANARY": CANARY, "PRIVACY_KEY": "the same in every workspace, so that digests can be compared"}
    with Playground(BEFORE[flavour]) as ahead:
        last = newest_second(ahead, flavour, datetime(2016, 3, 4, 14, 36, tzinfo=UTC))
    with Playground(BEFORE[flavour]) as playground:
        server = playground.servicenow if flavour == "servicenow" else playground.atlassian
        server.tool = Doorman(server.tool)
        if flavour == "jira":
            server.tool.jira.page_cap = 30
        plugins = Plugins()
        write_workspace(folder / "earlier", flavour, server.origin)
        Bridge(folder / "earlier", plugins).sync(quiet)
        playground.move_to(last)
        write_workspace(folder / "exact", flavour, server.origin)
        bridge = Bridge(folder / "exact", plugins)
        _, outcomes = bridge.sync(quiet)
        assert outcomes[flavour][STREAMS[flavour]].state == "complete"
        exact = held(bridge, STREAMS[flavour])
        yield Bench(flavour, server, playground, plugins, folder, exact)


@pytest.fixture
def workspace(bench: Bench, kind: Kind, tmp_path: Path) -> Path:
    """An empty one, one that was synced some days ago, or one that has everything."""
    root = tmp_path / "workspace"
    if kind.name in VANISH:
        shutil.copytree(bench.folder / "exact", root)
    elif goes_on(bench, kind):
        shutil.copytree(bench.folder / "earlier", root)
    else:
        write_workspace(root, bench.flavour, bench.server.origin)
    return root


def goes_on(bench: Bench, kind: Kind) -> bool:
    """Whether the fault meets a sync that goes on from an earlier one.

    Bodies and paging meet an empty workspace: nothing that is held already can tell that something is missing. Only
    ServiceNow's lists have several pages when they are not cut by the first digit of a key, as a first read cuts them.
    """
    match kind.category:
        case "F5" | "F6":
            return True
        case "F3":
            return False
        case "F4":
            return bench.flavour == "servicenow"
    return list(FAULTS).index(kind.name) % 2 == 1


@pytest.fixture
def broken(bench: Bench, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("itss_bridge.sessions.Limits", IMPATIENT if kind.name in HANGS else PATIENT)
    bench.server.log.clear()
    bench.server.break_with(kind.name)
    yield
    bench.server.mend()


@pytest.mark.parametrize("kind", FAULTS.values(), ids=FAULTS)
def test_a_sync_under_a_fault_is_exact_or_says_why_not_and_after_it_everything_is_there(
    bench: Bench, kind: Kind, workspace: Path, broken: None, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    bridge = Bridge(workspace, bench.plugins)
    outcome = synced(bridge, bench)
    check_end(outcome, kind, bench, bridge)
    if kind.lasting:
        outcome = synced(bridge, bench, accept_removals=True)
        assert outcome.state == "complete", outcome.reason
        assert set(held(bridge, bench.stream)) == bench.truth()
        again = synced(bridge, bench)
        assert (again.state, again.new, again.changed, again.removed) == ("complete", 0, 0, 0)
    bench.server.mend()
    mended = [synced(bridge, bench, accept_removals=True)]
    if mended[-1].state != "complete":
        assert mended[-1].reason
        mended.append(synced(bridge, bench, accept_removals=True))
    assert mended[-1].state == "complete", mended[-1].reason
    now = held(bridge, bench.stream)
    assert set(now) == set(bench.exact)
    if not kind.lasting:
        assert now == bench.exact
    assert list(bridge.lake.verify()) == []
    shown = capfd.readouterr()
    assert "Traceback" not in shown.out + shown.err + caplog.text
    assert_no_canary(bridge, caplog, outcome, *mended)


def synced(bridge: Bridge, bench: Bench, **options: bool) -> StreamOutcome:
    began = time.monotonic()
    _, outcomes = bridge.sync(quiet, **options)
    assert time.monotonic() - began < LONGEST
    (outcome,) = outcomes[bench.flavour].values()
    assert exit_code(outcomes) == outcome.exit_code
    return outcome


def check_end(outcome: StreamOutcome, kind: Kind, bench: Bench, bridge: Bridge) -> None:
    ends = kind.ends_of(bench.flavour)
    also = ALSO_HONEST.get((kind.name, bench.flavour))
    assert outcome.exit_code in {CODES[end] for end in ends | {also} - {None}}, (outcome.state, outcome.reason)
    if outcome.exit_code == 0:
        assert (outcome.state, outcome.reason) == ("complete", "")
        assert set(held(bridge, bench.stream)) == bench.truth()
    else:
        assert outcome.state in {"failed", "incomplete"}
        assert outcome.reason
        assert "a fault in the connector" not in outcome.reason, outcome.reason


def assert_no_canary(bridge: Bridge, caplog: pytest.LogCaptureFixture, *outcomes: StreamOutcome) -> None:
    texts = [caplog.text, *(str(outcome.as_dict()) for outcome in outcomes)]
    texts += [str(vars(record)) for record in caplog.records]
    texts += [path.read_bytes().decode("latin-1") for path in bridge.workspace.evidence.rglob("*") if path.is_file()]
    for text in texts:
        assert not any(form in text for form in canary_forms())


def canary_forms() -> set[str]:
    pairs = (CANARY, f"bridge:{CANARY}", f"bridge@acme.example:{CANARY}")
    encoded = {base64.b64encode(text.encode()).decode() for text in pairs}
    return {CANARY, quote(CANARY), quote(CANARY, safe=""), *encoded, *(text.rstrip("=") for text in encoded)}


@pytest.mark.parametrize("kind", [FAULTS["unauthorised"], FAULTS["account-locked"]], ids=lambda kind: kind.name)
def test_a_refused_account_is_tried_once(bench: Bench, kind: Kind, workspace: Path, broken: None) -> None:
    synced(Bridge(workspace, bench.plugins), bench)
    assert len(bench.server.log) == 1


@pytest.mark.parametrize("kind", [FAULTS["echo-of-credentials"]], ids=lambda kind: kind.name)
def test_no_report_shows_a_secret_that_a_tool_repeats(bench: Bench, kind: Kind, workspace: Path, broken: None) -> None:
    bridge = Bridge(workspace, bench.plugins)
    assert synced(bridge, bench).reason.count("****") >= 3
    report = bridge.report()
    for suffix in (".json", ".html", ".csv"):
        shown = bench.plugins.exporters[suffix]().export(report, "zh").decode()
        assert not any(form in shown for form in canary_forms())


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Playground]:
    """A playground whose clock a test may move; `tmp_path / "workspace"` reads its ServiceNow."""
    monkeypatch.setenv("CANARY", "playground")
    monkeypatch.setenv("PRIVACY_KEY", "the same in every workspace, so that digests can be compared")
    with Playground(BEFORE["servicenow"]) as playground:
        for name in ("workspace", "fresh"):
            write_workspace(tmp_path / name, "servicenow", playground.servicenow.origin)
        yield playground


def read_again(root: Path) -> dict[str, str]:
    bridge = Bridge(root)
    _, outcomes = bridge.sync(quiet)
    assert outcomes["servicenow"]["incident"].state == "complete", outcomes
    return held(bridge, "incident")


def test_what_changes_while_a_tools_clock_has_been_ahead_is_not_missed(days: Playground, tmp_path: Path) -> None:
    days.servicenow.break_with("server-clock-ahead")
    before = read_again(tmp_path / "workspace")
    days.servicenow.mend()
    days.move_to(BEFORE["servicenow"] + timedelta(hours=20))
    after = read_again(tmp_path / "workspace")
    assert after == read_again(tmp_path / "fresh")
    assert any(after[key] != digest for key, digest in before.items())


def test_a_date_in_the_future_does_not_keep_later_changes_out(days: Playground, tmp_path: Path) -> None:
    days.servicenow.break_with("future-timestamp")
    read_again(tmp_path / "workspace")
    days.servicenow.mend()
    days.move_to(BEFORE["servicenow"] + timedelta(days=4))
    assert read_again(tmp_path / "workspace") == read_again(tmp_path / "fresh")


def test_a_field_that_may_be_read_at_last_is_read(days: Playground, tmp_path: Path) -> None:
    days.servicenow.break_with("field-removed")
    read_again(tmp_path / "workspace")
    days.servicenow.mend()
    assert read_again(tmp_path / "workspace") == read_again(tmp_path / "fresh")


def test_a_change_of_the_configuration_reaches_what_was_read_before(days: Playground, tmp_path: Path) -> None:
    read_again(tmp_path / "workspace")
    for name in ("workspace", "fresh"):
        with (tmp_path / name / "itss-bridge.toml").open("a", encoding="utf-8") as file:
            file.write('[sources.servicenow.streams.incident.states]\n"2" = "waiting"\n')
    assert read_again(tmp_path / "workspace") == read_again(tmp_path / "fresh")
