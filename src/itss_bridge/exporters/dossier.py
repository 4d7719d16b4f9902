"""The dossier: one archive to hand over, with an index that says of each item whether it is there and where."""

import csv
import io
from collections.abc import Iterator
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.archive import packed
from itss_bridge.exporters.document import JsonExporter
from itss_bridge.exporters.foreign import is_formula, plain
from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.exporters.xlsx import XlsxExporter
from itss_bridge.model import MaterialRow, Report, Text
from itss_bridge.wording import DOCUMENT_STATE, DOSSIER_HEAD, LEVEL, phrase

_COLUMNS = ("id", "checklist", "title", "owner", "state", "reason", "found", "requirements", "source", "confidence")


class DossierExporter(Exporter):
    """Materials, document comparison, workbook, page and data in one archive; the same report, the same bytes."""

    name: ClassVar[str] = "dossier"
    suffix: ClassVar[str] = ".zip"
    title: ClassVar[Text] = Text(
        "the dossier to hand in: materials, documents, reports", "申报材料包：清单、文件对照与报告"
    )
    shows_trends: ClassVar[bool] = True

    def export(self, report: Report, language: str) -> bytes:
        """The archive; names of files are plain ASCII, texts in *language*."""
        return packed(_files(report, language))


def _files(report: Report, language: str) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _readme(report, language).encode("utf-8-sig")
    yield "1-materials.csv", _table(_COLUMNS, (_material(row, language) for row in report.materials), language)
    columns = ("requirement", "clause", "title", "state", "reason", "found")
    yield "2-documents.csv", _table(columns, _documents(report, language), language)
    yield "3-matrix.xlsx", XlsxExporter().export(report, language)
    yield "4-report.html", HtmlExporter().export(report, language)
    yield "5-report.json", JsonExporter().export(report, language)


def _readme(report: Report, language: str) -> str:
    counts = {state: sum(row.state == state for row in report.materials) for state in DOCUMENT_STATE}
    said = "  ".join(f"{DOCUMENT_STATE[state][language]} {count}" for state, count in counts.items())
    level = LEVEL[report.target][language] if report.target else "–"
    heads = "\n".join(
        f"{state.stream:<20} {state.source:<16} {state.state:<10} {state.head}" for state in report.streams
    )
    told = phrase("dossier", organisation=report.organisation, as_of=report.as_of.date(), level=level, counts=said)
    return plain(f"{told[language]}\n\n{heads}\n")


def _material(row: MaterialRow, language: str) -> tuple[str, ...]:
    found = "; ".join(f"{item.ref} {item.url}".strip() for item in row.found)
    notes = f"{row.reason[language]} {row.note[language] if row.note else ''}".strip()
    head = (row.id, row.checklist[language], row.title[language], row.owner[language])
    state = DOCUMENT_STATE[row.state][language]
    return *head, state, notes, found, " ".join(row.requirements), " ".join(row.origin.source), row.origin.confidence


def _documents(report: Report, language: str) -> Iterator[tuple[str, ...]]:
    for row in report.documents:
        clause = report.framework_of(row.requirement).clause(report.requirement(row.requirement)) or ""
        found = "; ".join(f"{item.ref} {item.url}".strip() for item in row.found)
        state = DOCUMENT_STATE[row.state][language]
        yield row.requirement, clause, row.information.title[language], state, row.reason[language], found


def _table(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]], language: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(DOSSIER_HEAD[column][language] for column in columns)
    writer.writerows([f"'{plain(v)}" if is_formula(plain(v)) else plain(v) for v in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
