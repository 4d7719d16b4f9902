"""Workbooks as evidence: what was typed is what is read; what could mislead or do harm is refused with its place."""

import io
import os
import re
import time
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from itss_bridge.contracts import Slice
from itss_bridge.errors import UsageError
from itss_bridge.files import Files
from itss_bridge.spreadsheet import MOST_BYTES, MOST_PARTS
from itss_bridge.transport import GuardedSession

SAVED = datetime(2016, 4, 30, 12, tzinfo=UTC)


def connector(folder: Path) -> Files:
    return Files({"folder": str(folder)}, GuardedSession("https://nowhere.invalid"), {})


def read(folder: Path, stream: str) -> list:
    return [record for page in connector(folder).read(Slice(stream, {})) for record in page.records]


def workbook(folder: Path, stream: str, *rows: list, prepare=None) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "表"
    for row in rows:
        sheet.append(row)
    if prepare:
        prepare(sheet)
    path = folder / f"{stream}.xlsx"
    book.save(path)
    os.utime(path, (SAVED.timestamp(), SAVED.timestamp()))
    return path


def refused(folder: Path, stream: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(folder, stream)
    assert caught.value.exit_code == 2
    assert caught.value.fix
    return caught.value


# ---- what is read ----


def test_a_workbook_becomes_the_same_records_as_a_table(tmp_path: Path) -> None:
    workbook(
        tmp_path,
        "certificate",
        ["id", "ref", "holder", "core_post", "scheme", "awarded_at", "expires_at"],
        ["c1", " ITSS 三级 ", "organisation", None, "itss", date(2014, 5, 20), "2017-05-19"],
        [None, None, None, None, None, None, None],
        [7, None, "person", True, "itss-engineer", "2015-03-02T09:00:00+08:00", None],
    )
    first, second = read(tmp_path, "certificate")
    assert (first.id, first.ref, first.changed_at) == ("c1", "ITSS 三级", SAVED)
    assert first.data["awarded_at"] == "2014-05-20T00:00:00+00:00"
    assert first.data["core_post"] is None
    assert (second.id, second.ref, second.data["core_post"]) == ("7", "7", True)
    assert second.data["awarded_at"] == "2015-03-02T01:00:00+00:00"
    (tmp_path / "certificate.xlsx").unlink()
    (tmp_path / "certificate.csv").write_text(
        "id,ref,holder,core_post,scheme,awarded_at,expires_at\n"
        "c1,ITSS 三级,organisation,,itss,2014-05-20,2017-05-19\n"
        "7,,person,是,itss-engineer,2015-03-02T09:00:00+08:00,\n",
        "utf-8",
    )
    assert [r.data for r in read(tmp_path, "certificate")] == [first.data, second.data]


def test_only_the_first_sheet_is_read(tmp_path: Path) -> None:
    workbook(tmp_path, "person", ["id"], ["a"], prepare=lambda sheet: sheet.parent.create_sheet("notes").append(["x"]))
    assert [record.id for record in read(tmp_path, "person")] == ["a"]


def test_the_days_of_old_apple_workbooks_are_the_same_days(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "attestation.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "on"])
        sheet.write_string(1, 0, "a")
        sheet.write_datetime(1, 1, datetime(2016, 3, 1), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001
    assert read(tmp_path, "attestation")[0].data["on"] == "2016-03-01T00:00:00+00:00"


def test_letters_that_excel_writes_by_number_are_read_back(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "attestation.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["id", "statement"])
        book.worksheets()[0].write_row(1, 0, ["a", "_x0041_ 与\r\n换行"])
    assert read(tmp_path, "attestation")[0].data["statement"].split() == ["_x0041_", "与", "换行"]


def test_a_size_that_the_file_states_wrongly_cuts_no_row_off(tmp_path: Path) -> None:
    path = workbook(tmp_path, "person", ["id"], *[[f"p{n}"] for n in range(50)])
    rewritten(
        path, "xl/worksheets/sheet1.xml", lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:A2"', xml)
    )
    assert len(read(tmp_path, "person")) == 50


def test_the_file_that_excel_keeps_beside_an_open_workbook_is_no_stream(tmp_path: Path) -> None:
    workbook(tmp_path, "person", ["id"])
    (tmp_path / "~$person.xlsx").write_bytes(b"lock")
    assert connector(tmp_path).streams() == ["person"]


def test_the_same_id_in_workbook_and_table_is_refused(tmp_path: Path) -> None:
    workbook(tmp_path, "person", ["id"], ["a"])
    (tmp_path / "person.csv").write_text("id\nb\na\n", "utf-8")
    error = refused(tmp_path, "person")
    assert error.where.endswith("person.xlsx:表!A2")
    assert "person.csv row 3" in error.what


# ---- what is refused, and where ----


def percent(sheet) -> None:
    sheet["B2"].number_format = "0.00%"


@pytest.mark.parametrize(
    ("stream", "rows", "cell", "says"),
    [
        ("person", [["id", "nmae"]], "B1", "no field 'nmae'"),
        ("person", [["id", "ref", "ref"]], "C1", "twice"),
        ("person", [["id", None, "post"]], "1:", "no field ''"),
        ("person", [["ref"], ["b"]], "1:id", "no column `id`"),
        ("person", [["id"], ["a"], ["a"]], "A3", "also in person.xlsx row 2"),
        ("person", [["id"], ["a", "stray"]], "B2", "no column"),
        ("person", [["id", "post"], [None, "x"]], "2:id", "None"),
        ("survey", [["id", "score"], ["a", "=40+50"]], "B2", "a formula"),
        ("survey", [["id", "score"], ["a", "#N/A"]], "B2", "the error #N/A"),
        ("survey", [["id", "score"], ["a", 101]], "B2", "maximum"),
        ("survey", [["id", "score"], ["a", True]], "B2", "not what 'score' asks for"),
        ("survey", [["id", "score"], ["a", "九十"]], "B2", "not a number"),
        ("survey", [["id", "score"], ["a", date(2016, 3, 1)]], "B2", "holds the date 2016-03-01"),
        ("survey", [["id", "recommend"], ["a", 9.5]], "B2", "not a whole number"),
        ("survey", [["id", "answered_at"], ["a", 42430]], "B2", "not a date"),
        ("survey", [["id", "answered_at"], ["a", datetime(2016, 3, 1, 9, 30)]], "B2", "without its zone"),  # noqa: DTZ001
        ("survey", [["id", "answered_at"], ["a", timedelta(hours=3)]], "B2", "length of time"),
        ("survey", [["id", "answered_at"], ["a", "3/1/2016"]], "B2", "not a date"),
        ("certificate", [["id", "status"], ["a", "lost"]], "B2", "not one of"),
        ("certificate", [["id", "level"], ["a", 8.1]], "B2", "not text"),
        ("certificate", [["id", "level"], ["a", date(2016, 5, 3)]], "B2", "holds the date"),
        ("certificate", [["id", "level"], ["a", False]], "B2", "not what 'level' asks for"),
        ("certificate", [["id", "core_post"], ["a", 1]], "B2", "not true or false"),
        ("certificate", [["id", "core_post"], ["a", "也许"]], "B2", "neither true nor false"),
        ("change", [["id", "history"], ["a", "x"]], "B2", "does not fit"),
        ("person", [[None, None], ["id", "post"]], "", "row 1"),
        ("person", [], "", "row 1"),
    ],
)
def test_the_first_thing_wrong_is_named_with_its_cell(tmp_path: Path, stream, rows, cell, says) -> None:
    path = workbook(tmp_path, stream, *rows)
    error = refused(tmp_path, stream)
    sheet = "表!" if re.match("[A-Z]", cell) else ""
    assert error.where.startswith(f"{path}:{sheet}{cell}" if cell else str(path))
    assert says in str(error)


def test_a_percentage_is_refused_instead_of_being_taken_for_a_hundredth(tmp_path: Path) -> None:
    workbook(tmp_path, "survey", ["id", "score"], ["a", 0.925], prepare=percent)
    assert refused(tmp_path, "survey").where.endswith("survey.xlsx:表!B2")


def test_an_error_value_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, "survey", ["id", "score"], ["a", 5])
    rewritten(
        path,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="B2" t="n"><v>5</v>', b'<c r="B2" t="e"><v>#DIV/0!</v>'),
    )
    error = refused(tmp_path, "survey")
    assert "#DIV/0!" in error.what
    assert error.where.endswith("表!B2")


# ---- files that could do harm ----


def rewritten(path: Path, name: str, change) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for filename, content in parts.items():
            archive.writestr(filename, content)


def added(path: Path, *parts: tuple[str, bytes]) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst>&e;</sst>'
SHEET = "xl/worksheets/sheet1.xml"


def nested() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a", b"a")
    return content.getvalue()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda path: added(path, ("xl/media/a.xml", b"<a>" + b" " * (MOST_BYTES + 1))), "MiB"),
        (lambda path: added(path, *((f"xl/{n}.bin", os.urandom(1) * 900_000) for n in range(70))), "MiB"),
        (lambda path: added(path, ("xl/media/a.bin", b"\0" * 5_000_000)), "200 times"),
        (lambda path: added(path, *((f"xl/{n}.bin", b"") for n in range(MOST_PARTS))), "parts"),
        (lambda path: added(path, ("xl/media/a.zip", nested())), "archive itself"),
        (lambda path: added(path, ("XL/Workbook.xml", b"<workbook/>")), "same name"),
        (lambda path: rewritten(path, "xl/styles.xml", lambda _: ENTITIES), "entities"),
        (lambda path: rewritten(path, "[Content_Types].xml", lambda _: ENTITIES), "entities"),
        (lambda path: rewritten(path, "_rels/.rels", lambda _: ENTITIES), "entities"),
        (lambda path: rewritten(path, SHEET, lambda x: ENTITIES.decode().encode("utf-16")), "not UTF-8"),
        (lambda path: rewritten(path, SHEET, lambda x: x.replace(b'r="A2"', b'r="XFD2"')), "column CZ"),
    ],
)
def test_a_file_that_could_do_harm_is_refused_at_once(tmp_path: Path, harm, says) -> None:
    path = workbook(tmp_path, "person", ["id"], ["a"])
    harm(path)
    started = time.perf_counter()
    error = refused(tmp_path, "person")
    assert time.perf_counter() - started < 5
    assert error.what == "the file is refused: it could do harm"
    assert says in error.cause
    assert "root:" not in str(error)


