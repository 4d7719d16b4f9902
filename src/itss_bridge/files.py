"""Evidence that no tool holds, from files: `attestations/STREAM.csv`, `STREAM.xlsx` and `STREAM.jsonl`.

One file is one stream, one row one record: `id`, if wanted `ref` and `changed_at`, and the fields of the stream's
schema. A row that goes from the file counts as removed. To take all rows back, keep the header: a file that is gone is
a stream that says nothing, not one that says "none".
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from difflib import get_close_matches
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import orjson

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.forms import Form
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge.spreadsheet import Cell, sheet_rows

_SUFFIXES = (".csv", ".xlsx", ".jsonl")
ENVELOPE: Mapping[str, Mapping[str, Json]] = {
    "id": {"type": ["string", "null"], "description": "A name for the row that never changes."},
    "ref": {"type": ["string", "null"], "description": "What people call it; the id when left out."},
    "changed_at": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When the row was last changed; when left out, when the file was saved.",
    },
}
"""Columns of every stream, beside the fields of its schema."""

_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_TRUTH = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
_ROWS_A_PAGE = 1_000
_NEWLINE = b"\n"
_FOREIGN_RUN = re.compile(rb"[\x80-\xff]+")
_GBK_PAIRS = re.compile(rb"(?:[\xc2-\xdf][\xa1-\xbf])+")
_LATIN = re.compile(rb"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as written; *number* is the one a spreadsheet (or an editor, for JSON lines) shows beside it."""

    path: Path
    number: int
    cells: Mapping[str, Json]
    addresses: Mapping[str, str] = field(default_factory=dict)

    def wrong(self, column: str, what: str, fix: str) -> UsageError:
        """Where it is: file, row and column, or the cell's address in a workbook."""
        place = self.addresses.get(column, f"{self.number}:{column}")
        return UsageError(what, where=f"{self.path}:{place}", fix=fix)


