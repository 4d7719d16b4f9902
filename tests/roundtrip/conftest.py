"""An organisation collected once, and what people do with its workbook."""

import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.prepared import DAY, collect, copied

from itss_bridge.bridge import Bridge
from itss_bridge.exporters.xlsx import XlsxExporter
from itss_bridge.exporters.xlsx.table import KEY
from itss_bridge.model import Report
from itss_bridge.wording import SHEET

ACTIONS = """\
# 质量部维护
capacity: 40
actions:
  - check: prc-chg-c.document   # 与变更经理商定
    owner: 变更经理
"""


@pytest.fixture(scope="package")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copied("level-4-only", tmp_path_factory.mktemp("round"))
    collect(root)
    return root


@pytest.fixture(scope="package")
def exported(collected: Path) -> bytes:
    return XlsxExporter().export(report_of(collected), "zh")


@pytest.fixture
def workspace(collected: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(collected, tmp_path / "workspace"))


def report_of(root: Path) -> Report:
    bridge = Bridge(root)
    return bridge.report(bridge.workspace.moment(DAY))


def workbook_of(root: Path) -> bytes:
    """A workbook whose sheets that nobody fills in are short: it is read many times."""
    report = report_of(root)
    assessment = report.assessment
    bare = {name: replace(finding, checks=(), supports=()) for name, finding in assessment.findings.items()}
    short = replace(assessment, findings=bare, levels={}, measurements=())
    less = replace(report, assessment=short, crosswalks=(), documents=(), orphans=(), materials=())
    return XlsxExporter().export(less, "zh")


class Sheets:
    """A workbook in a person's hands."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))

    def page(self, name: str) -> Any:
        return self.book[SHEET[name]["zh"]]

    def place(self, name: str, key: str) -> int:
        """The column that has a key, wherever it is now."""
        cells = (cell for row in self.page(name).iter_rows(max_row=30) for cell in row)
        return next(cell.column for cell in cells if cell.value == f"{KEY}{key}")

    def rows(self, name: str, key: str) -> Iterator[tuple[str, int]]:
        """Ids below the heads, with their rows."""
        column = self.place(name, key)
        for (cell,) in self.page(name).iter_rows(min_col=column, max_col=column):
            if cell.value and "\n" not in str(cell.value) and not str(cell.value).startswith(KEY):
                yield cell.value, cell.row

    def cell(self, name: str, key: str, of: str, field: str) -> Any:
        row = dict(self.rows(name, key))[of]
        return self.page(name).cell(row, self.place(name, field))

    def act(self, check: str, **values: Any) -> None:
        for field, value in values.items():
            self.cell("gaps", "check", check, f"action.{field}").value = value

    def judge(self, requirement: str, *, on: str = "findings", **values: Any) -> None:
        for field, value in values.items():
            self.cell(on, "requirement", requirement, f"judgement.{field}").value = value

    def save(self, path: Path) -> Path:
        self.book.save(path)
        return path


@pytest.fixture(scope="package")
def slimmed(collected: Path) -> bytes:
    return workbook_of(collected)


@pytest.fixture
def sheets(slimmed: bytes) -> Sheets:
    return Sheets(slimmed)


@pytest.fixture
def gaps(sheets: Sheets) -> list[str]:
    return [name for name, _ in sheets.rows("gaps", "check")]
