"""What is no longer given, a stream by its source or a source by the configuration: it goes stale, or is ended."""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from itss_bridge.evidence import Lake, SourceMark, StreamTable
from itss_bridge.evidence.known import Known
from itss_bridge.messages import say

HOW_TO_END = say("put it back; if it is over for good, run sync --accept-removals")


def given_before(lake: Lake, source: str) -> set[str]:
    """Streams that *source* once gave and that were not ended since."""
    return {stream for name, stream in _open(lake) if name == source}


def left_behind(lake: Lake, configured: Collection[str]) -> list[tuple[str, str]]:
    """Source and stream of all evidence whose source is not configured any more, and that was not ended."""
    return [(source, stream) for source, stream in _open(lake) if source not in configured]


def _open(lake: Lake) -> Iterator[tuple[str, str]]:
    for stream in lake.streams():
        last = lake.table(stream).last()
        for source, mark in last.sources.items() if last else ():
            if not _over(mark):
                yield source, stream


def _over(mark: SourceMark) -> bool:
    """Only an end leaves a complete mark that says nothing of where to go on."""
    return mark.state == "complete" and mark.cursor is None


def fail(table: StreamTable, source: str, reason: str, *, run: str, at: datetime) -> SourceMark:
    """Keep a failure itself as evidence: from now on nothing may rest on the source's part of the stream."""
    last = table.last()
    before = last.sources.get(source) if last else None
    mark = replace(before or SourceMark("failed", None, None, 0, at), state="failed", at=at, reason=reason)
    table.append([], run=run, at=at, source=source, mark=mark)
    return mark


def end(table: StreamTable, source: str, *, run: str, at: datetime) -> int:
    """Mark all that is held of the source removed, and its part of the stream complete and empty; returns how many.

    The past stays. Should the source come back, everything of it is read anew.
    """
    with closing(Known(table, source)) as known:
        rows = [table.rows.gone(row) for row in known.versions(known.not_in(set()))]
    table.append(rows, run=run, at=at, source=source, mark=SourceMark("complete", None, 0, 0, at))
    return len(rows)
