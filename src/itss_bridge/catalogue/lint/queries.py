"""Rules on population queries: each is run against empty tables of its streams, as it will be run against full ones."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from itss_bridge.catalogue.draft import Draft
from itss_bridge.catalogue.lint.ids import Found
from itss_bridge.data import stream_names
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.messages import say
from itss_bridge.metrics import DuckEngine
from itss_bridge.model import Metric

_GIVEN = {"period", "parameter"}
_NEEDED = {"ratio": "met", "count": "", "mean": "value", "median": "value", "p90": "value", "sum": "value"}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def _runnable(draft: Draft) -> Iterator[Metric]:
    return (metric for metric in draft.metrics if set(metric.streams) <= set(stream_names()))


def failing(draft: Draft) -> Found:
    """A query that DuckDB refuses, or that does not give the columns which its summary needs."""
    with TemporaryDirectory() as nowhere, closing(DuckEngine(Lake(Path(nowhere)), _ANY_TIME)) as engine:
        for metric in _runnable(draft):
            try:
                engine.hold(metric, dict.fromkeys(metric.parameters, ""), None, _ANY_TIME)
            except UsageError as error:
                yield metric.origin.where, say("{id}: {cause}", id=metric.id, cause=error.cause), say("correct the SQL")
                continue
            for column in sorted(_needed(metric) - engine.given):
                what = say("{id} gives no column {column}", id=metric.id, column=column)
                yield (
                    metric.origin.where,
                    what,
                    say("a {summary} over the window {window} needs it", summary=metric.summary, window=metric.window),
                )


def _needed(metric: Metric) -> set[str]:
    return {"id", "at", _NEEDED[metric.summary]} - {""}


def _read(metric: Metric, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The streams and other tables a query reads; none where it is no SQL, which `failing` tells."""
    try:
        return {str(name) for name in connection.get_table_names(metric.population)}
    except duckdb.Error:
        return set()


def undeclared_streams(draft: Draft) -> Found:
    """A query reads what `streams` declares: only these are looked at for completeness."""
    with duckdb.connect() as connection:
        for metric in _runnable(draft):
            for name in sorted(_read(metric, connection) - {*metric.streams} - _GIVEN):
                what = say("{id} reads {name}, which it does not declare", id=metric.id, name=name)
                yield metric.origin.where, what, say("add it to `streams`, or correct the table's name")


def idle_streams(draft: Draft) -> Found:
    """A stream that is declared and never read makes a metric undetermined for nothing."""
    with duckdb.connect() as connection:
        for metric in _runnable(draft):
            read = _read(metric, connection)
            for name in sorted({*metric.streams} - read) if read else ():
                yield (
                    metric.origin.where,
                    say("{id} declares {name} and never reads it", id=metric.id, name=name),
                    say("remove it from `streams`"),
                )
