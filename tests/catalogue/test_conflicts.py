"""Conflicts between rule packs are computed: found where packs differ, and nowhere else."""

import operator
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.catalogue import load
from itss_bridge.catalogue.conflicts import Conflict, conflicts
from itss_bridge.errors import UsageError
from itss_bridge.model import Check, Criterion, Origin, RulePack, Text

CATALOGUE = load()
PACKS = CATALOGUE.packs
OFFICIAL = "itss-application-2020"
HAN = re.compile(r"[\u4e00-\u9fff]")


def between(*names: str) -> list[Conflict]:
    return conflicts([PACKS[name] for name in names], CATALOGUE.metrics)


def told(found: Sequence[Conflict]) -> set[tuple[int, frozenset[str]]]:
    return {(conflict.level, frozenset(rule.id for rule in conflict.rules)) for conflict in found}


def rule(name: str, sign: str, threshold: int, months: int | None = None, **more: object) -> Check:
    parts = {"metric": "attested-number", "arguments": {"topic": "staff"}, "level": 3, **more}
    criterion = Criterion(sign, Decimal(threshold), months)
    return Check(
        id=name, title=Text(name, name), kind="record", criterion=criterion, requirements=(), origin=Origin(), **parts
    )


def pack(name: str, *rules: Check, authority: str = "advisory") -> RulePack:
    return RulePack(name, Text(name, name), authority, "2020", rules, Origin())


# Which rules must be found to disagree: the conflicts on conditions for applying that are recorded with the facts.
RECORDED = {
    "C01: level 4 entry": (4, {"consultant-000.l4.business", "consultant-002.l4.registered", "rules-2020.l4.business"}),
    "C02: level 3 entry": (3, {"consultant-000.l3.business", "consultant-002.l3.certificate", "rules-2020.l3.entry"}),
    "C03: level 2 holding time": (
        2,
        {"consultant-000.l2.certificate", "consultant-002.l2.certificate", "rules-2020.l2.certificate"},
    ),
    "C04: level 1 holding time": (
        1,
        {"consultant-000.l1.certificate", "consultant-002.l1.certificate", "rules-2020.l1.certificate"},
    ),
    "C06: time the system has run": (
        4,
        {"consultant-004.l4.trial", "consultant-002.l4.tool-months", "rules-2020.l4.system", "rules-old.l4.system"},
    ),
}


@pytest.mark.parametrize(("level", "rules"), RECORDED.values(), ids=RECORDED)
def test_a_recorded_conflict_is_found_in_the_shipped_packs_and_the_official_rule_decides(
    level: int, rules: set[str]
) -> None:
    found = [c for c in between(*PACKS) if c.level == level and rules <= {r.id for r in c.rules}]

    assert len(found) == 1
    assert [r.id for r in found[0].decides] == [name for name in rules if name.startswith("rules-2020.")]
    assert not found[0].exclusive


def test_the_time_the_system_has_run_is_disputed_at_every_level() -> None:
    disputed = {
        c.level for c in between(OFFICIAL, "consultant-004") if "attested-months" in c.metrics and len(c.metrics) == 1
    }
    assert disputed == {4, 3, 2, 1}


def test_two_advisory_packs_disagree_with_nobody_to_decide() -> None:
    found = between("consultant-000", "consultant-002")

    assert told(found) == {
        (4, frozenset({"consultant-000.l4.business", "consultant-002.l4.registered"})),
        (3, frozenset({"consultant-000.l3.business", "consultant-002.l3.certificate"})),
        (2, frozenset({"consultant-000.l2.certificate", "consultant-002.l2.certificate"})),
        (1, frozenset({"consultant-000.l1.certificate", "consultant-002.l1.certificate"})),
    }
    assert all(c.decides == () for c in found)
    assert all("No binding pack" in c.statement.en for c in found)


def test_packs_that_agree_are_not_in_conflict() -> None:
    """The page of 000 quotes the conditions before 2020; they differ nowhere."""
    assert between("consultant-000", "itss-application-pre2020") == []


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_does_not_contradict_itself(name: str) -> None:
    assert between(name, name) == []
    assert conflicts([PACKS[name], replace(PACKS[name], id="copy")]) == []


