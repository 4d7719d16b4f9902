"""A workbook of a hundred thousand tickets needs no more memory than its links, and none of its rows is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = """
import gc, resource, sys, time
from pathlib import Path
from tests.exporters.scale import big_report
from itss_bridge.exporters.xlsx import XlsxExporter
XlsxExporter().export(big_report(200), "zh")
report = big_report(int(sys.argv[1]))
gc.collect()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.process_time()
content = XlsxExporter().export(report, "zh")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Path(sys.argv[2]).write_bytes(content)
print(before, after, time.process_time() - started, len(content))
"""


def exported(items: int, file: Path) -> tuple[int, float]:
    """Kilobytes that an export takes beyond its report, and its seconds of processor."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [sys.executable, "-c", PROBE, str(items), str(file)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    before, after, seconds, _ = done.stdout.split()
    return int(after) - int(before), float(seconds)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_rows_in_bounded_memory(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    from itss_bridge.wording import SHEET

    small, _ = exported(10_000, tmp_path / "small.xlsx")
    large, _ = exported(100_000, tmp_path / "large.xlsx")
    assert large < 220_000, f"{large} KB beyond the report"
    # 65,000 links are held until the end, rows are not: ten times the rows must not take ten times as much
    assert large < 8 * max(small, 20_000)
    book = load_workbook(tmp_path / "large.xlsx", read_only=True)
    sheet = book[SHEET["evidence"]["zh"]]
    assert sum(1 for row in sheet.iter_rows(min_col=5, max_col=5, values_only=True) if row[0]) > 100_000
    assert sum(1 for _ in book[SHEET["matrix"]["zh"]].iter_rows(values_only=True)) >= 200
