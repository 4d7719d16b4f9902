"""Every id that the calendar shows can be explained, and found in its file."""

import json
from datetime import date

import pytest
from tests.lifecycle.worlds import CATALOGUE, world

from itss_bridge.catalogue.excerpt import excerpt, places
from itss_bridge.errors import UsageError
from itss_bridge.explain.ids import explain
from itss_bridge.lifecycle import outlook

CERTIFICATES = [
    {"id": "C-1", "scheme": "itss", "level": "4", "awarded_at": date(2015, 3, 10), "expires_at": date(2018, 3, 10)},
    {"id": "Q-1", "scheme": "iso9001", "awarded_at": date(2016, 1, 10), "next_audit_at": date(2016, 12, 1)},
]
STATED = [{"topic": "lifecycle-state", "statement": "rectification-1", "on": date(2016, 5, 1)}]
SHOWN = outlook(world(date(2016, 6, 1), CERTIFICATES, STATED, target=3)).milestones


@pytest.mark.parametrize("milestone", SHOWN, ids=lambda m: m.id)
def test_an_id_of_the_calendar_and_its_rules_are_explained(milestone) -> None:
    for name in (milestone.id, *milestone.rules):
        found = explain(name, CATALOGUE)
        assert found["title"]["zh"]
        json.dumps(found, ensure_ascii=False)


def test_a_rule_says_its_number_its_source_and_how_sure_it_is() -> None:
    found = explain("itss/surveillance-1@C-1", CATALOGUE)
    assert found["id"] == "itss/surveillance-1"
    assert found["needed"] == {"en": "9–12 months", "zh": "9–12 个月"}
    assert found["source"] == ["CSDN-2022", "SSCMMI"]
    assert found["confidence"] == "medium-high"
    assert explain("iso20000-1/surveillance", CATALOGUE)["needed"]["en"] == "6 / 12 months"
    assert explain("itss/upgrade-3-2.seed-002", CATALOGUE)["varies"] == "upgrade-3-2"


def test_a_state_says_what_may_come_next_and_who_acts() -> None:
    found = explain("获证", CATALOGUE)
    assert found["id"] == "certified"
    moves = {move["state"]: move for move in found["moves"]}
    assert moves["surveillance-1"]["actor"]["zh"] == "评估机构"
    assert moves["surveillance-1"]["rules"] == ["itss/surveillance-1", "itss/surveillance-coverage"]


def test_an_application_lists_the_conditions_of_its_level() -> None:
    rules = {row["id"] for row in explain("itss/application-2", CATALOGUE)["rules"]}
    assert "rules-2020.l2.certificate" in rules
    assert not any(".l3." in name for name in rules)


def test_what_nobody_called_so_is_refused_with_what_is_near() -> None:
    with pytest.raises(UsageError) as caught:
        explain("itss/surveilance-1", CATALOGUE)
    assert "itss/surveillance-1" in caught.value.fix


@pytest.mark.parametrize("cycle", CATALOGUE.lifecycles)
def test_every_rule_and_date_is_shown_as_it_stands_in_its_file(cycle: str) -> None:
    shelf = places(CATALOGUE)
    for row in (*CATALOGUE.lifecycles[cycle].rules, *CATALOGUE.lifecycles[cycle].deadlines):
        kind, where = shelf[f"{cycle}/{row.id}"]
        entry = excerpt(kind, row.id, where)
        assert entry.text.lstrip(" -").startswith(f"id: {row.id}")
        assert row.title.zh in entry.text


def test_the_command_line_shows_both(bridge_command) -> None:
    for language in ("zh", "en"):
        assert "9–12" in bridge_command("explain", "itss/surveillance-1", "--lang", language).out
    assert "mappings/lifecycle/itss.yaml" in bridge_command("catalogue", "show", "itss/surveillance-1").out
