"""All 24,918 recorded incidents over HTTP, through the real connector, against values computed from the file alone."""

import csv
import gzip
import json
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.outcomes import StreamOutcome
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

END_OF_LOG = datetime(2017, 3, 1, tzinfo=UTC)
SERVICENOW = ("incident", "sla", "problem", "change", "configuration_item")


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


@pytest.fixture(scope="module")
def final_rows(shared: Path) -> list[dict[str, str]]:
    """The last row of each incident, in file order."""
    final: dict[str, dict[str, str]] = {}
    for part in sorted((shared / "data/uci_incident_event_log").glob("*.csv.gz")):
        with gzip.open(part, "rt", encoding="utf-8", newline="") as file:
            final |= {row["number"]: row for row in csv.DictReader(file)}
    return list(final.values())


@pytest.fixture(scope="module")
def synced(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, StreamOutcome]]]:
    root = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch, Playground(END_OF_LOG, "full", shared) as playground:
        patch.setenv("PLAYGROUND_PASSWORD", "playground")
        patch.setenv("PLAYGROUND_TOKEN", "playground")
        (root / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        _, outcomes = Bridge(root).sync(quiet, ["servicenow"])
        yield root, outcomes["servicenow"]


def hours(row: dict[str, str], start: str, end: str) -> float:
    return (moment(row[end]) - moment(row[start])).total_seconds() / 3600


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def test_every_incident_is_held_and_proven(synced, final_rows) -> None:
    _, outcomes = synced
    incidents = outcomes["incident"]
    assert (incidents.state, incidents.expected, incidents.seen) == ("complete", len(final_rows), len(final_rows))
    assert len(final_rows) == 24_918
    assert {outcome.state for outcome in outcomes.values()} == {"complete"}


def test_sla_achievement_equals_the_file(synced, final_rows, bridge_command) -> None:
    root, _ = synced
    shown = json.loads(bridge_command("metric", "show", "kpi-sla", "-w", root, "--json").out)
    kept = sum(row["made_sla"] == "true" for row in final_rows)
    assert (shown["numerator"], shown["denominator"], shown["n"]) == (kept, len(final_rows), len(final_rows))
    assert shown["value"] == pytest.approx(100 * kept / len(final_rows))
    assert kept == 15_803


def test_time_to_resolve_equals_the_file(synced, final_rows, bridge_command) -> None:
    root, _ = synced
    shown = json.loads(bridge_command("metric", "show", "kpi-mttr", "-w", root, "--json").out)
    times = [hours(row, "opened_at", "resolved_at") for row in final_rows if row["resolved_at"] != "?"]
    assert shown["n"] == len(times) == 23_362
    assert sum(shown["excluded"].values()) == len(final_rows) - len(times)
    assert shown["median"] == pytest.approx(statistics.median(times)) == pytest.approx(22.1)
    assert shown["value"] == shown["mean"] == pytest.approx(statistics.fmean(times))


def test_reopened_incidents_equal_the_file(synced, final_rows, bridge_command) -> None:
    root, _ = synced
    shown = json.loads(bridge_command("metric", "show", "kpi-reopen", "-w", root, "--json").out)
    reopened = sum(int(row["reopen_count"]) > 0 for row in final_rows)
    assert (shown["numerator"], shown["denominator"]) == (reopened, len(final_rows)) == (275, 24_918)


def test_a_window_takes_the_tickets_of_that_month_alone(synced, final_rows, bridge_command) -> None:
    root, _ = synced
    window = ("--from", "2016-04-01T00:00:00+00:00", "--to", "2016-05-01T00:00:00+00:00")
    shown = json.loads(bridge_command("metric", "show", "kpi-mttr", "-w", root, "--json", *window).out)
    april = [
        hours(row, "opened_at", "resolved_at")
        for row in final_rows
        if row["resolved_at"] != "?" and moment(row["resolved_at"]).strftime("%Y-%m") == "2016-04"
    ]
    assert shown["n"] == len(april)
    assert shown["median"] == pytest.approx(statistics.median(april))


def test_the_population_is_the_tickets_themselves(synced, final_rows, bridge_command) -> None:
    root, _ = synced
    shown = json.loads(bridge_command("metric", "show", "kpi-reopen", "-w", root, "--json", "--population").out)
    met = {item["ref"] for item in shown["population"] if item["met"]}
    assert met == {row["number"] for row in final_rows if int(row["reopen_count"]) > 0}


def test_the_whole_log_verifies(synced, bridge_command) -> None:
    root, _ = synced
    assert bridge_command("verify", "-w", root).code == 0


@pytest.mark.slow
def test_a_no_change_sync_of_everything_is_two_requests_a_stream(shared: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    with Playground(END_OF_LOG, "full", shared) as playground:
        (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        bridge = Bridge(tmp_path)
        bridge.sync(quiet, ["servicenow"])
        _, outcomes = bridge.sync(quiet, ["servicenow"])
    for stream in SERVICENOW:
        outcome = outcomes["servicenow"][stream]
        assert (outcome.state, outcome.new, outcome.changed) == ("complete", 0, 0)
        assert outcome.requests <= 3
