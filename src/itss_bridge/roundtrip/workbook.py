"""A workbook read back: what it was given when it was written, and what stands in the cells for people now.

Columns are found by the keys in a hidden row, rows by their ids: sorting, filtering, moving, renaming change nothing.
Excel, LibreOffice and WPS save it differently; what is read here is what all of them keep.
"""

import json
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from itss_bridge.errors import UsageError
from itss_bridge.exporters.xlsx.base import FORMAT, SHEET_NAME, digest
from itss_bridge.exporters.xlsx.table import KEY
from itss_bridge.messages import say
from itss_bridge.roundtrip.entered import FIELDS, Entered, Kind, entered, shown
from itss_bridge.spreadsheet import looked_through

MOST_BYTES: Final = 600 * 2**20
"""Of all parts together, inflated: a workbook with some hundred thousand tickets."""

_KEYS_WITHIN: Final = 40
_IDS: Final = frozenset({"check", "requirement"})
_FIELDS: Final = {f"{kind}.{field}": (kind, field) for kind, fields in FIELDS.items() for field in fields}


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook says: *base* is what it said when it was written, as `exporters.xlsx.base.base_json` has it."""

    base: Mapping[str, Any]
    entered: tuple[Entered, ...]


def read_workbook(path: Path) -> Workbook:
    """The workbook in the file.

    Raises:
        UsageError: it cannot be read, could be hostile, is none of ours, or is damaged.
    """
    from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

    packed = looked_through(path, MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which are no concern here
            book = load_workbook(BytesIO(packed), read_only=True, keep_links=False)
            base = _base(path, book)
            known = {*base["gaps"], *base["judgements"]}
            found = tuple(cell for sheet in book.worksheets for cell in _sheet(sheet, known))
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in as many ways as there are parts
        cause = f"{type(error).__name__}: {str(error)[:200]}"
        raise UsageError(say("the workbook cannot be read"), where=str(path), cause=cause) from None
    if not found:
        raise UsageError(
            say("the workbook has no column that can be taken"),
            where=str(path),
            cause=say("the hidden rows that name the columns are gone from all sheets"),
            fix=say("export anew, and copy your entries into that workbook"),
        )
    return Workbook(base, found)


def _base(path: Path, book: Any) -> Mapping[str, Any]:
    if SHEET_NAME not in book.sheetnames:
        raise UsageError(
            say("this is no workbook of itss-bridge"),
            where=str(path),
            cause=say("it lacks the hidden sheet that tells what was exported"),
            fix=say("fill in a workbook that `itss-bridge export` wrote"),
        )
    values = [str(row[0].value) for row in book[SHEET_NAME].iter_rows(max_col=1) if row and row[0].value is not None]
    if values[:1] != [FORMAT]:
        raise UsageError(
            say("the workbook is of another version"),
            where=f"{path}: {SHEET_NAME}!A1",
            cause=say("it says {found!r}, this version reads {known!r}", found=(values or [""])[0][:60], known=FORMAT),
        )
    text = "".join(values[2:])
    if digest(text) != values[1]:
        raise UsageError(
            say("the workbook is damaged: what was exported does not fit its digest"),
            where=f"{path}: {SHEET_NAME}!A2",
            fix=say("export anew, and copy your entries into that workbook"),
        )
    content: Mapping[str, Any] = json.loads(text)
    return content


def _sheet(sheet: Any, known: Collection[str]) -> Iterator[Entered]:
    """All cells for people on one sheet; none where it has no row of keys."""
    if sheet.title == SHEET_NAME:
        return
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    columns: dict[int, tuple[Kind, str]] = {}
    id_column, headed = -1, False
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if id_column < 0:
            id_column, columns = _keys(row)
            if id_column < 0 and number >= _KEYS_WITHIN:
                return
            continue
        name = shown(row[id_column].value) if id_column < len(row) else ""
        if name and not headed and name not in known:
            headed = True  # the heads, whatever people call them
        elif name:
            yield from _row(sheet.title, number, row, name, columns)


def _keys(row: tuple[Any, ...]) -> tuple[int, dict[int, tuple[Kind, str]]]:
    """Where the ids stand (-1: this is no row of keys), and which fields stand where."""
    id_column = -1
    columns: dict[int, tuple[Kind, str]] = {}
    for place, cell in enumerate(row):
        text = str(cell.value) if cell.value is not None else ""
        if not text.startswith(KEY):
            continue
        name = text.removeprefix(KEY)
        if name in _IDS:
            id_column = place
        elif name in _FIELDS:
            columns[place] = _FIELDS[name]
    return id_column, columns


def _row(
    sheet: str, number: int, row: tuple[Any, ...], name: str, columns: Mapping[int, tuple[Kind, str]]
) -> Iterator[Entered]:
    from openpyxl.utils import get_column_letter  # type: ignore[import-untyped, unused-ignore]

    for place, (kind, field) in columns.items():
        where = f"{sheet}!{get_column_letter(place + 1)}{number}"
        if place < len(row):
            yield entered(kind, name, field, row[place], where)
        else:
            yield Entered(kind, name, field, "", where)
