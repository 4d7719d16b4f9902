"""What reports as of past moments lack because it was purged since."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from itss_bridge.evidence.ledger import Entry
from itss_bridge.evidence.query import connect, listed
from itss_bridge.evidence.table import StreamTable


@dataclass(frozen=True, slots=True)
class Missing:
    """Records that were current as of a moment and have been purged since, the last of them in a purge at *at*."""

    records: int
    at: datetime


def missing(table: StreamTable, as_of: datetime, newest: Entry | None = None) -> dict[str, Missing]:
    """By source, what a report as of *as_of* lacks because it was purged; usually nothing, told by the newest entry."""
    newest = newest or table.last()
    if newest is None or all(as_of > until for until in newest.thinned.values()):
        return {}
    with closing(connect(table.path.parent, table.bounds)) as database:
        found = database.execute(_MISSING.format(files=listed(table.files())), {"end": as_of}).fetchall()
    purges = _purged_at(table)
    return {source: Missing(n, max(purges[name] for name in files)) for source, n, files in found}


def _purged_at(table: StreamTable) -> dict[str, datetime]:
    """When rows of each data file were last purged, by the file's name, through all compactions since."""
    purged: dict[str, datetime] = {}
    for entry in reversed(list(table.entries())):
        purged |= {file.by: entry.purge.at for file in entry.purge.files} if entry.purge else {}
        if entry.compaction:
            moments = [purged[file.file] for file in entry.compaction.files if file.file in purged]
            purged |= {file.file: max(moments) for file in entry.compaction.by if moments}
    return purged


_MISSING = """
    SELECT source, count(*), list(DISTINCT parse_filename(filename)) FROM (
        SELECT source, filename, changed_at, removed
        FROM read_parquet([{files}], union_by_name = true, filename = true) WHERE collected_at < $end
        QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY batch DESC) = 1
    ) WHERE changed_at IS NULL AND NOT removed GROUP BY source ORDER BY source
"""
