"""The report as one page: offline, both languages inside, nothing loaded, nothing that a stranger wrote is run."""

from typing import ClassVar, Final

from itss_bridge.contracts import Exporter
from itss_bridge.model import Report, Text

LARGEST: Final = 2_000_000
# How many failing items each check shows; a report that would not fit is set again with fewer.
ITEMS: Final = (50, 20, 8, 3, 0)


class HtmlExporter(Exporter):
    """One file that opens from a disk, a mail or a share, on a screen, a phone or on paper.

    It stays under 2 MB by listing fewer failing items; a catalogue of far more requirements than the shipped frameworks
    have may exceed that even with none.
    """

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ".html"
    title: ClassVar[Text] = Text(
        "the report as one page to read offline, in both languages", "可离线阅读的单页报告，双语"
    )
    shows_trends: ClassVar[bool] = True

    def export(self, report: Report, language: str) -> bytes:
        """The whole page, with *language* shown first; both languages can be switched in the page."""
        from itss_bridge.exporters.html.page import Page

        page = Page(report, language)
        content = b""
        for most in ITEMS:
            content = page.render(most)
            if len(content) <= LARGEST:
                break
        return content
