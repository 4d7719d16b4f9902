"""The report as the body of one Confluence page, in its storage format: XHTML with macros, no root element."""

from typing import ClassVar, Final

from itss_bridge.contracts import Exporter
from itss_bridge.model import Report, Text

LARGEST: Final = 1_000_000
"""A site takes bodies of up to 5 MB and shows large ones slowly; a larger report leaves out parts, and says so."""

LEFT_OUT: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("items",),
    ("items", "cells"),
    ("items", "cells", "metrics"),
    ("items", "cells", "metrics", "gaps"),
)
"""What goes first where there is no room: tickets behind gaps, other frameworks' cells, metrics, gaps."""


class StorageFormatExporter(Exporter):
    """What a publisher sends to Confluence, and what a person may paste into a page's source."""

    name: ClassVar[str] = "storage-format"
    suffix: ClassVar[str] = ".confluence.xml"
    title: ClassVar[Text] = Text("A Confluence page, in storage format", "Confluence 页面（存储格式）")

    def export(self, report: Report, language: str) -> bytes:
        """The body in the report's languages, *language* first."""
        from itss_bridge.exporters.storage_format.body import Body

        body = Body(report, language)
        content = b""
        for left_out in LEFT_OUT:
            content = body.render(left_out)
            if len(content) <= LARGEST:
                break
        return content
