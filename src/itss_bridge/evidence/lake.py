"""All streams of one workspace as one lake."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from itss_bridge.data import stream_names
from itss_bridge.evidence.audit import Audit, leftovers
from itss_bridge.evidence.query import DEFAULT, Bounds
from itss_bridge.evidence.table import Damage, StreamTable, Watched, unwatched


class Lake:
    """All streams of one workspace."""

    def __init__(self, root: Path, bounds: Bounds = DEFAULT) -> None:
        self.root = root
        self.bounds = bounds

    def table(self, stream: str) -> StreamTable:
        """The table of *stream*, whether or not anything is in it yet."""
        return StreamTable(self.root, stream, self.bounds)

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
