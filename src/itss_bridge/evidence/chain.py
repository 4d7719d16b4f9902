"""The chain of one stream as the log's own files tell it, and what data files it holds."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itss_bridge.errors import UsageError
from itss_bridge.evidence.ledger import Compaction, Entry, head_of, newer
from itss_bridge.evidence.log import actions_in, commits_in, entry_text, log_name
from itss_bridge.evidence.store import Store
from itss_bridge.evidence.table import StreamTable

DATA_FILE = re.compile(r"\d{8}-[0-9a-f]{16}\.parquet")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as its file tells it; *entry* is None when the file tells nothing that is ours."""

    sequence: int
    path: str
    digest: str
    actions: Sequence[Mapping[str, Any]]
    text: str
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a data file must be: its SHA-256 (empty where only its rows are known), how many rows, how many salted.

    One that was *rewritten* is looked at row by row: its bytes are not those that the rows first came in. Of one that
    was *compacted*, the rows come from the commits *batches*.
    """

    digest: str
    rows: int
    salted: int = 0
    rewritten: bool = False
    compacted: bool = False
    batches: frozenset[int] = frozenset()


def commits(table: StreamTable) -> list[Commit]:
    """All commits that have a file, in order; UsageError when a newer version of this program wrote one."""
    return [_commit(number, table.store) for number in commits_in(table.store)] if table.exists else []


def _commit(number: int, table: Store) -> Commit:
    path = log_name(number)
    content = table.read(path)
    nothing = Commit(number, path, hashlib.sha256(content).hexdigest(), (), "", None)
    try:
        actions = actions_in(content)
        if not all(isinstance(part, dict) for action in actions for part in action.values()):
            return nothing
        text = entry_text(actions)
        return replace(nothing, actions=actions, text=text, entry=Entry.of(text))
    except UsageError as error:
        if json.loads(text)["head"] == head_of(text):
            raise newer(error.cause, table.where(path)) from None
        return nothing  # its own head tells that somebody has changed it
    except (AttributeError, KeyError, TypeError, ValueError):
        return nothing


def held_files(chain: Sequence[Commit]) -> tuple[dict[str, Held], list[tuple[Commit, str]]]:
    """The data files that the chain holds, by name; and the files that a commit replaces although it held no such."""
    held: dict[str, Held] = {}
    unfounded: list[tuple[Commit, str]] = []
    for commit in chain:
        entry = commit.entry
        if entry is None:
            continue
        if entry.rows:
            held |= _brought(commit, entry)
        for file in entry.purge.files if entry.purge else ():
            old = held.pop(file.file, None)
            if old is None or old.digest not in {"", file.file_digest}:
                unfounded.append((commit, file.file))
            else:
                held[file.by] = replace(old, digest=file.by_digest, salted=old.salted + file.rows, rewritten=True)
        if entry.compaction:
            unfounded += [(commit, name) for name in _compacted(held, entry.compaction)]
    return held, unfounded


def _brought(commit: Commit, entry: Entry) -> dict[str, Held]:
    batches = frozenset({entry.sequence})
    if entry.file:
        return {entry.file: Held(entry.file_digest, entry.rows, batches=batches)}
    # the first form of entries knew the rows' digest only: the log tells the file, and its rows prove what is in it
    added = [action["add"].get("path") for action in commit.actions if "add" in action]
    return {str(name): Held("", entry.rows, 0, True, True, batches) for name in added}  # noqa: FBT003


def _compacted(held: dict[str, Held], compaction: Compaction) -> Iterator[str]:
    """Let the files of a compaction take the place of the old ones; gives those that are not what the chain held."""
    batches: frozenset[int] = frozenset()
    for file in compaction.files:
        old = held.pop(file.file, None)
        if old is None or (old.digest, old.rows, old.salted) != (file.file_digest, file.rows, file.salted):
            yield file.file
        batches |= old.batches if old else frozenset()
    for part in ("rows", "salted"):
        if sum(getattr(file, part) for file in compaction.files) != sum(getattr(file, part) for file in compaction.by):
            yield from (file.file for file in compaction.by)
    for file in compaction.by:
        held[file.file] = Held(file.file_digest, file.rows, file.salted, True, True, batches)  # noqa: FBT003


def leftovers(table: StreamTable) -> list[str]:
    """Data files of ours that no commit names any more, or none ever did: what an interruption left behind.

    A file's name tells the only commit that could be the first to name it. Where others may write at the same time, a
    file whose commit is still to come may be theirs.
    """
    chain = commits(table)
    held, _ = held_files(chain)
    newest = chain[-1].sequence if chain else -1
    free = [name for name in table.store.sizes() if name not in held]
    ours = [name for name in free if DATA_FILE.fullmatch(name)]
    left = [name for name in ours if int(name[:8]) <= newest or not table.store.shared]
    return sorted({*left, *(replaced(chain) & set(free))})


def replaced(chain: Sequence[Commit]) -> set[str]:
    """The data files that some commit has put others in the place of."""
    swaps = [swap for c in chain if c.entry for swap in (c.entry.purge, c.entry.compaction) if swap]
    return {file.file for swap in swaps for file in swap.files}
