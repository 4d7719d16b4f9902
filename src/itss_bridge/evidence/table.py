"""A Delta table on a local folder for each stream: rows, cursor and chain head in one commit, made durable at once."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from itss_bridge.errors import IntegrityError
from itss_bridge.evidence.ledger import GENESIS, Entry, Purge, SourceMark, batch_digest
from itss_bridge.evidence.query import DEFAULT, Bounds
from itss_bridge.evidence.rows import Stored, StreamRows
from itss_bridge.evidence.seal import SEAL, read_seal, seal, sha256, sync_to_disk

METADATA = "itss_bridge"
"""The key of our entry in a commit, and the name of our application transactions."""

_COMMIT = re.compile(r"(\d{20})\.json")
_SETTINGS = {
    "delta.appendOnly": "true",
    # the log holds the chain: it is evidence, never housekeeping
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}
_MAX_RETRIES = 5
NOT_OURS = "another program changed the table, or the commit's file was altered"
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_FIRST = Entry(0, GENESIS, "", _BEGINNING, 0, "", "", "", "", {})


@dataclass(frozen=True, slots=True)
class Damage:
    """One place where stored evidence is not what was stored."""

    stream: str
    where: str
    what: str


class Watched(Protocol):
    """Told how far a check of a stream's files is; draws progress, or does nothing."""

    def __call__(self, stream: str, done: int, total: int) -> None:
        """*done* of *total* files have been read."""
        ...


def unwatched(stream: str, done: int, total: int) -> None:
    """Draw nothing."""


