"""The example of plugins/README.md is run, not only read."""

import inspect
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from itss_bridge import hookspecs
from itss_bridge.evidence import Lake
from itss_bridge.plugins import Plugins
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.server import Answer, ToolServer

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
NOW = datetime(2016, 5, 1, tzinfo=UTC)


class SurveyTool:
    """The survey tool that the example reads: answers by id, a page at a time."""

    name = "surveys"

    def __init__(self):
        self.rows = [self.row(n, "2016-04-01T00:00:00+00:00") for n in range(1200)]

    def row(self, number, updated):
        key = f"a{number:05}"
        return {"id": key, "customer": "C01", "score": number % 100, "answered": updated, "updated": updated}

    def answer(self, request, _origin):
        if request.headers.get("authorization") != "Bearer token-of-ours":
            return Answer(401, {"error": "unauthorized"})
        if request.path == "/api/ops/me":
            return Answer(body={"login": "bridge"})
        after, since = request.value("after"), request.value("since")
        rows = [row for row in self.rows if row["id"] > after and row["updated"] >= since]
        return Answer(body={"total": len(self.rows), "answers": rows[: int(request.value("limit"))]})


@pytest.fixture
def example(monkeypatch):
    module = ModuleType("itss_bridge_surveys")
    exec(re.search(r"```python\n(.*?)```", README, re.DOTALL)[1], module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_the_example_is_plugged_in_by_the_entry_point_it_names(example):
    name, value = re.search(r'^(\w+) = "(itss_bridge_\w+)"', README, re.MULTILINE).groups()
    plugins = Plugins([EntryPoint(name, value, "itss_bridge")])
    assert plugins.connectors["surveys"] is example.Surveys


def test_the_example_syncs_everything_then_only_what_changed(example, tmp_path):
    tool, clock = SurveyTool(), Clock(NOW)
    with ToolServer(tool, clock) as server:
        http = GuardedSession(server.origin, credentials=Credentials.bearer("token-of-ours"))
        connector = example.Surveys({"url": server.origin, "team": "ops"}, http, {})
        job = SourceRun(
            source="surveys",
            connector=connector,
            run="r",
            pseudonym=str,
            clock=lambda identity: identity.server_time,
            watch=lambda *_progress: None,
        )
        first = sync_source(job, Lake(tmp_path))["survey"]
        clock.move_to(datetime(2016, 5, 2, tzinfo=UTC))
        del tool.rows[7]
        tool.rows.append(tool.row(1200, "2016-05-01T12:00:00+00:00"))
        second = sync_source(job, Lake(tmp_path))["survey"]
        tool.rows.pop(0)
        third = sync_source(job, Lake(tmp_path))["survey"]
    assert (first.state, first.new, first.seen) == ("complete", 1200, 1200)
    assert (second.state, second.new, second.changed, second.removed) == ("complete", 1, 0, 1)
    assert (third.state, third.new, third.removed, third.seen) == ("complete", 0, 1, 1199)


def test_the_hook_table_names_every_hook_with_its_exact_arguments():
    listed = set(re.findall(r"^\| `(itss_bridge_\w+\([^)]*\))`", README, re.MULTILINE))
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("itss_bridge_")}
    assert listed == {f"{name}({', '.join(inspect.signature(hook).parameters)})" for name, hook in hooks.items()}
