"""Sync, let the playground move on by a month, sync again: exactly what changed is stored, the past stays as it was."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.evidence.read import records
from itss_bridge_playground.demo import prepare
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

MAY, JUNE = datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


@pytest.fixture
def playground() -> Iterator[Playground]:
    with Playground(MAY) as running:
        yield running


@pytest.fixture
def bridge(playground: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    for name, value in prepare(tmp_path, playground).items():
        monkeypatch.setenv(name, value)
    return Bridge(tmp_path)


def held(bridge: Bridge, stream: str, source: str) -> dict[str, datetime]:
    rows = records(bridge.lake, stream, datetime(2100, 1, 1, tzinfo=UTC), ["id", "source", "changed_at"])
    return {row["id"]: row["changed_at"] for row in rows if row["source"] == source}


def test_what_is_held_is_what_the_tools_have(bridge: Bridge, playground: Playground) -> None:
    for moment in (MAY, JUNE):
        playground.move_to(moment)
        _, outcomes = bridge.sync(quiet)
        truth = playground.truth()
        for source, streams in outcomes.items():
            for stream, outcome in streams.items():
                assert outcome.state == "complete", (source, stream, outcome.reason)
                if source != "files":
                    assert set(held(bridge, stream, source)) == set(truth[source][stream])


def test_the_second_sync_reads_nothing_again_and_the_third_only_what_changed(
    bridge: Bridge, playground: Playground
) -> None:
    bridge.sync(quiet)
    before = playground.truth()
    _, again = bridge.sync(quiet)
    for streams in again.values():
        for outcome in streams.values():
            assert (outcome.new, outcome.changed, outcome.removed) == (0, 0, 0)
            assert outcome.requests <= 3
    playground.move_to(JUNE)
    _, moved = bridge.sync(quiet)
    after = playground.truth()
    incidents = moved["servicenow"]["incident"]
    was, is_now = before["servicenow"]["incident"], after["servicenow"]["incident"]
    assert incidents.new == len(set(is_now) - set(was))
    assert incidents.changed == sum(is_now[key] != was[key] for key in was)


def test_the_matrix_of_the_past_is_the_same_to_the_byte(bridge: Bridge, playground: Playground, bridge_command) -> None:
    root = bridge.workspace.root
    bridge.sync(quiet)
    then = bridge_command("matrix", "-w", root, "--json", "--as-of", "2016-05-15")
    assert then.code == 0
    playground.move_to(JUNE)
    bridge.sync(quiet)
    assert bridge_command("matrix", "-w", root, "--json", "--as-of", "2016-05-15").out == then.out
    assert bridge_command("matrix", "-w", root, "--json").out != then.out
    assert bridge_command("matrix", "-w", root, "--json", "--as-of", "2016-04-01").out != then.out


def test_exports_of_the_same_moment_are_the_same_to_the_byte(bridge: Bridge, tmp_path: Path, bridge_command) -> None:
    bridge.sync(quiet)
    for name in ("a", "b"):
        files = [tmp_path / f"{name}{suffix}" for suffix in (".xlsx", ".html", ".json", ".csv")]
        assert bridge_command("export", *files, "-w", tmp_path).code == 0
    for suffix in (".xlsx", ".html", ".json", ".csv"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(("fault", "code"), [("login-page", 5), ("unauthorised", 4), ("unavailable", 5)])
def test_a_tool_that_does_not_answer_properly_leaves_every_check_on_it_undetermined(
    bridge: Bridge, playground: Playground, bridge_command, fault: str, code: int
) -> None:
    root = bridge.workspace.root
    bridge.sync(quiet)
    playground.servicenow.break_with(fault)
    ran = bridge_command("sync", "-w", root, "--json", "--source", "servicenow")
    assert ran.code == code
    streams = json.loads(ran.out)["sources"]["servicenow"]["streams"]
    assert {s["state"] for s in streams.values()} <= {"failed", "incomplete"}
    assert all(s["reason"] for s in streams.values())
    report = bridge.report()
    touched = [
        result
        for finding in report.assessment.findings.values()
        for result in finding.checks
        if set(report.metrics[result.check.metric].streams) & set(streams)
    ]
    assert touched
    assert {str(result.verdict) for result in touched} == {"undetermined"}
    playground.servicenow.mend()
    assert bridge_command("sync", "-w", root, "--json").code == 0
