"""The workbook that a quality manager would otherwise fill by hand, from cover to the last ticket."""

import io
from datetime import UTC
from typing import Any, ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Report, Text


class XlsxExporter(Exporter):
    """Sixteen sheets, and a hidden one by which `import` tells what people changed.

    The same report gives the same bytes: the file is dated by `as_of`. Rows go to a file as they come, so that memory
    does not grow with the number of tickets.
    """

    name: ClassVar[str] = "xlsx"
    suffix: ClassVar[str] = ".xlsx"
    shows_trends: ClassVar[bool] = True
    title: ClassVar[Text] = Text(
        "the workbook: matrix, findings, gaps, down to the ticket", "工作簿：矩阵、结果、差距，直至工单"
    )

    def export(self, report: Report, language: str) -> bytes:
        """The whole workbook, with *language* first; the other one beside it where the report's languages have it."""
        from xlsxwriter import Workbook

        content = io.BytesIO()
        workbook = Workbook(content, {"constant_memory": True})
        created = report.as_of.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties(
            {"title": plain(report.organisation)[:200], "created": created, "author": "itss-bridge"}
        )
        _fill(workbook, report, language)
        workbook.close()
        return content.getvalue()


def _fill(workbook: Any, report: Report, language: str) -> None:
    """All sheets, in the order of reading."""
    from itss_bridge.exporters.xlsx import agenda, cover, dashboard, findings, matrix, measured, steering
    from itss_bridge.exporters.xlsx.base import remember
    from itss_bridge.exporters.xlsx.basis import basis_digest
    from itss_bridge.exporters.xlsx.crosswalk import crosswalk
    from itss_bridge.exporters.xlsx.reading_sheet import how_to_read
    from itss_bridge.exporters.xlsx.sheet import Book
    from itss_bridge.exporters.xlsx.tickets import evidence, evidence_rows

    reading = Reading(report)
    marks = report.organisation, reading.minute(report.as_of), f"itss-bridge · {basis_digest(report)[:16]}"
    book = Book(workbook, [language, *report.languages], marks)
    places = evidence_rows(reading)
    cover.cover(book, reading)
    dashboard.dashboard(book, reading)
    matrix.matrix(book, reading, places)
    findings.findings(book, reading, places)
    findings.levels(book, reading, places)
    steering.gaps(book, reading, places)
    steering.nonconformities(book, reading)
    agenda.changes(book, reading)
    agenda.calendar(book, reading)
    steering.documents(book, reading)
    steering.materials(book, reading)
    measured.metrics(book, reading)
    linked_all = evidence(book, reading, places)
    crosswalk(book, reading)
    measured.sources(book, reading)
    how_to_read(book, reading, linked_all=linked_all)
    remember(book, report)
