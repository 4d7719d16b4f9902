"""A finished report as files: workbook, web page, Word, paper, JSON, tables, calendar, and a dossier of them."""

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.ciso_assistant import CISO_EXPORTERS
from itss_bridge.exporters.document import JsonExporter
from itss_bridge.exporters.docx import DocxExporter
from itss_bridge.exporters.dossier import DossierExporter
from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.exporters.ics import IcsExporter
from itss_bridge.exporters.log_lines import LogLinesExporter
from itss_bridge.exporters.metrics_text import PrometheusExporter
from itss_bridge.exporters.oscal import OSCAL_EXPORTERS
from itss_bridge.exporters.page import MarkdownExporter
from itss_bridge.exporters.pdf import PdfExporter
from itss_bridge.exporters.star import StarExporter
from itss_bridge.exporters.storage_format import StorageFormatExporter
from itss_bridge.exporters.tidy import CsvExporter
from itss_bridge.exporters.xlsx import XlsxExporter

EXPORTERS: list[type[Exporter]] = [
    XlsxExporter,
    HtmlExporter,
    DocxExporter,
    PdfExporter,
    JsonExporter,
    LogLinesExporter,
    CsvExporter,
    StarExporter,
    IcsExporter,
    DossierExporter,
    MarkdownExporter,
    PrometheusExporter,
    StorageFormatExporter,
    *OSCAL_EXPORTERS,
    *CISO_EXPORTERS,
]
