"""All streams of one workspace as one lake, and how DuckDB reads them."""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb

from itss_bridge.data import stream_names
from itss_bridge.evidence.audit import Audit, leftovers
from itss_bridge.evidence.table import Damage, StreamTable, Watched, unwatched


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

    def verify(self, watch: Watched = unwatched, *, fast: bool = False) -> Iterator[Damage]:
        """All damage in all streams; *fast* leaves out what is inside the data files."""
        for stream in self.streams():
            yield from Audit(self.table(stream), watch, fast=fast).damage()

    def leftovers(self) -> Iterator[Path]:
        """Files of ours that count for nothing: an interrupted write left them, or an interrupted purge."""
        for stream in stream_names():
            yield from leftovers(self.table(stream))

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


def listed(files: Iterable[str]) -> str:
    """File names as SQL writes them in a list."""
    return ", ".join("'" + path.replace("'", "''") + "'" for path in files)


def current_sql(files: Iterable[str], *, end: str = "$end") -> str:
    """SQL of the newest version of each record collected before *end*, records that are gone left out.

    Every record has a date of change; a row without one was purged: it still hides the versions before it, and counts
    for nothing itself.
    """
    return f"""
        SELECT * FROM read_parquet([{listed(files)}], union_by_name = true)
        WHERE collected_at < {end}
        QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY batch DESC) = 1
            AND NOT removed AND changed_at IS NOT NULL
    """  # noqa: S608 - file names come from the lake's own log, quoted
