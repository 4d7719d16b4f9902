"""Confluence connector of itss-bridge. The connector and its libraries are imported only when they are asked for."""

from typing import TYPE_CHECKING

from itss_bridge.hookspecs import hookimpl

if TYPE_CHECKING:
    from itss_bridge_confluence.connector import Confluence
    from itss_bridge_confluence.publisher import ConfluencePage


@hookimpl
def itss_bridge_connectors() -> "list[type[Confluence]]":
    """The connector named `confluence`."""
    from itss_bridge_confluence.connector import Confluence

    return [Confluence]


@hookimpl
def itss_bridge_publishers() -> "list[type[ConfluencePage]]":
    """The report as a page."""
    from itss_bridge_confluence.publisher import ConfluencePage

    return [ConfluencePage]
