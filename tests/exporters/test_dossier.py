"""The dossier: one archive with an index, the same for the same report, harmless whatever stands in titles."""

import csv
import io
import json
import zipfile
from dataclasses import replace

import pytest

from itss_bridge.exporters.dossier import DossierExporter
from itss_bridge.model import Item, MaterialRow, Origin, Text

FILES = ["README.txt", "1-materials.csv", "2-documents.csv", "3-matrix.xlsx", "4-report.html", "5-report.json"]


def material(**fields) -> MaterialRow:
    words = Text("licence", "营业执照")
    row = MaterialRow(
        "seed-000.business-licence", words, (), words, words, "document", (), "missing", (), words, None, Origin(("SEED-000",), "low")
    )  # fmt: skip
    return replace(row, **fields)


@pytest.fixture
def with_materials(report):
    page = Item("1", "=HYPERLINK(1)", "https://wiki.example/1", None, True, None, None)
    return replace(report, materials=(material(), material(id="x", state="current", found=(page,))))


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def rows(archive: zipfile.ZipFile, name: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_report_gives_the_same_bytes_and_all_parts(with_materials, language):
    content = DossierExporter().export(with_materials, language)
    assert DossierExporter().export(with_materials, language) == content
    archive = opened(content)
    assert archive.namelist() == FILES
    assert archive.testzip() is None


def test_the_index_says_of_each_item_whether_it_is_there_and_where(with_materials):
    head, missing, there = rows(opened(DossierExporter().export(with_materials, "zh")), "1-materials.csv")
    assert head[:5] == ["编号", "清单", "名称", "提供部门", "状态"]
    assert (missing[2], missing[4]) == ("营业执照", "缺失")
    assert (there[4], "https://wiki.example/1" in there[6]) == ("有效", True)


def test_no_field_of_a_table_is_run_by_a_spreadsheet(infested):
    row = material(title=Text("=1+1", "=1+1"), owner=Text("@SUM(1)", "+1"), reason=Text("-2", "\t=3"))
    archive = opened(DossierExporter().export(replace(infested, materials=(row,)), "en"))
    for name in FILES[1:3]:
        for line in rows(archive, name):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line), line


def test_the_data_inside_names_the_heads_that_the_readme_names(with_materials):
    archive = opened(DossierExporter().export(with_materials, "en"))
    heads = {state["head"] for state in json.loads(archive.read("5-report.json"))["streams"]}
    readme = archive.read("README.txt").decode("utf-8-sig")
    assert heads
    assert all(head in readme for head in heads)
