"""Take away what need not be kept: old versions, and records gone at the tool. Salted digests stay in their place."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from itss_bridge.errors import IntegrityError, UsageError
from itss_bridge.evidence.audit import Audit
from itss_bridge.evidence.chain import leftovers
from itss_bridge.evidence.lake import Lake
from itss_bridge.evidence.ledger import Entry, Purge, Replacement, batch_digest
from itss_bridge.evidence.privacy import salted
from itss_bridge.evidence.query import connect, listed
from itss_bridge.evidence.table import StreamTable, Written, file_name
from itss_bridge.messages import say

_STAYS = frozenset({"source", "id", "digest", "collected_at", "run", "batch", "removed"})
"""What is left of a purged row: that this record had a version then, and what it takes to prove which."""

# A version speaks for its record from its collection until the next one's; one that says "gone" speaks for nothing.
_VERSIONS = """
    CREATE TABLE versions AS
    SELECT filename AS file, file_row_number AS position, source, id, ref, changed_at IS NULL AS purged, collected_at,
           CASE WHEN removed THEN collected_at ELSE lead(collected_at) OVER same END AS until,
           last_value(removed) OVER (same ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS gone,
           coalesce(bool_or(ref = $record OR id = $record) OVER (PARTITION BY source, id), false) AS named
    FROM read_parquet([{files}], union_by_name = true, filename = true, file_row_number = true)
    WINDOW same AS (PARTITION BY source, id ORDER BY batch)
"""
_DUE = """
    CREATE TABLE due AS SELECT * FROM versions
    WHERE NOT purged AND (named OR NOT $one) AND until < coalesce($before, 'infinity'::TIMESTAMPTZ)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to purge: what ceased to be current before *before*, or the record that *record* names by ref or id."""

    before: datetime | None = None
    record: str | None = None


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """What a purge takes from one source's part of a stream.

    Reports as of a moment after *since*, up to *until*, will lack records that they had; None when no report will.
    """

    stream: str
    source: str
    records: int
    rows: int
    files: int
    since: datetime | None
    until: datetime | None


class StreamPurge:
    """One stream, looked through once: first what would be purged, then, if told so, the purge itself."""

    def __init__(self, table: StreamTable, wanted: Wanted) -> None:
        """Look for what is *wanted* in a stream that has files; nothing is changed."""
        self._table = table
        self._before = table.last()
        self._db = connect(table.path.parent, table.bounds)
        self._db.execute(_VERSIONS.format(files=listed(table.files())), {"record": wanted.record or ""})
        self._db.execute(_DUE, {"before": wanted.before, "one": wanted.record is not None})

    def close(self) -> None:
        """Give back memory and spill files."""
        self._db.close()

    def named(self) -> int:
        """How many records the wanted record's name stands for."""
        return int(self._one("SELECT count(DISTINCT (source, id)) FROM versions WHERE named"))

    def live(self) -> int:
        """How many of them are still there at their tool."""
        return int(self._one("SELECT count(DISTINCT (source, id)) FROM versions WHERE named AND NOT gone"))

    def plans(self) -> list[PurgePlan]:
        """What would be purged, by source."""
        found = self._db.execute(
            "SELECT source, count(DISTINCT id), count(*), count(DISTINCT file), "
            "min(collected_at) FILTER (collected_at < until), max(until) FILTER (collected_at < until) "
            "FROM due GROUP BY source ORDER BY source"
        ).fetchall()
        return [PurgePlan(self._table.stream, *row) for row in found]

    def apply(self, reason: str, at: datetime) -> Entry | None:
        """Purge; None when there is nothing to purge."""
        plans = self.plans()
        if not plans:
            return None
        before = self._before
        assert before is not None
        rewritten = [self._rewritten(file, places, before.sequence + 1) for file, places in self._places()]
        files = tuple(replacement for replacement, _ in rewritten)
        purge = Purge(at, reason, sum(plan.records for plan in plans), sum(plan.rows for plan in plans), files)
        written = [file for _, file in rewritten]
        entry = self._table.replace_files(purge, written, thinned=_thinned(before.thinned, plans))
        sweep(self._table)
        return entry

    def _one(self, sql: str) -> Any:
        ((value,),) = self._db.execute(sql).fetchall()
        return value

    def _places(self) -> Iterator[tuple[str, list[int]]]:
        """Each file concerned, with the positions of the rows to purge in it."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute("SELECT file, position FROM due ORDER BY file, position")
            rows = iter(cursor.fetchone, None)
            for file, group in groupby(rows, key=lambda row: str(row[0])):
                yield file, [position for _, position in group]

    def _rewritten(self, file: str, places: Sequence[int], sequence: int) -> tuple[Replacement, Written]:
        """Write the file again without the content at *places*; the old one stays until the commit is lasting."""
        old, store = Path(file).name, self._table.store
        with store.opened(old) as opened:
            data = without_content(pq.ParquetFile(opened).read(), places)
        new = self._table.write(file_name(sequence, batch_digest(data["digest"].to_pylist())), [data])
        return Replacement(old, store.digest(old), new.name, new.digest, len(places)), new


def _thinned(before: Mapping[str, datetime], plans: Sequence[PurgePlan]) -> dict[str, datetime]:
    """Of each source, up to which moment its evidence may lack records."""
    latest = dict(before)
    for plan in plans:
        if plan.until:
            latest[plan.source] = max(plan.until, latest.get(plan.source, plan.until))
    return latest


def without_content(data: pa.Table, places: Sequence[int]) -> pa.Table:
    """The rows with salted digests and nothing else of their content at *places*; all others as they are."""
    gone = set(places)
    kept = pa.array([None if n in gone else n for n in range(data.num_rows)], pa.int64())
    digests = [salted(digest) if n in gone else digest for n, digest in enumerate(data["digest"].to_pylist())]
    columns = {name: data[name] if name in _STAYS else data[name].take(kept) for name in data.column_names}
    columns["digest"] = pa.array(digests, data.schema.field("digest").type)
    return pa.Table.from_arrays([columns[name] for name in data.column_names], schema=data.schema)


def purge(
    lake: Lake, streams: Sequence[str], wanted: Wanted, reason: str, at: datetime, *, apply: bool
) -> list[PurgePlan]:
    """Purge what is *wanted* from *streams*, or with *apply* false only say what would be purged.

    Raises:
        UsageError: the record is not there, or is still live at its tool; nothing was purged.
        IntegrityError: a stream is damaged; nothing was purged.
    """
    tables = [lake.table(stream) for stream in streams]
    for table in tables:
        refuse_damage(table, say("nothing is purged from damaged evidence"))
    filled = [table for table in tables if table.files()]
    if wanted.record is not None:
        _refuse_live(filled, wanted)
    for table in tables if apply else ():
        sweep(table)
    plans: list[PurgePlan] = []
    for table in filled:
        with closing(StreamPurge(table, wanted)) as found:
            plans += found.plans()
            if apply:
                found.apply(reason, at)
    return plans


def refuse_damage(table: StreamTable, what: str, *, fast: bool = False) -> None:
    """Write sound evidence again only: a file that was changed and is then written would look as if it were ours."""
    damage = next(Audit(table, fast=fast).damage(), None) if table.exists else None
    if damage is not None:
        raise IntegrityError(
            what,
            where=damage.where,
            cause=damage.what,
            fix=say("restore from a backup what `itss-bridge verify` names, then run this again"),
        )


def _refuse_live(tables: Sequence[StreamTable], wanted: Wanted) -> None:
    named, live = 0, 0
    for table in tables:
        with closing(StreamPurge(table, wanted)) as found:
            named, live = named + found.named(), live + found.live()
    if not named:
        raise UsageError(
            say("no record has the ref or id {record!r}", record=wanted.record),
            fix=say("`itss-bridge evidence list STREAM` shows both"),
        )
    if live:
        raise UsageError(
            say("{record} is still there at its tool", record=wanted.record),
            cause=say("a record that is purged here and not there would come back with the next full read"),
            fix=say("delete it at the tool, or take it out of what the source reads; sync; then purge it"),
        )


def sweep(table: StreamTable) -> None:
    """Delete what no commit names: the files just replaced, and what an interruption left behind."""
    table.store.delete(leftovers(table))
