"""Run population queries over the evidence of a moment: number, denominator, exclusions and items from one query."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

import duckdb

from itss_bridge.contracts import Engine
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.lake import connect, current_sql
from itss_bridge.evidence.rows import ENVELOPE, StreamRows
from itss_bridge.model import Item, Measurement, Metric, StreamState

FAILING_SHOWN = 50
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_VISIBLE = tuple(name for name, _ in ENVELOPE if name not in {"digest", "run", "batch", "removed"})
_POPULATION = {
    "id": "VARCHAR",
    "ref": "VARCHAR",
    "url": "VARCHAR",
    "value": "DOUBLE",
    "met": "BOOLEAN",
    "excluded": "VARCHAR",
    "at": "TIMESTAMPTZ",
}
# Sums are taken over decimals: floating sums would depend on the order in which threads add.
_SUMMARY = """
    SELECT count(*) AS items,
           count(*) FILTER (excluded IS NULL) AS n,
           count(*) FILTER (excluded IS NULL AND met) AS met,
           count(*) FILTER (excluded IS NULL AND met IS DISTINCT FROM false) AS not_failing,
           count(value) FILTER (excluded IS NULL) AS valued,
           sum(value::DECIMAL(38, 9)) FILTER (excluded IS NULL)::DOUBLE AS total,
           quantile_cont(value, 0.5) FILTER (excluded IS NULL) AS median,
           quantile_cont(value, 0.9) FILTER (excluded IS NULL) AS p90
    FROM population
