"""The rows of one page as records, column by column: each distinct value of a column is read once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from itss_bridge.columns import Columns
from itss_bridge.model import Json
from itss_bridge_servicenow.mapping import Convert, Mapped, text

Rows = Sequence[Mapping[str, Json]]


def records(address: str, mapped: Mapped, rows: Rows, more: Mapping[str, Mapping[str, Json]]) -> Columns:
    """The records of *rows*, whose sys_id and sys_updated_on have been proven.

    Args:
        address: where people find a row, but for its sys_id at the end.
        mapped: the stream's mapping.
        rows: of the stream's table.
        more: sys_id → fields from other tables, which go before those of the row.
    """
    keys = [str(row["sys_id"]) for row in rows]
    fields = {ours: column(rows, theirs, convert) for ours, theirs, convert in mapped.fields}
    return Columns(
        id=keys,
        ref=_refs(mapped, rows, keys),
        url=[f"{address}{key}" for key in keys],
        # ServiceNow keeps times in UTC and does not say so
        changed_at=[datetime.fromisoformat(f"{row['sys_updated_on']}+00:00") for row in rows],
        data=fields | _further(fields, keys, more),
    )


def column(rows: Rows, name: str, convert: Convert) -> list[Json]:
    """The converted values of one column; None where the instance does not give it, or not as text."""
    values = [row.get(name) for row in rows]
    try:
        read = {value: convert(value) if isinstance(value, str) else None for value in set(values)}
    except TypeError:  # an object where text was asked for cannot be looked up
        return [convert(value) if isinstance(value, str) else None for value in values]
    return [read[value] for value in values]


def _refs(mapped: Mapped, rows: Rows, keys: Sequence[str]) -> list[str]:
    words = zip(*(column(rows, name, text) for name in mapped.ref), strict=True) if mapped.ref else [()] * len(keys)
    return [" ".join(str(word) for word in several if word) or key for key, several in zip(keys, words, strict=True)]


def _further(
    fields: Mapping[str, Sequence[Json]], keys: Sequence[str], more: Mapping[str, Mapping[str, Json]]
) -> dict[str, list[Json]]:
    """Columns from other tables; of a row that they say nothing about, the row's own values."""
    nothing = [None] * len(keys)
    names = dict.fromkeys(name for told in more.values() for name in told)
    return {
        name: [more.get(key, {}).get(name, own) for key, own in zip(keys, fields.get(name, nothing), strict=True)]
        for name in names
    }
