"""A Delta table for each stream: rows, cursor and chain head in one commit, made lasting at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from itss_bridge.errors import BridgeError, IntegrityError, Locked, SourceUnavailable, UsageError
from itss_bridge.evidence.cache import Cache
from itss_bridge.evidence.ledger import (
    FORMAT,
    GENESIS,
    Compaction,
    Entry,
    Purge,
    SourceMark,
    batch_digest,
    newer,
)
from itss_bridge.evidence.log import METADATA, NOT_OURS, actions_in, commits_in, entry_text, log_name
from itss_bridge.evidence.query import DEFAULT, Bounds
from itss_bridge.evidence.rows import Stored, StreamRows
from itss_bridge.evidence.seal import SEAL, read_seal, seal
from itss_bridge.evidence.store import Folder, Store
from itss_bridge.messages import say

if TYPE_CHECKING:
    import pyarrow as pa

_SETTINGS = {
    "delta.appendOnly": "true",
    # the log holds the chain: it is evidence, never housekeeping
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}
_MAX_RETRIES = 5
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_FIRST = Entry(0, GENESIS, "", _BEGINNING, 0, "", "", "", "", {}, format=FORMAT)


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


class Written(NamedTuple):
    """A data file that is there and that no commit names yet."""

    name: str
    digest: str
    size: int
    rows: int


class StreamTable:
    """One stream's versions. Only the holder of the lake's lock appends."""

    def __init__(self, root: Path, stream: str, bounds: Bounds = DEFAULT, store: Store | None = None) -> None:
        """*root* is a folder of this machine; the lake's files lie in it too, unless *store* says where else."""
        self.stream = stream
        self.bounds = bounds
        self.path = root / stream
        self.store = store or Folder(self.path)
        self.rows = StreamRows.of(stream)
        self._seen: str | None = None
        self._cache = Cache(root, self.store) if self.store.shared else None

    @property
    def exists(self) -> bool:
        """Whether anything was ever committed; a folder alone is what a first commit leaves that failed."""
        return self.store.exists(SEAL) or bool(commits_in(self.store))

    def last(self) -> Entry | None:
        """The newest entry; IntegrityError when the log is damaged at its end.

        Whoever has looked commits only as long as nobody else has: `append` refuses then.
        """
        entry = self._entry(self._open().version()) if self.exists else None
        self._seen = entry.head if entry else GENESIS
        return entry

    def entries(self) -> Iterator[Entry]:
        """All entries, newest first; IntegrityError at a commit that is not ours."""
        for sequence in range(self._open().version() if self.exists else -1, -1, -1):
            yield self._entry(sequence)

    def entry_before(self, end: datetime, newest: Entry | None = None) -> Entry | None:
        """The newest entry made before *end*, where every source stood then; *newest* of all when it has been read."""
        newest = newest or self.last()
        if newest is None or newest.at < end:
            return newest
        return next((entry for entry in self.entries() if entry.at < end), None)

    def names(self) -> list[str]:
        """The names of the Parquet files of the newest version, sorted."""
        return sorted(uri.rsplit("/", 1)[-1] for uri in self._open().file_uris()) if self.exists else []

    def files(self) -> list[str]:
        """The Parquet files of the newest version as files of this machine, sorted.

        Of a lake in an object store they are fetched first, each once, and compared with the chain.
        """
        if self._cache is None:
            # delta-rs writes them as in an address: 华东 would be %E5%8D%8E%E4%B8%9C
            return sorted(map(unquote, self._open().file_uris())) if self.exists else []
        for _ in range(_MAX_RETRIES):
            try:
                return self._cache.holding(self.names(), self._digest_of)
            except FileNotFoundError:  # a purge or compaction has put another in its place meanwhile
                continue
        raise self._overtaken(say("files of {stream} were replaced again and again", stream=self.stream))

    def copies(self) -> list[Path]:
        """What is on this machine of files that lie in an object store."""
        return self._cache.copies() if self._cache else []

    def _digest_of(self, name: str) -> str:
        """What a data file must be, by the entry of the commit that its own name tells."""
        try:
            return self._entry(int(name[:8])).brings()[name]
        except (KeyError, ValueError):
            raise IntegrityError(
                say("no commit of {stream} has brought this file", stream=self.stream),
                where=self.store.where(name),
                cause=NOT_OURS,
                fix=say("restore the folder from a backup"),
            ) from None

    def append(
        self, rows: Sequence[Stored] | pa.Table, *, run: str, at: datetime, source: str, mark: SourceMark
    ) -> Entry:
        """Commit *rows* and the source's new *mark* in one commit, on disk when this returns.

        The rows' file is whole and lasting before the commit names it; a commit that landed although its
        acknowledgement was lost is recognised and not repeated.

        Raises:
            Locked: another run has committed since this one last looked; nothing of these rows was committed.
        """
        batch = self.rows.together(rows) if isinstance(rows, Sequence) else rows
        for _ in range(_MAX_RETRIES):
            table = self._open() if self.exists else None
            self._refuse_others(self._entry(table.version()) if table else None)
            table = self._grown(table) if table else None
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
        raise self._overtaken(say("{stream}: {n} commits in a row were overtaken", stream=self.stream, n=_MAX_RETRIES))

    def _refuse_others(self, before: Entry | None) -> None:
        """What this run knows of the stream must still hold: else it would store again what another run just has."""
        head = before.head if before else GENESIS
        if self._seen not in {None, head}:
            raise self._overtaken(say("another run has written to {stream} meanwhile", stream=self.stream))

    def _overtaken(self, what: str) -> Locked:
        return Locked(
            what,
            where=self.store.uri,
            cause=say("two runs at once write to this evidence; what each has committed is whole"),
            fix=say("run it again when the other has ended"),
        )

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
            compaction=None,
            format=FORMAT,
        )

    def _sound_log(self, sequence: int) -> str:
        """SHA-256 of the newest commit's file; IntegrityError when it was changed: no commit may take that over."""
        name, seals = log_name(sequence), read_seal(self.store)
        digest = self.store.digest(name)
        if seals is None or seals.get(name.rsplit("/", 1)[-1], digest) != digest:
            raise IntegrityError(
                say("the newest commit of {stream} is damaged", stream=self.stream),
                where=self.store.where(name),
                cause=say("its file was changed after {seal} was made, or that was", seal=self.store.where(SEAL)),
                fix=say("restore both files from a backup; nothing is written until then"),
            )
        return digest

    def replace_files(self, swap: Purge | Compaction, written: Iterable[Written], **changes: Any) -> Entry:
        """Name the files *written* instead of those that *swap* replaces, in one commit; they must be there already.

        To Delta this is a change that changes no data: a table that is append-only refuses to remove rows, for every
        program but one that says so.

        Raises:
            Locked: another run has committed since this one last looked; everything is as it was.
        """
        table = self._open()
        before = self._entry(table.version())
        self._refuse_others(before)
        changes[type(swap).__name__.lower()] = swap
        entry = replace(self._next(before), **changes).sealed()
        moment = int(swap.at.timestamp() * 1000)
        gone = [RemoveAction(file.file, data_change=False, deletion_timestamp=moment) for file in swap.files]
        come = [_add(file, swap.at, new=False) for file in written]
        if not self._commit(table, entry, [*gone, *come]):
            raise self._overtaken(say("another run has written to {stream} meanwhile", stream=self.stream))
        return entry

    def _written(self, batch: pa.Table, bare: Entry) -> tuple[Entry, AddAction]:
        """Write the rows' own file and seal the entry that names it."""
        data = self.rows.committed(batch, at=bare.at, run=bare.run, number=bare.sequence)
        # of two runs that write the same rows at once, neither may put its file over the other's
        file = self.write(file_name(bare.sequence, batch_digest([bare.digest, bare.run])), [data])
        return replace(bare, file=file.name, file_digest=file.digest).sealed(), _add(file, bare.at)

    def write(self, name: str, parts: Iterable[pa.Table]) -> Written:
        """Write a data file of at least one part, whole and lasting when this returns."""
        import pyarrow.parquet as pq

        rows = 0

        def render(file: BinaryIO) -> None:
            nonlocal rows
            coming = iter(parts)
            first = next(coming)
            with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
                for part in chain((first,), coming):
                    writer.write_table(part)
                    rows += part.num_rows

        put = self.store.write(name, render)
        return Written(name, put.digest, put.size, rows)

    def _commit(self, table: DeltaTable | None, entry: Entry, actions: list[AddAction | RemoveAction]) -> bool:
        """Whether the entry is in the log now; False when another commit was there first."""
        properties = CommitProperties(
            custom_metadata={METADATA: entry.text()},
            max_commit_retries=0,  # an entry has its own number: after a lost answer it would be written a second time
            app_transactions=[Transaction(METADATA, entry.sequence, int(entry.at.timestamp() * 1000))],
        )
        schema = Schema.from_arrow(self.rows.arrow)
        try:
            if table is None:
                if not self.store.shared:
                    self.path.mkdir(parents=True, exist_ok=True)
                create_table_with_add_actions(
                    self.store.uri,
                    schema,
                    [action for action in actions if isinstance(action, AddAction)],
                    "error",
                    configuration=_SETTINGS,
                    storage_options=dict(self.store.options),
                    commit_properties=properties,
                )
            else:
                table.create_write_transaction(actions, "append", schema, commit_properties=properties)
        except CommitFailedError:
            if not self._landed(entry):
                return False
        except (DeltaError, OSError) as error:
            if not self.store.shared:
                raise
            # without an answer nobody knows whether the commit arrived: the log does
            if not self._landed(entry):
                raise self._unreachable(error) from None
        self._seal(entry)
        self._seen = entry.head
        return True

    def _landed(self, entry: Entry) -> bool:
        """Whether the commit is in the log, whatever was said of it."""
        newest = self._entry(self._open().version()) if self.exists else None
        return newest is not None and newest.head == entry.head

    def _unreachable(self, error: Exception) -> BridgeError:
        return SourceUnavailable(
            say("the evidence could not be committed"),
            where=self.store.uri,
            cause=str(error).splitlines()[0],
            fix=say("run it again; what was committed before is whole"),
        )

    def _seal(self, entry: Entry) -> None:
        """Make the commit lasting, and then keep its file's digest beside the table: the next entry will hold it."""
        name = log_name(entry.sequence)
        self.store.settle(name)
        seal(self.store, name)

    def _grown(self, table: DeltaTable) -> DeltaTable:
        """The table with the columns that the stream's schema has gained since; it only ever gains."""
        there = {field.name for field in table.schema().fields}
        missing = [field for field in Schema.from_arrow(self.rows.arrow).fields if field.name not in there]
        if missing:
            entry = self._next(self._entry(table.version())).sealed()
            table.alter.add_columns(missing, commit_properties=CommitProperties({METADATA: entry.text()}, 0))
            self._seal(entry)
            self._seen = entry.head
            return self._open()
        return table

    def _open(self) -> DeltaTable:
        numbers = commits_in(self.store)  # asked first: a store that cannot be reached is not damaged
        try:
            table = DeltaTable(self.store.uri, storage_options=dict(self.store.options))
        except Exception as error:  # noqa: BLE001 - a damaged table makes delta-rs raise many kinds
            cause = str(error).splitlines()[0]
            if "Unsupported" in cause:
                raise newer(cause, self.store.uri) from None
            raise IntegrityError(
                say("the evidence of {stream} cannot be opened", stream=self.stream),
                where=self.store.uri,
                cause=cause,
                fix=say("restore the folder from a backup; `itss-bridge verify` names what is damaged"),
            ) from None
        newest = max(numbers, default=-1)
        if table.version() < newest or not numbers.get(newest, 1):
            raise IntegrityError(
                say("the newest commit of {stream} is damaged", stream=self.stream),
                where=self.store.where(log_name(newest)),
                cause=say("its file is empty or cannot be read, so the table would open one commit short"),
                fix=say("restore that file from a backup; nothing is written until then"),
            )
        return table

    def _entry(self, sequence: int) -> Entry:
        """The entry of one commit, read from its own file: the log is kept for ever, so every one is there."""
        name = log_name(sequence)
        try:
            return Entry.of(entry_text(actions_in(self.store.read(name))))
        except UsageError as error:
            raise newer(error.cause, self.store.where(name)) from None
        except (OSError, KeyError, TypeError, ValueError):
            raise IntegrityError(
                say("commit {number} of {stream} was not written by itss-bridge", number=sequence, stream=self.stream),
                where=self.store.where(name),
                cause=NOT_OURS,
                fix=say("restore the folder from a backup"),
            ) from None


def _add(file: Written, at: datetime, *, new: bool = True) -> AddAction:
    stats = json.dumps({"numRecords": file.rows})
    return AddAction(file.name, file.size, {}, int(at.timestamp() * 1000), data_change=new, stats=stats)


def file_name(sequence: int, digest: str) -> str:
    """The name of a data file: the commit that first named it, and what is in it."""
    return f"{sequence:08d}-{digest[:16]}.parquet"
