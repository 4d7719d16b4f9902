"""Write the many small data files of a stream as few large ones: every row as it was, only somewhere else."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from itss_bridge.errors import IntegrityError
from itss_bridge.evidence.audit import Audit
from itss_bridge.evidence.chain import Held, commits, held_files
from itss_bridge.evidence.lake import Lake
from itss_bridge.evidence.ledger import Compaction, DataFile
from itss_bridge.evidence.privacy import SALTED
from itss_bridge.evidence.purge import refuse_damage, sweep
from itss_bridge.evidence.query import connect, listed
from itss_bridge.evidence.table import StreamTable, Written, file_name
from itss_bridge.messages import say

GROUP = 122_880
"""Rows of a row group, which is what memory holds of a table at a time."""
LARGE = 8 * GROUP
"""Rows at which a file is full; one that is half full is large enough to be left alone."""


@dataclass(frozen=True, slots=True)
class CompactionPlan:
    """What a compaction does to one stream: *files* small ones, *rows* in all, become *into*; *bytes* is their size."""

    stream: str
    files: int
    rows: int
    bytes: int
    into: int


class StreamCompaction:
    """One stream, looked through once: what would be written again, then, if told so, that itself."""

    def __init__(self, table: StreamTable) -> None:
        """Look which files are small; nothing is changed."""
        self._table = table
        self._before = table.last()
        held, _ = held_files(commits(table))
        small = {name: file for name, file in held.items() if file.rows * 2 < LARGE}
        self._old = small if len(small) > 1 else {}

    def plan(self) -> CompactionPlan | None:
        """What would be done; None where there is nothing to do."""
        if not self._old:
            return None
        sizes = self._table.store.sizes()
        rows = sum(file.rows for file in self._old.values())
        size = sum(sizes.get(name, 0) for name in self._old)
        return CompactionPlan(self._table.stream, len(self._old), rows, size, -(-rows // LARGE))

    def apply(self, at: datetime) -> None:
        """Write the files, name them in one commit in place of the old ones, and delete those.

        Raises:
            IntegrityError: a file is not what was committed; nothing was changed.
            Locked: another run has committed meanwhile; nothing was changed.
        """
        if not self._old or self._before is None:
            return
        self._refuse_changed()
        written = list(self._written(self._before.sequence + 1))
        by = tuple(DataFile(file.name, file.digest, file.rows, salted) for file, salted in written)
        old = tuple(DataFile(name, file.digest, file.rows, file.salted) for name, file in sorted(self._old.items()))
        self._refuse_difference(old, by)
        self._table.replace_files(Compaction(at, old, by), [file for file, _ in written])
        sweep(self._table)

    def _refuse_changed(self) -> None:
        """A file that was changed must not become one of ours by being written again."""
        for name, file in self._old.items():
            if file.digest and self._table.store.digest(name) != file.digest:
                raise self._not_compacted(self._table.store.where(name), say("its bytes were changed"))
            if not file.digest:
                self._refuse_unsound(name, file)

    def _refuse_difference(self, old: Sequence[DataFile], by: Sequence[DataFile]) -> None:
        """What was written is read again, record by record, before anything names it."""
        for part in ("rows", "salted"):
            if sum(getattr(file, part) for file in old) != sum(getattr(file, part) for file in by):
                raise self._not_compacted(self._table.store.uri, say("not every row was written again"))
        for file in by:
            self._refuse_unsound(file.file, Held(file.file_digest, file.rows, file.salted))

    def _refuse_unsound(self, name: str, file: Held) -> None:
        for damage in Audit(self._table).unsound(name, file):
            raise self._not_compacted(damage.where, damage.what)

    def _not_compacted(self, where: str, cause: str) -> IntegrityError:
        return IntegrityError(
            say("{stream} was not compacted; its evidence is as it was", stream=self._table.stream),
            where=where,
            cause=cause,
            fix=say("`itss-bridge verify` names what is damaged; restore it from a backup"),
        )

    def _written(self, sequence: int) -> Iterator[tuple[Written, int]]:
        """The new files, each with how many of its rows were purged, in the order of source, id and version."""
        groups = self._groups()
        for first in groups:
            salted = 0

            def counted(first: pa.Table) -> Iterator[pa.Table]:
                nonlocal salted
                for group in chain((first,), islice(groups, LARGE // GROUP - 1)):
                    salted += pc.sum(pc.starts_with(group["digest"], SALTED)).as_py()
                    yield group

            yield self._table.write(file_name(sequence, uuid4().hex), counted(first)), salted

    def _groups(self) -> Iterator[pa.Table]:
        """All rows of the small files, sorted, a row group at a time; DuckDB spills where memory does not do."""
        files = [path for path in self._table.files() if path.replace("\\", "/").rsplit("/", 1)[-1] in self._old]
        with closing(connect(self._table.path.parent, self._table.bounds)) as database:
            rows = f"read_parquet([{listed(files)}], union_by_name = true)"
            there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}  # noqa: S608 - our own names
            shape = pa.schema([field for field in self._table.rows.arrow if field.name in there])
            names = ", ".join(f'"{name}"' for name in shape.names)
            found = database.sql(f"SELECT {names} FROM {rows} ORDER BY source, id, batch")  # noqa: S608 - our own names
            reader = getattr(found, "to_arrow_reader", None) or found.fetch_record_batch  # its name before DuckDB 1.4
            for batch in reader(GROUP):
                yield pa.Table.from_batches([batch]).cast(shape)


def compact(lake: Lake, streams: Sequence[str], at: datetime, *, apply: bool) -> list[CompactionPlan]:
    """Compact *streams*, or with *apply* false only say what would be done.

    Raises:
        IntegrityError: a stream is damaged; nothing was changed in it.
        Locked: another run has committed meanwhile; nothing was changed in the stream.
    """
    plans: list[CompactionPlan] = []
    for stream in streams:
        table = lake.table(stream)
        refuse_damage(table, say("damaged evidence is not compacted"), fast=True)
        if apply:
            sweep(table)
        found = StreamCompaction(table)
        plan = found.plan()
        if plan is not None:
            plans.append(plan)
            if apply:
                found.apply(at)
    return plans
