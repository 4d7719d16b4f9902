"""Read current records of a stream as of a moment, in a stable order."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from itss_bridge.errors import UsageError
from itss_bridge.evidence.lake import Lake, connect, current_sql


def records(lake: Lake, stream: str, end: datetime, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Current records collected before *end*, by source, ref and id.

    Raises:
        UsageError: the stream has no such column.
    """
    table = lake.table(stream)
    known = set(table.rows.arrow.names)
    for name in columns:
        if name not in known:
            raise UsageError(f"{stream} has no field {name!r}", fix=f"there are: {', '.join(table.rows.columns)}")
    files = table.files()
    return _rows(lake, files, end, columns) if files else iter(())


def _rows(lake: Lake, files: Sequence[str], end: datetime, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    listed = ", ".join(f'"{name}"' for name in columns)
    with closing(connect(lake.root)) as database:
        sql = f"SELECT {listed} FROM ({current_sql(files)}) ORDER BY source, ref, id"  # noqa: S608 - names were checked
        cursor = database.execute(sql, {"end": end})
        while chunk := cursor.fetchmany(10_000):
            yield from (dict(zip(columns, row, strict=True)) for row in chunk)
