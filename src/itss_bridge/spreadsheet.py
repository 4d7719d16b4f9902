"""The first sheet of an XLSX file as rows of cells, from a file that may be hostile.

openpyxl reads it: it alone tells a formula and an error value from what was typed, and names the cell; it is pure
Python and needs no compiled part. It believes what the file says of its own size, so the file is looked through first.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - it is an exception

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

MOST_BYTES: Final = 50 * 2**20
"""Of all parts together, inflated; counted while inflating, whatever the file says."""

MOST_RATIO: Final = 200
MOST_PARTS: Final = 500
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 104
"""A to CZ: more than twice as many as any stream has fields."""

_SMALL: Final = 2**20
_FAR_RIGHT = re.compile(rb'<c\s[^>]{0,200}?\br="(?:[A-Z]{3,}|[D-Z][A-Z])\d')
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
# what openpyxl leaves: characters that XML cannot carry, the carriage return above all
_ESCAPED = re.compile(r"_x(00[01][0-9A-Fa-f]|007[Ff])_")


@dataclass(frozen=True, slots=True)
class Cell:
    """One filled cell: where it is, and its value as typed (text, number, truth, or a time without zone)."""

    address: str
    value: str | int | float | bool | datetime
    percent: bool = False


def sheet_rows(path: Path) -> Iterator[tuple[int, dict[int, Cell]]]:
    """Row number → filled cells by column from 0, of rows that have any; row 1 is always given.

    Raises:
        UsageError: no workbook, one that is too big or could be hostile, or a cell that holds no plain value.
    """
    from openpyxl import load_workbook  # type: ignore[import-untyped, unused-ignore]

    packed = looked_through(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it says of styles and extensions is no concern of evidence
            book = load_workbook(BytesIO(packed), read_only=True, keep_links=False)
            yield from _rows(path, book.worksheets[0])
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in as many ways as there are parts
        cause = say(
            "{error_kind}: {partition}",
            error_kind=type(error).__name__,
            partition=str(error).partition(chr(10))[0][:200],
        )
        fix = say("open it and save it again as XLSX")
        raise UsageError(say("the file is not a sound XLSX workbook"), where=str(path), cause=cause, fix=fix) from None


def _rows(path: Path, sheet: Any) -> Iterator[tuple[int, dict[int, Cell]]]:
    sheet.reset_dimensions()  # the size that a file states may be a lie, and cut rows off
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        if number > MOST_ROWS:
            fix = say("delete what lies below the table, or split it")
            raise UsageError(
                say("the sheet has more than {MOST_ROWS:,} rows", MOST_ROWS=MOST_ROWS), where=str(path), fix=fix
            )
        cells = {place: cell for place, found in enumerate(row) if (cell := _cell(path, sheet.title, found))}
        if cells or number == 1:
            yield number, cells


def _cell(path: Path, sheet: str, found: Any) -> Cell | None:
    value = found.value
    if value is None:
        return None
    address = f"{sheet}!{found.coordinate}"
    if found.data_type in ("f", "e"):
        kind, fix = (
            (
                say("a formula"),
                say("copy the cells and paste them as values: evidence must not depend on when it was computed"),
            )
            if found.data_type == "f"
            else (say("the error {value}", value=value), say("correct or empty the cell"))
        )
        raise UsageError(say("the cell holds {kind}", kind=kind), where=f"{path}:{address}", fix=fix)
    if isinstance(value, str):
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value).strip()
        return Cell(address, text) if text else None
    if isinstance(value, bool | int | float | datetime):
        return Cell(address, value, percent="%" in str(found.number_format))
    fix = say("write a date, a number or text")
    raise UsageError(say("the cell holds a time of day or a length of time"), where=f"{path}:{address}", fix=fix)


def looked_through(path: Path, most: int = MOST_BYTES) -> bytes:
    """The file's bytes, once no part of it can do harm; all parts together inflate to *most* bytes.

    Raises:
        UsageError: the file cannot be read, is no XLSX workbook, is too big, or could be hostile.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(most + 1)
    except OSError as error:
        raise UsageError(say("the file cannot be read"), where=str(path), cause=error.strerror or "") from None
    if packed.startswith(_OLD_OFFICE):
        fix = say("take the password off, and save it as “Excel Workbook (.xlsx)”")
        raise UsageError(say("the file is protected by a password, or an old .xls"), where=str(path), fix=fix)
    if len(packed) > most:
        raise _refused(path, f"it has more than {most // 2**20} MiB")
    try:
        with ZipFile(BytesIO(packed)) as archive:
            _look_through_parts(path, archive, most)
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        fix = say("open it and save it again as XLSX")
        raise UsageError(say("the file is no XLSX workbook"), where=str(path), cause=str(error), fix=fix) from None
    return packed


def _look_through_parts(path: Path, archive: ZipFile, most: int) -> None:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise _refused(path, f"it has {len(parts)} parts")
    if len({part.filename.casefold() for part in parts}) < len(parts):
        raise _refused(path, "two of its parts have the same name")
    room = most
    for part in parts:
        with archive.open(part) as file:
            content = _inflated(path, part, file, room, most)
        room -= len(content)
        _look_into(path, part.filename, content)


def _inflated(path: Path, part: ZipInfo, file: IO[bytes], room: int, most: int) -> bytes:
    # one byte more than there is room for: a part that lies about its size is not inflated to the end
    content = file.read(room + 1)
    if len(content) > room:
        raise _refused(path, f"it inflates to more than {most // 2**20} MiB")
    if len(content) > max(_SMALL, MOST_RATIO * part.compress_size):
        raise _refused(path, f"{part.filename} inflates to more than {MOST_RATIO} times its size")
    return content


def _look_into(path: Path, name: str, content: bytes) -> None:
    if content.startswith(b"PK\x03\x04"):
        raise _refused(path, f"{name} is an archive itself")
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return
    # a NUL means UTF-16, in which the words looked for would be spelt otherwise
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise _refused(path, f"{name} declares entities, or is not UTF-8")
    if name.startswith("xl/worksheets/") and _FAR_RIGHT.search(content):
        raise _refused(path, f"{name} has cells to the right of column CZ")


def _refused(path: Path, cause: str) -> UsageError:
    fix = say("copy the table into a new workbook and save that")
    return UsageError(say("the file is refused: it could do harm"), where=str(path), cause=cause, fix=fix)