class StreamTable:
    """One stream's versions. Only the holder of the workspace's lock appends."""

    def __init__(self, root: Path, stream: str, bounds: Bounds = DEFAULT) -> None:
        self.stream = stream
        self.bounds = bounds
        self.path = root / stream
        self.rows = StreamRows.of(stream)

    @property
    def exists(self) -> bool:
        """Whether anything was ever committed; a folder alone is what a first commit leaves that failed."""
        return (self.path / SEAL).exists() or _has_commits(self.path / "_delta_log")

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
        # delta-rs writes them as in an address: 华东 would be %E5%8D%8E%E4%B8%9C
        return sorted(map(unquote, self._open().file_uris())) if self.exists else []

    def append(
        self, rows: Sequence[Stored] | pa.Table, *, run: str, at: datetime, source: str, mark: SourceMark
    ) -> Entry:
        """Commit *rows* and the source's new *mark* in one commit, on disk when this returns.

        The rows' file is whole and on disk before the commit names it; a commit that landed although its
        acknowledgement was lost is recognised and not repeated.
        """
        batch = rows if isinstance(rows, pa.Table) else self.rows.together(rows)
        for _ in range(_MAX_RETRIES):
            table = self._grown(self._open()) if self.exists else None
            before = self._entry(table.version()) if table else None
            bare = replace(
                self._next(before) if before else _FIRST,
                run=run,
                at=at,
                rows=batch.num_rows,
                digest=batch_digest(batch["digest"].to_pylist()) if batch.num_rows else "",
                sources={**(before.sources if before else {}), source: mark},
            )
            entry, action = self._written(batch, bare) if batch.num_rows else (bare.sealed(), None)
            if self._commit(table, entry, [action] if action else []):
                return entry
        raise IntegrityError(f"{self.stream}: {_MAX_RETRIES} commits in a row were overtaken", where=str(self.path))

    def _next(self, before: Entry) -> Entry:
        """An entry after *before* that adds nothing yet."""
        return replace(
            before,
            sequence=before.sequence + 1,
            previous=before.head,
            rows=0,
            digest="",
            file="",
            file_digest="",
            log_before=self._sound_log(before.sequence),
            head="",
            purge=None,
        )

    def _sound_log(self, sequence: int) -> str:
        """SHA-256 of the newest commit's file; IntegrityError when it was changed: no commit may take that over."""
        log, seals = self.log(sequence), read_seal(self.path / SEAL)
        digest = sha256(log)
        if seals is None or seals.get(log.name, digest) != digest:
            raise IntegrityError(
                f"the newest commit of {self.stream} is damaged",
                where=str(log),
                cause=f"its file was changed after {self.path / SEAL} was made, or that was",
                fix="restore both files from a backup; nothing is written until then",
            )
        return digest

    def replace_files(self, purge: Purge, thinned: Mapping[str, datetime]) -> Entry:
        """Name the files of *purge* instead of the old ones, in one commit; all of them must be on disk already.

        To Delta this is a change that changes no data: a table that is append-only refuses to remove rows, for every
        program but one that says so.
        """
        table = self._open()
        entry = replace(self._next(self._entry(table.version())), purge=purge, thinned=thinned).sealed()
        moment = int(purge.at.timestamp() * 1000)
        gone = [RemoveAction(file.file, data_change=False, deletion_timestamp=moment) for file in purge.files]
        rows = {file.by: pq.read_metadata(self.path / file.by).num_rows for file in purge.files}
        come = [self._add(name, n, purge.at, new=False) for name, n in rows.items()]
        if not self._commit(table, entry, [*gone, *come]):
            raise IntegrityError(f"the purge of {self.stream} was overtaken by another commit", where=str(self.path))
        return entry

    def _written(self, batch: pa.Table, bare: Entry) -> tuple[Entry, AddAction]:
        """Write the rows' own file and seal the entry that names it."""
        name = file_name(bare.sequence, bare.digest)
        data = self.rows.committed(batch, at=bare.at, run=bare.run, number=bare.sequence)
        entry = replace(bare, file=name, file_digest=self.write(name, data)).sealed()
        return entry, self._add(name, batch.num_rows, bare.at)

    def write(self, name: str, data: pa.Table) -> str:
        """Write a data file, whole and on disk when this returns; returns its SHA-256."""
        path = self.path / name
        self.path.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            pq.write_table(data, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        sync_to_disk(self.path)
        return sha256(path)

    def _add(self, name: str, rows: int, at: datetime, *, new: bool = True) -> AddAction:
        stats = json.dumps({"numRecords": rows})
        return AddAction(
            name, (self.path / name).stat().st_size, {}, int(at.timestamp() * 1000), data_change=new, stats=stats
        )

    def _commit(self, table: DeltaTable | None, entry: Entry, actions: list[AddAction | RemoveAction]) -> bool:
        """Whether the entry is in the log now; False when another commit was there first."""
        properties = CommitProperties(
            custom_metadata={METADATA: entry.text()},
            app_transactions=[Transaction(METADATA, entry.sequence, int(entry.at.timestamp() * 1000))],
        )
        schema = Schema.from_arrow(self.rows.arrow)
        try:
            if table is None:
                self.path.mkdir(parents=True, exist_ok=True)
                place = str(self.path)
                create_table_with_add_actions(
                    place,
                    schema,
                    [action for action in actions if isinstance(action, AddAction)],
                    "error",
                    configuration=_SETTINGS,
                    commit_properties=properties,
                )
            else:
                table.create_write_transaction(actions, "append", schema, commit_properties=properties)
        except CommitFailedError:
            landed = self.last()
            return landed is not None and landed.head == entry.head
        self._seal(entry)
        return True

    def _seal(self, entry: Entry) -> None:
        """Force the commit to disk, and then keep its file's digest beside the table: the next entry will hold it."""
        log = self.log(entry.sequence)
        sync_to_disk(log, log.parent, self.path, self.path.parent)
        seal(log)

    def _grown(self, table: DeltaTable) -> DeltaTable:
        """The table with the columns that the stream's schema has gained since; it only ever gains."""
        there = {field.name for field in table.schema().fields}
        missing = [field for field in Schema.from_arrow(self.rows.arrow).fields if field.name not in there]
        if missing:
            entry = self._next(self._entry(table.version())).sealed()
            table.alter.add_columns(missing, commit_properties=CommitProperties({METADATA: entry.text()}))
            self._seal(entry)
            return self._open()
        return table

    def log(self, sequence: int) -> Path:
        """The file of a commit in the table's log."""
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
        newest = self.log(commit_numbers(self.path)[-1])
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
        path = self.log(sequence)
        try:
            return Entry.of(entry_text(actions_in(path.read_bytes())))
        except (OSError, KeyError, TypeError, ValueError):
            raise IntegrityError(
                f"commit {sequence} of {self.stream} was not written by itss-bridge",
                where=str(path),
                cause=NOT_OURS,
                fix="restore the folder from a backup",
            ) from None


def file_name(sequence: int, digest: str) -> str:
    """The name of a data file: the commit that first named it, and what is in it."""
    return f"{sequence:08d}-{digest[:16]}.parquet"


def actions_in(log: bytes) -> list[dict[str, Any]]:
    """What a commit's file says; ValueError when it is not one."""
    return [json.loads(line) for line in log.decode("utf-8").splitlines()]


def entry_text(actions: Sequence[Mapping[str, Any]]) -> str:
    """Our own entry among a commit's actions; KeyError, TypeError or ValueError when there is none."""
    (about,) = [action["commitInfo"] for action in actions if "commitInfo" in action]
    text: str = about[METADATA]
    return text


def _has_commits(log: Path) -> bool:
    if not log.is_dir():
        return False
    with os.scandir(log) as files:
        return any(_COMMIT.fullmatch(file.name) for file in files)


def commit_numbers(table: Path) -> list[int]:
    """The numbers of all commits that have a file, whatever is in it, in order."""
    return sorted(int(m[1]) for file in (table / "_delta_log").glob("*.json") if (m := _COMMIT.fullmatch(file.name)))
