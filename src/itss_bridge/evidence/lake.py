"""Delta tables on a local folder, one per stream: rows, cursor and chain head in one commit, made durable at once."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

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
        return self._entry(self._open().version()) if self.exists else None

    def entries(self) -> Iterator[Entry]:
        """All entries, newest first; IntegrityError at a commit that is not ours."""
        for sequence in range(self._open().version() if self.exists else -1, -1, -1):
            yield self._entry(sequence)

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

        The rows' file is whole and on disk before the commit names it; a commit that landed although its
        acknowledgement was lost is recognised and not repeated.
        """
        for _ in range(_MAX_RETRIES):
            table = self._grown(self._open()) if self.exists else None
            before = self._entry(table.version()) if table else None
            bare = Entry(
                sequence=before.sequence + 1 if before else 0,
                previous=before.head if before else GENESIS,
                run=run,
                at=at,
                rows=len(rows),
                digest=batch_digest(row.digest for row in rows) if rows else "",
                file="",
                file_digest="",
                log_before=sha256(self._log(before.sequence)) if before else "",
                sources={**(before.sources if before else {}), source: mark},
            )
            entry, action = self._written(rows, bare) if rows else (bare.sealed(), None)
            if self._commit(table, entry, action):
                return entry
        raise IntegrityError(f"{self.stream}: {_MAX_RETRIES} commits in a row were overtaken", where=str(self.path))

    def _written(self, rows: Sequence[Stored], bare: Entry) -> tuple[Entry, AddAction]:
        """Write the rows' own file and seal the entry that names it."""
        name = f"{bare.sequence:08d}-{bare.digest[:16]}.parquet"
        path = self.path / name
        self.path.mkdir(parents=True, exist_ok=True)
        data = self.rows.table(rows, at=bare.at, run=bare.run, batch=bare.sequence)
        with path.open("wb") as file:
            pq.write_table(data, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        entry = replace(bare, file=name, file_digest=sha256(path)).sealed()
        stats = json.dumps({"numRecords": len(rows)})
        moment = int(bare.at.timestamp() * 1000)
        return entry, AddAction(name, path.stat().st_size, {}, moment, data_change=True, stats=stats)

    def _commit(self, table: DeltaTable | None, entry: Entry, action: AddAction | None) -> bool:
        """Whether the entry is in the log now; False when another commit was there first."""
        properties = CommitProperties(
            custom_metadata={METADATA: entry.text()},
            app_transactions=[Transaction(METADATA, entry.sequence, int(entry.at.timestamp() * 1000))],
        )
        actions: list[AddAction | RemoveAction] = [action] if action else []
        schema = Schema.from_arrow(self.rows.arrow)
        try:
            if table is None:
                self.path.mkdir(parents=True, exist_ok=True)
                place = str(self.path)
                create_table_with_add_actions(
                    place,
                    schema,
                    [action] if action else [],
                    "error",
                    configuration=_SETTINGS,
                    commit_properties=properties,
                )
            else:
                table.create_write_transaction(actions, "append", schema, commit_properties=properties)
        except CommitFailedError:
            landed = self.last()
            return landed is not None and landed.head == entry.head
        _sync_to_disk(self._log(entry.sequence), self.path / "_delta_log", self.path, self.path.parent)
        return True

    def _grown(self, table: DeltaTable) -> DeltaTable:
        """The table with the columns that the stream's schema has gained since; it only ever gains."""
        there = {field.name for field in table.schema().fields}
        missing = [field for field in Schema.from_arrow(self.rows.arrow).fields if field.name not in there]
        if missing:
            before = self._entry(table.version())
            entry = replace(
                before,
                sequence=before.sequence + 1,
                previous=before.head,
                rows=0,
                digest="",
                file="",
                file_digest="",
                log_before=sha256(self._log(before.sequence)),
            ).sealed()
            table.alter.add_columns(missing, commit_properties=CommitProperties({METADATA: entry.text()}))
            _sync_to_disk(self._log(entry.sequence), self.path / "_delta_log")
            return self._open()
        return table

    def _log(self, sequence: int) -> Path:
        """The log file of a commit."""
        return self.path / "_delta_log" / f"{sequence:020d}.json"

    def _open(self) -> DeltaTable:
        try:
            table = DeltaTable(self.path)
        except Exception as error:  # noqa: BLE001 - a damaged table makes delta-rs raise many kinds
            raise IntegrityError(
                f"the evidence of {self.stream} cannot be opened",
                where=str(self.path),
                cause=str(error).splitlines()[0],
                fix="restore the folder from a backup; `itss-bridge verify` names what is damaged",
            ) from None
        newest = self._log(_newest_commit(self.path))
        if not newest.stat().st_size or table.version() != int(newest.stem):
            raise IntegrityError(
                f"the newest commit of {self.stream} is damaged",
                where=str(newest),
                cause="its file is empty or cannot be read, so the table would open one commit short",
                fix="restore that file from a backup; nothing is written until then",
            )
        return table

    def _entry(self, sequence: int) -> Entry:
        """The entry of one commit, read from its own file: the log is kept for ever, so every one is there."""
        path = self._log(sequence)
        try:
            actions = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
            (about,) = [action["commitInfo"] for action in actions if "commitInfo" in action]
            return Entry.of(about[METADATA])
        except (OSError, KeyError, TypeError, ValueError):
            raise IntegrityError(
                f"commit {sequence} of {self.stream} was not written by itss-bridge",
                where=str(path),
                cause="another program changed the table, or the commit's file was altered",
                fix="restore the folder from a backup",
            ) from None

    def verify(self, *, rows: bool = True) -> Iterator[Damage]:
        """Follow the chain and compare every byte with it; with *rows* also name each record that was changed."""
        try:
            entries = sorted(self.entries(), key=lambda e: e.sequence)
            listed = {Path(path).name for path in self.files()}
        except IntegrityError as error:
            yield Damage(self.stream, error.where, f"{error.what}. {error.cause}")
            return
        yield from self._broken_links(entries)
        for entry in entries:
            if entry.file:
                yield from self._broken_file(entry, rows=rows)
        for name in sorted(listed ^ {entry.file for entry in entries if entry.file}):
            yield Damage(self.stream, str(self.path / name), "the table's log and the chain do not name the same files")

    def _broken_links(self, entries: Sequence[Entry]) -> Iterator[Damage]:
        previous, log_before = GENESIS, ""
        for sequence, entry in enumerate(entries):
            where = str(self._log(sequence))
            if entry.sequence != sequence:
                yield Damage(self.stream, where, f"the chain goes on with entry {entry.sequence}")
                return
            if entry.head != entry.expected_head():
                yield Damage(self.stream, where, "its entry was changed after it was written")
            if entry.previous != previous:
                yield Damage(self.stream, where, "does not link to the commit before it")
            if entry.log_before != log_before:
                before = str(self._log(sequence - 1))
                yield Damage(self.stream, before, "the commit's file was changed after it was written")
            previous, log_before = entry.head, sha256(self._log(sequence))

    def _broken_file(self, entry: Entry, *, rows: bool) -> Iterator[Damage]:
        path = self.path / entry.file
        try:
            if sha256(path) == entry.file_digest:
                return
            yield Damage(self.stream, str(path), "the file's bytes were changed after they were committed")
            if rows:
                yield from self._changed_rows(path)
        except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
            yield Damage(self.stream, str(path), f"cannot be read: {str(error).splitlines()[0]}")

    def _changed_rows(self, path: Path) -> Iterator[Damage]:
        for batch in pq.ParquetFile(path).iter_batches(8192):
            for row in batch.to_pylist():
                if self.rows.back(row).digest != row["digest"]:
                    yield Damage(self.stream, str(path), f"{row['ref']} ({row['id']}) says something else now")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_to_disk(*paths: Path) -> None:
    """Force files and folders to disk: delta-rs leaves that to the operating system."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _newest_commit(table: Path) -> int:
    """The highest commit number that has a file, whatever is in it."""
    return max(int(m[1]) for file in (table / "_delta_log").iterdir() if (m := _COMMIT.fullmatch(file.name)))


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
