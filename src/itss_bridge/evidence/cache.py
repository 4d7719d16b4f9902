"""Copies of a remote lake's data files on this machine, for DuckDB to read: fetched once, compared, dropped when old.

A data file never changes, so a copy need never be fetched again. What the newest version of a stream does not name is
deleted at the next look, so that the copies are never more than the evidence itself, and what was purged goes here too.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from itss_bridge.errors import IntegrityError
from itss_bridge.evidence.store import Store
from itss_bridge.messages import say

_AT_ONCE = 4


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Cache:
    """The copies of one stream's data files."""

    def __init__(self, root: Path, store: Store) -> None:
        """*root* is the folder of this machine that goes with the lake; lakes at other addresses have copies beside."""
        place = hashlib.sha256(store.uri.encode()).hexdigest()[:16]
        self._folder = root / ".cache" / place
        self._store = store

    def holding(self, names: Sequence[str], digest_of: Callable[[str], str]) -> list[str]:
        """Paths of the copies of exactly these files; those that are missing are fetched.

        Raises:
            FileNotFoundError: a file is no longer in the store.
            IntegrityError: a file is not what was committed.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        there = {path.name for path in self.copies()}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda name: self._fetch(name, digest_of(name)), set(names) - there):
                pass
        for name in there - set(names):
            (self._folder / name).unlink(missing_ok=True)
        return [str(self._folder / name) for name in names]

    def copies(self) -> list[Path]:
        """The copies that there are, sorted."""
        return sorted(self._folder.glob("*.parquet"))

    def _fetch(self, name: str, wanted: str) -> None:
        # another process may fetch the same file at the same time: each into a draft of its own
        draft = self._folder / f"{name}.{os.getpid()}"
        try:
            digest = hashlib.sha256()
            with draft.open("wb") as file:
                for chunk in self._store.chunks(name):
                    file.write(chunk)
                    digest.update(chunk)
            if digest.hexdigest() != wanted:
                raise IntegrityError(
                    say("a data file is not what was committed"),
                    where=self._store.where(name),
                    cause=say("its bytes were changed after they were committed, or on the way here"),
                    fix=say("`itss-bridge verify` names what is damaged; restore it from a backup"),
                )
            draft.replace(self._folder / name)
        finally:
            draft.unlink(missing_ok=True)
