"""The life cycles: whole, bilingual, sourced, and holding every number the consultants' pages ask for."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.catalogue import load
from itss_bridge.catalogue.lifecycle import (
    Case,
    LifeCycle,
    Move,
    Quantity,
    State,
    lifecycle,
    problems,
    reachable,
)
from itss_bridge.catalogue.yaml import read
from itss_bridge.data import folder
from itss_bridge.errors import UsageError
from itss_bridge.lifecycle.known import confirmed
from itss_bridge.model import Origin, Text

ROOT = Path(__file__).parent.parent.parent
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
MAPPINGS = folder("mappings")
FILES = sorted((MAPPINGS / "lifecycle").glob("*.yaml"))
CYCLES = {path.stem: lifecycle(read(path, "lifecycle")) for path in FILES}
ITSS = CYCLES["itss"]
CATALOGUE = load()
SOURCES = {row["id"] for row in read(MAPPINGS / "sources.yaml", "sources").content["sources"]}
HAN = re.compile(r"[\u4e00-\u9fff]")

# Kinds of number that the product must represent, and those that it must not turn into anything.
ASKED = {"requirement", "window", "validity", "process", "checklist", "surveillance", "panel", "audit", "duration"}
NEVER = {"marketing", "info", "structure"}

# Each rule of the facts, by the rules that represent it here.
REPRESENTED = {
    "R-VALID": ["validity"],
    "R-SURV-1": ["surveillance-1"],
    "R-SURV-2": ["surveillance-2"],
    "R-SURV-COVER": ["surveillance-coverage"],
    "R-SURV-LATE": ["surveillance-late"],
    "R-SURV-SEED": [
        "surveillance-effort.seed-002",
        "surveillance-yearly.seed-002",
        "surveillance-unannounced.seed-002",
        "surveillance-full.seed-002",
        "self-assessment.seed-002",
    ],
    "R-SURV-EFFORT": ["surveillance-effort"],
    "R-REASSESS": ["re-assessment"],
    "R-SUBMIT-2021": [
        "submission-surveillance-before-20th",
        "submission-surveillance-from-20th",
        "submission-re-assessment-before-20th",
        "submission-re-assessment-from-20th",
    ],
    "R-SUBMIT-5D": ["submission-complete"],
    "R-RECT-1": ["rectification-1"],
    "R-RECT-2": ["rectification-2"],
    "R-RECT-3": ["rectification-3"],
    "R-RECT-REPORT": ["rectification-report"],
    "R-DOWN-WAIT": ["downgrade-wait"],
    "R-UP-32": ["upgrade-3-2"],
    "R-UP-21": ["upgrade-2-1"],
    "R-UP-43": ["upgrade-4-3"],
    "R-REVIEW": ["confirmation-4", "confirmation-3", "confirmation-2-1"],
    "R-BODY": ["institution-industry", "institution-local"],
    "R-INDEP": ["independence"],
    "R-CHANGE": ["change-notice"],
    "R-PANEL": ["panel-4.seed-002", "panel-2.seed-002", "panel-1.seed-002"],
    "R-SAMPLE-PPL": ["sample-persons.seed-002"],
    "R-SAMPLE-PRJ": ["sample-projects.seed-002"],
    "R-TRIAL": ["trial"],
    "R-ISO-CYCLE": ["stages", "surveillance", "re-certification"],
}


def facts(name: str) -> Any:
    path = SHARED / "facts" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: the facts are kept outside the repository")
    return yaml.safe_load(path.read_text("utf-8"))


def in_packs() -> set[str]:
    """Register ids of the numbers that rule packs measure; packs name them with how sure they are."""
    rules = (rule for pack in CATALOGUE.packs.values() for rule in pack.rules)
    return {number for rule in rules for number in re.findall(r"N\d{3}", rule.origin.confidence)}


def represented() -> set[str]:
    return in_packs().union(*(cycle.numbers for cycle in CYCLES.values()))


def texts(thing: Any) -> Iterator[Text]:
    """Every text anywhere inside a value."""
    if isinstance(thing, Text):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from texts(part)
    elif hasattr(thing, "__dataclass_fields__"):
        for name in thing.__dataclass_fields__:
            yield from texts(getattr(thing, name))


def origins(thing: Any) -> Iterator[Origin]:
    if isinstance(thing, Origin):
        yield thing
    elif isinstance(thing, tuple):
        for part in thing:
            yield from origins(part)
    elif hasattr(thing, "__dataclass_fields__"):
        for name in thing.__dataclass_fields__:
            yield from origins(getattr(thing, name))


def parsed(tmp_path: Path, body: str) -> LifeCycle:
    path = tmp_path / "own.yaml"
    head = "lifecycle: own\nframework: itss\ntitle: {en: Own, zh: 自有}\nsource: [JUDGEMENT]\nconfidence: ours\n"
    path.write_text(head + body, "utf-8")
    return lifecycle(read(path, "lifecycle"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_like_its_life_cycle_and_says_which_schema_it_fits(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../../schemas/lifecycle.json"
    assert any("Apache-2.0" in line for line in lines[:6])
    assert CYCLES[path.stem].id == path.stem
    assert CYCLES[path.stem].framework in CATALOGUE.frameworks


@pytest.mark.parametrize("cycle", CYCLES.values(), ids=CYCLES)
def test_a_shipped_life_cycle_hangs_together(cycle: LifeCycle) -> None:
    assert problems(cycle, CATALOGUE.requirements) == []


@pytest.mark.parametrize("cycle", CYCLES.values(), ids=CYCLES)
def test_every_text_is_written_in_both_languages(cycle: LifeCycle) -> None:
    for text in texts(cycle):
        assert HAN.search(text.zh), text
        assert not HAN.search(text.en), text


@pytest.mark.parametrize("cycle", CYCLES.values(), ids=CYCLES)
def test_every_step_rule_date_and_paper_names_known_sources_and_how_sure_it_is(cycle: LifeCycle) -> None:
    for origin in origins(cycle):
        assert origin.source, origin
        assert set(origin.source) <= SOURCES, origin
        assert origin.confidence, origin
        assert re.search(r"\.yaml:\d+:\d+$", origin.where), origin


def test_every_number_that_the_pages_ask_for_is_represented() -> None:
    wanted = {row["id"] for row in facts("seed_numbers.yaml")["numbers"] if row["kind"] in ASKED}
    assert wanted - represented() == set()


def test_no_marketing_claim_is_represented() -> None:
    forbidden = {row["id"] for row in facts("seed_numbers.yaml")["numbers"] if row["kind"] in NEVER}
    assert forbidden & represented() == set()


def test_a_row_cites_the_page_that_its_number_comes_from() -> None:
    page = {row["id"]: row["seed"] for row in facts("seed_numbers.yaml")["numbers"]}
    for cycle in CYCLES.values():
        rows = (*cycle.processes, *cycle.rules, *cycle.deadlines, *cycle.checklists, *cycle.materials)
        for row in (*rows, *(step for process in cycle.processes for step in process.steps)):
            assert {page[number] for number in row.numbers} <= set(row.origin.source), row


def test_single_numbers_are_the_recorded_ones() -> None:
    recorded = {row["id"]: row for row in facts("seed_numbers.yaml")["numbers"]}
    factor = {"year": 12, "years": 12}
    for cycle in CYCLES.values():
        for rule in cycle.rules:
            for row in (recorded[number] for number in rule.numbers):
                if rule.quantity and isinstance(row["value"], int) and row["kind"] != "surveillance":
                    assert row["value"] * factor.get(row.get("unit", ""), 1) in rule.quantity.values, rule.id


def test_rules_are_the_recorded_ones_with_their_values_levels_and_sources() -> None:
    recorded = {row["id"]: row for row in facts("lifecycle.yaml")["rules"]}
    assert set(recorded) == set(REPRESENTED)
    for name, row in recorded.items():
        chosen = CYCLES["iso20000-1"].rules if name == "R-ISO-CYCLE" else ITSS.rules
        rules = [rule for rule in chosen if rule.id in REPRESENTED[name]]
        assert len(rules) == len(REPRESENTED[name]), name
        if "value" in row and rules[0].quantity:
            values = row["value"] if isinstance(row["value"], list) else [row["value"]]
            assert list(rules[0].quantity.values) == values, name
            assert rules[0].quantity.unit == {"%": "percent"}.get(row["unit"], row["unit"].replace(" ", "-")), name
        if "levels" in row:
            assert set(rules[0].levels) == set(row["levels"]), name
        assert {s for rule in rules for s in rule.origin.source} <= set(row["sources"]), name


def test_the_state_machine_is_the_recorded_one() -> None:
    machine = facts("lifecycle.yaml")["canonical_state_machine"]
    straight = [state.id for state in ITSS.states if not state.side]
    side = {state.id for state in ITSS.states if state.side}
    assert straight == [name.replace("_", "-") for name in machine["states"]]
    assert side == {name.replace("_", "-") for name in machine["side_states"]}
    moves = {(move.source, move.target) for move in ITSS.moves}
    assert {(row["f"].replace("_", "-"), row["t"].replace("_", "-")) for row in machine["transitions"]} <= moves


def test_the_straight_way_leads_from_scoping_to_re_assessment() -> None:
    straight = [state.id for state in ITSS.states if not state.side]
    moves = {(move.source, move.target) for move in ITSS.moves}
    assert [pair for pair in pairwise(straight) if pair not in moves] == []


def test_nobody_is_stuck_but_where_a_certificate_has_ended() -> None:
    left = {move.source for move in ITSS.moves}
    assert {state.id for state in ITSS.states} - left == {"cancelled", "withdrawn"}


def test_processes_have_the_recorded_number_of_steps() -> None:
    recorded = facts("lifecycle.yaml")["processes"]
    steps = {process.id: len(process.steps) for cycle in CYCLES.values() for process in cycle.processes}
    assert steps == {row["id"][:8].lower(): len(row["steps"]) for row in recorded}


def test_checklists_have_the_recorded_number_of_items() -> None:
    recorded = facts("lifecycle.yaml")["checklists"]
    items = {checklist.id: len(checklist.items) for cycle in CYCLES.values() for checklist in cycle.checklists}
    assert items == {
        "seed-000": len(recorded["general_seed_000"]),
        **{f"seed-002.{name}": len(rows) for name, rows in recorded["general_seed_002"].items()},
        **{f"seed-002.level-{level}": len(rows) for level, rows in recorded["by_level_seed_002"].items()},
        "seed-004": len(recorded["seed_004"]),
        "seed-003": len(recorded["iso20000_seed_003"]),
    }


def test_the_dates_of_the_iso_9001_transition_are_the_recorded_ones() -> None:
    recorded = facts("iso9001_2026.yaml")
    dates = [
        date.fromisoformat(recorded["published"]),
        *(date.fromisoformat(t["date"]) for t in recorded["transition"]),
    ]
    assert [deadline.on for deadline in CYCLES["iso9001"].deadlines] == dates


def test_seed_000_goes_back_from_step_8_to_step_6() -> None:
    process = next(process for process in ITSS.processes if process.id == "seed-000")
    assert process.back
    assert (process.back.source, process.back.target) == (8, 6)


def test_what_is_shown_by_a_ticket_metric_names_the_stream_of_its_tickets() -> None:
    for cycle in CYCLES.values():
        for item in cycle.materials:
            assert item.streams or item.requirements, item.id
            if item.evidence == "ticket-metric":
                assert set(item.streams) & {"incident", "request", "problem", "change", "release"}, item.id
            if item.evidence in {"certificate", "attestation"}:
                assert item.evidence in item.streams, item.id


STATES = """
roles: [{id: us, title: {en: Us, zh: 我方}}]
states:
  - {id: a, title: {en: A, zh: 甲}, meaning: {en: A, zh: 甲}}
  - {id: b, title: {en: B, zh: 乙}, meaning: {en: B, zh: 乙}}
