"""Look-ups that several exporters share."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.sample_report import sample_report

from itss_bridge.exporters.reading import Reading, most_cautious, tally
from itss_bridge.model import Report, Status, Verdict

statuses = st.lists(st.sampled_from(Status))


@given(statuses)
def test_a_cell_is_green_only_when_all_that_apply_conform(found: list[Status]) -> None:
    applicable = {s for s in found if s is not Status.NOT_APPLICABLE}
    assert (most_cautious(found) is Status.CONFORMING) == (applicable == {Status.CONFORMING})


@given(statuses)
def test_a_tally_counts_each_status_once(found: list[Status]) -> None:
    counted = dict(tally(found))
    assert sum(counted.values()) == len(found)
    assert set(counted) == set(found)


def test_nothing_at_all_is_undetermined() -> None:
    assert most_cautious([]) is Status.UNDETERMINED


def test_times_are_shown_on_the_clock_of_the_organisation(report: Report) -> None:
    reading = Reading(report)
    assert reading.minute(report.as_of) == "2016-06-01 00:00"
    assert reading.minute(None) == ""


def test_each_check_and_each_level_rule_is_listed_once(report: Report) -> None:
    entries = Reading(report).entries
    spoken = {c.check.id for f in report.assessment.findings.values() for c in f.checks}
    ruled = {r.check.id for o in report.assessment.levels.values() for p in o.packs for r in p.rules}
    assert set(entries) == spoken | ruled
    assert all(entry.key == key for key, entry in entries.items())


def test_a_rule_that_is_also_a_check_of_a_requirement_is_one_entry(report: Report) -> None:
    finding = next(f for f in report.findings("itss") if f.checks)
    outcome = report.assessment.levels[4]
    shared = replace(outcome, packs=(replace(outcome.packs[0], rules=finding.checks),))
    reading = Reading(replace(report, assessment=replace(report.assessment, levels={4: shared, 3: shared})))
    entry = reading.entries[finding.checks[0].check.id]
    assert entry.levels == [4, 3]
    assert finding.requirement in entry.requirements
    assert {rule.key for rule in reading.rules} == {c.check.id for c in finding.checks}


def test_one_id_with_two_results_gives_two_entries(report: Report) -> None:
    """Never one number shown for another."""
    finding = next(f for f in report.findings("itss") if f.checks)
    changed = replace(finding.checks[0], verdict=Verdict.UNDETERMINED, reason="another window")
    outcome = report.assessment.levels[4]
    other = replace(outcome, packs=(replace(outcome.packs[0], rules=(changed,)),))
    reading = Reading(replace(report, assessment=replace(report.assessment, levels={4: other})))
    assert reading.entries[reading.rules[0].key].result is changed
    assert reading.entries[reading.entry_of(finding.requirement)].result == finding.checks[0]


def test_an_item_says_which_clause_it_stands_in_but_not_which_chapter(report: Report) -> None:
    reading = Reading(report)
    assert reading.above("itss:prc-inc-b") == reading.title("itss:prc-inc")
    assert reading.above("itss:prc-inc") is None
    assert reading.above("itss:prc") is None
    assert reading.above("itss:nothing") is None


def test_the_framework_that_the_matrix_starts_from_comes_first(report: Report) -> None:
    turned = replace(report, frameworks=report.frameworks[::-1])
    assert [f.id for f in Reading(turned).ordered] == ["itss", "iso9001", "iso20000-1"]


def test_every_gap_is_listed_the_worst_first(report: Report) -> None:
    gaps = Reading(report).gaps
    order = [Status.NONCONFORMING, Status.PARTIAL, Status.UNDETERMINED]
    assert [order.index(g.status) for g in gaps] == sorted(order.index(g.status) for g in gaps)
    open_statuses = [f for f in report.assessment.findings.values() if f.status in order]
    assert len(gaps) == len(open_statuses)


def test_missing_rules_stop_at_the_target() -> None:
    for target, levels in ((4, {4}), (3, {4, 3}), (None, {4, 3, 2, 1})):
        missing = Reading(sample_report(target=target)).missing_rules
        assert {rule.level for rule in missing} == levels
        assert all(rule.result.verdict is not Verdict.MET for rule in missing)


def test_only_complete_streams_count_as_finished(report: Report) -> None:
    assert {s.state for s in Reading(report).unfinished} == {"incomplete", "failed"}
    assert Reading(sample_report(whole=True)).unfinished == ()
