"""Records into rows and back: one typed column per field of the stream's schema, one digest per row."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import orjson
import pyarrow as pa

from itss_bridge.contracts import Record
from itss_bridge.data import schema
from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence.ledger import canonical

_INSTANT = pa.timestamp("us", "UTC")
ENVELOPE = (
    ("source", pa.string()),
    ("id", pa.string()),
    ("ref", pa.string()),
    ("url", pa.string()),
    ("digest", pa.string()),
    ("changed_at", _INSTANT),
    ("collected_at", _INSTANT),
    ("run", pa.string()),
    ("batch", pa.int64()),
    ("removed", pa.bool_()),
)
_CONTENT = ("source", "id", "ref", "url", "changed_at", "removed")


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one record, ready to be written. *content* has the stream's fields that are not null."""

    source: str
    id: str
    ref: str
    url: str
    changed_at: datetime
    removed: bool
    content: Mapping[str, Any]
    digest: str


class StreamRows:
    """How one stream's records become rows."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        properties: dict[str, Any] = schema(f"streams/{stream}")["properties"]
        self.columns = {name: _column(rule) for name, rule in properties.items()}
        self.people = frozenset(name for name, rule in properties.items() if rule.get("x-person"))
        self._readers: dict[Callable[[str], str], Mapping[str, Callable[[Any], Any]]] = {}
        self.arrow = pa.schema([*ENVELOPE, *((name, c.type) for name, c in self.columns.items())])

    @classmethod
    @cache
    def of(cls, stream: str) -> Self:
        """The one instance for *stream*."""
        return cls(stream)

    def stored(self, source: str, record: Record, pseudonym: Callable[[str], str]) -> Stored:
        """The record as it will be kept: typed, people by pseudonym; SourceUnavailable names a field that is wrong."""
        readers = self._readers_with(pseudonym)
        try:
            content = {name: readers[name](value) for name, value in record.data.items() if value is not None}
            return self._digested(source, record.id, record.ref, record.url, record.changed_at, content, removed=False)
        except (KeyError, TypeError, ValueError):
            raise self._wrong(source, record, readers) from None

    def _readers_with(self, pseudonym: Callable[[str], str]) -> Mapping[str, Callable[[Any], Any]]:
        """What reads each field, people through *pseudonym*; made once per source, looked up for every record."""
        if pseudonym not in self._readers:
            readers = {name: column.read for name, column in self.columns.items()}
            self._readers[pseudonym] = readers | dict.fromkeys(self.people, pseudonym)
        return self._readers[pseudonym]

    def gone(self, known: Stored) -> Stored:
        """The mark that a record is no longer there, or no longer visible."""
        return self._digested(
            known.source, known.id, known.ref, known.url, known.changed_at, known.content, removed=True
        )

    def _digested(
        self,
        source: str,
        key: str,
        ref: str,
        url: str,
        changed_at: datetime,
        content: Mapping[str, Any],
        *,
        removed: bool,
    ) -> Stored:
        changed = changed_at.astimezone(UTC)
        envelope = {"source": source, "id": key, "ref": ref, "url": url, "changed_at": changed, "removed": removed}
        digest = hashlib.sha256(canonical([envelope, content])).hexdigest()
        return Stored(source, key, ref, url, changed, removed, content, digest)

    def _wrong(self, source: str, record: Record, readers: Mapping[str, Callable[[Any], Any]]) -> SourceUnavailable:
        """Which field cannot be kept, and why: looked for only once a record has failed."""
        name, cause = "", "a value is not text that can be stored"
        for name, value in record.data.items():
            if name not in readers:
                cause = "the stream has no such field"
                break
            try:
                canonical(value if value is None else readers[name](value))
            except (TypeError, ValueError) as error:
                cause = str(error)
                break
        return SourceUnavailable(
            f"{self.stream} {record.ref or record.id}: field {name!r} cannot be kept",
            where=f"source {source}",
            cause=cause,
            fix="this is a fault of the connector or of its field mapping; see schemas/streams/",
        )

    def table(self, rows: Sequence[Stored], *, at: datetime, run: str, batch: int) -> pa.Table:
        """Rows as an Arrow table in the lake's shape."""
        n = len(rows)
        columns: list[Any] = [
            [r.source for r in rows],
            [r.id for r in rows],
            [r.ref for r in rows],
            [r.url for r in rows],
            [r.digest for r in rows],
            [r.changed_at for r in rows],
            [at] * n,
            [run] * n,
            [batch] * n,
            [r.removed for r in rows],
        ]
        contents = [r.content for r in rows]
        columns += [[c.get(name) for c in contents] for name in self.columns]
        arrays = [pa.array(values, kind) for values, kind in zip(columns, self.arrow.types, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.arrow)

    def back(self, row: Mapping[str, Any]) -> Stored:
        """A row read from the lake; its digest is computed from what was read, not copied."""
        content = {name: value for name in self.columns if (value := row.get(name)) is not None}
        source, key, ref, url, changed_at, removed = (row[name] for name in _CONTENT)
        return self._digested(source, key, ref, url, changed_at, content, removed=removed)


@dataclass(frozen=True, slots=True)
class _Column:
    type: Any
    read: Callable[[Any], Any]


def _column(rule: Mapping[str, Any]) -> _Column:
    kind = next(t for t in _as_list(rule["type"]) if t != "null")
    if kind == "string":
        return _text_column(rule)
    if kind == "array" and rule["items"]["type"] == "string":
        return _Column(pa.list_(pa.string()), _words)
    simple = {
        "integer": _Column(pa.int64(), _ranged(_whole, rule)),
        "number": _Column(pa.float64(), _ranged(_decimal, rule)),
        "boolean": _Column(pa.bool_(), _truth),
    }
    return simple.get(kind) or _Column(pa.string(), lambda value: canonical(value).decode())


def _text_column(rule: Mapping[str, Any]) -> _Column:
    if rule.get("format") == "date-time":
        return _Column(_INSTANT, _instant)
    allowed = frozenset(rule.get("enum", ())) - {None}
    return _Column(pa.string(), _one_of(allowed) if allowed else _word)


def _as_list(kind: str | list[str]) -> Iterable[str]:
    return [kind] if isinstance(kind, str) else kind


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if type(value) is str else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise TypeError(f"{value!r} is not a time with its zone")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _word(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"{value!r} is not text")
    # half a surrogate pair is no character and can be stored nowhere
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _one_of(allowed: frozenset[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(sorted(allowed))}")
        return str(value)

    return read


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _decimal(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _ranged(read: Callable[[Any], Any], rule: Mapping[str, Any]) -> Callable[[Any], Any]:
    low, high = rule.get("minimum"), rule.get("maximum")
    if low is None and high is None:
        return read

    def ranged(value: Any) -> Any:
        number = read(value)
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValueError(f"{value!r} is outside {low} … {'' if high is None else high}")
        return number

    return ranged


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _words(value: Any) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"{value!r} is not a list")
    return [_word(item) for item in value]


def history(text: str | None) -> list[dict[str, Any]]:
    """The `history` field as it was given: events oldest first."""
    events: list[dict[str, Any]] = orjson.loads(text) if text else []
    return events
