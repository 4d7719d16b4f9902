"""Records into rows and back: one typed column per field of the stream's schema, one digest per row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Self

import orjson

from itss_bridge.columns import Columns
from itss_bridge.contracts import Record
from itss_bridge.data import schema
from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence.kinds import (
    INSTANT,
    TRUTH,
    WHOLE,
    WORD,
    Kept,
    Kind,
    Person,
    Word,
    arrow_type,
    column_of,
    kind_of,
)
from itss_bridge.evidence.ledger import canonical
from itss_bridge.messages import say

if TYPE_CHECKING:
    import pyarrow as pa

ENVELOPE = (
    ("source", WORD),
    ("id", WORD),
    ("ref", WORD),
    ("url", WORD),
    ("digest", WORD),
    ("changed_at", INSTANT),
    ("collected_at", INSTANT),
    ("run", WORD),
    ("batch", WHOLE),
    ("removed", TRUTH),
)
_CONTENT = ("source", "id", "ref", "url", "changed_at", "removed")
_OF_THE_COMMIT = ("collected_at", "run", "batch")


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
        self.columns = {name: kind_of(rule) for name, rule in properties.items()}
        self.people = frozenset(name for name, rule in properties.items() if rule.get("x-person"))
        self._kinds: dict[Callable[[str], str], Mapping[str, Kind]] = {}

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Every column of the lake and its type as DuckDB names it, in the lake's order."""
        return {**dict(ENVELOPE), **{name: kind.sql for name, kind in self.columns.items()}}

    @cached_property
    def arrow(self) -> pa.Schema:
        """The same for Arrow."""
        import pyarrow as pa

        return pa.schema([(name, arrow_type(sql)) for name, sql in self.types.items()])

    @classmethod
    @cache
    def of(cls, stream: str) -> Self:
        """The one instance for *stream*."""
        return cls(stream)

    def stored(self, source: str, record: Record, pseudonym: Callable[[str], str]) -> Stored:
        """The record as it will be kept: typed, people by pseudonym; SourceUnavailable names a field that is wrong."""
        kinds = self._kinds_with(pseudonym)
        try:
            content = {name: kinds[name].one(value) for name, value in record.data.items() if value is not None}
            return self._digested(source, record.id, record.ref, record.url, record.changed_at, content, removed=False)
        except (KeyError, TypeError, ValueError):
            raise self._wrong(source, record, kinds) from None

    def batch(self, source: str, records: Sequence[Record], pseudonym: Callable[[str], str]) -> pa.Table:
        """All of the records as `stored` makes them, as a table that `committed` completes.

        They are taken column by column. Where that finds anything out of the ordinary they are taken one by one: then
        either the record that is wrong is named, or what only looked wrong from afar is kept all the same.
        """
        try:
            return self._side_by_side(source, Columns.of(records), self._kinds_with(pseudonym))
        except (KeyError, TypeError, ValueError):
            return self.together([self.stored(source, record, pseudonym) for record in records])

    def _kinds_with(self, pseudonym: Callable[[str], str]) -> Mapping[str, Kind]:
        """What reads each field, people through *pseudonym*; made once per source, looked up for every record."""
        if pseudonym not in self._kinds:
            self._kinds[pseudonym] = {**self.columns, **dict.fromkeys(self.people, Person(pseudonym))}
        return self._kinds[pseudonym]

    def _side_by_side(self, source: str, records: Columns, kinds: Mapping[str, Kind]) -> pa.Table:
        n = len(records)
        kept = {name: kinds[name].column(values) for name, values in records.data.items() if _any_given(values)}
        changed = [at if at.tzinfo is UTC else at.astimezone(UTC) for at in records.changed_at]
        columns = {name: _all_given(values) for name, values in _named(records)}
        columns |= {name: column.arrow for name, column in kept.items()}
        columns["source"] = _throughout(source, WORD, n)
        columns["changed_at"] = column_of(changed, INSTANT)
        columns["removed"] = _throughout(False, TRUTH, n)  # noqa: FBT003 - a value like any other
        columns["digest"] = column_of(list(_digests(source, records, changed, kept)), WORD)
        return self._in_shape(columns, n)

    def together(self, rows: Sequence[Stored]) -> pa.Table:
        """Rows as a table that `committed` completes."""
        contents = [row.content for row in rows]
        columns = {name: [content.get(name) for content in contents] for name in self.columns}
        columns |= {name: [getattr(row, name) for row in rows] for name in (*_CONTENT, "digest")}
        arrays = {name: column_of(values, self.types[name]) for name, values in columns.items()}
        return self._in_shape(arrays, len(rows))

    def _in_shape(self, columns: Mapping[str, Any], n: int) -> pa.Table:
        """In the lake's order, without what only the commit knows; columns that are missing are null throughout."""
        import pyarrow as pa

        fields = [field for field in self.arrow if field.name not in _OF_THE_COMMIT]
        arrays = [columns[f.name] if f.name in columns else pa.nulls(n, f.type) for f in fields]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def committed(self, batch: pa.Table, *, at: datetime, run: str, number: int) -> pa.Table:
        """The table in the lake's shape: which commit brought its rows, and when."""
        import pyarrow as pa

        known = {"collected_at": at, "run": run, "batch": number}
        columns = {name: _throughout(value, self.types[name], batch.num_rows) for name, value in known.items()}
        arrays = [columns[name] if name in columns else batch[name] for name in self.arrow.names]
        return pa.Table.from_arrays(arrays, schema=self.arrow)

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

    def _wrong(self, source: str, record: Record, kinds: Mapping[str, Kind]) -> SourceUnavailable:
        """Which field cannot be kept, and why: looked for only once a record has failed."""
        name, cause = "", str(say("a value is not text that can be stored"))
        for name, value in record.data.items():
            if name not in kinds:
                cause = say("the stream has no such field")
                break
            try:
                canonical(value if value is None else kinds[name].one(value))
            except (TypeError, ValueError) as error:
                cause = str(error)
                break
        return SourceUnavailable(
            say(
                "{stream} {ref}: field {name!r} cannot be kept",
                stream=self.stream,
                ref=record.ref or record.id,
                name=name,
            ),
            where=say("source {source}", source=source),
            cause=cause,
            fix=say("this is a fault of the connector or of its field mapping; see schemas/streams/"),
        )

    def digests(self, data: pa.Table) -> Iterator[str]:
        """The digest of each row read from the lake, computed from what was read, column by column."""
        envelope = sorted(_CONTENT)
        names = sorted(name for name in self.columns if name in data.column_names)
        heads = zip(*(_plain(data[name]) for name in envelope), strict=True)
        contents = zip(*(_plain(data[name]) for name in names), strict=True)
        for head, values in zip(heads, contents, strict=True):
            content = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            row = [dict(zip(envelope, head, strict=True)), content]
            yield hashlib.sha256(orjson.dumps(row, option=orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)).hexdigest()

    def back(self, row: Mapping[str, Any]) -> Stored:
        """A row read from the lake; its digest is computed from what was read, not copied."""
        content = {name: value for name in self.columns if (value := row.get(name)) is not None}
        source, key, ref, url, changed_at, removed = (row[name] for name in _CONTENT)
        return self._digested(source, key, ref, url, changed_at, content, removed=removed)


