"""A star of tables for Power BI and Tableau: dimensions, facts, and a description of them in one archive."""

from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.archive import packed
from itss_bridge.exporters.star.dimensions import dimensions
from itss_bridge.exporters.star.facts import facts
from itss_bridge.exporters.star.shape import content, package
from itss_bridge.model import Report, Text


class StarExporter(Exporter):
    """One CSV file per table, as Excel reads it, and `datapackage.json`; the same in both languages."""

    name: ClassVar[str] = "star"
    suffix: ClassVar[str] = ".star.zip"
    shows_trends: ClassVar[bool] = True
    title: ClassVar[Text] = Text(
        "a star of tables for Power BI and Tableau, with datapackage.json",
        "供 Power BI、Tableau 使用的星型数据表（附 datapackage.json）",
    )

    def export(self, report: Report, language: str) -> bytes:  # noqa: ARG002 - both languages stand side by side
        """The archive: unpack it into a folder, and load that."""
        # facts first: dimensions hold what facts name
        found = facts(report)
        tables = [*dimensions(report, found), *found]
        files = [(table.path, content(table)) for table in tables]
        return packed([("datapackage.json", package(report, tables)), *files])