"""
MOVE = "transitions: [{{from: {0}, to: {1}, when: {{en: x, zh: 某}}, actor: {2}, source: [BK], confidence: low{3}}}]\n"
LOST = "{from: b, to: c, when: {en: x, zh: 某}, actor: us, source: [BK], confidence: low}"
RULE = "  - {{id: {0}, subject: trial, title: {{en: x, zh: 某}}, source: [BK], confidence: low{1}}}\n"
PROCESS = """
processes: [{{id: p, title: {{en: P, zh: 流程}}, steps: [{{title: {{en: x, zh: 某}}{0}}}], {1}source: [BK], confidence: low}}]
"""
LIST = """
roles: [{id: us, title: {en: Us, zh: 我方}}]
checklists:
  - id: all
    title: {en: All, zh: 全部}
    items: [{id: all.one, title: {en: x, zh: 某}, owner: OWNER, evidence: documentMORE}]
    source: [BK]
    confidence: low
"""


def paper(owner: str = "us", more: str = "") -> str:
    return LIST.replace("OWNER", owner).replace("MORE", more)


def quantity(operator: str, values: str) -> str:
    return f', quantity: {{operator: "{operator}", values: [{values}], unit: months}}'


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (STATES, "the state 'b' cannot be reached from 'a'"),
        (STATES + MOVE.format("a", "b", "us", "").replace("}]", "}, " + LOST + "]"), "there is no state 'c'"),
        (STATES + MOVE.format("a", "b", "they", ""), "there is no role 'they'"),
        (STATES + MOVE.format("a", "b", "us", ", rules: [none]"), "there is no rule 'none'"),
        ("rules:\n" + RULE.format("one", "") * 2, "the rule 'one' is declared twice"),
        ("rules:\n" + RULE.format("one", ", varies: two"), "there is no rule to go by 'two'"),
        ("rules:\n" + RULE.format("one", ", varies: one"), "there is no rule to go by 'one'"),
        ("rules:\n" + RULE.format("one", quantity("between", "9")), "'between' takes 2 value(s), not 1"),
        ("rules:\n" + RULE.format("one", quantity(">=", "9, 12")), "'>=' takes 1 value(s), not 2"),
        ("rules:\n" + RULE.format("one", quantity("between", "12, 9")), "the values [12, 9] must rise"),
        (paper(owner="they"), "there is no role 'they'"),
        (paper(more=", streams: [tickets]"), "there is no stream 'tickets'"),
        (paper(more=", requirements: [itss:nothing]"), "there is no requirement 'itss:nothing'"),
        (PROCESS.format(", states: [z]", ""), "there is no state 'z'"),
        (PROCESS.format("", "back: {from: 2, to: 1, when: {en: x, zh: 某}}, "), "cannot go back from step 2 to 1"),
    ],
)
def test_what_does_not_hang_together_is_named_with_its_line(tmp_path: Path, body: str, what: str) -> None:
    (told,) = problems(parsed(tmp_path, body), CATALOGUE.requirements)
    assert told.endswith(what)
    assert re.match(r".*own\.yaml:\d+:\d+: ", told)


def test_a_rule_may_not_vary_a_rule_that_varies_itself(tmp_path: Path) -> None:
    body = "rules:\n" + "".join(
        RULE.format(name, more) for name, more in (("a", ""), ("b", ", varies: a"), ("c", ", varies: b"))
    )
    assert [told.rpartition(": ")[2] for told in problems(parsed(tmp_path, body))] == ["there is no rule to go by 'b'"]


def test_alternatives_may_be_many(tmp_path: Path) -> None:
    found = parsed(tmp_path, "rules:\n" + RULE.format("one", quantity("either", "6, 12, 18")))
    assert problems(found) == []
    assert found.rules[0].quantity == Quantity("either", (6, 12, 18), "months")


def test_a_day_that_does_not_exist_is_refused_with_its_line(tmp_path: Path) -> None:
    body = "deadlines:\n  - {id: d, title: {en: x, zh: 某}, on: 2027-02-30, source: [BK], confidence: low}\n"
    with pytest.raises(UsageError, match="no day 2027-02-30") as caught:
        parsed(tmp_path, body)
    assert "own.yaml:7:" in caught.value.where


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("rules:\n" + RULE.format("one", "").replace("trial", "luck"), "subject"),
        ("rules:\n" + RULE.format("one", ", numbers: [32]"), "numbers"),
        ("rules: []\n", "rules"),
        ("stages: []\n", "stages"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(tmp_path: Path, body: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parsed(tmp_path, body)


letters = st.sampled_from("abcdef")


@given(st.lists(letters, min_size=1, unique=True), st.lists(st.tuples(letters, letters), max_size=12))
def test_reachable_states_are_those_on_some_path_from_the_first(names: list[str], pairs: list[tuple[str, str]]) -> None:
    blank, origin = Text("", ""), Origin()
    states = tuple(State(name, blank, blank, side=False, origin=origin) for name in names)
    moves = tuple(Move(one, other, blank, "us", (), origin) for one, other in pairs)
    found = reachable(replace(ITSS, states=states, moves=moves))

    assert names[0] in found
    assert all(other in found for one, other in pairs if one in found)
    # nothing but the start is in it without a move that leads there from inside
    assert all(name == names[0] or any(other == name and one in found for one, other in pairs) for name in found)


def test_a_rule_says_for_which_step_and_which_days_of_award_it_holds(tmp_path: Path) -> None:
    body = "rules:\n" + RULE.format("one", ", case: {of: surveillance, last_day: 19}") + RULE.format("two", "")
    one, two = parsed(tmp_path, body).rules
    assert one.case == Case("surveillance", 1, 19)
    assert two.case is None


def test_every_day_of_award_has_one_rule_on_papers_for_each_step() -> None:
    for step in ("surveillance", "re-assessment"):
        cases = [rule.case for rule in ITSS.rules if rule.subject == "submission" and rule.case]
        for day in range(1, 32):
            assert sum(case.of == step and case.first_day <= day <= case.last_day for case in cases) == 1


@pytest.mark.parametrize("name", ["iso9001", "iso20000-1", "iso27001"])
def test_every_iso_certificate_has_a_validity_a_surveillance_and_a_re_certification(name: str) -> None:
    subjects = {rule.subject for rule in CYCLES[name].rules}
    assert {"validity", "surveillance", "re-assessment"} <= subjects


@pytest.mark.parametrize(
    ("confidence", "sure"),
    [
        ("high", True),
        ("high (general practice)", True),
        ("high for 2020; newer rules were not found", False),
        ("high for 2020", False),
        ("highly doubtful", False),
        ("medium-high", False),
        ("low (seed only)", False),
        ("", False),
    ],
)
def test_only_what_is_sure_without_a_condition_is_confirmed(confidence: str, sure: bool) -> None:
    assert confirmed(Origin(("BK",), confidence)) is sure
