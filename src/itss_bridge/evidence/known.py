"""What we hold of one source's stream, as an index beside the lake: is a record new, changed, or just seen again?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from itss_bridge.evidence.kinds import WHOLE, WORD, column_of
from itss_bridge.evidence.query import connect
from itss_bridge.evidence.rows import Stored
from itss_bridge.evidence.table import StreamTable

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = ["id", "digest", "changed_at"]


class Known:
    """The newest digest of every live record. Lives in DuckDB, so it spills instead of filling memory."""

    def __init__(self, table: StreamTable, source: str) -> None:
        self._table = table
        self._source = source
        self._db = connect(table.path.parent, table.bounds)
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

    def fresh(self, batch: pa.Table, horizon: datetime) -> tuple[pa.Table, int]:
        """The rows that say something we don't hold yet, newest version of each id, and how many ids are new.

        A record is news when its content differs and it isn't older than what we hold. No record can have changed after
        *horizon*: what we hold with a later date must not stand in the way for ever.
        """
        rows = _newest_of_each(batch)
        if not self.live:
            return rows, rows.num_rows
        with self._seen_as("found", rows.select(_ROWS).append_column("place", _places(rows))):
            news = self._db.execute(_NEWS, {"horizon": horizon}).fetchall()
        if len(news) < rows.num_rows:
            rows = rows.take(column_of([place for place, _ in news], WHOLE))
        return rows, sum(new for _, new in news)

    def note(self, batch: pa.Table) -> None:
        """Take over rows that were just committed."""
        if not batch.num_rows:
            return
        with self._seen_as("noted", batch.select([*_ROWS, "removed"])):
            if self.live:
                self._db.execute("DELETE FROM known WHERE id IN (SELECT id FROM noted)")
            self._db.execute("INSERT INTO known SELECT id, digest, changed_at FROM noted WHERE NOT removed")
        self.live = self._count()

    @contextmanager
    def _seen_as(self, name: str, table: pa.Table) -> Iterator[None]:
        """While *table* can be queried under a name."""
        self._db.register(name, table)
        try:
            yield
        finally:
            self._db.unregister(name)

    def not_in(self, there: set[str]) -> list[str]:
        """Ids we hold that are not in *there*, sorted."""
        with self._seen_as("census", _keys(there)):
            gone = self._db.execute("SELECT id FROM known ANTI JOIN census USING (id) ORDER BY id").fetchall()
        return [key for (key,) in gone]

    def versions(self, ids: Sequence[str]) -> list[Stored]:
        """The newest stored version of each of *ids*."""
        if not ids:
            return []
        with self._seen_as("wanted", _keys(ids)):
            found = self._db.execute(
                f"SELECT * FROM ({_newest(self._table)}) SEMI JOIN wanted USING (id) ORDER BY id",  # noqa: S608 - as above
                {"source": self._source},
            )
            names = [column[0] for column in found.description or ()]
            rows = found.fetchall()
        return [self._table.rows.back(dict(zip(names, row, strict=True))) for row in rows]

    def close(self) -> None:
        """Give back the memory."""
        self._db.close()


_NEWS = """
    SELECT place, held.id IS NULL AS new FROM found LEFT JOIN known AS held USING (id)
    WHERE held.id IS NULL
       OR held.digest <> found.digest AND (found.changed_at >= held.changed_at OR held.changed_at > $horizon)
    ORDER BY place
"""


def _newest_of_each(batch: pa.Table) -> pa.Table:
    """One version of each id: the one that changed last, and of several such the one that came last."""
    import pyarrow.compute as pc

    if len(pc.unique(batch["id"])) == batch.num_rows:
        return batch
    moments, places = batch["changed_at"].to_pylist(), dict[str, int]()
    for place, key in enumerate(batch["id"].to_pylist()):
        if key not in places or moments[place] >= moments[places[key]]:
            places[key] = place
    return batch.take(column_of(list(places.values()), WHOLE))


def _places(batch: pa.Table) -> pa.Array:
    return column_of(range(batch.num_rows), WHOLE)


def _keys(ids: Iterable[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table({"id": column_of(list(ids), WORD)})


def _newest(table: StreamTable) -> str:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in table.files())
    return f"""
        SELECT * FROM read_parquet([{listed}], union_by_name = true) WHERE source = $source
        QUALIFY row_number() OVER (PARTITION BY id ORDER BY batch DESC) = 1
    """  # noqa: S608 - file names come from the lake's own log, quoted
