"""The star: every key leads somewhere, every fact of the report is in it once, and Frictionless finds it as described."""

import csv
import io
import json
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.exporters.oracle import oracle
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered

from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.star import StarExporter
from itss_bridge.model import Report, Trend, TrendPoint

Rows = dict[str, list[dict[str, str]]]


def files(report: Report) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(StarExporter().export(report, "zh"))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def tables(report: Report) -> Rows:
    found = files(report).items()
    return {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        for name, content in found
        if name.endswith(".csv")
    }


def description(report: Report):
    return json.loads(files(report)["datapackage.json"])


@pytest.fixture(scope="module")
def full(report: Report) -> Report:
    """With a metric month by month: measured, without data, unknown."""
    known = report.assessment.measurements[0]
    months = (known, replace(known, value=None, n=0, denominator=0), replace(known, value=None, unknown="incomplete"))
    points = tuple(TrendPoint(f"2016-0{n}", m.start, m.end, n < 3, m) for n, m in enumerate(months, 1))
    return replace(steered(report), trends=(Trend(known.metric, {"topic": "a", "label": "b"}, (), points),))


@pytest.fixture(scope="module", params=["full", "infested"])
def any_report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found if found.gaps else steered(found)


def test_files_are_as_excel_and_power_bi_read_them(any_report: Report) -> None:
    for name, content in files(any_report).items():
        if name.endswith(".csv"):
            assert content.startswith(b"\xef\xbb\xbf")
            assert b"\n" not in content.replace(b"\r\n", b""), name


def test_every_file_is_described_and_every_column_named(any_report: Report) -> None:
    told, found = description(any_report), files(any_report)
    assert {r["path"] for r in told["resources"]} | {"datapackage.json"} == found.keys()
    for resource in told["resources"]:
        head = found[resource["path"]].decode("utf-8-sig").splitlines()[0].split(",")
        assert head == [field["name"] for field in resource["schema"]["fields"]]
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_every_key_leads_to_one_row(any_report: Report) -> None:
    rows = tables(any_report)
    joins = 0
    for resource in description(any_report)["resources"]:
        key = resource["schema"].get("primaryKey")
        if key:
            counted = Counter(row[key] for row in rows[resource["name"]])
            assert [name for name, n in counted.items() if n > 1 or not name] == [], resource["name"]
        for join in resource["schema"].get("foreignKeys", ()):
            there = {row[join["reference"]["fields"]] for row in rows[join["reference"]["resource"]]}
            named = {row[join["fields"]] for row in rows[resource["name"]]} - {""}
            assert named <= there, (resource["name"], join["fields"])
            joins += 1
    assert joins > 30


def test_every_fact_is_there_once(full: Report) -> None:
    rows, reading = tables(full), Reading(full)
    findings = [f for found in reading.findings.values() for f in found]
    assert [(r["requirement"], r["status"]) for r in rows["fact_finding"]] == [
        (f.requirement, f.status) for f in findings
    ]
    assert len(rows["fact_mapping"]) == sum(len(cells) for row in full.rows for cells in row.cells.values())
    assert len(rows["fact_check_result"]) == len(reading.entries)
    assert len(rows["fact_level_rule"]) == len(reading.rules)
    assert len(rows["fact_measurement"]) == len(full.assessment.measurements)
    assert [r["rank"] for r in rows["fact_gap"]] == [str(g.rank) for g in full.gaps]
    assert [r["nonconformity"] for r in rows["fact_nonconformity"]] == [n.id for n in full.nonconformities]
    assert [(r["source"], r["stream"], r["complete"]) for r in rows["fact_stream_state"]] == [
        (s.source, s.stream, str(s.state == "complete").lower()) for s in full.streams
    ]
    items = sum(len(e.result.measurement.failing) for e in reading.entries.values() if e.result.measurement)
    assert len(rows["fact_item"]) == items > 0


def test_what_is_unknown_is_empty_and_never_zero(full: Report) -> None:
    rows = tables(full)
    unknown = [r for r in rows["fact_check_result"] if r["verdict"] == "undetermined"]
    assert unknown
    assert {r["value"] for r in unknown} == {""}
    assert all(r["unknown"] for r in unknown)
    measured, empty, incomplete = rows["fact_month"]
    assert measured["value"]
    assert int(measured["denominator"]) > 0
    assert (empty["value"], empty["n"], incomplete["value"], incomplete["unknown"]) == ("", "0", "", "incomplete")
    assert [(r["whole"], r["arguments"]) for r in rows["fact_month"]] == [
        (w, "label=b; topic=a") for w in ("true", "true", "false")
    ]


def test_days_are_whole_years(full: Report) -> None:
    days = [row["date"] for row in tables(full)["dim_date"]]
    assert days == sorted(days)
    assert days[0].endswith("-01-01")
    assert days[-1].endswith("-12-31")
    assert {day for day in days if day.startswith("2016")} >= {"2016-02-29", "2016-08-31", "2016-06-01"}


def test_every_metric_has_its_formula(full: Report) -> None:
    told = description(full)
    used = {row["metric"] for row in tables(full)["dim_metric"]}
    assert told["metrics"].keys() == used
    for name, formula in told["metrics"].items():
        assert formula["population"] == full.metrics[name].population
        assert formula["unit"] == full.metrics[name].unit
        assert formula["definition"]["zh"]


def test_no_cell_becomes_a_formula(infested: Report) -> None:
    for name, rows in tables(steered(infested)).items():
        for row in rows:
            for column, value in row.items():
                if not value.lstrip("-").replace(".", "").isdigit():
                    assert not is_formula(value) or value.startswith("'"), (name, column, value)
    sources = {row["source"] for row in tables(infested)["dim_source"]}
    for payload in PAYLOADS[: len(infested.streams)]:
        shown = " ".join(plain(payload).split())
        assert (f"'{shown}" if is_formula(shown) else shown) in sources


def test_both_languages_stand_side_by_side_and_bytes_are_the_same(full: Report) -> None:
    assert StarExporter().export(full, "zh") == StarExporter().export(full, "en")
    labels = {row["status"]: (row["title_en"], row["title_zh"]) for row in tables(full)["dim_status"]}
    assert labels["undetermined"] == ("Undetermined", "证据不足")


def unpacked(report: Report, folder: Path) -> Path:
    for name, content in files(report).items():
        (folder / name).write_bytes(content)
    return folder / "datapackage.json"


@pytest.mark.filterwarnings("ignore")
def test_frictionless_finds_nothing_wrong(any_report: Report, tmp_path: Path) -> None:
    frictionless = oracle("frictionless", "frictionless")
    found = frictionless.validate(str(unpacked(any_report, tmp_path)))
    assert found.flatten(["task", "type", "message"]) == []
    assert found.stats["tasks"] == len(files(any_report)) - 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("file", "before", "after", "kind"),
    [
        ("dim_status.csv", b"partial,", b"partly,", "foreign-key"),
        ("fact_gap.csv", b",true,", b",perhaps,", "type-error"),
        ("dim_framework.csv", b"iso9001,", b"itss,", "primary-key"),
    ],
)
def test_frictionless_finds_what_is_wrong(
    full: Report, tmp_path: Path, file: str, before: bytes, after: bytes, kind: str
) -> None:
    frictionless = oracle("frictionless", "frictionless")
    package = unpacked(full, tmp_path)
    content = (tmp_path / file).read_bytes()
    assert before in content
    (tmp_path / file).write_bytes(content.replace(before, after, 1))
    assert kind in {error for (error,) in frictionless.validate(str(package)).flatten(["type"])}
