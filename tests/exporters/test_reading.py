"""Look-ups that several exporters share."""

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
    ruled = {f"{p.pack.id}/{r.check.id}" for o in report.assessment.levels.values() for p in o.packs for r in p.rules}
    assert set(entries) == spoken | ruled
    assert all(entry.key == key for key, entry in entries.items())


def test_every_gap_is_listed_the_worst_first(report: Report) -> None:
    gaps = Reading(report).gaps
    order = [Status.NONCONFORMING, Status.PARTIAL, Status.UNDETERMINED]
    assert [order.index(g.status) for g in gaps] == sorted(order.index(g.status) for g in gaps)
    open_statuses = [f for f in report.assessment.findings.values() if f.status in order]
    assert len(gaps) == len(open_statuses)


def test_missing_rules_stop_at_the_target() -> None:
    for target, levels in ((4, {4}), (3, {4, 3}), (None, {4, 3, 2, 1})):
        missing = Reading(sample_report(target=target)).missing_rules
        assert {entry.level for entry in missing} == levels
        assert all(entry.result.verdict is not Verdict.MET for entry in missing)


def test_only_complete_streams_count_as_finished(report: Report) -> None:
    assert {s.state for s in Reading(report).unfinished} == {"incomplete", "failed"}
    assert Reading(sample_report(whole=True)).unfinished == ()
