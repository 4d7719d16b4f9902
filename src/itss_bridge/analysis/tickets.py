"""The tickets of one stream as of one moment, as a DuckDB table that the reports query."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.query import connect
from itss_bridge.evidence.read import current_rows
from itss_bridge.messages import say

TICKET_STREAMS = ("incident", "request", "problem", "change")


class Tickets:
    """Closes the database at the end of a `with`; the table `ticket` has the stream's columns and `ended_at`.

    A cancelled ticket is left out. `ended_at` is the resolution, else the closing: a change is never resolved.
    """

    def __init__(self, lake: Lake, stream: str, as_of: datetime, zone: ZoneInfo) -> None:
        """UsageError when *stream* holds no tickets."""
        if stream not in TICKET_STREAMS:
            raise UsageError(
                say("{stream} holds no tickets", stream=stream),
                fix=say("choose among: {names}", names=", ".join(TICKET_STREAMS)),
            )
        self.stream = stream
        self.as_of = as_of
        self.zone = zone
        table = lake.table(stream)
        self.columns = frozenset(table.rows.columns)
        self._db = connect(lake.root, lake.bounds)
        self._db.execute(f"SET TimeZone = '{zone.key}'")
        resolved = "resolved_at" if "resolved_at" in self.columns else "NULL::TIMESTAMPTZ"
        rows = current_rows(table, table.rows.types)
        self._db.execute(
            f"CREATE TABLE ticket AS SELECT *, coalesce({resolved}, closed_at) AS ended_at FROM ({rows}) "  # noqa: S608 - our own names
            "WHERE state IS DISTINCT FROM 'cancelled' AND opened_at < $end",
            {"end": as_of},
        )

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[tuple[Any, ...]]:
        """All rows of a SELECT over `ticket`."""
        return self._db.execute(sql, parameters or {}).fetchall()

    def column(self, name: str) -> str:
        """*name*, quoted; UsageError when the stream has no such field."""
        if name not in self.columns:
            known = ", ".join(sorted(self.columns))
            raise UsageError(
                say("{stream} has no field {name!r}", stream=self.stream, name=name),
                fix=say("there are: {known}", known=known),
            )
        return f'"{name}"'

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
