"""The last step of a quantile, as DuckDB takes it."""

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa

_STEPS = {"low", "high", "share"}


def finished(rows: "pa.Table") -> "pa.Table":
    """*rows* with each array of `{low, high, share}` made one of quantiles.

    Between two values DuckDB goes in steps that depend on what its processor can do; so they are left to DuckDB.
    """
    import pyarrow as pa

    for place, field in enumerate(rows.schema):
        if pa.types.is_list(field.type) and _is_step(field.type.value_type):
            found = [steps and [_between(**step) for step in steps] for steps in rows[field.name].to_pylist()]
            rows = rows.set_column(place, field.name, pa.array(found, pa.list_(pa.float64())))
    return rows


def _is_step(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_struct(kind) and {field.name for field in kind} == _STEPS


def _between(low: float, high: float, share: float) -> float:
    if share == 0:
        return low
    sql = f"SELECT quantile_cont(v, {share!r}::DOUBLE) FROM (VALUES (?::DOUBLE), (?::DOUBLE)) AS between(v)"  # noqa: S608
    (found,) = duckdb.execute(sql, [low, high]).fetchone() or (None,)
    return float(found)
