"""Read current records of a stream as of a moment, in a stable order."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from itss_bridge.errors import UsageError
from itss_bridge.evidence.lake import Lake
from itss_bridge.evidence.query import current_sql
from itss_bridge.evidence.table import StreamTable
from itss_bridge.messages import say


def current_rows(table: StreamTable, columns: Collection[str]) -> str:
    """SQL of the current records collected before `$end`; a column that older evidence does not have is null."""
    # told in SQL: registering an Arrow table would import Arrow, and pandas wherever it is installed
    kinds = {name: sql for name, sql in table.rows.types.items() if name in columns}
    names = ", ".join(f'"{name}"' for name in kinds)
    nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in kinds.items())
    files = table.files()
    if not files:
        return f"SELECT {nothing} WHERE $end IS NULL"
    # the rows that are none give the names and types that older evidence may lack
    return f"SELECT {names} FROM (SELECT {nothing} WHERE false UNION ALL BY NAME ({current_sql(files)}))"  # noqa: S608 - names from our schemas


def records(lake: Lake, stream: str, end: datetime, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Current records collected before *end*, by source, ref and id.

    Raises:
        UsageError: the stream has no such column.
    """
    table = lake.table(stream)
    for name in columns:
        if name not in table.rows.types:
            raise UsageError(
                say("{stream} has no field {name!r}", stream=stream, name=name),
                fix=say("there are: {names}", names=", ".join(table.rows.columns)),
            )
    return _rows(lake, table, end, columns) if table.files() else iter(())


def _rows(lake: Lake, table: StreamTable, end: datetime, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    listed = ", ".join(f'"{name}"' for name in columns)
    with closing(lake.reader.cursor()) as cursor:
        rows = current_rows(table, {*columns, "source", "ref", "id"})
        cursor.execute(f"SELECT {listed} FROM ({rows}) ORDER BY source, ref, id", {"end": end})  # noqa: S608 - names were checked
        while chunk := cursor.fetchmany(10_000):
            yield from (dict(zip(columns, row, strict=True)) for row in chunk)