def test_what_only_one_pack_asks_for_is_no_conflict() -> None:
    asked = {r.id for c in between(*PACKS) for r in c.rules}
    assert "consultant-002.l4.iso9001" not in asked
    assert "consultant-002.l1.nps" not in asked


def test_whoever_binds_decides() -> None:
    packs = [PACKS[OFFICIAL], PACKS["consultant-002"]]
    found = conflicts(packs, CATALOGUE.metrics, binding={"consultant-002"})

    assert found
    assert all(r.id.startswith("consultant-002.") for c in found for r in c.decides)
    assert all(c.statement.zh.endswith("以《咨询机构提出的门槛（来源 002）》为准。") for c in found)


def test_a_statement_names_packs_and_figures_in_both_languages() -> None:
    for conflict in between(*PACKS):
        english, chinese = conflict.statement.en, conflict.statement.zh
        assert HAN.search(chinese)
        assert not HAN.search(english)
        for stated in conflict.rules:
            assert stated.title.en in english
            assert stated.title.zh in chinese
    entry = next(c for c in between(*PACKS) if c.level == 3 and "business-or-certificate" in c.metrics)
    assert "≥ 24 months or ≥ 12 months" in entry.statement.en
    assert "≥ 18 months" in entry.statement.en
    assert "≥ 18 个月" in entry.statement.zh


def test_conflicts_come_from_the_lowest_level_to_the_highest() -> None:
    levels = [c.level for c in between(*PACKS)]
    assert levels == sorted(levels, reverse=True)


@pytest.mark.parametrize(
    ("one", "other", "exclusive"),
    [
        ((">=", 5), ("<=", 4), True),
        ((">=", 5), ("<=", 5), False),
        ((">=", 5), ("<", 5), True),
        ((">", 5), ("<=", 5), True),
        (("==", 0), (">=", 1), True),
        (("==", 5), (">=", 5), False),
        ((">=", 5), (">=", 9), False),
        (("measured", 1), (">=", 9), False),
    ],
)
def test_directions_that_cannot_both_be_met_are_exclusive(one, other, exclusive) -> None:
    (found,) = conflicts([pack("a", rule("a.1", *one)), pack("b", rule("b.1", *other))])
    assert found.exclusive is exclusive


def test_what_one_pack_asks_and_another_denies_is_exclusive() -> None:
    asks = rule("a.1", ">=", 100, metric="attested", arguments={"topic": "no-subcontractors"})
    denies = rule("b.1", "==", 0, metric="attested", arguments={"topic": "no-subcontractors"})
    (found,) = conflicts([pack("a", asks, authority="official"), pack("b", denies)])
    assert found.exclusive
    assert found.decides == (asks,)


def test_windows_of_different_length_are_a_conflict_but_not_an_exclusive_one() -> None:
    (found,) = conflicts([pack("a", rule("a.1", ">=", 5, 6)), pack("b", rule("b.1", "<=", 4, 3))])
    assert not found.exclusive
    assert "last 6 months" in found.statement.en


def test_amounts_inside_the_arguments_are_compared_too() -> None:
    small = rule("a.1", ">=", 3, metric="projects-accepted", arguments={"minimum_amount": "0"})
    large = rule("b.1", ">=", 3, metric="projects-accepted", arguments={"minimum_amount": "500000"})
    (found,) = conflicts([pack("a", small), pack("b", large)])
    assert "minimum amount 500000" in found.statement.en


def test_different_topics_are_not_compared() -> None:
    other = rule("b.1", ">=", 9, arguments={"topic": "projects"})
    assert conflicts([pack("a", rule("a.1", ">=", 5)), pack("b", other)]) == []


def test_different_levels_are_not_compared() -> None:
    assert conflicts([pack("a", rule("a.1", ">=", 5)), pack("b", rule("b.1", ">=", 9, level=2))]) == []


def test_a_choice_of_routes_is_no_contradiction_to_the_same_choice_in_another_order() -> None:
    one = {"topic": "patents", "number": "1", "other_topic": "copyrights", "other_number": "3"}
    other = {"topic": "copyrights", "number": "3", "other_topic": "patents", "other_number": "1"}
    packs = [
        pack(name, rule(f"{name}.1", ">=", 1, metric="attested-alternative", arguments=given))
        for name, given in (("a", one), ("b", other))
    ]
    assert conflicts(packs) == []
    wanting = pack("c", rule("c.1", ">=", 1, arguments={"topic": "patents"}))
    assert told(conflicts([packs[0], wanting])) == {(3, frozenset({"a.1", "c.1"}))}


