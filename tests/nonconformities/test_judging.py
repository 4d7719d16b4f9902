"""What is a nonconformity, how grave, how far, when closed: read the rows of cases/nonconformities/ as rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.errors import GateNotMet
from itss_bridge.model import (
    Assessment,
    Check,
    CheckResult,
    Criterion,
    Finding,
    LevelOutcome,
    Measurement,
    Origin,
    PackOutcome,
    RulePack,
    Status,
    Text,
    Ticket,
    Verdict,
)
from itss_bridge.nonconformities import Closing, Entry, closing, drafted, failures, progress, results, shown

CASES = Path(__file__).parents[1] / "cases" / "nonconformities"
DAY = date(2016, 6, 1)
NOW = datetime(2016, 6, 2, tzinfo=UTC)
WORDS = Text("text", "文字")
OPEN = Entry("NC-2016-001", "a", "minor", date(2016, 5, 1))
JIRA = Ticket("jira", "90001", "QMS-1", "https://tool.example/browse/QMS-1", "Open", done=False)


def cases(name: str) -> list:
    rows = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    return [pytest.param(row, id=row["says"]) for row in rows]


def result(name: str, verdict: str, requirements: Sequence[str] = (), metric: str = "") -> CheckResult:
    criterion = Criterion(">=", Decimal(90), 12)
    check = Check(name, WORDS, "ticket-metric", metric or name, {}, criterion, tuple(requirements), None, Origin())
    value = {"met": 95.0, "not_met": 80.0}.get(verdict)
    measured = Measurement(check.metric, {}, value, "%", 20, 16.0, 20, {}, None, NOW, {}, 20, ())
    return CheckResult(check, Verdict(verdict), measured, "" if value else "no data in the window")


def assessment(asked: dict[str, dict[str, str]], rules: Sequence[dict] = ()) -> Assessment:
    """*asked*: requirement → check → verdict; *rules*: one each, with level, verdict and whether it binds."""
    findings, checks = {}, {}
    for requirement, verdicts in asked.items():
        for name, verdict in verdicts.items():
            before = checks[name].check.requirements if name in checks else ()
            checks[name] = result(name, verdict, (*before, requirement))
    for requirement, verdicts in asked.items():
        found = tuple(checks[name] for name in verdicts)
        met = {one.verdict for one in found}
        status = Status.PARTIAL if {Verdict.MET, Verdict.NOT_MET} <= met else Status.NONCONFORMING
        findings[requirement] = Finding(requirement, status, "checks", found, (), 0, WORDS)
    levels: dict[int, list[PackOutcome]] = {4: [], 3: [], 2: [], 1: []}
    for rule in rules:
        one = result(rule["rule"], rule["verdict"], metric=rule.get("metric", ""))
        pack = RulePack("p", WORDS, "official", "2020", (one.check,), Origin())
        levels[rule["level"]].append(PackOutcome(pack, rule["binding"], (one,)))
    outcomes = {
        level: LevelOutcome(level, Status.NONCONFORMING, tuple(packs), WORDS) for level, packs in levels.items()
    }
    return Assessment(NOW, findings, outcomes, ())


@pytest.mark.parametrize("case", cases("failures"))
def test_what_is_a_nonconformity_and_how_grave(case: dict) -> None:
    found = failures(assessment(case.get("asked", {}), case.get("rules", ())), case.get("target"))
    assert {f.subject.check.id: f.grade for f in found} == case["finds"]


@pytest.mark.parametrize("case", cases("progress"))
def test_how_far_a_nonconformity_has_come(case: dict) -> None:
    given_ = {key: date.fromisoformat(value) if key == "corrected" else value for key, value in case["entry"].items()}
    if "ticket" in given_:
        given_["ticket"] = replace(JIRA, done=given_["ticket"] == "done")
    if "closed" in given_:
        given_["closed"] = Closing(date.fromisoformat(given_["closed"]), "95 %", "≥ 90 %", 20)
    assert progress(replace(OPEN, **given_), DAY) == case["is"]


def test_checks_that_fail_for_the_same_number_are_one_nonconformity_over_all_their_requirements() -> None:
    found = assessment({"itss:x": {"a": "not_met"}, "iso9001:1": {"b": "not_met"}})
    one = replace(found.findings["iso9001:1"].checks[0].check, metric="a")
    twin = replace(found.findings["iso9001:1"], checks=(replace(found.findings["iso9001:1"].checks[0], check=one),))
    (failure,) = failures(replace(found, findings={**found.findings, "iso9001:1": twin}), None)
    assert failure.checks == ("a", "b")
    assert set(failure.requirements) == {"itss:x", "iso9001:1"}


def test_what_is_tracked_already_is_not_opened_again_and_what_was_closed_is() -> None:
    found = failures(assessment({"itss:x": {"a": "not_met"}}), None)
    assert drafted(found, [OPEN], DAY) == ()
    closed = replace(OPEN, closed=Closing(date(2016, 5, 20), "95 %", "≥ 90 %", 20))
    (new,) = drafted(found, [closed], DAY)
    assert (new.id, new.subject, new.opened, new.due) == ("NC-2016-002", "a", DAY, date(2016, 7, 1))


@given(st.sets(st.integers(1, 1500), max_size=6), st.integers(1, 4))
def test_numbers_go_on_and_none_is_used_twice(taken: set[int], new: int) -> None:
    entries = [Entry(f"NC-2016-{n:03}", f"old-{n}", "minor", DAY) for n in taken]
    entries.append(Entry("NC-2015-1501", "last-year", "minor", date(2015, 12, 31)))
    found = failures(assessment({"itss:x": {f"c{n}": "not_met" for n in range(new)}}), None)
    made = [entry.id for entry in drafted(found, entries, DAY)]
    assert made == [f"NC-2016-{max(taken, default=0) + n:03}" for n in range(1, new + 1)]


def test_only_a_measurement_that_is_met_closes() -> None:
    ready = replace(
        OPEN, root_cause="night shift", corrective_action="second line on call", ticket=replace(JIRA, done=True)
    )
    for verdict in ("not_met", "undetermined"):
        with pytest.raises(GateNotMet, match="NC-2016-001 stays open"):
            closing(ready, results(assessment({"itss:x": {"a": verdict}})), DAY)
    with pytest.raises(GateNotMet, match="No check 'a' is judged any more"):
        closing(ready, {}, DAY)
    closed = closing(ready, results(assessment({"itss:x": {"a": "met"}})), DAY)
    assert closed.closed == Closing(DAY, "95 %", "≥ 90 % · last 12 months", 20)


def test_it_is_not_closed_before_cause_and_action_are_on_record_but_an_observation_is() -> None:
    met = results(assessment({"itss:x": {"a": "met"}}))
    with pytest.raises(GateNotMet, match="root_cause and corrective_action not recorded"):
        closing(OPEN, met, DAY)
    assert closing(replace(OPEN, grade="observation"), met, DAY).closed


def test_the_register_is_shown_as_it_stood_on_a_past_day() -> None:
    closed = replace(OPEN, root_cause="known", closed=Closing(date(2016, 5, 20), "95 %", "≥ 90 %", 20))
    later = replace(OPEN, id="NC-2016-002", opened=date(2016, 5, 25))
    found = assessment({"itss:x": {"a": "not_met"}})
    (then,) = shown([closed, later], found, date(2016, 5, 19))
    assert (then.progress, then.closed) == ("correcting", None)
    now = shown([closed, later], found, DAY)
    assert [one.progress for one in now] == ["closed", "open"]
    assert "Still not met: 80 %" in now[1].reason.en
    assert "仍未满足" in now[1].reason.zh
