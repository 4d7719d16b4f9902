"""What holds for any evidence: more of it never delays a day, nothing unfulfilled lies in the past, nothing is sure by chance."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lifecycle.worlds import CATALOGUE, PACK, SHANGHAI, world
from tests.test_metric_cases import CaseEngine

from itss_bridge.assess import judge
from itss_bridge.evidence import Lake
from itss_bridge.lifecycle import Known, outlook
from itss_bridge.lifecycle.conditions import entries
from itss_bridge.lifecycle.joint import Visit, round_
from itss_bridge.lifecycle.register import Certificate
from itss_bridge.metrics import measure
from itss_bridge.model import Text, Verdict

DAYS = st.dates(date(2010, 1, 1), date(2024, 12, 31))
TODAY = st.dates(date(2014, 1, 1), date(2026, 12, 31))
TOPICS = ("service-business-since", "system-in-operation-since")
SCHEMES = ("itss", "iso9001", "iso20000-1", "iso27001")


@st.composite
def certificates(draw: st.DrawFn, scheme: str | None = None) -> dict[str, Any]:
    awarded = draw(DAYS)
    row: dict[str, Any] = {
        "id": draw(st.text("abcdef", min_size=1, max_size=4)),
        "scheme": scheme or draw(st.sampled_from(SCHEMES)),
        "level": draw(st.sampled_from(["1", "2", "3", "4"])),
        "status": draw(st.sampled_from(["valid", "valid", "valid", "suspended", "withdrawn"])),
        "awarded_at": awarded,
        "surveillance_dates": draw(st.lists(DAYS, max_size=3)),
    }
    if draw(st.booleans()):
        row["expires_at"] = awarded + timedelta(days=draw(st.integers(1, 1200)))
    return row


def statement(topic: str, on: date | None, **more: Any) -> dict[str, Any]:
    return {"id": topic, "topic": topic, **({"on": on} if on else {}), **more}


REGISTER = st.lists(certificates(), max_size=4, unique_by=lambda row: row["id"])
STATED = st.tuples(*(st.none() | DAYS for _ in TOPICS)).map(
    lambda days: [statement(topic, day) for topic, day in zip(TOPICS, days, strict=True) if day]
)


def no_later(one: Known, other: Known) -> None:
    """With *other*'s evidence nothing can be applied for later than with *one*'s; what was known stays known."""
    before, after = entries(one), entries(other)
    for level, entry in before.items():
        if entry.earliest is not None:
            found = after[level].earliest
            assert found is not None, level
            # both may have been possible for long: then the day they began is no delay
            assert max(found, other.today) <= max(entry.earliest, one.today), level


@given(TODAY, REGISTER, STATED, certificates("itss"))
def test_a_further_certificate_never_delays_an_application(today, register, stated, further) -> None:
    before = world(today, register, stated)
    after = world(today, [*register, {**further, "id": "further", "status": "valid"}], stated)
    no_later(before, after)


@given(TODAY, REGISTER, STATED, st.integers(1, 2000))
def test_an_earlier_beginning_never_delays_an_application(today, register, stated, days: int) -> None:
    earlier = [{**row, "on": row["on"] - timedelta(days=days)} for row in stated]
    no_later(world(today, register, stated), world(today, register, earlier))


@given(TODAY, REGISTER, STATED, st.sampled_from([rule.id for rule in PACK.rules]))
def test_a_rule_that_comes_to_be_met_never_delays_an_application(today, register, stated, rule: str) -> None:
    for said in ("not_met", "undetermined"):
        no_later(world(today, register, stated, {rule: said}), world(today, register, stated))


@given(TODAY, REGISTER, STATED, st.dictionaries(st.sampled_from([r.id for r in PACK.rules]), st.sampled_from(Verdict)))
def test_what_is_not_fulfilled_lies_ahead_and_what_is_does_not(today, register, stated, verdicts: Mapping) -> None:
    for entry in entries(world(today, register, stated, verdicts)).values():
        for condition in entry.conditions:
            assert condition.state != "fulfilled" or condition.on is None or condition.on <= today
            assert condition.state != "waiting" or (condition.on is not None and condition.on > today)
            assert condition.state not in {"action", "unknown"} or condition.on is None
        assert entry.open or entry.least >= today
        assert (entry.earliest is None) == any(c.state == "unknown" for c in entry.conditions)
        assert entry.earliest is None or all(c.on is None or c.on <= entry.earliest for c in entry.conditions)
        assert entry.binding in entry.conditions


@given(TODAY, REGISTER, STATED)
def test_every_date_is_told_with_its_source_and_named_once(today, register, stated) -> None:
    found = outlook(world(today, register, stated)).milestones
    assert len({m.id for m in found}) == len(found)
    for milestone in found:
        assert (milestone.on is None) == (milestone.state == "missing")
        assert milestone.until is None or milestone.on is None or milestone.on <= milestone.until
        assert milestone.title.en
        assert milestone.note.en
        if milestone.rules:
            assert milestone.origin.source
            assert milestone.origin.confidence
    dated = [m.on for m in found if m.on]
    assert dated == sorted(dated)


@given(TODAY, REGISTER, STATED)
def test_a_date_by_a_rule_of_one_year_or_one_page_is_never_certain(today, register, stated) -> None:
    for milestone in outlook(world(today, register, stated)).milestones:
        if milestone.certain and milestone.kind not in {"expiry", "visit"}:
            by_contract = "by contract" in milestone.note.en
            assert by_contract or milestone.origin.confidence in {"high", "high (general practice)"}, milestone


@given(TODAY, REGISTER, STATED)
def test_the_register_in_another_order_says_the_same(today, register, stated) -> None:
    assert outlook(world(today, register, stated)) == outlook(world(today, register[::-1], stated[::-1]))


NUMBERS = (12, 12, 1, 1)
VISITS = st.lists(st.tuples(st.sampled_from(SCHEMES), DAYS), max_size=5)


@given(DAYS, st.none() | DAYS, VISITS)
def test_a_round_is_as_late_as_the_interval_and_the_first_date_to_serve_allow(today, last, dates) -> None:
    ahead = tuple(sorted((Visit(s, d, Text(s, s)) for s, d in dates if d >= today), key=lambda v: v.on))
    last = min(last, today) if last else None
    found = round_(last, last, ahead, today, NUMBERS)
    if found is None:
        assert last is None
        assert not ahead
        return
    assert today <= found.audit <= found.review
    assert found.late is None or found.late < today
    bounds = [found.late or found.review]
    if last:
        assert bounds[0] <= date(last.year + 1, last.month, min(last.day, 28)) + timedelta(days=3)
    for visit in ahead:
        serves = bounds[0] < visit.on
        covered = last is not None and last >= visit.on - timedelta(days=366)
        assert serves or covered


def test_one_round_serves_every_date_that_lies_within_a_year_of_it() -> None:
    today = date(2026, 1, 1)
    ahead = tuple(Visit(s, date(2026, month, 15), Text(s, s)) for s, month in zip(SCHEMES, (4, 7, 10, 12), strict=True))
    found = round_(None, None, ahead, today, NUMBERS)
    assert found
    assert (found.audit, found.review) == (date(2026, 2, 15), date(2026, 3, 15))
    assert round_(found.review, found.audit, ahead, found.review, NUMBERS).review == date(2027, 3, 15)


# The same conditions, once by SQL over the same rows and once here: both have to say the same, day by day.


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    engine = CaseEngine(Lake(Path(tmp_path_factory.mktemp("lake"))), datetime(2026, 1, 1, tzinfo=UTC))
    yield engine
    engine.close()


def stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the case engine takes it."""
    return {**row, "surveillance_dates": [str(day) for day in row.get("surveillance_dates", ())]}


