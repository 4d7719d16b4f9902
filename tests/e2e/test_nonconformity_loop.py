"""From a rate that is too low to a closed nonconformity: opened, published once, worked on, measured again, closed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.cli import run
from itss_bridge.tracking import Tracking
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.quality_tickets import DONE

pytestmark = pytest.mark.slow

SUBJECT = "consultant-002.l3.closing-rate"
"""Too low on 2016-04-15 and 2016-05-15, high enough on 2016-06-15: so the recorded incidents have it."""

PLACES = """
[publish.jira]
source = "jira"
project = "QMS"
issue_type = "不符合项"
[publish.servicenow]
source = "servicenow"
table = "u_improvement"
"""


@dataclass
class House:
    """One workspace beside its tools; a command gives its exit code and what it said as JSON."""

    tools: Playground
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *command: str) -> tuple[int, Any]:
        code = run([*command, "--json", "--workspace", str(self.folder)])
        self.said = self.capsys.readouterr()
        said = self.said.out
        return code, json.loads(said) if said else None

    def month(self, number: int) -> None:
        self.tools.move_to(datetime(2016, number, 15, tzinfo=UTC))
        self("sync")

    @property
    def asked(self) -> list[tuple[str, str]]:
        servers = (self.tools.servicenow, self.tools.atlassian)
        return [(line.method, line.path) for server in servers for line in server.log]

    def writes(self) -> list[tuple[str, str]]:
        reading = ("search", "fetch", "count", "parse")
        return [(m, p) for m, p in self.asked if m != "GET" and not any(word in p for word in reading)]


@pytest.fixture(params=["cloud"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[House]:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    with Playground(datetime(2016, 4, 15, tzinfo=UTC), deployment=request.param) as tools:
        toml = tools.workspace_toml()
        keep = toml.index("[sources.confluence]")
        (tmp_path / "itss-bridge.toml").write_text(toml[:keep] + PLACES, "utf-8")
        house = House(tools, tmp_path, capsys)
        house("sync")
        yield house


def entry(house: House) -> dict[str, Any]:
    _, listed = house("nonconformity", "list", "--all")
    return next(one for one in listed if one["subject"] == SUBJECT)


@pytest.mark.parametrize("house", ["cloud", "data-center"], indirect=True)
def test_a_nonconformity_is_closed_by_a_new_measurement_and_never_by_a_ticket_that_is_done(house: House) -> None:
    _, new = house("nonconformity", "open", "--apply")
    name = next(one["id"] for one in new if one["subject"] == SUBJECT)
    assert house("nonconformity", "open", "--apply") == (0, []), "what is tracked is not opened again"

    _, planned = house("publish", "tickets", "--to", "jira")
    assert {step["doing"] for step in planned} == {"create"}
    assert house.writes() == [], "without --apply nothing is written"
    _, made = house("publish", "tickets", "--to", "jira", "--apply")
    assert len(house.writes()) == len(made) == len(new)
    _, again = house("publish", "tickets", "--to", "jira", "--apply")
    assert {step["doing"] for step in again} == {"none"}
    assert len(house.writes()) == len(new), "the second run makes no second ticket"

    project = house.tools.atlassian.tool.jira.quality
    ref = next(step["ref"] for step in made if step["nonconformity"] == name)
    assert entry(house)["progress"] == "correcting"
    project.work(ref, DONE)
    house.month(5)
    read = Tracking(Bridge(house.folder)).register.entries()
    assert next(e for e in read if e.id == name).ticket.done, "its state was read back at the sync"
    assert entry(house)["progress"] == "corrected"
    code, refused = house("nonconformity", "close", name)
    assert (code, refused["error"]["what"].startswith(f"{name} stays open: Still not met")) == (3, True)

    house.month(6)
    code, closed = house("nonconformity", "close", name)
    assert (code, [one["id"] for one in closed]) == (0, [name]), "an observation needs no cause on record"
    assert entry(house)["progress"] == "closed"
    _, then = house("nonconformity", "list", "--all", "--as-of", "2016-05-15")
    assert next(one for one in then if one["id"] == name)["progress"] == "corrected", "as of May it was still open"


@pytest.mark.parametrize("house", ["cloud", "data-center"], indirect=True)
def test_a_ticket_that_was_made_but_never_heard_of_is_found_by_its_key(house: House) -> None:
    house("nonconformity", "open", "--apply")
    house("publish", "tickets", "--to", "jira", "--apply")
    made = len(house.writes())
    for file in (house.folder / "nonconformities").glob("*.yaml"):
        text = file.read_text("utf-8")
        file.write_text(text[: text.index("# ----")], "utf-8")
    house("publish", "tickets", "--to", "jira", "--apply")
    assert [method for method, _ in house.writes()[made:]] == ["PUT"] * made
    assert len(house.tools.atlassian.tool.jira.quality.tasks) == made


def test_a_search_index_that_lags_makes_no_second_ticket(house: House) -> None:
    house("nonconformity", "open", "--apply")
    project = house.tools.atlassian.tool.jira.quality
    project.unindexed = True
    house("publish", "tickets", "--to", "jira", "--apply")
    made = len(project.tasks)
    house("publish", "tickets", "--to", "jira", "--apply")
    assert len(project.tasks) == made > 0


def test_a_ticket_that_was_deleted_is_said_to_be_gone_and_made_anew_on_request(house: House) -> None:
    house("nonconformity", "open", "--apply")
    _, made = house("publish", "tickets", "--to", "jira", "--apply")
    project = house.tools.atlassian.tool.jira.quality
    project.delete(made[0]["ref"])
    house("sync")
    _, listed = house("nonconformity", "list")
    assert next(one for one in listed if one["id"] == made[0]["nonconformity"])["ticket"]["state"] == "gone"
    _, again = house("publish", "tickets", "--to", "jira", "--apply")
    assert [step["doing"] for step in again].count("create") == 1


def test_servicenow_keeps_one_row_for_each_and_its_state_comes_back(house: House) -> None:
    house("nonconformity", "open", "--apply")
    _, made = house("publish", "tickets", "--to", "servicenow", "--apply")
    table = house.tools.servicenow.tool.improvements
    assert {step["ref"] for step in made} == {table.table.cell(row, "number") for row in table.table.rows}
    _, again = house("publish", "tickets", "--to", "servicenow", "--apply")
    assert {step["doing"] for step in again} == {"none"}
    table.work(made[0]["ref"], "3", active=False)
    house("sync")
    _, listed = house("nonconformity", "list")
    seen = next(one for one in listed if one["id"] == made[0]["nonconformity"])
    assert (seen["ticket"]["done"], seen["progress"]) == (True, "corrected")


def test_a_tool_that_refuses_to_take_tickets_is_told_and_nothing_is_noted_as_done(house: House) -> None:
    house("nonconformity", "open", "--apply")
    toml = house.folder / "itss-bridge.toml"
    toml.write_text(toml.read_text("utf-8").replace("不符合项", "Nope"), "utf-8")
    code, said = house("publish", "tickets", "--to", "jira", "--apply")
    assert code == 5
    assert "Specify a valid issue type" in said["error"]["what"]
    assert all(e.ticket is None for e in Tracking(Bridge(house.folder)).register.entries())


def test_a_place_that_is_not_configured_is_told_with_those_that_are(house: House) -> None:
    code, said = house("publish", "tickets", "--to", "jiro")
    assert code == 2
    assert "did you mean 'jira'" in said["error"]["fix"]