def test_a_route_that_is_closed_leaves_the_other_one_open() -> None:
    either = {"topic": "patents", "number": "1", "other_topic": "copyrights", "other_number": "3"}
    closed = pack("b", rule("b.1", "==", 0, arguments={"topic": "patents"}))
    for needed, exclusive in ((1, False), (2, True)):
        routes = rule("a.1", ">=", needed, metric="attested-alternative", arguments=either)
        (found,) = conflicts([pack("a", routes), closed])
        assert found.exclusive is exclusive


def test_words_where_a_number_is_needed_are_refused() -> None:
    given = {"topic": "patents", "number": "one", "other_topic": "copyrights", "other_number": "3"}
    with pytest.raises(UsageError, match="number is 'one'"):
        conflicts([pack("a", rule("a.1", ">=", 1, metric="attested-alternative", arguments=given))])


topics = st.sampled_from(
    ["staff", "tools", "service-business-since", "legal-registration-since", "system-in-operation-since"]
)
numbers = st.integers(0, 3)
rules = st.builds(
    lambda topic, sign, threshold, level: (topic, sign, threshold, level),
    topics,
    st.sampled_from([">=", "<=", "==", ">", "<"]),
    numbers,
    st.integers(1, 4),
)


HOLDS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq}


@given(st.lists(st.tuples(st.sampled_from(list(HOLDS)), numbers), min_size=2, max_size=5, unique=True))
def test_limits_are_exclusive_exactly_when_no_number_meets_them_all(limits: list[tuple[str, int]]) -> None:
    found = conflicts([pack(f"p{i}", rule(f"p{i}.1", *limit)) for i, limit in enumerate(limits)])
    halves = [n / 2 for n in range(-2, 9)]
    possible = any(all(HOLDS[sign](value, edge) for sign, edge in limits) for value in halves)
    assert [c.exclusive for c in found] == [not possible]


@st.composite
def shelves(draw) -> list[RulePack]:
    packs = []
    for name in ("a", "b", "c"):
        drawn = draw(st.lists(rules, max_size=4))
        made = [
            rule(f"{name}.{i}", op, n, metric="attested-months", arguments={"topic": topic}, level=level)
            for i, (topic, op, n, level) in enumerate(drawn)
        ]
        packs.append(pack(name, *made, authority=draw(st.sampled_from(["official", "advisory"]))))
    return packs


@given(shelves())
def test_the_order_of_packs_makes_no_difference(packs: list[RulePack]) -> None:
    assert told(conflicts(packs)) == told(conflicts(packs[::-1]))


@given(shelves())
def test_a_conflict_is_between_packs_of_one_level_and_only_binding_rules_decide(packs: list[RulePack]) -> None:
    binding = {p.id for p in packs if p.authority == "official"}
    for conflict in conflicts(packs):
        assert len({r.id.partition(".")[0] for r in conflict.rules}) > 1
        assert {r.level for r in conflict.rules} == {conflict.level}
        decides = [r for r in conflict.rules if r.id.partition(".")[0] in binding]
        assert list(conflict.decides) == decides


@given(shelves())
def test_a_copy_of_a_pack_adds_no_conflict_of_its_own(packs: list[RulePack]) -> None:
    twin = replace(packs[0], id="twin")
    assert conflicts([packs[0], twin]) == []
    assert {c.level for c in conflicts([*packs, twin])} == {c.level for c in conflicts(packs)}


@given(st.sampled_from(list(PACKS.values())), st.data())
def test_one_changed_threshold_is_one_conflict(shipped: RulePack, data: st.DataObject) -> None:
    changed = data.draw(st.sampled_from([r for r in shipped.rules if r.criterion.threshold is not None]))
    other = replace(changed, criterion=replace(changed.criterion, threshold=changed.criterion.threshold + 1))
    copy = replace(shipped, id="copy", rules=tuple(other if r is changed else r for r in shipped.rules))

    (found,) = conflicts([shipped, copy])
    assert found.level == changed.level
    assert changed in found.rules
