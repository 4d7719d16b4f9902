"""The current rows of a stream as Spark reads them: from the same files, by the same rule as DuckDB."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from itss_bridge.evidence.kinds import DECIMAL, INSTANT, TRUTH, WHOLE, WORD, WORDS
from itss_bridge.evidence.table import StreamTable

_SPARK = {
    WORD: "STRING",
    TRUTH: "BOOLEAN",
    WHOLE: "BIGINT",
    DECIMAL: "DOUBLE",
    INSTANT: "TIMESTAMP",
    WORDS: "ARRAY<STRING>",
}
_DECIDING = ("source", "id", "batch", "collected_at", "changed_at", "removed")


def current(spark: Any, table: StreamTable, columns: Collection[str], end: datetime) -> Any:
    """A DataFrame of the newest version of each record collected before *end*, records that are gone left out.

    A column that older evidence does not have is null.
    """
    kinds = {name: _SPARK[sql] for name, sql in table.rows.types.items()}
    chosen = ", ".join(f"`{name}`" for name in kinds if name in columns)
    read = {name: kind for name, kind in kinds.items() if name in columns or name in _DECIDING}
    versions = _read(spark, table.files(), read)
    # a row without a date of change was purged: it still hides the versions before it, and counts for nothing itself
    return spark.sql(
        f"""
        SELECT {chosen} FROM (
            SELECT *, row_number() OVER (PARTITION BY source, id ORDER BY batch DESC) AS newest_first
            FROM {{versions}} WHERE collected_at < {moment(end)}
        ) WHERE newest_first = 1 AND NOT removed AND changed_at IS NOT NULL
        """,  # noqa: S608 - names from our schemas
        versions=versions,
    )


def _read(spark: Any, files: Collection[str], kinds: Mapping[str, str]) -> Any:
    shape = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
    if not files:
        return spark.createDataFrame([], shape)
    # a name is a name: Spark would read [ and * in it as a pattern
    reader = spark.read.schema(shape).option("__globPaths__", "false")
    return reader.parquet(*(f"file:{path}" for path in files))


def moment(at: datetime) -> str:
    """A moment as Spark's SQL writes it."""
    return f"TIMESTAMP '{at.isoformat()}'"
