"""Evidence that no tool holds, from files: `attestations/STREAM.csv` and `attestations/STREAM.jsonl`.

One file is one stream, one row one record: `id`, if wanted `ref` and `changed_at`, and the fields of the stream's
schema. A row that goes from the file counts as removed. To take all rows back, keep the header: a file that is gone is
a stream that says nothing, not one that says "none".
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.model import Json

_SUFFIXES = (".csv", ".jsonl")
_INSTANT: Mapping[str, Json] = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Mapping[str, Json] = {"type": ["string", "null"]}
_ENVELOPE = {"id": _TEXT, "ref": _TEXT, "changed_at": _INSTANT}
_DAY = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_TRUTH = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
_ROWS_A_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as written; *number* is the one a spreadsheet (or an editor, for JSON lines) shows beside it."""

    path: Path
    number: int
    cells: Mapping[str, Json]

    def wrong(self, column: str, what: str, fix: str) -> UsageError:
        return UsageError(what, where=f"{self.path}:{self.number}:{column}", fix=fix)


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
            raise UsageError("there is no such folder", where=str(self.folder), fix="make it, or correct `folder`")
        named = {path.stem: path for path in sorted(self.folder.iterdir()) if path.suffix in _SUFFIXES}
        for name, path in named.items():
            if name not in stream_names():
                raise UsageError(
                    f"{name!r} is not a stream",
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
                    raise row.wrong("id", f"the id {record.id!r} stands twice: also in {where}", "give each its own id")
                records.append(record)
        return records


def _rows(path: Path, stream: str) -> Iterator[_Row]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError("the file cannot be read", where=str(path), cause=error.strerror or "") from None
    except UnicodeDecodeError as error:
        row = path.read_bytes()[: error.start].count(b"\n") + 1
        fix = "save it as “CSV UTF-8”; in Chinese Excel and WPS plain “CSV” means GBK"
        raise UsageError("the file is not UTF-8", where=f"{path}:{row}", fix=fix) from None
    return _csv_rows(path, text, stream) if path.suffix == ".csv" else _json_rows(path, text)


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
                "the file is not sound CSV", where=str(path), cause=str(error), fix="save it again"
            ) from None
        if not names:
            names = _header(path, [cell.strip() for cell in cells], stream)
        elif any(cell.strip() for cell in cells):
            yield _typed(_Row(path, number, {}), names, cells, stream)
    if not names:
        raise UsageError("the file is empty", where=str(path), fix="give it a header: id, and the fields of the stream")


def _header(path: Path, names: list[str], stream: str) -> list[str]:
    row = _Row(path, 1, {})
    for place, name in enumerate(names):
        if name in names[:place]:
            raise row.wrong(name, f"the column {name!r} stands twice", "delete one of them")
        _rule(row, name, stream)
    if "id" not in names:
        raise row.wrong("id", "there is no column `id`", "add one: a name for each row that never changes")
    return names


def _typed(row: _Row, names: list[str], cells: list[str], stream: str) -> _Row:
    if len(cells) != len(names):
        what = f"the row has {len(cells)} cells, the header has {len(names)}"
        raise row.wrong(names[min(len(cells), len(names)) - 1], what, "is a comma or a quotation mark missing?")
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
            raise UsageError("the line is not JSON", where=f"{path}:{number}:{error.colno}", cause=cause) from None
        if not isinstance(cells, dict):
            raise UsageError("the line is not a JSON object", where=f"{path}:{number}:1", fix='write {"id": "…", …}')
        yield _Row(path, number, cells)


def _record(row: _Row, stream: str, saved: datetime) -> Record:
    values = {name: _with_time(row, name, value, _rule(row, name, stream)) for name, value in row.cells.items()}
    error = best_match(_validator(stream).iter_errors(values))
    if error is not None:
        column = str(error.absolute_path[0]) if error.absolute_path else "id"
        raise row.wrong(column, f"{column}: {error.message}", f"see schemas/streams/{stream}.json")
    key, ref, changed = values.pop("id"), values.pop("ref", None), values.pop("changed_at", None)
    return Record(key, ref or key, "", datetime.fromisoformat(changed) if changed else saved, values)


@cache
def _validator(stream: str) -> Draft202012Validator:
    rules: dict[str, Any] = schema(f"streams/{stream}")
    own = {**_ENVELOPE, "id": {"type": "string", "minLength": 1}}
    return Draft202012Validator({**rules, "properties": {**rules["properties"], **own}, "required": ["id"]})


@cache
def _rules(stream: str) -> dict[str, Mapping[str, Json]]:
    return {**_ENVELOPE, **schema(f"streams/{stream}")["properties"]}


def _rule(row: _Row, name: str, stream: str) -> Mapping[str, Json]:
    """What the stream's schema says of a column; UsageError when it has no such column."""
    rules = _rules(stream)
    if name not in rules:
        fix = _suggestion(name, tuple(rules), "delete it")
        raise row.wrong(name, f"the stream {stream!r} has no field {name!r}", fix)
    return rules[name]


def _from_text(row: _Row, name: str, text: str, rule: Mapping[str, Json]) -> Json:
    """A CSV cell as what the schema asks for; dates are left to `_with_time`."""
    kinds = set(rule["type"])
    if "array" in kinds and rule["items"].get("type") == "string":
        return [part.strip() for part in re.split("[;；]", text) if part.strip()]
    if kinds & {"array", "object"}:
        raise row.wrong(name, f"{name!r} does not fit into a cell", f"write this stream as {row.path.stem}.jsonl")
    if "boolean" in kinds:
        if text.lower() not in _TRUTH:
            raise row.wrong(name, f"{text!r} is neither true nor false", "write true or false, 是 or 否")
        return _TRUTH[text.lower()]
    if "integer" in kinds or "number" in kinds:
        return _number(row, name, text, whole="integer" in kinds)
    return text


def _number(row: _Row, name: str, text: str, *, whole: bool) -> int | float:
    if not re.fullmatch(r"[+-]?\d{1,15}" if whole else r"[+-]?\d{1,15}(\.\d+)?", text):
        kind = "a whole number" if whole else "a number"
        raise row.wrong(name, f"{text!r} is not {kind}", "write digits, with a point for decimals and no separators")
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
    fix = "write 2016-03-31, or with the time and its zone: 2016-03-31T18:00:00+08:00"
    raise row.wrong(name, f"{value!r} is not a date", fix)


def _suggestion(name: str, known: Sequence[str], otherwise: str) -> str:
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else f"{otherwise}; ") + f"there are: {', '.join(known)}"
