"""What we hold of one source's stream, as an index beside the lake: is a record new, changed, or just seen again?"""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from itss_bridge.evidence.lake import StreamTable, connect
from itss_bridge.evidence.rows import Stored

_ROWS = pa.schema([("id", pa.string()), ("digest", pa.string()), ("changed_at", pa.timestamp("us", "UTC"))])


class Known:
    """The newest digest of every live record. Lives in DuckDB, so it spills instead of filling memory."""

    def __init__(self, table: StreamTable, source: str) -> None:
        self._table = table
        self._source = source
        self._db = connect(table.path.parent)
        self._db.execute("CREATE TABLE known (id VARCHAR, digest VARCHAR, changed_at TIMESTAMPTZ)")
        if table.exists and table.files():
            self._db.execute(
                f"INSERT INTO known SELECT id, digest, changed_at FROM ({_newest(table)}) WHERE NOT removed",  # noqa: S608 - no foreign text
                {"source": source},
            )
        self.live = self._count()

    def _count(self) -> int:
        ((counted,),) = self._db.execute("SELECT count(*) FROM known").fetchall()
        return int(counted)

    def fresh(self, rows: Sequence[Stored], horizon: datetime) -> tuple[list[Stored], int]:
        """The rows that say something we don't hold yet, newest version of each id, and how many ids are new.

        No record can have changed after *horizon*: what we hold with a later date must not stand in the way for ever.
        """
        newest: dict[str, Stored] = {}
        for row in rows:
            other = newest.get(row.id)
            if other is None or row.changed_at >= other.changed_at:
                newest[row.id] = row
        held = self._held(newest) if self.live else {}
        fresh = [row for row in newest.values() if _says_more(row, held.get(row.id), horizon)]
        return fresh, sum(row.id not in held for row in fresh)

    def _held(self, rows: dict[str, Stored]) -> dict[str, tuple[str, datetime]]:
        wanted = pa.table({"id": pa.array(list(rows), pa.string())})
        self._db.register("wanted", wanted)
        found = self._db.execute("SELECT id, digest, changed_at FROM known JOIN wanted USING (id)").fetchall()
        self._db.unregister("wanted")
        return {key: (digest, changed_at) for key, digest, changed_at in found}

    def note(self, rows: Sequence[Stored]) -> None:
        """Take over rows that were just committed."""
        if not rows:
            return
        columns = [[r.id for r in rows], [r.digest for r in rows], [r.changed_at for r in rows]]
        arrays = [pa.array(values, kind) for values, kind in zip(columns, _ROWS.types, strict=True)]
        self._db.register("noted", pa.Table.from_arrays(arrays, schema=_ROWS))
        self._db.register("gone", pa.table({"id": pa.array([r.id for r in rows if r.removed], pa.string())}))
        if self.live:
            self._db.execute("DELETE FROM known WHERE id IN (SELECT id FROM noted)")
        self._db.execute("INSERT INTO known SELECT * FROM noted WHERE id NOT IN (SELECT id FROM gone)")
        self._db.unregister("noted")
        self._db.unregister("gone")
        self.live = self._count()

    def not_in(self, there: set[str]) -> list[str]:
        """Ids we hold that are not in *there*, sorted."""
        self._db.register("census", pa.table({"id": pa.array(list(there), pa.string())}))
        gone = self._db.execute("SELECT id FROM known ANTI JOIN census USING (id) ORDER BY id").fetchall()
        self._db.unregister("census")
        return [key for (key,) in gone]

    def versions(self, ids: Sequence[str]) -> list[Stored]:
        """The newest stored version of each of *ids*."""
        self._db.register("wanted", pa.table({"id": pa.array(list(ids), pa.string())}))
        found = self._db.execute(
            f"SELECT * FROM ({_newest(self._table)}) SEMI JOIN wanted USING (id) ORDER BY id",  # noqa: S608 - as above
            {"source": self._source},
        )
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
        self._db.unregister("wanted")
        return [self._table.rows.back(dict(zip(names, row, strict=True))) for row in rows]

    def close(self) -> None:
        """Give back the memory."""
        self._db.close()


def _says_more(row: Stored, held: tuple[str, datetime] | None, horizon: datetime) -> bool:
    """A record is news when its content differs and it isn't older than what we hold."""
    return held is None or (row.digest != held[0] and (row.changed_at >= held[1] or held[1] > horizon))


def _newest(table: StreamTable) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in table.files())
    return f"""
        SELECT * FROM read_parquet([{listed}], union_by_name = true) WHERE source = $source
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY batch DESC) = 1
    """  # noqa: S608 - file names come from the lake's own log, quoted