class Files(Connector):
    """Attestations, certificates, people, projects, surveys: whatever a person keeps in a table."""

    name = "files"
    title = "Files"
    reads_files = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"folder": {"type": "string", "minLength": 1, "default": "attestations"}},
        "additionalProperties": False,
    }

    @property
    def folder(self) -> Path:
        """Where the files lie."""
        return Path(self.config.get("folder", "attestations"))

    def streams(self) -> Sequence[str]:
        """One stream per file name; UsageError when there is no folder, or a name that is no stream."""
        if not self.folder.is_dir():
            raise UsageError(
                say("there is no such folder"), where=str(self.folder), fix=say("make it, or correct `folder`")
            )
        files = (path for path in sorted(self.folder.iterdir()) if path.suffix in _SUFFIXES)
        # while a workbook is open, Excel and LibreOffice keep a file of their own beside it
        named = {path.stem: path for path in files if not path.name.startswith(("~$", "."))}
        for name, path in named.items():
            if name not in stream_names():
                raise UsageError(
                    say("{name!r} is not a stream", name=name),
                    where=str(path),
                    fix=_suggestion(name, stream_names(), "rename the file"),
                )
        return sorted(named)

    def check(self) -> Identity:
        """The folder itself; its clock is this machine's."""
        return Identity(account=str(self.folder), time_zone="UTC", server_time=datetime.now(UTC))

    def count(self, stream: str) -> Count:
        """The rows there are."""
        return Count(len(self._records(stream)), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:  # noqa: ARG002 - a file is read whole
        """The whole stream: a changed row need not say when it was changed."""
        return [Slice(stream, {})]

    def read(self, piece: Slice) -> Iterator[Page]:
        """All rows; UsageError names file, row and column of the first thing that is wrong."""
        records = self._records(piece.stream)
        for start in range(0, len(records), _ROWS_A_PAGE):
            yield Page(records[start : start + _ROWS_A_PAGE])

    def census(self, stream: str) -> Iterator[str]:
        """The ids that stand in the files."""
        return (record.id for record in self._records(stream))

    def _records(self, stream: str) -> list[Record]:
        seen: dict[str, _Row] = {}
        records = []
        for path in (self.folder / f"{stream}{suffix}" for suffix in _SUFFIXES):
            if not path.is_file():
                continue
            saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            for row in _rows(path, stream):
                record = _record(row, stream, saved)
                if (first := seen.setdefault(record.id, row)) is not row:
                    where = f"{first.path.name} row {first.number}"
                    raise row.wrong(
                        "id",
                        say("the id {id!r} stands twice: also in {where}", id=record.id, where=where),
                        say("give each its own id"),
                    )
                records.append(record)
        return records


def _rows(path: Path, stream: str) -> Iterator[_Row]:
    if path.suffix == ".xlsx":
        return _sheet_rows(path, stream)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(say("the file cannot be read"), where=str(path), cause=error.strerror or "") from None
    return _csv_rows(path, _text(path, raw), stream) if path.suffix == ".csv" else _json_rows(path, _text(path, raw))


def _text(path: Path, raw: bytes) -> str:
    """The file as text; which encoding it is in is never guessed."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, raw, error.start, "the file is not UTF-8") from None
    if not raw.startswith(BOM_UTF8) and (place := _could_be_gbk(raw)) is not None:
        raise _not_utf8(path, raw, place, "the file can be read as UTF-8 and as GBK, with different words")
    return text


def _not_utf8(path: Path, raw: bytes, place: int, what: str) -> UsageError:
    fix = say("save it as “CSV UTF-8”; in Chinese Excel and WPS plain “CSV” means GBK")
    return UsageError(what, where=f"{path}:{raw[:place].count(_NEWLINE) + 1}", fix=fix)


def _could_be_gbk(raw: bytes) -> int | None:
    """Where Chinese in GBK happens to be UTF-8, too: words of two and more such letters, apart from Latin ones."""
    runs = list(_FOREIGN_RUN.finditer(raw))
    if not all(_GBK_PAIRS.fullmatch(run[0]) for run in runs):
        return None
    words = (run for run in runs if len(run[0]) > len("字".encode("gbk")))
    return next((run.start() for run in words if not _LATIN.search(raw[max(0, run.start() - 1) : run.end() + 1])), None)


def _sheet_rows(path: Path, stream: str) -> Iterator[_Row]:
    names: list[str] = []
    for number, cells in sheet_rows(path):
        if number == 1:
            names = _sheet_header(path, cells, stream)
            continue
        row = _Row(path, number, {}, {names[at]: cell.address for at, cell in cells.items() if at < len(names)})
        if stray := next((cell for at, cell in cells.items() if at >= len(names)), None):
            what = say("the cell has no column: the header ends before it")
            raise UsageError(what, where=f"{path}:{stray.address}", fix=say("delete it, or give it a header in row 1"))
        filled = {names[at]: cell for at, cell in cells.items()}
        read = {name: _from_cell(row, name, cell, _rule(row, name, stream)) for name, cell in filled.items()}
        yield replace(row, cells=dict.fromkeys(names) | read)
    if not names:
        _sheet_header(path, {}, stream)


def _sheet_header(path: Path, cells: Mapping[int, Cell], stream: str) -> list[str]:
    if not cells:
        fix = say("give it a header in row 1: id, and the fields of the stream; see `itss-bridge template`")
        raise UsageError(say("row 1 of the first sheet is empty"), where=str(path), fix=fix)
    names = [str(cells[place].value) if place in cells else "" for place in range(max(cells) + 1)]
    return _header(path, names, stream, {name: cells[at].address for at, name in enumerate(names) if at in cells})


def _from_cell(row: _Row, name: str, cell: Cell, rule: Mapping[str, Json]) -> Json:
    """A workbook's cell as what the schema asks for; what a spreadsheet has changed by itself is refused."""
    value, kinds = cell.value, set(rule["type"])
    if isinstance(value, str):
        return _from_text(row, name, value, rule)
    if cell.percent:
        fix = say("format the cell as a number and type it again, without %")
        raise row.wrong(name, say("the cell is a percentage: what is stored is {value}", value=value), fix)
    if isinstance(value, datetime):
        return _from_date(row, name, value, rule)
    if isinstance(value, bool):
        if "boolean" not in kinds:
            raise row.wrong(
                name,
                say("{value} is not what {name!r} asks for", value=value, name=name),
                say("format the cell as text and type it again"),
            )
        return value
    if "integer" in kinds or "number" in kinds:
        if "integer" in kinds and value != int(value):
            raise row.wrong(name, say("{value!r} is not a whole number", value=value), say("write digits only"))
        return int(value) if value == int(value) else value
    if rule.get("format") == "date-time" or "boolean" in kinds or value != int(value):
        wanted = (
            say("a date") if "format" in rule else say("true or false, 是 or 否") if "boolean" in kinds else say("text")
        )
        fix = say("format the cell as text and type it again: a spreadsheet rewrites numbers")
        raise row.wrong(
            name,
            say("the cell holds the number {value!r}, not {wanted}", value=value, wanted=wanted),
            fix if wanted == "text" else say("write {wanted}", wanted=wanted),
        )
    return _from_text(row, name, str(int(value)), rule)


def _from_date(row: _Row, name: str, value: datetime, rule: Mapping[str, Json]) -> Json:
    if rule.get("format") != "date-time":
        fix = say("format the cell as text and type it again: a spreadsheet turns 3-5 into a date")
        raise row.wrong(name, say("the cell holds the date {value:%Y-%m-%d}", value=value), fix)
    if value.time() != time():
        fix = say("write the day alone, or as text with the zone: 2016-03-31T18:00:00+08:00")
        raise row.wrong(name, say("{value:%Y-%m-%d %H:%M:%S} is a time without its zone", value=value), fix)
    return f"{value:%Y-%m-%d}"


def _csv_rows(path: Path, text: str, stream: str) -> Iterator[_Row]:
    lines = enumerate(csv.reader(StringIO(text, newline=""), strict=True), 1)
    names: list[str] = []
    while True:
        try:
            number, cells = next(lines)
        except StopIteration:
            break
        except csv.Error as error:
            raise UsageError(
                say("the file is not sound CSV"), where=str(path), cause=str(error), fix=say("save it again")
            ) from None
        if not names:
            names = _header(path, [cell.strip() for cell in cells], stream)
        elif any(cell.strip() for cell in cells):
            yield _typed(_Row(path, number, {}), names, cells, stream)
    if not names:
        raise UsageError(
            say("the file is empty"), where=str(path), fix=say("give it a header: id, and the fields of the stream")
        )


def _header(path: Path, names: list[str], stream: str, addresses: Mapping[str, str] | None = None) -> list[str]:
    row = _Row(path, 1, {}, addresses or {})
    for place, name in enumerate(names):
        if name in names[:place]:
            raise row.wrong(name, say("the column {name!r} stands twice", name=name), say("delete one of them"))
        _rule(row, name, stream)
    if "id" not in names:
        raise row.wrong("id", say("there is no column `id`"), say("add one: a name for each row that never changes"))
    return names


def _typed(row: _Row, names: list[str], cells: list[str], stream: str) -> _Row:
    if len(cells) != len(names):
        what = say("the row has {cells} cells, the header has {names}", cells=len(cells), names=len(names))
        raise row.wrong(names[min(len(cells), len(names)) - 1], what, say("is a comma or a quotation mark missing?"))
    values = {}
    for name, cell in zip(names, cells, strict=True):
        values[name] = _from_text(row, name, cell.strip(), _rule(row, name, stream)) if cell.strip() else None
    return _Row(row.path, row.number, values)


def _json_rows(path: Path, text: str) -> Iterator[_Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cells = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            cause = str(error)
            raise UsageError(say("the line is not JSON"), where=f"{path}:{number}:{error.colno}", cause=cause) from None
        if not isinstance(cells, dict):
            raise UsageError(
                say("the line is not a JSON object"), where=f"{path}:{number}:1", fix=say('write {"id": "…", …}')
            )
        yield _Row(path, number, cells)


def _record(row: _Row, stream: str, saved: datetime) -> Record:
    values = {name: _with_time(row, name, value, _rule(row, name, stream)) for name, value in row.cells.items()}
    misfit = _form(stream).misfit(values)
    if misfit is not None:
        column = str(misfit.keys[0]) if misfit.keys else "id"
        raise row.wrong(
            column,
            say("{column}: {message}", column=column, message=misfit.message),
            say("see schemas/streams/{stream}.json", stream=stream),
        )
    key, ref, changed = values.pop("id"), values.pop("ref", None), values.pop("changed_at", None)
    return Record(key, ref or key, "", datetime.fromisoformat(changed) if changed else saved, values)


@cache
def _form(stream: str) -> Form:
    whole: dict[str, Any] = schema(f"streams/{stream}")
    own = {**ENVELOPE, "id": {"type": "string", "minLength": 1}}
    return Form({**whole, "properties": {**whole["properties"], **own}, "required": ["id"]})


@cache
def rules(stream: str) -> dict[str, Mapping[str, Json]]:
    """What each column of a stream's file may hold, as JSON Schema."""
    return {**ENVELOPE, **schema(f"streams/{stream}")["properties"]}


def _rule(row: _Row, name: str, stream: str) -> Mapping[str, Json]:
    """What the stream's schema says of a column; UsageError when it has no such column."""
    known = rules(stream)
    if name not in known:
        fix = _suggestion(name, tuple(known), "delete it")
        raise row.wrong(name, say("the stream {stream!r} has no field {name!r}", stream=stream, name=name), fix)
    return known[name]


def _from_text(row: _Row, name: str, text: str, rule: Mapping[str, Json]) -> Json:
    """A CSV cell as what the schema asks for; dates are left to `_with_time`."""
    kinds = set(rule["type"])
    if "array" in kinds and rule["items"].get("type") == "string":
        return [part.strip() for part in re.split("[;；]", text) if part.strip()]
    if kinds & {"array", "object"}:
        raise row.wrong(
            name,
            say("{name!r} does not fit into a cell", name=name),
            say("write this stream as {stem}.jsonl", stem=row.path.stem),
        )
    if "boolean" in kinds:
        if text.lower() not in _TRUTH:
            raise row.wrong(
                name, say("{text!r} is neither true nor false", text=text), say("write true or false, 是 or 否")
            )
        return _TRUTH[text.lower()]
    if "integer" in kinds or "number" in kinds:
        return _number(row, name, text, whole="integer" in kinds)
    return text


def _number(row: _Row, name: str, text: str, *, whole: bool) -> int | float:
    if not re.fullmatch(r"[+-]?\d{1,15}" if whole else r"[+-]?\d{1,15}(\.\d+)?", text):
        kind = say("a whole number") if whole else say("a number")
        raise row.wrong(
            name,
            say("{text!r} is not {kind}", text=text, kind=kind),
            say("write digits, with a point for decimals and no separators"),
        )
    return int(text) if whole or "." not in text else float(text)


def _with_time(row: _Row, name: str, value: Json, rule: Mapping[str, Json]) -> Json:
    """A date or an ISO time as UTC in full; other values as they are."""
    if rule.get("format") != "date-time" or not isinstance(value, str):
        return value
    day = _DAY.fullmatch(value)
    try:
        if day:
            return datetime(int(day[1]), int(day[3]), int(day[4]), tzinfo=UTC).isoformat()
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    fix = say("write 2016-03-31, or with the time and its zone: 2016-03-31T18:00:00+08:00")
    raise row.wrong(name, say("{value!r} is not a date", value=value), fix)


def _suggestion(name: str, known: Sequence[str], otherwise: str) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else f"{otherwise}; ") + f"there are: {', '.join(known)}"
