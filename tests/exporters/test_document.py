"""The JSON documents: valid against the published schemas, stable, and honest about what is not known."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from tests.sample_report import reports

from itss_bridge.exporters.document import (
    JsonExporter,
    assessment_json,
    dumps,
    levels_json,
    matrix_json,
    measurement_json,
    needed,
)
from itss_bridge.model import Criterion, Report, Status, Verdict

SCHEMAS = Path(__file__).parents[2] / "schemas" / "cli"


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def exported(report: Report) -> Any:
    return json.loads(JsonExporter().export(report, "zh"))


@pytest.mark.parametrize("name", ["assess", "matrix", "metric", "report", "sync"])
def test_the_schema_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(validator(name).schema)


def test_the_report_fits_its_schema(report: Report, infested: Report) -> None:
    validator("report").validate(exported(report))
    validator("report").validate(exported(infested))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_any_report_fits_its_schema(odd: Report) -> None:
    validator("report").validate(exported(odd))


def test_what_the_command_line_prints_fits_its_schemas(report: Report) -> None:
    validator("assess").validate(assessment_json(report))
    validator("matrix").validate(matrix_json(report))
    for measurement in report.assessment.measurements:
        validator("metric").validate(measurement_json(measurement, report.metrics[measurement.metric]))


@pytest.mark.parametrize("change", [{"as_of": "2016-06-01"}, {"levels": {"5": {}}}, {"extra": 1}])
def test_the_schema_refuses_what_is_not_a_report(report: Report, change: dict[str, Any]) -> None:
    assert not validator("report").is_valid(exported(report) | change)


def test_a_sync_answer_fits_its_schema() -> None:
    stream = {
        "state": "incomplete", "expected": 430, "seen": 412, "new": 0, "changed": 0, "removed": 0, "hidden": 18,
        "requests": 5, "seconds": 0.4, "reason": "18 rows hidden",
    }  # fmt: skip
    answer = {"ok": False, "run": "r1", "sources": {"servicenow": {"streams": {"problem": stream}}}}
    validator("sync").validate(answer)
    stream["state"] = "mostly"
    assert not validator("sync").is_valid(answer)


def test_keys_are_sorted_and_chinese_is_readable(report: Report) -> None:
    content = JsonExporter().export(report, "zh").decode()
    assert content.endswith("}\n")
    assert "晨星信息技术有限公司" in content
    assert content == dumps(json.loads(content)).decode()


def test_every_status_is_counted_even_when_there_are_none(report: Report) -> None:
    for framework in report.frameworks:
        document = assessment_json(report)["frameworks"][framework.id]
        assert set(document["counts"]) == {s.value for s in Status}
        assert sum(document["counts"].values()) == len(document["findings"])


def test_each_pack_counts_its_rules(report: Report) -> None:
    for level in levels_json(report).values():
        for pack in level["packs"].values():
            assert sum(pack[v.value] for v in Verdict) == len(pack["rules"])


def test_levels_run_from_four_down_to_one(report: Report) -> None:
    assert list(levels_json(report)) == ["4", "3", "2", "1"]


def test_the_matrix_has_one_row_per_report_row(report: Report) -> None:
    assert [row["requirement"] for row in matrix_json(report)["rows"]] == [row.requirement for row in report.rows]


def test_what_is_not_a_number_is_null(report: Report) -> None:
    measured = report.assessment.measurements[0]
    for odd in (float("nan"), float("inf"), None):
        assert measurement_json(replace(measured, value=odd))["value"] is None
    assert measurement_json(replace(measured, value=5.0))["value"] == 5
    assert measurement_json(replace(measured, value=1e300))["value"] == 1e300


def test_an_unknown_measurement_says_why(report: Report) -> None:
    unknown = [m for m in exported(report)["metrics"] if m["unknown"]]
    assert unknown
    assert all(m["value"] is None for m in unknown)


def test_failing_tickets_are_in_the_document(report: Report) -> None:
    shown = {item["ref"] for m in exported(report)["metrics"] for item in m["failing"]}
    assert shown == {item.ref for m in report.assessment.measurements for item in m.failing}
    assert shown


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Criterion(">=", Decimal(90), 6), ">= 90"),
        (Criterion("<", Decimal("97.50"), None), "< 97.5"),
        (Criterion("==", Decimal(0), None), "== 0"),
        (Criterion(">=", Decimal(1000), None), ">= 1000"),
        (Criterion("measured", None, 3), "measured (n >= 1)"),
        (Criterion("measured", Decimal(5), 3), "measured (n >= 5)"),
    ],
)
def test_what_is_needed_is_one_short_text(criterion: Criterion, text: str) -> None:
    assert needed(criterion) == text
