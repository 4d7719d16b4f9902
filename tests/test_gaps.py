"""Gaps: grouped by reason, ranked by what they open against what they cost, laid out by quarter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.assess import Terms, assess
from itss_bridge.catalogue import Catalogue, load
from itss_bridge.gaps import ASSUMED_DAYS, gaps, roadmap
from itss_bridge.model import Action, Assessment, Gap, Measurement, Status, Verdict
from itss_bridge.shortfall import distance, next_step

CASES = Path(__file__).parent / "cases" / "assess"
NOW = datetime(2026, 3, 31, tzinfo=UTC)
DAY = date(2026, 3, 31)
TERMS = Terms(3, ("itss-application-2020", "consultant-002"), ("itss-application-2020",), {})


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def measured(catalogue: Catalogue, value: float | None) -> dict[str, Measurement]:
    return {r.id: measurement(catalogue.metrics[r.metric].unit, value, r.metric, r.arguments) for r in catalogue.rules}


def measurement(unit: str, value: float | None, metric: str = "m", arguments: dict | None = None) -> Measurement:
    n = 0 if value is None else 1
    return Measurement(metric, arguments or {}, value, unit, n, value, n, {}, None, NOW, {}, n, ())


@pytest.fixture(scope="module")
def poor(catalogue: Catalogue) -> Assessment:
    """An organisation with nothing but zeros."""
    return assess(catalogue, measured(catalogue, 0.0), TERMS, NOW)


def found(catalogue: Catalogue, assessment: Assessment, actions: dict | None = None, level: int | None = None) -> tuple:
    return gaps(assessment, catalogue.crosswalks.values(), actions or {}, 3, level)


def test_checks_that_fail_for_one_reason_are_one_gap(catalogue: Catalogue, poor: Assessment) -> None:
    all_gaps = found(catalogue, poor)
    reasons = [(g.result.check.metric, tuple(sorted(g.result.check.arguments.items()))) for g in all_gaps]
    assert len(set(reasons)) == len(reasons)
    (months,) = [g for g in all_gaps if g.result.check.arguments.get("topic") == "system-in-operation-since"]
    assert {"rules-2020.l4.system", "rules-2020.l3.system", "consultant-002.l3.existing-system"} == {
        r.check.id for r in (months.result, *months.also)
    }
    assert months.result.check.id == "rules-2020.l4.system"
    assert months.levels == (4, 3)


def test_every_check_that_fails_and_matters_stands_in_one_gap(catalogue: Catalogue, poor: Assessment) -> None:
    named = [r.check.id for gap in found(catalogue, poor) for r in (gap.result, *gap.also)]
    assert len(set(named)) == len(named)
    waiting = {
        r.check.id
        for finding in poor.findings.values()
        if finding.status is not Status.CONFORMING
        for r in finding.checks
        if r.verdict is not Verdict.MET
    }
    assert waiting <= set(named)


def test_what_is_opened_is_clauses_times_frameworks_times_levels(catalogue: Catalogue, poor: Assessment) -> None:
    for gap in found(catalogue, poor):
        factors = (len({*gap.requirements, *gap.reaches}), len(gap.frameworks), len(gap.levels))
        product = max(factors[0], 1) * max(factors[1], 1) * max(factors[2], 1)
        assert gap.opens == (product if factors[0] or factors[2] else 0)
        assert {name.split(":")[0] for name in (*gap.requirements, *gap.reaches)} == set(gap.frameworks)


def test_ranks_follow_worth_against_effort(catalogue: Catalogue, poor: Assessment) -> None:
    all_gaps = found(catalogue, poor)
    assert [gap.rank for gap in all_gaps] == list(range(1, len(all_gaps) + 1))
    worth = [gap.opens / max(gap.effort, 1) for gap in all_gaps]
    assert worth == sorted(worth, reverse=True)


def test_a_stated_effort_moves_a_gap(catalogue: Catalogue, poor: Assessment) -> None:
    last = [gap for gap in found(catalogue, poor) if gap.opens and gap.effort][-1]
    check = last.result.check.id
    action = Action(check, "流程经理", None, 1, "", "")
    (now,) = [gap for gap in found(catalogue, poor, {check: action}) if gap.result.check.id == check]
    assert (last.effort, last.assumed) == (ASSUMED_DAYS, True)
    assert (now.effort, now.assumed) == (1, False)
    assert now.rank < last.rank


def test_an_advisory_rule_alone_opens_nothing_and_comes_last(catalogue: Catalogue, poor: Assessment) -> None:
    all_gaps = found(catalogue, poor)
    beside = [gap for gap in all_gaps if not gap.opens]
    assert beside
    assert all(gap.result.check.id.startswith("consultant-002") and not gap.binding for gap in beside)
    assert [gap.rank for gap in beside] == list(range(len(all_gaps) - len(beside) + 1, len(all_gaps) + 1))


def test_closing_all_gaps_of_a_level_reaches_it(catalogue: Catalogue, poor: Assessment) -> None:
    for level in (4, 3, 2, 1):
        closed = {r.check.id for gap in found(catalogue, poor, level=level) for r in (gap.result, *gap.also)}
        good = measured(catalogue, 1e9) | {
            rule.id: measurement("%", 0.0 if rule.criterion.operator in {"<", "<="} else 1e9)
            for rule in catalogue.rules
        }
        mixed = {name: good[name] if name in closed else was for name, was in measured(catalogue, 0.0).items()}
        assert assess(catalogue, mixed, TERMS, NOW).reached == level


def test_where_only_months_are_missing_only_time_closes_the_gap(catalogue: Catalogue) -> None:
    young = measured(catalogue, 1e9) | {"rules-2020.l4.system": measurement("months", 2.0)}
    (gap,) = found(catalogue, assess(catalogue, young, TERMS, NOW), level=4)
    assert gap.earliest == date(2026, 7, 28)
    assert (gap.effort, gap.assumed) == (0, True)
    (quarter,) = roadmap([gap], DAY, 10)
    assert (quarter.year, quarter.number, quarter.reached) == (2026, 3, (4,))


@pytest.mark.parametrize("case", yaml.safe_load((CASES / "shortfall.yaml").read_text("utf-8")), ids=lambda c: c["says"])
def test_a_distance_in_words(catalogue: Catalogue, case: dict) -> None:
    rules = {rule.id: rule for rule in catalogue.rules}
    rule = rules[case["rule"]]
    given_one = measurement(catalogue.metrics[rule.metric].unit, case["value"], rule.metric)
    if case.get("n") is not None:
        given_one = replace(given_one, n=case["n"])
    (result,) = [
        r
        for outcome in assess(catalogue, {rule.id: given_one}, TERMS, NOW).levels.values()
        for pack in outcome.packs
        for r in pack.rules
        if r.check.id == rule.id
    ]
    assert (distance(result).en, distance(result).zh) == (case["en"], case["zh"])


def test_the_next_step_is_what_was_planned_else_what_follows(catalogue: Catalogue, poor: Assessment) -> None:
    gap = next(g for g in found(catalogue, poor) if g.result.check.kind == "document")
    label = gap.result.check.arguments["label"]
    assert label in next_step(gap.result).zh
    planned = Action(gap.result.check.id, "", None, None, "修订并报批", "")
    assert next_step(gap.result, planned).zh == "修订并报批"
    empty = assess(catalogue, {}, TERMS, NOW)
    assert all("证据" in next_step(g.result).zh for g in found(catalogue, empty) if g.result.reason)


PLANS = st.lists(
    st.tuples(st.dates(date(2025, 6, 1), date(2027, 12, 31)) | st.none(), st.integers(0, 40) | st.none()), max_size=20
)


def planned(catalogue: Catalogue, poor: Assessment, plans: list) -> tuple[Gap, ...]:
    """The gaps, with due dates and efforts for some of them, here and there in the ranking."""
    checks = [gap.result.check.id for gap in found(catalogue, poor)]
    chosen = checks[:: max(1, len(checks) // (len(plans) or 1))]
    actions = {c: Action(c, "", due, effort, "", "") for c, (due, effort) in zip(chosen, plans, strict=False)}
    return found(catalogue, poor, actions)


@settings(deadline=None, max_examples=40)
@given(PLANS, st.integers(1, 90))
def test_the_roadmap_loses_nothing_and_keeps_to_the_capacity(
    catalogue: Catalogue, poor: Assessment, plans: list, capacity: int
) -> None:
    drawn = planned(catalogue, poor, plans)
    quarters = roadmap(drawn, DAY, capacity)
    placed = [gap for quarter in quarters for gap in quarter.gaps]
    assert sorted(gap.rank for gap in placed) == sorted(gap.rank for gap in drawn if gap.opens or gap.action)
    assert [(q.year, q.number) for q in quarters] == sorted({(q.year, q.number) for q in quarters})
    for quarter in quarters:
        assert quarter.days == sum(gap.effort for gap in quarter.gaps)
        dated = [gap for gap in quarter.gaps if gap.action and gap.action.due]
        free = [gap for gap in quarter.gaps if gap not in dated and gap.effort]
        assert quarter.days <= capacity or not free or (len(free) == 1 and not sum(g.effort for g in dated))
        for gap in dated:
            due = max(gap.action.due, DAY, gap.earliest or DAY)
            assert (quarter.year, quarter.number) == (due.year, (due.month - 1) // 3 + 1)
        assert {g.rank for g in quarter.overdue} == {g.rank for g in dated if g.action.due < DAY}
    assert roadmap(drawn, DAY, capacity) == quarters


def test_a_level_is_free_of_gaps_after_its_last_quarter(catalogue: Catalogue, poor: Assessment) -> None:
    quarters = roadmap(found(catalogue, poor), DAY, 30)
    for level in (4, 3):
        (at,) = [i for i, quarter in enumerate(quarters) if level in quarter.reached]
        assert any(level in gap.levels for gap in quarters[at].gaps)
        assert not any(level in gap.levels for quarter in quarters[at + 1 :] for gap in quarter.gaps)
