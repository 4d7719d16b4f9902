"""What evidence keeps in English stands in Chinese in whatever is exported in Chinese, and in English in the JSON."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from zipfile import ZipFile

import pytest

from itss_bridge.exporters.document import JsonExporter
from itss_bridge.exporters.docx import DocxExporter
from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.exporters.log_lines import LogLinesExporter
from itss_bridge.exporters.page import MarkdownExporter
from itss_bridge.exporters.xlsx import XlsxExporter
from itss_bridge.model import Report

KEPT = "no answer within the time limit | GET https://tool.example/api | network or tool down | try again later"
TOLD = "在时限内未收到应答；GET https://tool.example/api；网络不通或工具停机；请稍后再试"


@pytest.fixture(scope="module")
def failing(report: Report) -> Report:
    return replace(report, streams=tuple(replace(s, state="failed", reason=KEPT) for s in report.streams))


def unpacked(content: bytes) -> str:
    archive = ZipFile(io.BytesIO(content))
    return "\n".join(archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize(
    ("export", "read"),
    [
        (XlsxExporter().export, unpacked),
        (DocxExporter().export, unpacked),
        (LogLinesExporter().export, bytes.decode),
        (MarkdownExporter().export, bytes.decode),
        (
            lambda *given: re.sub(
                r"<script.*?</script>|data-other=\".*?\"", "", HtmlExporter().export(*given).decode(), flags=re.DOTALL
            ),
            str,
        ),
    ],
    ids=["xlsx", "docx", "jsonl", "md", "html"],
)
def test_chinese_readers_read_chinese(
    failing: Report, export: Callable[[Report, str], bytes], read: Callable[[bytes], str]
) -> None:
    text = read(export(failing, "zh"))

    assert TOLD in text
    assert "network or tool down" not in text
    assert "network or tool down" in read(export(failing, "en"))


def test_scripts_read_what_was_kept(failing: Report) -> None:
    assert KEPT in JsonExporter().export(failing, "zh").decode()
