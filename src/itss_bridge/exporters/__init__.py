"""A finished report as files: workbook, web page, JSON and table."""

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.document import JsonExporter
from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.exporters.tidy import CsvExporter
from itss_bridge.exporters.xlsx import XlsxExporter

EXPORTERS: list[type[Exporter]] = [XlsxExporter, HtmlExporter, JsonExporter, CsvExporter]
