"""Judgement: cases an auditor can add to, and laws that hold for any evidence."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.assess import LEVELS, MATURITY, Terms, assess, combined, contribution, judge, projected
from itss_bridge.catalogue import Catalogue, load
from itss_bridge.model import (
    Check,
    Criterion,
    Mapping,
    Measurement,
    Origin,
    Relationship,
    Status,
    Text,
    Verdict,
)

CASES = Path(__file__).parent / "cases" / "assess"
NOW = datetime(2026, 3, 31, tzinfo=UTC)
WORDS = Text("text", "文字")


def cases(name: str) -> list:
    rows = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    return [pytest.param(row, id=row["says"]) for row in rows]


def check(operator: str = ">=", threshold: str | None = "1", **more) -> Check:
    criterion = Criterion(operator, None if threshold is None else Decimal(threshold), None)
    values = {"id": "c", "requirements": (), "level": None, **more}
    return Check(
        title=WORDS, kind="record", metric="m", arguments={}, criterion=criterion, origin=Origin(), **values
    )  # fmt: skip


def measurement(value: float | None = 1.0, n: int = 1, unknown: str = "", items: int = 1) -> Measurement:
    return Measurement("m", {}, value, "%", n, value, n, {}, None, NOW, {}, items, (), unknown)


def mapping(relationship: str, review: str) -> Mapping:
    return Mapping("itss:a", "iso9001:1", Relationship(relationship), 5, WORDS, review)


@pytest.mark.parametrize("case", cases("judge"))
def test_one_check(case: dict) -> None:
    criterion = case["criterion"]
    measured = measurement(**case["measured"]) if case["measured"] else None
    asked = check(criterion["operator"], criterion.get("threshold"))
    result = judge(asked, measured)
    assert result.verdict == case["verdict"]
    assert result.distance == (None if case["distance"] is None else Decimal(case["distance"]))


@pytest.mark.parametrize("case", cases("contribution"))
def test_one_mapping(case: dict) -> None:
    assert contribution(mapping(case["relationship"], case["review"]), Status(case["source"])) == case["target"]


verdicts = st.lists(st.sampled_from(Verdict), max_size=6)
statuses = st.lists(st.sampled_from([s for s in Status if s is not Status.NOT_APPLICABLE]), max_size=6)
ORDER = [Status.NONCONFORMING, Status.PARTIAL, Status.CONFORMING]


@given(verdicts)
def test_a_requirement_conforms_only_when_every_check_is_met(given_verdicts: list[Verdict]) -> None:
    conforming = combined(given_verdicts) is Status.CONFORMING
    assert conforming == (bool(given_verdicts) and set(given_verdicts) == {Verdict.MET})


@given(verdicts)
def test_the_order_of_checks_does_not_matter(given_verdicts: list[Verdict]) -> None:
    assert combined(given_verdicts) == combined(reversed(given_verdicts))


@given(verdicts)
def test_one_more_failing_check_never_improves_a_status(given_verdicts: list[Verdict]) -> None:
    before, after = combined(given_verdicts), combined([*given_verdicts, Verdict.NOT_MET])
    assert after is not Status.CONFORMING
    if before in ORDER:
        assert ORDER.index(after) <= ORDER.index(before)


@given(statuses)
def test_a_projection_conforms_only_by_a_conforming_contribution_and_no_failing_one(
    given_statuses: list[Status],
) -> None:
    seen = set(given_statuses)
    conforming = projected(given_statuses) is Status.CONFORMING
    assert conforming == (Status.CONFORMING in seen and Status.NONCONFORMING not in seen)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


TERMS = Terms(3, ("itss-application-2020", "consultant-002"), ("itss-application-2020",), {})


def everything(catalogue: Catalogue, value: float | None, unknown: str = "") -> dict[str, Measurement]:
    """The same measurement for every rule."""
    return {rule.id: measurement(value, 1 if value is not None else 0, unknown) for rule in catalogue.rules}


def test_without_evidence_nothing_conforms_and_nothing_fails(catalogue: Catalogue) -> None:
    found = assess(catalogue, {}, TERMS, NOW)
    assert {f.status for f in found.findings.values() if f.basis != "scope"} == {Status.UNDETERMINED}
    assert {level.status for level in found.levels.values()} == {Status.UNDETERMINED}


def test_with_an_incomplete_source_nothing_conforms_and_nothing_fails(catalogue: Catalogue) -> None:
    found = assess(catalogue, everything(catalogue, 100.0, unknown="incident is incomplete"), TERMS, NOW)
    assert {f.status for f in found.findings.values() if f.basis != "scope"} == {Status.UNDETERMINED}


def test_what_only_a_higher_level_asks_is_not_applicable_below_it(catalogue: Catalogue) -> None:
    at = {level: assess(catalogue, {}, Terms(level, (), (), {}), NOW).findings for level in LEVELS}
    first = {c.requirements[0]: c.level for c in catalogue.checks.values() if c.level == 3 and len(c.requirements) == 1}
    asked_lower = {r for c in catalogue.checks.values() if c.level in {None, 4} for r in c.requirements}
    only_from_3 = set(first) - asked_lower
    assert only_from_3
    for requirement in only_from_3:
        assert at[4][requirement].status is Status.NOT_APPLICABLE
        assert "三级" in at[4][requirement].reason.zh
        assert at[3][requirement].status is not Status.NOT_APPLICABLE


def test_every_assessable_requirement_has_a_finding(catalogue: Catalogue) -> None:
    found = assess(catalogue, everything(catalogue, 1.0), TERMS, NOW)
    assert set(found.findings) == {r.id for r in catalogue.requirements.values() if r.assessable}


@settings(deadline=None)
@given(st.data())
def test_a_level_is_reached_only_with_all_lower_ones(catalogue: Catalogue, data: st.DataObject) -> None:
    values = st.sampled_from([None, 0.0, 1e9])
    measured = {r.id: measurement(v := data.draw(values), 0 if v is None else 1) for r in catalogue.rules if r.level}
    levels = assess(catalogue, measured, TERMS, NOW).levels
    reached = [levels[n].status is Status.CONFORMING for n in LEVELS]
    assert reached == sorted(reached, reverse=True)
    assert assess(catalogue, measured, TERMS, NOW).reached == (4 - sum(reached) + 1 if any(reached) else None)


RISING = [Status.NONCONFORMING, Status.PARTIAL, Status.CONFORMING]
GOOD, BAD = measurement(1e9), measurement(-1e9)


def better(rule: Check) -> Measurement:
    return BAD if rule.criterion.operator in {"<", "<="} else GOOD


def worse(rule: Check) -> Measurement | None:
    return None if rule.criterion.operator == "measured" else GOOD if better(rule) is BAD else BAD


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_good_evidence_lowers_nothing_and_its_loss_raises_nothing(catalogue: Catalogue, data: st.DataObject) -> None:
    chance = data.draw(st.randoms(use_true_random=False))
    before = {r.id: m for r in catalogue.rules if (m := chance.choice([better(r), worse(r), None]))}
    improved = chance.sample(catalogue.rules, chance.randrange(1, 60))
    after = before | {r.id: better(r) for r in improved}
    fewer, more = (assess(catalogue, measured, TERMS, NOW) for measured in (before, after))
    for name, finding in fewer.findings.items():
        now = more.findings[name].status
        if finding.status in RISING and now in RISING:
            assert RISING.index(now) >= RISING.index(finding.status), name
        assert finding.status is not Status.CONFORMING or now is Status.CONFORMING, name
        assert now is not Status.NONCONFORMING or finding.status is Status.NONCONFORMING, name
    levels = [Status.NONCONFORMING, Status.UNDETERMINED, Status.CONFORMING]
    for level, outcome in fewer.levels.items():
        assert levels.index(more.levels[level].status) >= levels.index(outcome.status)
    assert (more.reached or 5) <= (fewer.reached or 5)


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_catalogue_makes_no_difference(catalogue: Catalogue, chance) -> None:
    measured = {r.id: m for r in catalogue.rules if (m := chance.choice([better(r), worse(r), None]))}
    order = chance.sample(list(catalogue.checks.values()), len(catalogue.checks))
    mixed = replace(catalogue, checks={c.id: c for c in order})
    one, other = (assess(c, measured, TERMS, NOW) for c in (catalogue, mixed))
    assert {n: f.status for n, f in one.findings.items()} == {n: f.status for n, f in other.findings.items()}
    assert one.reached == other.reached


def test_an_advisory_pack_is_shown_but_decides_nothing(catalogue: Catalogue) -> None:
    measured = everything(catalogue, 1e9)
    for rule in catalogue.packs["consultant-002"].rules:
        measured[rule.id] = measurement(-1e9)
    level = assess(catalogue, measured, TERMS, NOW).levels[4]
    shown = {p.pack.id: p for p in level.packs}
    assert not shown["consultant-002"].binding
    assert any(r.verdict is Verdict.NOT_MET for r in shown["consultant-002"].rules)
    made_binding = replace_binding(TERMS, ("itss-application-2020", "consultant-002"))
    assert assess(catalogue, measured, made_binding, NOW).levels[4].status is Status.NONCONFORMING
    assert level.status == assess(catalogue, everything(catalogue, 1e9), TERMS, NOW).levels[4].status


def replace_binding(terms: Terms, binding: tuple[str, ...]) -> Terms:
    return replace(terms, binding=binding)


def test_the_maturity_checks_always_decide(catalogue: Catalogue) -> None:
    outcome = assess(catalogue, {}, replace_binding(TERMS, ()), NOW).levels[4]
    assert [p.pack.id for p in outcome.packs if p.binding] == [MATURITY]


def test_a_lower_target_asks_less(catalogue: Catalogue) -> None:
    def asked(target: int) -> int:
        found = assess(catalogue, {}, Terms(target, (), (), {}), NOW)
        return sum(len(f.checks) for f in found.findings.values())

    assert asked(4) < asked(3) <= asked(2) <= asked(1)


def test_what_is_declared_not_applicable_says_why(catalogue: Catalogue) -> None:
    terms = Terms(3, (), (), {"itss:res-spare-a": "不提供备件服务"})
    finding = assess(catalogue, everything(catalogue, 0.0), terms, NOW).findings["itss:res-spare-a"]
    assert (finding.status, finding.reason.zh) == (Status.NOT_APPLICABLE, "不提供备件服务")


def test_a_check_beats_a_projection(catalogue: Catalogue) -> None:
    found = assess(catalogue, everything(catalogue, 1e9), TERMS, NOW)
    by_checks = [f for f in found.findings.values() if f.checks]
    assert by_checks
    assert {f.basis for f in by_checks} == {"checks"}


def test_a_consultants_threshold_is_measured_wherever_a_metric_can(catalogue: Catalogue, shared: Path) -> None:
    kpis = yaml.safe_load((shared / "facts" / "kpis.yaml").read_text("utf-8"))["kpis"]
    told = {kpi["id"].lower() for kpi in kpis if "SEED-002" in str(kpi.get("seed_threshold", ""))}
    assert told
    used = {rule.metric for rule in catalogue.packs["consultant-002"].rules}
    several_years = {"kpi-rnd": "rnd-lowest-share"}
    assert {several_years.get(name, name) for name in told} <= used
    stated = {r.arguments["topic"] for r in catalogue.packs["consultant-002"].rules if r.metric == "attested-number"}
    assert not {word for word in ("percent", "income", "rate") for topic in stated if word in topic.split("-")}
