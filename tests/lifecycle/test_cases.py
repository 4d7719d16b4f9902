"""The life cycle against cases that an auditor can read and add to: tests/cases/lifecycle/*.yaml."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.lifecycle.worlds import world

from itss_bridge.lifecycle import Known, Outlook, outlook
from itss_bridge.model import Text

CASES = Path(__file__).parent.parent / "cases" / "lifecycle"
KEYS = {
    *("name", "today", "target", "certificates", "attestations", "verdicts", "audits", "reviews", "obstacles"),
    *("applications", "conditions", "dates", "absent", "says", "positions", "steps"),
}


class Plain(yaml.SafeLoader):
    """YAML in which `on` is a word: the name of a field, not a truth value."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def _cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.load(path.read_text("utf-8"), Plain)["cases"]:
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


def known(case: Mapping[str, Any]) -> Known:
    more = {name: tuple(case[name]) for name in ("audits", "reviews") if name in case}
    more |= {"target": case["target"]} if "target" in case else {}
    more["obstacles"] = {stream: Text(why, why) for stream, why in case.get("obstacles", {}).items()}
    rows = case.get("certificates", ()), case.get("attestations", ())
    return world(case["today"], *rows, case.get("verdicts"), **more)


@pytest.mark.parametrize("case", list(_cases()))
def test_case(case: Mapping[str, Any]) -> None:
    assert set(case) <= KEYS
    found = outlook(known(case))

    _applications(found, case)
    _dates(found, case)
    _positions(found, case)


def _applications(found: Outlook, case: Mapping[str, Any]) -> None:
    for level, wanted in case.get("applications", {}).items():
        entry = found.entries[level]
        assert entry.earliest == wanted["earliest"], level
        assert entry.binding
        assert entry.binding.rule == wanted["binding"], level
        assert entry.open == wanted.get("open", entry.open), level
    conditions = {c.rule: c for entry in found.entries.values() for c in entry.conditions}
    for rule, wanted in case.get("conditions", {}).items():
        assert {"state": conditions[rule].state, "on": conditions[rule].on} == {"on": None, **wanted}, rule


def _dates(found: Outlook, case: Mapping[str, Any]) -> None:
    milestones = {m.id: m for m in found.milestones}
    assert len(milestones) == len(found.milestones), "an id stands twice"
    for name, wanted in case.get("dates", {}).items():
        assert name in milestones, sorted(milestones)
        shown = {key: getattr(milestones[name], key) for key in wanted}
        assert shown == wanted, name
        assert (milestones[name].on is None) == (milestones[name].state == "missing")
    for name in case.get("absent", ()):
        assert name not in milestones
    for name, words in case.get("says", {}).items():
        assert words in milestones[name].note.en + milestones[name].note.zh, milestones[name].note


def _positions(found: Outlook, case: Mapping[str, Any]) -> None:
    itss = [p for p in found.positions if p.cycle.id == "itss"]
    if "positions" in case:
        shown = [(p.state.id if p.state else None, p.basis) for p in itss]
        assert shown == [(wanted["state"], wanted["basis"]) for wanted in case["positions"]]
        for position, wanted in zip(itss, case["positions"], strict=True):
            assert position.since == wanted.get("since", position.since)
            assert wanted.get("says", "") in position.note.en
    steps = {step.target.id: step for position in itss for step in position.steps}
    for target, wanted in case.get("steps", {}).items():
        assert {"start": steps[target].start, "end": steps[target].end} == wanted, target
        assert steps[target].actor.zh
        assert steps[target].when.zh


@pytest.mark.parametrize("case", list(_cases()))
def test_the_same_knowledge_gives_the_same_outlook_in_two_languages(case: Mapping[str, Any]) -> None:
    found = outlook(known(case))
    assert found == outlook(known(case))
    for milestone in found.milestones:
        assert milestone.title.zh != milestone.title.en
        assert milestone.note.zh != milestone.note.en
        assert milestone.state != "missing" or milestone.note.en