"""
_EXCLUDED = (
    "SELECT excluded, count(*) AS n FROM population WHERE excluded IS NOT NULL GROUP BY excluded ORDER BY excluded"
)
_ALL = "SELECT * FROM population ORDER BY ref, id"


class DuckEngine(Engine):
    """DuckDB in this process. Each stream is materialised once, at first use."""

    name: ClassVar[str] = "duckdb"

    def __init__(self, lake: Lake, as_of: datetime) -> None:
        """Evidence of *lake* collected before *as_of*."""
        self._lake = lake
        self._as_of = as_of
        self._db = connect(lake.root)
        self._ready: set[str] = set()

    def hold(self, metric: Metric, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """Make the table `population`; UsageError when the metric's SQL fails or lacks a column."""
        for stream in metric.streams:
            if stream not in self._ready:
                self._materialise(stream)
                self._ready.add(stream)
        self._set_period(arguments, start, end)
        try:
            self._db.execute(f"CREATE OR REPLACE TABLE answer AS {metric.population}")
            self._db.execute(f"CREATE OR REPLACE TABLE population AS {self._shaped(metric)}")
        except duckdb.Error as error:
            raise UsageError(
                f"metric {metric.id}: its population query fails",
                where=metric.origin.where,
                cause=str(error).splitlines()[0],
                fix="correct the SQL; mappings/README.md lists the tables and the columns it must give",
            ) from None

    def _set_period(self, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        self._db.execute(
            "CREATE OR REPLACE TABLE period AS SELECT $start::TIMESTAMPTZ AS start_at, $end::TIMESTAMPTZ AS end_at",
            {"start": start or BEGINNING, "end": end},
        )
        columns = ", ".join(f'?::VARCHAR AS "{name}"' for name in arguments) or "NULL AS nothing"
        self._db.execute(f"CREATE OR REPLACE TABLE parameter AS SELECT {columns}", list(arguments.values()))

    def _shaped(self, metric: Metric) -> str:
        given = {row[0] for row in self._db.execute("DESCRIBE answer").fetchall()}
        columns = ", ".join(
            f"CAST({quoted if name in given or name == 'id' else 'NULL'} AS {kind}) AS {quoted}"
            for name, kind in _POPULATION.items()
            if (quoted := f'"{name}"')
        )
        inside = 'WHERE "at" >= start_at AND "at" < end_at' if metric.window == "event" else ""
        return f"SELECT {columns} FROM answer, period {inside}"  # noqa: S608 - names are our own

    def _materialise(self, stream: str) -> None:
        columns = [*_VISIBLE, *StreamRows.of(stream).columns]
        arrow = StreamRows.of(stream).arrow
        files = self._lake.table(stream).files()
        quoted = ", ".join(f'"{name}"' for name in columns)
        self._db.register("shape", arrow.empty_table())
        self._db.execute(f'CREATE TABLE "{stream}" AS SELECT {quoted} FROM shape')  # noqa: S608 - names from our schemas
        self._db.unregister("shape")
        if files:
            self._db.execute(
                f'INSERT INTO "{stream}" BY NAME SELECT {quoted} FROM '  # noqa: S608 - names from our schemas
                f'(SELECT * FROM "{stream}" UNION ALL BY NAME ({current_sql(files)}))',
                {"end": self._as_of},
            )

    def rows(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """Rows of a SELECT, fetched in pieces."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            while chunk := cursor.fetchmany(10_000):
                yield from (dict(zip(names, row, strict=True)) for row in chunk)

    def close(self) -> None:
        """Give back memory and spill files."""
        self._db.close()


def population(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, arguments: Mapping[str, str]
) -> Iterator[Item]:
    """Every item the metric looks at in [*start*, *end*), excluded ones too, ordered by ref."""
    engine.hold(metric, arguments, start, end)
    return (_item(row) for row in engine.rows(_ALL))


def measure(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, arguments: Mapping[str, str]
) -> Measurement:
    """The metric over [*start*, *end*). No item counted gives the value None: no data, never 0 % and never 100 %."""
    engine.hold(metric, arguments, start, end)
    (summary,) = engine.rows(_SUMMARY)
    value, numerator = _value(metric, summary)
    return Measurement(
        metric=metric.id,
        arguments=arguments,
        value=value,
        unit=metric.unit,
        n=summary["n"],
        numerator=numerator,
        denominator=summary["n"],
        excluded={row["excluded"]: row["n"] for row in engine.rows(_EXCLUDED)},
        start=start,
        end=end,
        spread=_spread(summary),
        items=summary["items"],
        failing=tuple(_item(row) for row in engine.rows(_failing(metric))),
    )


def _failing(metric: Metric) -> str:
    """SQL of the items to look at first: those that are not met, or, where less is better, those that are."""
    bad = "met" if metric.better == "down" else "NOT met"
    return f"SELECT * FROM population WHERE excluded IS NULL AND {bad} ORDER BY ref, id LIMIT {FAILING_SHOWN}"  # noqa: S608


def _value(metric: Metric, summary: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Value and numerator; both None where there is no data. A count of nothing is 0: that is known."""
    if metric.summary == "count":
        return float(summary["not_failing"]), float(summary["not_failing"])
    if metric.summary == "ratio":
        if not summary["n"]:
            return None, None
        share = summary["met"] / summary["n"]
        return (share * 100 if metric.unit == "%" else share), float(summary["met"])
    if not summary["valued"]:
        return None, None
    return _spread(summary)[metric.summary], summary["total"]


def _spread(summary: Mapping[str, Any]) -> dict[str, float]:
    if not summary["valued"]:
        return {}
    total: float = summary["total"]
    return {
        "sum": total,
        "mean": total / summary["valued"],
        "median": summary["median"],
        "p90": summary["p90"],
    }


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        row["id"], row["ref"] or row["id"], row["url"] or "", row["value"], row["met"], row["excluded"], row["at"]
    )


def unknown(metric: Metric, end: datetime, arguments: Mapping[str, str], reason: str) -> Measurement:
    """The measurement of a metric that may not be concluded, because a stream under it is not complete."""
    return Measurement(
        metric=metric.id,
        arguments=arguments,
        value=None,
        unit=metric.unit,
        n=0,
        numerator=None,
        denominator=0,
        excluded={},
        start=None,
        end=end,
        spread={},
        items=0,
        failing=(),
        unknown=reason,
    )


def obstacle(metric: Metric, states: Mapping[str, Sequence[StreamState]]) -> str:
    """Why nothing may be concluded from this metric: a stream that no source gives, or one that is not complete."""
    for stream in metric.streams:
        if not states.get(stream):
            return f"{stream}: no source gives it"
        for state in states[stream]:
            if state.state != "complete":
                return f"{stream} of {state.source} is {state.state}: {state.reason or 'no complete sync yet'}"
    return ""


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time *months* earlier; the last day of the month where that day does not exist."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    for day in range(moment.day, 27, -1):
        with suppress(ValueError):
            return moment.replace(year=year, month=month + 1, day=day)
    return moment.replace(year=year, month=month + 1)
