"""The text file for Prometheus, read by Prometheus' own parser: what is unknown gives no number, what is short gives 0."""

import math
import re
from dataclasses import replace

import pytest
from tests.exporters.oracle import oracle
from tests.exporters.steering import steered

from itss_bridge.exporters.metrics_text import HELP, PrometheusExporter
from itss_bridge.model import Report, Status, Verdict

LINE = re.compile(r'# (HELP itss_bridge_\w+ .+|TYPE itss_bridge_\w+ gauge)|itss_bridge_\w+(\{\w+="[^\n]*"\})? \S+')


def families(report: Report, language: str = "zh") -> dict:
    parser = oracle("prometheus_client.parser", "prometheus-client")
    text = PrometheusExporter().export(report, language).decode()
    return {family.name.removeprefix("itss_bridge_"): family for family in parser.text_string_to_metric_families(text)}


def values(report: Report, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in families(report)[name].samples}


def test_every_line_is_a_comment_or_a_sample_and_the_last_one_ends(report: Report, infested: Report) -> None:
    for each in (report, infested):
        text = PrometheusExporter().export(steered(each), "zh").decode()
        assert text.endswith("\n")
        assert [line for line in text.split("\n")[:-1] if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_gives_no_sample(report: Report, odd: float) -> None:
    finding = next(f for f in report.findings("itss") if any(c.measurement and c.measurement.value for c in f.checks))
    checks = tuple(replace(c, measurement=replace(c.measurement, value=odd)) for c in finding.checks)
    findings = {
        name: replace(f, checks=checks if f is finding else ()) for name, f in report.assessment.findings.items()
    }
    text = (
        PrometheusExporter()
        .export(replace(report, assessment=replace(report.assessment, findings=findings, levels={})), "zh")
        .decode()
    )
    assert "itss_bridge_check_n{" in text
    assert "itss_bridge_check_value" not in text


def test_every_family_is_a_gauge_with_help(report: Report) -> None:
    found = families(replace(steered(report), assessment=replace(report.assessment, reached=4)))
    assert found.keys() == HELP.keys()
    assert {family.type for family in found.values()} == {"gauge"}
    assert all(family.documentation == HELP[name] for name, family in found.items())


def test_no_time_stamps_and_no_sample_twice(report: Report) -> None:
    for family in families(steered(report)).values():
        assert {sample.timestamp for sample in family.samples} == {None}
        assert len({tuple(sample.labels.items()) for sample in family.samples}) == len(family.samples)


def test_counts_of_statuses_add_up_to_the_requirements(report: Report) -> None:
    totals, counts = values(report, "requirements"), values(report, "requirement_status")
    for framework in report.frameworks:
        shown = {status: counts[framework.id, status.value] for status in Status}
        assert shown == report.counts(framework.id)
        assert totals[framework.id,] == sum(shown.values())


def test_a_stream_that_is_not_complete_is_0(report: Report) -> None:
    complete = values(report, "stream_complete")
    assert {stream for (_, stream), value in complete.items() if value == 0} == {"problem", "release"}
    assert sum(complete.values()) == 5
    assert ("jira", "release") not in values(report, "stream_expected"), "the source did not say"


def test_a_value_stands_with_its_n_and_what_is_unknown_with_neither(report: Report) -> None:
    numbers, sizes = values(report, "check_value"), values(report, "check_n")
    assert numbers
    assert numbers.keys() == sizes.keys()
    assert all(n > 0 for n in sizes.values())
    unknown = {
        check
        for (check, verdict), is_so in values(report, "check_verdict").items()
        if verdict == "undetermined" and is_so
    }
    assert unknown
    assert unknown.isdisjoint(check for check, *_ in numbers)


def test_a_verdict_is_one_of_three(report: Report) -> None:
    told: dict[str, float] = {}
    for (check, _), is_so in values(report, "check_verdict").items():
        told[check] = told.get(check, 0) + is_so
    assert set(told.values()) == {1}
    assert len(values(report, "check_verdict")) == len(told) * len(Verdict)


def test_a_level_has_one_status(report: Report) -> None:
    assert {key for key, value in values(report, "level_status").items() if value} == {
        ("4", "conforming"),
        ("3", "nonconforming"),
        ("2", "undetermined"),
        ("1", "undetermined"),
    }
    assert values(report, "target_level") == {(): 3}
    assert "level_reached" not in families(report), "none was reached"


def test_it_is_the_same_in_both_languages(report: Report) -> None:
    assert PrometheusExporter().export(report, "zh") == PrometheusExporter().export(report, "en")


def test_foreign_text_stays_within_its_label(infested: Report) -> None:
    found = families(steered(infested))
    assert found.keys() <= HELP.keys()
    (sample,) = found["report_timestamp_seconds"].samples
    assert sample.labels["organisation"] == infested.organisation
    assert {s.labels["source"] for s in found["stream_complete"].samples} >= {"=1+1", "-2+3"}
    nasty = 'a"} 1\nitss_bridge_gaps 99\\'
    (sample,) = families(replace(infested, organisation=nasty))["report_timestamp_seconds"].samples
    assert sample.labels["organisation"] == nasty
