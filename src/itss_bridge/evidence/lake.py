"""Delta tables on a local folder, one per stream: rows, cursor and chain head in one commit, made durable at once."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from itss_bridge.data import stream_names
from itss_bridge.errors import IntegrityError
from itss_bridge.evidence.ledger import GENESIS, Entry, SourceMark, batch_digest
from itss_bridge.evidence.rows import Stored, StreamRows

METADATA = "itss_bridge"
_COMMIT = re.compile(r"(\d{20})\.json")
_SETTINGS = {
    "delta.appendOnly": "true",
    # the log holds the chain: it is evidence, never housekeeping
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}
_MAX_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Damage:
    """One place where stored evidence is not what was stored."""

    stream: str
    where: str
    what: str


class StreamTable:
    """One stream's versions. Only the holder of the workspace's lock appends."""

    def __init__(self, root: Path, stream: str) -> None:
        self.stream = stream
        self.path = root / stream
        self.rows = StreamRows.of(stream)

    @property
    def exists(self) -> bool:
        """Whether anything was ever committed."""
        return (self.path / "_delta_log").is_dir()

    def last(self) -> Entry | None:
        """The newest entry; IntegrityError when the log is damaged at its end."""
        return self._entry(self._open()) if self.exists else None

    def entries(self) -> Iterator[Entry]:
        """All entries, newest first; IntegrityError at a commit that is not ours."""
        for commit in self._open().history() if self.exists else ():
            yield self._entry_of(commit)

    def entry_before(self, end: datetime) -> Entry | None:
        """The newest entry made before *end*: where every source stood then."""
        newest = self.last()
        if newest is None or newest.at < end:
            return newest
        return next((entry for entry in self.entries() if entry.at < end), None)

    def files(self) -> list[str]:
        """The Parquet files of the newest version, sorted."""
        return sorted(self._open().file_uris()) if self.exists else []

    def append(self, rows: Sequence[Stored], *, run: str, at: datetime, source: str, mark: SourceMark) -> Entry:
        """Commit *rows* and the source's new *mark* in one commit, on disk when this returns.

        A commit that landed although its acknowledgement was lost is recognised by its transaction number.
        """
        for _ in range(_MAX_RETRIES):
            table = self._open() if self.exists else None
            before = self._entry(table) if table else None
            entry = _next_entry(before, rows, run=run, at=at, source=source, mark=mark)
            if table and (table.transaction_version(METADATA) or -1) >= entry.sequence:
                raise IntegrityError("the transaction number is ahead of the chain", where=str(self.path))
            try:
                self._write(table, self.rows.table(rows, at=at, run=run, batch=entry.sequence), entry)
            except CommitFailedError:
                landed = self.last()
                if landed is not None and landed.head == entry.head:
                    return entry
                continue
            self._make_durable()
            return entry
        raise IntegrityError(f"{self.stream}: {_MAX_RETRIES} commits in a row were overtaken", where=str(self.path))

    def _write(self, table: DeltaTable | None, rows: pa.Table, entry: Entry) -> None:
        properties = CommitProperties(
            custom_metadata={METADATA: entry.text()},
            app_transactions=[Transaction(METADATA, entry.sequence, int(entry.at.timestamp() * 1000))],
        )
        if table is None:
            write_deltalake(self.path, rows, mode="append", configuration=_SETTINGS, commit_properties=properties)
        else:
            merge = table.schema().to_arrow() != rows.schema  # a stream's schema only ever gains columns
            schema_mode = "merge" if merge else None
            write_deltalake(table, rows, mode="append", schema_mode=schema_mode, commit_properties=properties)

    def _open(self) -> DeltaTable:
        try:
            table = DeltaTable(self.path)
        except Exception as error:
            raise IntegrityError(
                f"the evidence of {self.stream} cannot be opened",
                where=str(self.path),
                cause=str(error).splitlines()[0],
                fix="restore the folder from a backup; `itss-bridge verify` names what is damaged",
            ) from None
        newest = max((int(m[1]) for name in os.listdir(self.path / "_delta_log") if (m := _COMMIT.fullmatch(name))))
        if table.version() != newest:
            raise IntegrityError(
                f"the newest commit of {self.stream} is damaged",
                where=str(self.path / "_delta_log" / f"{newest:020d}.json"),
                cause=f"the log has {newest + 1} commits but only {table.version() + 1} can be read",
                fix="restore that file from a backup; nothing is written until then",
            )
        return table

    def _entry(self, table: DeltaTable) -> Entry:
        return self._entry_of(table.history(1)[0])

    def _entry_of(self, commit: Mapping[str, Any]) -> Entry:
        try:
            return Entry.of(commit[METADATA])
        except (KeyError, TypeError, ValueError):
            raise IntegrityError(
                f"commit {commit.get('version')} of {self.stream} was not written by itss-bridge",
                where=str(self.path),
                cause="another program changed the table, or the commit's metadata was altered",
                fix="restore the folder from a backup",
            ) from None

    def _make_durable(self) -> None:
        """Force the commit, its files and their folders to disk: delta-rs leaves that to the operating system."""
        log = self.path / "_delta_log"
        newest = max(name for name in os.listdir(log) if _COMMIT.fullmatch(name))
        actions = map(json.loads, (log / newest).read_text("utf-8").splitlines())
        added = [self.path / action["add"]["path"] for action in actions if "add" in action]
        for path in (*added, self.path, log / newest, log, self.path.parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def verify(self) -> Iterator[Damage]:
        """Recompute every digest and every link of the chain; yields each place that does not agree."""
        try:
            entries = sorted(self.entries(), key=lambda e: e.sequence)
        except IntegrityError as error:
            yield Damage(self.stream, error.where, f"{error.what}. {error.cause}")
            return
        yield from self._broken_links(entries)
        yield from self._broken_batches({entry.sequence: entry for entry in entries})

    def _broken_links(self, entries: Sequence[Entry]) -> Iterator[Damage]:
        previous = GENESIS
        for sequence, entry in enumerate(entries):
            where = f"{self.path}: commit {sequence}"
            if entry.sequence != sequence:
                yield Damage(self.stream, where, f"the chain goes on with entry {entry.sequence}")
            if entry.previous != previous:
                yield Damage(self.stream, where, "does not link to the commit before it")
            if entry.head != entry.expected_head():
                yield Damage(self.stream, where, "its entry was changed after it was written")
            previous = entry.head

    def _broken_batches(self, entries: Mapping[int, Entry]) -> Iterator[Damage]:
        found: dict[int, list[str]] = {}
        for path in self.files():
            try:
                yield from self._read_digests(path, entries, found)
            except (OSError, pa.ArrowException) as error:
                yield Damage(self.stream, path, f"cannot be read: {str(error).splitlines()[0]}")
        for sequence, entry in entries.items():
            digests = found.get(sequence, [])
            if len(digests) != entry.rows or batch_digest(digests) != entry.digest:
                what = f"{len(digests)} rows stored, {entry.rows} committed; their digests do not agree"
                yield Damage(self.stream, f"{self.path}: commit {sequence}", what)

    def _read_digests(self, path: str, entries: Mapping[int, Entry], found: dict[int, list[str]]) -> Iterator[Damage]:
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(8192):
            for row in batch.to_pylist():
                stored, entry = self.rows.back(row), entries.get(row["batch"])
                found.setdefault(row["batch"], []).append(stored.digest)
                if stored.digest != row["digest"]:
                    yield Damage(self.stream, path, f"{row['ref']} ({row['id']}) was changed after it was stored")
                elif entry is None or entry.run != row["run"] or entry.at != row["collected_at"]:
                    yield Damage(self.stream, path, f"{row['ref']} ({row['id']}) claims another run or time")


def _next_entry(
    before: Entry | None, rows: Sequence[Stored], *, run: str, at: datetime, source: str, mark: SourceMark
) -> Entry:
    return Entry(
        sequence=before.sequence + 1 if before else 0,
        previous=before.head if before else GENESIS,
        run=run,
        at=at,
        rows=len(rows),
        digest=batch_digest(row.digest for row in rows),
        sources={**(before.sources if before else {}), source: mark},
    ).sealed()


class Lake:
    """All streams of one workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def table(self, stream: str) -> StreamTable:
        """The table of *stream*, whether or not anything is in it yet."""
        return StreamTable(self.root, stream)

    def streams(self) -> list[str]:
        """Streams that hold at least one commit, sorted."""
        return [name for name in stream_names() if self.table(name).exists]

    def verify(self) -> Iterator[Damage]:
        """All damage in all streams."""
        for stream in self.streams():
            yield from self.table(stream).verify()

    def heads(self) -> dict[str, str]:
        """The newest chain head of each stream."""
        return {stream: entry.head for stream in self.streams() if (entry := self.table(stream).last())}

    def last_collected(self) -> datetime | None:
        """When evidence was last collected."""
        entries = [self.table(stream).last() for stream in self.streams()]
        return max((entry.at for entry in entries if entry), default=None)


def connect(root: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that may spill beside the lake, never reaches for the network, and reads times as UTC."""
    spill = root / ".spill"
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": os.environ.get("ITSS_BRIDGE_MEMORY", "2GB"),
            "temp_directory": str(spill),
            "preserve_insertion_order": "false",
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def current_sql(files: Iterable[str], *, end: str = "$end") -> str:
    """SQL of the newest version of each record collected before *end*, records that are gone left out."""
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    return f"""
        SELECT * FROM read_parquet([{listed}], union_by_name = true)
        WHERE collected_at < {end}
        QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY batch DESC) = 1 AND NOT removed
    """  # noqa: S608 - file names come from the lake's own log, quoted
