"""The self-assessment on paper: set by typst from data alone, so that what strangers wrote stays text."""

from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.model import Report, Text
from itss_bridge.wording import LANGUAGES


class PdfExporter(Exporter):
    """A4, with bookmarks; the same report and the same fonts give the same bytes."""

    name: ClassVar[str] = "pdf"
    suffix: ClassVar[str] = ".pdf"
    title: ClassVar[Text] = Text("the self-assessment on paper, for the board", "可打印的自评估报告，供管理层阅读")

    def export(self, report: Report, language: str) -> bytes:
        """The document in *language*.

        Raises:
            UsageError: typst is not installed, or there is no font with Chinese characters.
        """
        from itss_bridge.exporters.pdf.setting import typeset

        return typeset(report, language if language in LANGUAGES else "zh")
