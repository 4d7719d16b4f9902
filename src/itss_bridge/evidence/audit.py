"""Follow the chain of one stream from its first commit and compare with it every file that is there."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from itss_bridge.errors import IntegrityError, UsageError
from itss_bridge.evidence.cache import digest_of
from itss_bridge.evidence.chain import DATA_FILE, Commit, Held, commits, held_files, replaced
from itss_bridge.evidence.ledger import GENESIS, Entry, batch_digest, canonical, head_of
from itss_bridge.evidence.log import METADATA, NOT_OURS, log_name
from itss_bridge.evidence.privacy import SALTED
from itss_bridge.evidence.query import connect, listed
from itss_bridge.evidence.seal import SEAL, read_seal
from itss_bridge.evidence.store import LOG
from itss_bridge.evidence.table import Damage, StreamTable, Watched, unwatched
from itss_bridge.messages import say

_AT_A_TIME = 200_000
"""Rows whose digests are held in memory at once."""

_OURS = {"_delta_log", SEAL, f"{SEAL}.new"}
_KINDS = {"commitInfo", "add", "remove", "txn", "protocol", "metaData"}
_LOG_FILE = re.compile(r"(\d{20}\.(json|checkpoint(\.[\w-]+)*\.parquet)|_last_checkpoint)(#\d+)?")
"""What delta-rs keeps in a log; with a number behind it when it was interrupted while writing."""


class Audit:
    """One pass over one stream. The chain is read from the log's own files, so that damage to it is placed too."""

    def __init__(self, table: StreamTable, watch: Watched = unwatched, *, fast: bool = False) -> None:
        """*fast* compares chain, log and the sizes of data files, and leaves out what is inside them."""
        self._table = table
        self._store = table.store
        self._watch = watch
        self._fast = fast

    def damage(self) -> Iterator[Damage]:
        """Every place where something is not what was stored."""
        chain, sound = commits(self._table), True
        held, unfounded = held_files(chain)
        for place in self._places(chain, held, unfounded):
            sound = False
            yield place
        if sound and not self._fast:
            yield from self._unlike_first(chain, held)

    def _places(
        self, chain: Sequence[Commit], held: Mapping[str, Held], unfounded: Sequence[tuple[Commit, str]]
    ) -> Iterator[Damage]:
        yield from self._breaks(chain)
        yield from self._unsealed(chain)
        for commit, name in unfounded:
            yield self._at(commit.path, say("replaces {name}, which is not what the chain held", name=name))
        yield from self._unlike_delta(held)
        yield from self._strangers({*held, *replaced(chain)})
        yield from self._broken_files(chain, held)
        yield from self._changed_copies(held)

    def _broken_files(self, chain: Sequence[Commit], held: Mapping[str, Held]) -> Iterator[Damage]:
        sizes = {add.get("path"): add.get("size") for commit in chain for add in _parts(commit.actions, "add")}
        there = self._store.sizes()
        for done, (name, wanted) in enumerate(sorted(held.items())):
            self._watch(self._table.stream, done, len(held))
            if name in there:
                yield from self._broken_file(name, there[name], wanted, sizes.get(name))
            else:
                yield self._at(name, "the file is missing")
        self._watch(self._table.stream, len(held), len(held))

    def _at(self, name: str, what: str) -> Damage:
        return Damage(self._table.stream, self._store.where(name), what)

    def _breaks(self, commits: Sequence[Commit]) -> Iterator[Damage]:
        """Commits that are missing, are not ours, were changed, or don't follow from the one before."""
        for number in sorted(set(range(commits[-1].sequence if commits else 1)) - {c.sequence for c in commits}):
            yield self._at(log_name(number), say("commit {number} is missing", number=number))
        for commit in commits:
            if commit.entry is None:
                what = say(
                    "commit {number} of {stream} was not written by itss-bridge. {cause}",
                    number=commit.sequence,
                    stream=self._table.stream,
                    cause=NOT_OURS,
                )
                yield self._at(commit.path, what)
            elif commit.entry.sequence != commit.sequence:
                yield self._at(commit.path, say("the chain goes on with entry {number}", number=commit.entry.sequence))
            elif (
                commit.entry.head != head_of(commit.text) or canonical(json.loads(commit.text)).decode() != commit.text
            ):
                yield self._at(commit.path, say("its entry was changed after it was written"))
        if commits and commits[0].entry and (commits[0].entry.previous, commits[0].entry.log_before) != (GENESIS, ""):
            yield self._at(commits[0].path, say("does not begin the chain"))
        for before, commit in pairwise(commits):
            yield from self._unlinked(before, commit)

    def _unlinked(self, before: Commit, commit: Commit) -> Iterator[Damage]:
        if commit.entry is None:
            return
        if before.entry and commit.entry.previous != before.entry.head:
            yield self._at(commit.path, say("does not link to the commit before it"))
        # the first form of entries did not know the log before; once one does, all later ones do
        knew = before.entry is not None and before.entry.log_before
        if (commit.entry.log_before or knew) and commit.entry.log_before != before.digest:
            yield self._at(before.path, say("the commit's file was changed after it was written"))

    def _unsealed(self, commits: Sequence[Commit]) -> Iterator[Damage]:
        """What no later commit covers: the newest commit's file, by the seal beside the table and by its own entry.

        A kill right after a commit leaves the seal behind: then the entry alone says what else must be there.
        """
        if not commits:
            return
        newest, digests = commits[-1], read_seal(self._store)
        if digests is None:
            yield self._at(SEAL, say("this is not a seal any more"))
        elif digests:
            yield from self._unlike_seal(newest, digests)
        elif newest.sequence and _is_of_a_time_with_seals(newest.text):
            yield self._at(SEAL, say("the seal of the newest commit is missing"))
        if newest.entry and not _as_written(newest.actions, newest.entry):
            yield self._at(newest.path, say("the commit does something else than its entry says"))

    def _unlike_seal(self, newest: Commit, digests: Mapping[str, str]) -> Iterator[Damage]:
        """Where the seal, and what it was made of, do not agree any more; either may be what was changed."""
        stale = newest.path.rsplit("/", 1)[-1] not in digests
        there = self._store.sizes(LOG)
        for name, digest in digests.items():
            path = f"{LOG}/{name}"
            if name not in there:
                yield self._at(path, say("the file is missing; it was there when {seal} was written", seal=SEAL))
            elif self._store.digest(path) != digest and not (stale and name == "_last_checkpoint"):
                yield self._at(path, say("the file, or {seal}, was changed after it was written", seal=SEAL))

    def _unlike_delta(self, held: Mapping[str, Held]) -> Iterator[Damage]:
        """Files that Delta's readers see and the chain does not name, or the other way round."""
        try:
            listed = set(self._table.names())
        except (IntegrityError, UsageError) as error:
            yield Damage(self._table.stream, error.where, say("{what}. {cause}", what=error.what, cause=error.cause))
            return
        for name in sorted(listed ^ held.keys()):
            yield self._at(name, say("the table's log and the chain do not name the same files"))

    def _strangers(self, known: Collection[str]) -> Iterator[Damage]:
        """Files that we never put there."""
        for name in [*self._store.sizes(), *self._store.folders()]:
            if name not in known and name not in _OURS and not DATA_FILE.fullmatch(name) and not name.startswith("."):
                yield self._at(name, say("no commit names this file"))
        for name in self._store.sizes(LOG):
            if not _LOG_FILE.fullmatch(name):
                yield self._at(f"{LOG}/{name}", say("this file does not belong into a table's log"))

    def _changed_copies(self, held: Mapping[str, Held]) -> Iterator[Damage]:
        """Copies on this machine that reports would rest on and that are not what the chain holds."""
        for path in () if self._fast else self._table.copies():
            wanted = held.get(path.name)
            if wanted is not None and wanted.digest and digest_of(path) != wanted.digest:
                what = say("this copy was changed after it was fetched; delete it, and it is fetched again")
                yield Damage(self._table.stream, str(path), what)

    def _broken_file(self, name: str, there: int, wanted: Held, size: int | None) -> Iterator[Damage]:
        try:
            if size is not None and there != size:
                yield self._at(name, say("the file has {there} bytes; {size} were committed", there=there, size=size))
            if not self._fast and wanted.digest and self._store.digest(name) != wanted.digest:
                yield self._at(name, say("the file's bytes were changed after they were committed"))
                yield from self._changed_rows(name)
            elif not self._fast and wanted.rewritten:
                yield from self.unsound(name, wanted)
        except (OSError, pa.ArrowException, AttributeError, KeyError, TypeError, ValueError) as error:
            yield self._at(name, say("cannot be read: {error}", error=str(error).splitlines()[0]))

    def unsound(self, name: str, wanted: Held) -> Iterator[Damage]:
        """Whether what wrote a file again did to it what it said, and nothing else."""
        with self._store.opened(name) as file:
            digests = pq.read_table(file, columns=["digest"])["digest"]
        salted = pc.sum(pc.starts_with(digests, SALTED)).as_py() or 0
        if (len(digests), salted) != (wanted.rows, wanted.salted):
            what = say(
                "has {salted} salted of {rows} rows; {told_salted} of {told_rows} were acknowledged",
                salted=salted,
                rows=len(digests),
                told_salted=wanted.salted,
                told_rows=wanted.rows,
            )
            yield self._at(name, what)
        yield from self._changed_rows(name)

    def _unlike_first(self, chain: Sequence[Commit], held: Mapping[str, Held]) -> Iterator[Damage]:
        """Whether the rows of compacted files are still those of the commits that brought them.

        Each of these commits has told the digest of its rows. Where one has been salted since, their number is left.
        """
        files = [name for name, file in held.items() if file.compacted]
        wanted = {c.sequence: c.entry for c in chain if c.entry and c.entry.rows}
        batches = sorted(frozenset[int]().union(*(held[name].batches for name in files)) & wanted.keys())
        for some in _in_parts(batches, lambda number: wanted[number].rows):
            found = self._rows_of(files, some)
            for number in some:
                n, salted, digest = found.get(number, (0, 0, ""))
                if n != wanted[number].rows or (not salted and digest != wanted[number].digest):
                    yield self._at(log_name(number), say("the rows it brought are not those in the files of today"))

    def _rows_of(self, files: Sequence[str], batches: Sequence[int]) -> dict[int, tuple[int, int, str]]:
        """Of each commit: how many rows there are of it, how many are salted, and the digest of all."""
        paths = [path for path in self._table.files() if Path(path).name in files]
        with closing(connect(self._table.path.parent, self._table.bounds)) as database:
            found = database.execute(
                f"SELECT batch, list(digest) FROM read_parquet([{listed(paths)}], union_by_name = true) "  # noqa: S608 - our own names
                "WHERE batch BETWEEN $first AND $last GROUP BY batch",
                {"first": batches[0], "last": batches[-1]},
            ).fetchall()
        return {n: (len(all_), sum(one.startswith(SALTED) for one in all_), batch_digest(all_)) for n, all_ in found}

    def _changed_rows(self, name: str) -> Iterator[Damage]:
        """Each record whose content is not what its digest says; of a purged one no content is left to compare."""
        with self._store.opened(name) as file:
            for batch in pq.ParquetFile(file).iter_batches(8192):
                data = pa.Table.from_batches([batch])
                kept = zip(*(data[column].to_pylist() for column in ("digest", "ref", "id")), strict=True)
                for (digest, ref, key), now in zip(kept, self._table.rows.digests(data), strict=True):
                    if digest != now and not digest.startswith(SALTED):
                        yield self._at(name, say("{ref} ({key}) says something else now", ref=ref, key=key))


