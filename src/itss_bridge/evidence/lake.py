"""All streams of one workspace as one lake."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb

from itss_bridge.data import stream_names
from itss_bridge.evidence.bucket import Bucket
from itss_bridge.evidence.chain import leftovers
from itss_bridge.evidence.query import DEFAULT, Bounds, connect
from itss_bridge.evidence.store import Folder, Store
from itss_bridge.evidence.table import Damage, StreamTable, Watched, unwatched


class Lake:
    """All streams of one workspace."""

    def __init__(self, root: Path, bounds: Bounds = DEFAULT, store: Store | None = None) -> None:
        """*root* is a folder of this machine; the evidence lies in it too, unless *store* says where else."""
        self.root = root
        self.bounds = bounds
        self.store = store or Folder(root)

    @cached_property
    def reader(self) -> duckdb.DuckDBPyConnection:
        """One DuckDB for all that is read here and there; to start another takes longer than to read a small stream."""
        return connect(self.root, self.bounds)

    @property
    def where(self) -> str:
        """What people are told the place is called."""
        return self.store.uri

    def table(self, stream: str) -> StreamTable:
        """The table of *stream*, whether or not anything is in it yet."""
        return StreamTable(self.root, stream, self.bounds, self.store.under(stream))

    def streams(self) -> list[str]:
        """Streams that hold at least one commit, sorted."""
        there = set(self.store.folders())
        return [name for name in stream_names() if name in there and self.table(name).exists]

    def lease(self) -> AbstractContextManager[None]:
        """One writer at a time across machines; a folder's one writer holds the workspace's lock."""
        if not isinstance(self.store, Bucket):
            return nullcontext()
        from itss_bridge.evidence.lease import lease

        return lease(self.store)

    def verify(self, watch: Watched = unwatched, *, fast: bool = False) -> Iterator[Damage]:
        """All damage in all streams; *fast* leaves out what is inside the data files."""
        from itss_bridge.evidence.audit import Audit

        for stream in self.streams():
            yield from Audit(self.table(stream), watch, fast=fast).damage()

    def leftovers(self) -> Iterator[str]:
        """Files of ours that count for nothing: an interrupted write left them, or an interrupted purge."""
        for stream in self.streams():
            table = self.table(stream)
            yield from (table.store.where(name) for name in leftovers(table))

    def heads(self) -> dict[str, str]:
        """The newest chain head of each stream."""
        return {stream: entry.head for stream in self.streams() if (entry := self.table(stream).last())}

    def last_collected(self) -> datetime | None:
        """When evidence was last collected."""
        entries = [self.table(stream).last() for stream in self.streams()]
        return max((entry.at for entry in entries if entry), default=None)
