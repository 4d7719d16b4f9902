"""The table: one row per requirement and cell, readable by Excel and WPS, and no formula in it."""

import csv
import io

import pytest
from tests.exporters.payloads import PAYLOADS, infested_report

from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.tidy import COLUMNS, CsvExporter
from itss_bridge.model import Report


def rows(report: Report, language: str = "zh") -> list[dict[str, str]]:
    content = CsvExporter().export(report, language).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_it_begins_with_a_byte_order_mark_and_ends_lines_as_excel_does(report: Report) -> None:
    content = CsvExporter().export(report, "zh")
    assert content.startswith(b"\xef\xbb\xbf" + b"organisation,")
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_there_is_one_row_per_cell_and_one_for_a_requirement_without_any(report: Report) -> None:
    expected = sum(max(1, sum(len(c) for c in row.cells.values())) for row in report.rows)
    assert len(rows(report)) == expected
    assert all(list(row) == list(COLUMNS) for row in rows(report))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_row_has_a_status_in_code_and_words(report: Report, language: str) -> None:
    for row in rows(report, language):
        assert row["status"]
        assert row["status_label"]
        assert bool(row["cell_requirement"]) == bool(row["cell_status"]) == bool(row["cell_status_label"])


def test_labels_follow_the_language(report: Report) -> None:
    assert {r["status_label"] for r in rows(report, "zh")} >= {"符合", "证据不足"}
    assert {r["status_label"] for r in rows(report, "en")} >= {"Conforming", "Undetermined"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_organisation_name_becomes_a_formula(payload: str, infested: Report) -> None:
    row = rows(infested_report(payload) if payload == PAYLOADS[0] else _renamed(infested, payload))[0]
    shown = row["organisation"]
    assert not is_formula(shown) or shown.startswith("'")
    assert shown.removeprefix("'" if is_formula(plain(payload)) else "") == plain(payload)


def test_no_title_becomes_a_formula(infested: Report) -> None:
    found = rows(infested)
    assert found
    for row in found:
        for value in row.values():
            assert value[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%"}, value


def _renamed(report: Report, organisation: str) -> Report:
    from dataclasses import replace

    return replace(report, organisation=organisation, rows=report.rows[:1])
