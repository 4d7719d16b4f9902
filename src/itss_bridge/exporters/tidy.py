"""The matrix as a tidy table: one row per requirement and cell, for pivot tables and scripts."""

import csv
import io
from collections.abc import Iterator
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Cell, Report, Row, Text
from itss_bridge.wording import STATUS

COLUMNS = (
    "organisation",
    "as_of",
    "framework",
    "requirement",
    "clause",
    "title",
    "element",
    "status",
    "status_label",
    "evidence",
    "cell_framework",
    "cell_requirement",
    "cell_clause",
    "cell_title",
    "relationship",
    "strength",
    "review",
    "cell_status",
    "cell_status_label",
)


class CsvExporter(Exporter):
    """UTF-8 with a byte order mark, so that Excel and WPS read Chinese; column names are the same in all languages."""

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"
    title: ClassVar[Text] = Text(
        "the matrix as one table for pivot tables and scripts", "矩阵单表，供数据透视表与脚本使用"
    )

    def export(self, report: Report, language: str) -> bytes:
        """The whole table; titles and labels in *language*."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([_field(value) for value in row] for row in _rows(Reading(report), language))
        return text.getvalue().encode("utf-8-sig")


def _rows(reading: Reading, language: str) -> Iterator[tuple[str | int, ...]]:
    report = reading.report
    for row in report.rows:
        requirement = reading.requirements[row.requirement]
        head = (report.organisation, reading.day(report.as_of), requirement.framework)
        left = (*head, *_left(reading, row, language))
        cells = [(framework, cell) for framework, found in row.cells.items() for cell in found]
        for framework, cell in cells:
            yield *left, framework, *_right(reading, cell, language)
        if not cells:
            yield *left, *("",) * (len(COLUMNS) - len(left))


def _left(reading: Reading, row: Row, language: str) -> tuple[str | int, ...]:
    requirement = reading.requirements[row.requirement]
    label = STATUS[row.status][language]
    named = (row.requirement, row.clause or "", requirement.title[language], requirement.element)
    return *named, row.status.value, label, row.evidence


def _right(reading: Reading, cell: Cell, language: str) -> tuple[str | int, ...]:
    named = (cell.requirement, reading.clause(cell.requirement), reading.title(cell.requirement)[language])
    label = STATUS[cell.status][language]
    return *named, cell.relationship.value, cell.strength, cell.review, cell.status.value, label


def _field(value: str | int) -> str | int:
    """Numbers as they are; text that a spreadsheet would run gets an apostrophe in front."""
    if isinstance(value, int):
        return value
    text = plain(value)
    return f"'{text}" if is_formula(text) else text
