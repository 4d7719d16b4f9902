"""Follow the chain of one stream from its first commit and compare with it every file that is there."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from itss_bridge.errors import IntegrityError
from itss_bridge.evidence.ledger import GENESIS, Entry, canonical, head_of
from itss_bridge.evidence.privacy import SALTED
from itss_bridge.evidence.seal import SEAL, read_seal, sha256
from itss_bridge.evidence.table import (
    METADATA,
    NOT_OURS,
    Damage,
    StreamTable,
    Watched,
    actions_in,
    commit_numbers,
    entry_text,
    unwatched,
)

_DATA_FILE = re.compile(r"\d{8}-[0-9a-f]{16}\.parquet")
_OURS = {"_delta_log", SEAL, f"{SEAL}.new"}
_KINDS = {"commitInfo", "add", "remove", "txn", "protocol", "metaData"}
_LOG_FILE = re.compile(r"(\d{20}\.(json|checkpoint(\.[\w-]+)*\.parquet)|_last_checkpoint)(#\d+)?")
"""What delta-rs keeps in a log; with a number behind it when it was interrupted while writing."""


@dataclass(frozen=True, slots=True)
class _Commit:
    """One commit as its file tells it; *entry* is None when the file tells nothing that is ours."""

    sequence: int
    path: Path
    digest: str
    actions: Sequence[Mapping[str, Any]]
    text: str
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class _Held:
    """What a data file must be: its SHA-256, how many rows it has, how many of them are salted."""

    digest: str
    rows: int
    salted: int = 0


class Audit:
    """One pass over one stream. The chain is read from the log's own files, so that damage to it is placed too."""

    def __init__(self, table: StreamTable, watch: Watched = unwatched, *, fast: bool = False) -> None:
        """*fast* compares chain, log and the sizes of data files, and leaves out what is inside them."""
        self._table = table
        self._watch = watch
        self._fast = fast

    def damage(self) -> Iterator[Damage]:
        """Every place where something is not what was stored."""
        commits = _commits(self._table)
        yield from self._breaks(commits)
        yield from self._unsealed(commits)
        held, unfounded = _held(commits)
        for commit, name in unfounded:
            yield self._at(commit.path, f"purges {name}, which is not what the chain held")
        yield from self._unlike_delta(held)
        yield from self._strangers(held)
        sizes = {add.get("path"): add.get("size") for commit in commits for add in _parts(commit.actions, "add")}
        for done, (name, wanted) in enumerate(sorted(held.items())):
            self._watch(self._table.stream, done, len(held))
            yield from self._broken_file(self._table.path / name, wanted, sizes.get(name))
        self._watch(self._table.stream, len(held), len(held))

    def _at(self, where: Path, what: str) -> Damage:
        return Damage(self._table.stream, str(where), what)

    def _breaks(self, commits: Sequence[_Commit]) -> Iterator[Damage]:
        """Commits that are missing, are not ours, were changed, or don't follow from the one before."""
        for number in sorted(set(range(commits[-1].sequence if commits else 1)) - {c.sequence for c in commits}):
            yield self._at(self._table.log(number), f"commit {number} is missing")
        for commit in commits:
            if commit.entry is None:
                what = f"commit {commit.sequence} of {self._table.stream} was not written by itss-bridge. {NOT_OURS}"
                yield self._at(commit.path, what)
            elif commit.entry.sequence != commit.sequence:
                yield self._at(commit.path, f"the chain goes on with entry {commit.entry.sequence}")
            elif (
                commit.entry.head != head_of(commit.text) or canonical(json.loads(commit.text)).decode() != commit.text
            ):
                yield self._at(commit.path, "its entry was changed after it was written")
        if commits and commits[0].entry and (commits[0].entry.previous, commits[0].entry.log_before) != (GENESIS, ""):
            yield self._at(commits[0].path, "does not begin the chain")
        for before, commit in pairwise(commits):
            yield from self._unlinked(before, commit)

    def _unlinked(self, before: _Commit, commit: _Commit) -> Iterator[Damage]:
        if commit.entry is None:
            return
        if before.entry and commit.entry.previous != before.entry.head:
            yield self._at(commit.path, "does not link to the commit before it")
        if commit.entry.log_before != before.digest:
            yield self._at(before.path, "the commit's file was changed after it was written")

    def _unsealed(self, commits: Sequence[_Commit]) -> Iterator[Damage]:
        """What no later commit covers: the newest commit's file, by the seal beside the table and by its own entry.

        A kill right after a commit leaves the seal behind: then the entry alone says what else must be there.
        """
        if not commits:
            return
        newest, path = commits[-1], self._table.path / SEAL
        digests = read_seal(path)
        if digests is None:
            yield self._at(path, "this is not a seal any more")
        elif digests:
            yield from self._unlike_seal(newest, digests)
        elif newest.sequence:
            yield self._at(path, "the seal of the newest commit is missing")
        if newest.entry and not _as_written(newest.actions, newest.entry):
            yield self._at(newest.path, "the commit does something else than its entry says")

    def _unlike_seal(self, newest: _Commit, digests: Mapping[str, str]) -> Iterator[Damage]:
        """Where the seal, and what it was made of, do not agree any more; either may be what was changed."""
        stale = newest.path.name not in digests
        for name, digest in digests.items():
            path = newest.path.with_name(name)
            if not path.exists():
                yield self._at(path, f"the file is missing; it was there when {SEAL} was written")
            elif sha256(path) != digest and not (stale and name == "_last_checkpoint"):
                yield self._at(path, f"the file, or {SEAL}, was changed after it was written")

    def _unlike_delta(self, held: Mapping[str, _Held]) -> Iterator[Damage]:
        """Files that Delta's readers see and the chain does not name, or the other way round."""
        try:
            listed = {Path(path).name for path in self._table.files()}
        except IntegrityError as error:
            yield Damage(self._table.stream, error.where, f"{error.what}. {error.cause}")
            return
        for name in sorted(listed ^ held.keys()):
            yield self._at(self._table.path / name, "the table's log and the chain do not name the same files")

    def _strangers(self, held: Mapping[str, _Held]) -> Iterator[Damage]:
        """Files that we never put there."""
        for path in sorted(self._table.path.iterdir()):
            known = path.name in held or path.name in _OURS or _DATA_FILE.fullmatch(path.name)
            if not known and not path.name.startswith("."):
                yield self._at(path, "no commit names this file")
        for path in sorted((self._table.path / "_delta_log").glob("*")):
            if not _LOG_FILE.fullmatch(path.name):
                yield self._at(path, "this file does not belong into a table's log")

    def _broken_file(self, path: Path, wanted: _Held, size: int | None) -> Iterator[Damage]:
        try:
            there = path.stat().st_size
            if size is not None and there != size:
                yield self._at(path, f"the file has {there} bytes; {size} were committed")
            if not self._fast and sha256(path) != wanted.digest:
                yield self._at(path, "the file's bytes were changed after they were committed")
                yield from self._changed_rows(path)
            elif not self._fast and wanted.salted:
                yield from self._unsound(path, wanted)
        except FileNotFoundError:
            yield self._at(path, "the file is missing")
        except (OSError, pa.ArrowException, AttributeError, KeyError, TypeError, ValueError) as error:
            yield self._at(path, f"cannot be read: {str(error).splitlines()[0]}")

    def _unsound(self, path: Path, wanted: _Held) -> Iterator[Damage]:
        """Whether a purge did to a file what it said, and nothing else."""
        digests = pq.read_table(path, columns=["digest"])["digest"].to_pylist()
        salted = sum(digest.startswith(SALTED) for digest in digests)
        if (len(digests), salted) != (wanted.rows, wanted.salted):
            what = f"has {salted} salted of {len(digests)} rows; {wanted.salted} of {wanted.rows} were acknowledged"
            yield self._at(path, what)
        yield from self._changed_rows(path)

    def _changed_rows(self, path: Path) -> Iterator[Damage]:
        """Each record whose content is not what its digest says; of a purged one no content is left to compare."""
        for batch in pq.ParquetFile(path).iter_batches(8192):
            for row in batch.to_pylist():
                if not row["digest"].startswith(SALTED) and self._table.rows.back(row).digest != row["digest"]:
                    yield self._at(path, f"{row['ref']} ({row['id']}) says something else now")