def _plain(column: pa.ChunkedArray) -> Sequence[Any]:
    """Values in Python; moments without their zone, which is UTC throughout, for that is several times as fast."""
    import pyarrow as pa

    moments = column.type == arrow_type(INSTANT)
    values: Sequence[Any] = (column.cast(pa.timestamp("us")) if moments else column).to_pylist()
    return values


def _throughout(value: Any, sql: str, n: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(value, arrow_type(sql)), n)


def _any_given(values: Sequence[Any]) -> bool:
    return values.count(None) < len(values)


def _named(records: Columns) -> Iterable[tuple[str, Sequence[str]]]:
    return ("id", records.id), ("ref", records.ref), ("url", records.url)


def _all_given(texts: Sequence[str]) -> pa.Array:
    """Words, all there: what a record is known by."""
    if None in texts:
        raise TypeError("a record has no id, ref or url")
    return Word().column(texts).arrow


def _digests(source: str, records: Columns, changed: Sequence[datetime], kept: Mapping[str, Kept]) -> Iterator[str]:
    """The digest of each record, as `canonical` spells it: its keys are sorted already."""
    names = sorted(kept)
    contents = zip(*(kept[name].spelt for name in names), strict=True) if names else iter([()] * len(records))
    for key, ref, url, at, values in zip(records.id, records.ref, records.url, changed, contents, strict=True):
        envelope = {"changed_at": at, "id": key, "ref": ref, "removed": False, "source": source, "url": url}
        content = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        yield hashlib.sha256(orjson.dumps([envelope, content], option=orjson.OPT_UTC_Z)).hexdigest()


def history(text: str | None) -> list[dict[str, Any]]:
    """The `history` field as it was given: events oldest first."""
    events: list[dict[str, Any]] = orjson.loads(text) if text else []
    return events
