"""A finished portfolio as files; nothing else is seen here."""

from collections.abc import Callable, Mapping

from itss_bridge.fleet.exporters.document import document
from itss_bridge.fleet.exporters.page import page
from itss_bridge.fleet.exporters.table import table
from itss_bridge.fleet.exporters.workbook import workbook
from itss_bridge.fleet.portfolio import Portfolio

EXPORTERS: Mapping[str, Callable[[Portfolio, str], bytes]] = {
    ".xlsx": workbook,
    ".html": page,
    ".json": document,
    ".csv": table,
}
"""By suffix: the portfolio as bytes, a language first; the same portfolio gives the same bytes."""