def _commits(table: StreamTable) -> list[_Commit]:
    return [_commit(number, table.log(number)) for number in commit_numbers(table.path)] if table.exists else []


def _commit(number: int, path: Path) -> _Commit:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    try:
        actions = actions_in(content)
        if not all(isinstance(part, dict) for action in actions for part in action.values()):
            return _Commit(number, path, digest, (), "", None)
        text = entry_text(actions)
        return _Commit(number, path, digest, actions, text, Entry.of(text))
    except (AttributeError, KeyError, TypeError, ValueError):
        return _Commit(number, path, digest, (), "", None)


def _parts(actions: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [action[kind] for action in actions if kind in action]


def _held(commits: Sequence[_Commit]) -> tuple[dict[str, _Held], list[tuple[_Commit, str]]]:
    """The data files that the chain holds, by name; and the files that a commit purges although it held no such."""
    held: dict[str, _Held] = {}
    unfounded: list[tuple[_Commit, str]] = []
    for commit in commits:
        if commit.entry and commit.entry.file:
            held[commit.entry.file] = _Held(commit.entry.file_digest, commit.entry.rows)
        for file in commit.entry.purge.files if commit.entry and commit.entry.purge else ():
            old = held.pop(file.file, None)
            if old is None or old.digest != file.file_digest:
                unfounded.append((commit, file.file))
            else:
                held[file.by] = _Held(file.by_digest, old.rows, old.salted + file.rows)
    return held, unfounded


def _as_written(actions: Sequence[Mapping[str, Any]], entry: Entry) -> bool:
    """Whether a commit does what its entry says and no more, as far as the entry determines it."""
    purge = entry.purge
    moment = int((purge.at if purge else entry.at).timestamp() * 1000)
    come = [file.by for file in purge.files] if purge else [entry.file] if entry.file else []
    gone = [file.file for file in purge.files] if purge else []
    added = [(a.get("path"), a.get("modificationTime"), a.get("dataChange")) for a in _parts(actions, "add")]
    removed = [(r.get("path"), r.get("deletionTimestamp"), r.get("dataChange")) for r in _parts(actions, "remove")]
    transactions = [(t.get("appId"), t.get("version")) for t in _parts(actions, "txn")]
    return (
        {kind for action in actions for kind in action} <= _KINDS
        and sorted(map(str, added)) == sorted(str((name, moment, purge is None)) for name in come)
        and sorted(map(str, removed)) == sorted(str((name, moment, False)) for name in gone)
        and all(transaction == (METADATA, entry.sequence) for transaction in transactions)
    )


def leftovers(table: StreamTable) -> list[Path]:
    """Data files of ours that no commit names any more, or none ever did: what an interruption left behind."""
    held, _ = _held(_commits(table))
    files = sorted(table.path.glob("*.parquet"))
    return [path for path in files if _DATA_FILE.fullmatch(path.name) and path.name not in held]
