"""The workbook that a quality manager would otherwise fill by hand, from cover to the last ticket."""

import io
from datetime import UTC
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Report


class XlsxExporter(Exporter):
    """Eight sheets in both languages. The same report gives the same bytes: the file is dated by `as_of`."""

    name: ClassVar[str] = "xlsx"
    suffix: ClassVar[str] = ".xlsx"

    def export(self, report: Report, language: str) -> bytes:
        """The whole workbook, with *language* first."""
        from xlsxwriter import Workbook

        from itss_bridge.exporters.xlsx.cover import cover, how_to_read
        from itss_bridge.exporters.xlsx.sheet import Book
        from itss_bridge.exporters.xlsx.tables import crosswalk, evidence_rows, findings, levels, matrix, metrics
        from itss_bridge.exporters.xlsx.tickets import evidence

        content = io.BytesIO()
        workbook = Workbook(content, {"in_memory": True})
        created = report.as_of.astimezone(UTC).replace(tzinfo=None)
        workbook.set_properties(
            {"title": plain(report.organisation)[:200], "created": created, "author": "itss-bridge"}
        )
        book, reading = Book(workbook, language, report.organisation), Reading(report)
        places = evidence_rows(reading)
        cover(book, reading)
        matrix(book, reading, places)
        findings(book, reading, places)
        metrics(book, reading)
        evidence(book, reading, places)
        levels(book, reading, places)
        crosswalk(book, reading)
        how_to_read(book, reading)
        workbook.close()
        return content.getvalue()