def _is_of_a_time_with_seals(entry: str) -> bool:
    """Entries have told the shape of records ever since there are seals."""
    return '"shape":' in entry


def _in_parts(numbers: Sequence[int], rows: Callable[[int], int]) -> Iterator[list[int]]:
    """Numbers in a row, of not many more rows than memory should hold."""
    part: list[int] = []
    for number in numbers:
        part.append(number)
        if sum(map(rows, part)) >= _AT_A_TIME:
            yield part
            part = []
    if part:
        yield part


def _parts(actions: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [action[kind] for action in actions if kind in action]


def _as_written(actions: Sequence[Mapping[str, Any]], entry: Entry) -> bool:
    """Whether a commit does what its entry says and no more, as far as the entry determines it."""
    swap = entry.purge or entry.compaction
    moment = int((swap.at if swap else entry.at).timestamp() * 1000)
    come = entry.brings()
    gone = [file.file for file in swap.files] if swap else []
    if entry.rows and not entry.file:  # its first form named no file
        return True
    added = [(a.get("path"), a.get("modificationTime"), a.get("dataChange")) for a in _parts(actions, "add")]
    removed = [(r.get("path"), r.get("deletionTimestamp"), r.get("dataChange")) for r in _parts(actions, "remove")]
    transactions = [(t.get("appId"), t.get("version")) for t in _parts(actions, "txn")]
    return (
        {kind for action in actions for kind in action} <= _KINDS
        and sorted(map(str, added)) == sorted(str((name, moment, swap is None)) for name in come)
        and sorted(map(str, removed)) == sorted(str((name, moment, False)) for name in gone)
        and all(transaction == (METADATA, entry.sequence) for transaction in transactions)
    )
