"""The self-assessment report for Word, from a template that an organisation can edit and replace."""

from pathlib import Path
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.model import Report, Text
from itss_bridge.wording import LANGUAGES


class DocxExporter(Exporter):
    """Filled from the report's own template, else from the shipped one; the same report gives the same bytes."""

    name: ClassVar[str] = "docx"
    suffix: ClassVar[str] = ".docx"
    title: ClassVar[Text] = Text(
        "self-assessment report for Word, from a template of your own if you like",
        "Word 自评估报告，可使用本单位模板",
    )

    def export(self, report: Report, language: str) -> bytes:
        """The document in *language*.

        Raises:
            UsageError: docxtpl is not installed, or the template is none or asks for what a report does not have.
        """
        from itss_bridge.exporters.docx.filling import filled

        return filled(report, language if language in LANGUAGES else "zh")


def shipped(language: str) -> Path:
    """The template that comes with the tool, to copy and edit."""
    return Path(__file__).parent / f"self-assessment.{language}.docx"