def test_a_file_that_lies_about_its_size_is_not_inflated(tmp_path: Path) -> None:
    path = workbook(tmp_path, "person", ["id"], ["a"])
    added(path, ("xl/a.xml", b"<a>" + b" " * 3_000_000))
    raw = path.read_bytes()
    path.write_bytes(raw.replace((3_000_003).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert "no XLSX workbook" in refused(tmp_path, "person").what


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"id,ref\na,b\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600]
)
def test_what_is_no_workbook_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "person.xlsx").write_bytes(content)
    error = refused(tmp_path, "person")
    assert "no XLSX workbook" in error.what or "password" in error.what


def test_a_table_that_goes_on_for_ever_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, "person", ["id"], ["a"])
    rewritten(
        path, SHEET, lambda xml: xml.replace(b'<row r="2"', b'<row r="1048576"').replace(b'r="A2"', b'r="A1048576"')
    )
    assert "more than 100,000 rows" in refused(tmp_path, "person").what


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sound")
    return workbook(folder, "survey", ["id", "score", "asked_at"], ["a", 5, date(2016, 3, 1)]).read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_whatever_brings_a_traceback(tmp_path_factory, sound: bytes, data) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        parts = {info.filename: bytearray(archive.read(info)) for info in archive.infolist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    if data.draw(st.booleans()):
        del parts[name]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            parts[name][data.draw(st.integers(0, len(parts[name]) - 1))] = data.draw(st.integers(0, 255))
    with zipfile.ZipFile(folder / "survey.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for filename, content in parts.items():
            archive.writestr(filename, bytes(content))
    result = read_or_refuse(folder)
    if isinstance(result, UsageError):
        assert "survey.xlsx" in result.where
    else:
        assert all(record.id for record in result)


def read_or_refuse(folder: Path):
    try:
        return read(folder, "survey")
    except UsageError as error:
        return error


def test_the_reader_that_is_told_nothing_reads_the_same(sound: bytes) -> None:
    """openpyxl alone, without our guard, agrees on what stands in a sound file."""
    sheet = load_workbook(io.BytesIO(sound)).active
    assert [cell.value for cell in sheet[2]] == ["a", 5, datetime(2016, 3, 1)]  # noqa: DTZ001