@settings(max_examples=20, deadline=None)
@given(today=TODAY, register=REGISTER, stated=STATED)
def test_a_condition_is_fulfilled_exactly_when_the_metric_says_so(engine: CaseEngine, today, register, stated) -> None:
    known = world(today, register, stated)
    noon = datetime.combine(today, time(12), SHANGHAI)
    engine.give(
        {"certificate": [stored(row) for row in register], "attestation": [{**row, "holds": True} for row in stated]}
    )
    counted = {"certificate-months", "attested-months", "business-or-certificate"}
    rules = {rule.id: rule for rule in PACK.rules if rule.metric in counted}
    for entry in entries(known).values():
        for condition in (c for c in entry.conditions if c.rule in rules):
            rule = rules[condition.rule]
            measured = measure(CATALOGUE.metrics[rule.metric], engine, None, noon, rule.arguments)
            met = judge(rule, measured).verdict is Verdict.MET
            assert (condition.state == "fulfilled") == met, (condition, measured)


def test_the_one_to_keep_up_is_the_highest_level() -> None:
    low = Certificate("a", "A", "itss", "4", date(2016, 1, 1), date(2019, 1, 1))
    high = replace(low, id="b", level="3", awarded=date(2015, 6, 1))
    known = replace(world(date(2016, 6, 1)), certificates=(low, high))
    assert known.certificate("itss") is high
    assert known.held == 3
