"""What a sync of a workspace would read, before anything is read."""

import time
from dataclasses import dataclass
from typing import Any

from itss_bridge.bridge import Bridge
from itss_bridge.contracts import Connector, Count
from itss_bridge.errors import BridgeError
from itss_bridge.evidence import SourceMark
from itss_bridge.messages import say
from itss_bridge.shape import told
from itss_bridge.workspace import Source

_USUAL_SECONDS = 0.5
"""What a page of records takes, where a count is answered faster."""

_FIND_OUT = 2
"""Requests of a full read before its first page: which pieces there are, what the tool calls its fields."""


def planned(bridge: Bridge) -> tuple[list[dict[str, Any]], int]:
    """One line per stream, and the worst exit code of the sources that did not answer."""
    rows: list[dict[str, Any]] = []
    worst = 0
    for name, source in bridge.workspace.sources.items():
        connector = bridge.connector(source)
        try:
            refused = connector.check().readable
            rows += [
                {"source": name, "stream": stream, "reason": refused[stream]}
                if refused.get(stream)
                else _Stream(bridge, source, connector, stream).line()
                for stream in connector.streams()
            ]
        except BridgeError as error:
            worst = max(worst, error.exit_code)
            rows.append({"source": name, "reason": str(error)})
    return rows, worst


@dataclass
class _Stream:
    """One stream before it is read. What an incremental read will bring is not known, only the least of it."""

    bridge: Bridge
    source: Source
    connector: Connector
    stream: str

    def line(self) -> dict[str, Any]:
        """What the sync of it would take."""
        mark = self._mark()
        began, before = time.monotonic(), self.connector.http.requests_made
        counted = self.connector.count(self.stream)
        asked = self.connector.http.requests_made - before
        pace = max(_USUAL_SECONDS, (time.monotonic() - began) / max(1, asked))
        why = self._why_everything(mark)
        rows = self._rows(counted, mark, everything=bool(why))
        requests = 0 if self.connector.reads_files else asked + self._requests(counted, rows, everything=bool(why))
        since = say("changes since {moment:%Y-%m-%d %H:%M}Z", moment=mark.cursor) if mark and mark.cursor else ""
        return {
            "source": self.source.name,
            "stream": self.stream,
            "read": say("everything") if why else since,
            "at the tool": counted.rows if counted else None,
            "exact": bool(counted and counted.exact),
            "held": mark.seen if mark else 0,
            "rows": rows,
            "requests": requests,
            "at least": not why,
            "minutes": round(requests * pace / 60 / self._side_by_side(rows), 1),
            "reason": why,
        }

    def _mark(self) -> SourceMark | None:
        last = self.bridge.lake.table(self.stream).last()
        return last.sources.get(self.source.name) if last else None

    def _why_everything(self, mark: SourceMark | None) -> str:
        """Why a full read is due; empty when an incremental one is enough, as far as can be told without asking."""
        if mark is None:
            return say("first read")
        if mark.cursor is None:
            ended = mark.state not in {"running", "failed"}
            return say("records were missing") if ended else say("the last one did not end")
        if mark.shape.partition(":")[0] != told(self.connector, self.stream):
            return say("connector or configuration have changed")
        dated = not (self.connector.always_whole or self.connector.reads_files)
        return "" if dated else say("this tool dates no changes")

    def _rows(self, counted: Count | None, mark: SourceMark | None, *, everything: bool) -> int | None:
        if counted is None:
            return None
        return counted.rows if everything or mark is None else max(0, counted.rows - mark.seen)

    def _requests(self, counted: Count | None, rows: int | None, *, everything: bool) -> int:
        """All but the counts: finding out, pages of records, and where an exact count does not prove it, the census."""
        pages = -(-(rows or 0) // self.connector.rows_per_request)
        census = 0 if counted and counted.exact else max(1, -(-(rows or 0) // self.connector.keys_per_request))
        if everything:
            return _FIND_OUT + max(1, pages) + census
        return max(1, pages) + census + (type(self.connector).shape is not Connector.shape)

    def _side_by_side(self, rows: int | None) -> int:
        """How many requests are under way at once: as many as the source allows, and as there are pages."""
        allowed: int = self.source.table.get("in_flight", 4)
        return max(1, min(allowed, (rows or 0) // self.connector.rows_per_request))
