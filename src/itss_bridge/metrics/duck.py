"""DuckDB in this process: the population of a metric as a view over the evidence of a moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, ClassVar

import duckdb

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.contracts import Engine
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.query import too_little
from itss_bridge.messages import say
from itss_bridge.metrics import working_time
from itss_bridge.metrics.tables import Tables
from itss_bridge.model import Metric

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_POPULATION = {
    "id": "VARCHAR",
    "ref": "VARCHAR",
    "url": "VARCHAR",
    "value": "DOUBLE",
    "met": "BOOLEAN",
    "excluded": "VARCHAR",
    "at": "TIMESTAMPTZ",
}
_EACH = """
    SELECT p.asked, answer.*
    FROM parameters AS p, LATERAL (WITH parameter AS (SELECT {one}) SELECT * FROM ({population})) AS answer
"""
_FURTHER = {"priority": "INTEGER", "service": "VARCHAR", "asked": "INTEGER"}


class DuckEngine(Engine):
    """DuckDB in this process: one metric at a time, over tables that several engines may share."""

    name: ClassVar[str] = "duckdb"
    finds_least: ClassVar[bool] = True

    def __init__(
        self,
        lake: Lake,
        as_of: datetime,
        calendar: Calendar | None = None,
        metrics: Collection[Metric] = (),
        *,
        tables: Tables | None = None,
    ) -> None:
        """Evidence of *lake* collected before *as_of*.

        Args:
            lake: where the evidence is.
            as_of: the moment spoken of.
            calendar: what business time is measured by; around the clock when None.
            metrics: those that will be held; what they read of a stream is then read at once.
            tables: those of another engine, which stays their owner.
        """
        self._told = lake, as_of, calendar, metrics
        self._owner = tables is None
        self._tables = tables or self._made_tables()
        self._room = self._tables.room()
        self._db = self._tables.cursor(self._room)
        self._arguments: Mapping[str, str] | None = None
        self._period: tuple[datetime | None, datetime] | None = None
        self._given: dict[str, frozenset[str]] = {}
        self._metric: Metric | None = None
        self._held: tuple[str, datetime | None, datetime] | None = None

    def _made_tables(self) -> Tables:
        return Tables(*self._told)

    def beside(self) -> Sequence[Engine]:
        """As many as DuckDB has threads for, over the same tables; to be closed before this one."""
        return [type(self)(*self._told, tables=self._tables) for _ in range(self._tables.at_once - 1)]

    def hold(self, metric: Metric, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """Make the view `population`; UsageError when the metric's SQL fails or lacks a column."""
        self._set_parameters(arguments)
        self._make_views(metric, self._one_query(metric), start, end)

    def hold_each(
        self, metric: Metric, asked: Sequence[Mapping[str, str]], start: datetime | None, end: datetime
    ) -> bool:
        """The same for several sets of arguments; False when DuckDB cannot join the metric's query to them."""
        names = list(asked[0])
        self._set_all_parameters(names, asked)
        one = ", ".join(f'p.p{place} AS "{name}"' for place, name in enumerate(names))
        try:
            self._make_views(metric, _EACH.format(one=one, population=self._one_query(metric)), start, end)
            self._db.execute("EXPLAIN FROM population")  # some joins are refused only when they are planned
        except (UsageError, duckdb.Error):
            self._held = None
            return False
        return True

    @property
    def given(self) -> frozenset[str]:
        """The columns that the query of the metric that is held gives by itself."""
        return self._given[self._held[0]] if self._held else frozenset()

    def _make_views(self, metric: Metric, answer: str, start: datetime | None, end: datetime) -> None:
        self._metric = metric
        if (answer, start, end) == self._held:
            return
        self._held = None
        self._set_period(start, end)
        for stream in metric.streams:
            self._tables.make_ready(stream, metric)
        try:
            if working_time.used_by(metric):
                self._tables.teach_business_time()
            self._db.execute(f"CREATE OR REPLACE VIEW population AS {self._shaped(metric, answer, start, end)}")
        except duckdb.Error as error:
            raise self._failure(metric, error) from None
        self._held = answer, start, end

    def _one_query(self, metric: Metric) -> str:
        """The metric's population as it can stand within another query, once it is sure to be one by itself.

        Brackets alone would not do: a text may close them, and what comes behind would run.
        """
        try:
            kinds = [statement.type for statement in self._db.extract_statements(metric.population)]
        except duckdb.Error as error:
            raise self._failure(metric, error) from None
        if kinds != [duckdb.StatementType.SELECT]:
            raise self._wrong(metric, say("it is not one SELECT and nothing else"))
        # on lines of its own, for the last may be a comment
        return f"\n{metric.population.rstrip().removesuffix(';')}\n"

    def _failure(self, metric: Metric | None, error: duckdb.Error) -> UsageError:
        return too_little(error) or self._wrong(metric, str(error).splitlines()[0])

    def _wrong(self, metric: Metric | None, cause: str) -> UsageError:
        return UsageError(
            say("metric {metric}: its population query fails", metric=metric.id) if metric else say("the query fails"),
            where=metric.origin.where if metric else "",
            cause=cause,
            fix=say("correct the SQL; mappings/README.md lists the tables and the columns it must give"),
        )

    def _set_period(self, start: datetime | None, end: datetime) -> None:
        if (start, end) != self._period:
            self._db.execute(
                "CREATE OR REPLACE TABLE period AS SELECT $start::TIMESTAMPTZ AS start_at, $end::TIMESTAMPTZ AS end_at",
                {"start": start or _BEGINNING, "end": end},
            )
            self._period = start, end

    def _set_parameters(self, arguments: Mapping[str, str]) -> None:
        if arguments != self._arguments:
            columns = ", ".join(f'?::VARCHAR AS "{name}"' for name in arguments) or "NULL AS nothing"
            self._db.execute(f"CREATE OR REPLACE TABLE parameter AS SELECT {columns}", list(arguments.values()))
            self._arguments = dict(arguments)

    def _set_all_parameters(self, names: Sequence[str], asked: Sequence[Mapping[str, str]]) -> None:
        columns = [f"unnest(?::VARCHAR[]) AS p{place}" for place in range(len(names))]
        sql = f"CREATE OR REPLACE TABLE parameters AS SELECT {', '.join(['unnest(range(?)) AS asked', *columns])}"
        self._db.execute(sql, [len(asked), *([given[name] for given in asked] for name in names)])

    def _shaped(self, metric: Metric, answer: str, start: datetime | None, end: datetime) -> str:
        if answer not in self._given:
            told = self._db.execute(f"DESCRIBE SELECT * FROM ({answer}) AS answer").fetchall()  # noqa: S608 - the metric's own query
            self._given[answer] = frozenset(row[0] for row in told)
        given = self._given[answer]
        kinds = _POPULATION | {name: kind for name, kind in _FURTHER.items() if name in given}
        columns = ", ".join(
            f"CAST({quoted if name in given or name == 'id' else 'NULL'} AS {kind}) AS {quoted}"
            for name, kind in kinds.items()
            if (quoted := f'"{name}"')
        )
        return f"SELECT {columns} FROM ({answer}) AS answer {_inside(start, end) if metric.window == 'event' else ''}"  # noqa: S608 - names are our own

    def rows(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """Rows of a SELECT, fetched in pieces; UsageError when the metric's SQL fails on them."""
        with closing(self._tables.cursor(self._room)) as cursor:
            try:
                cursor.execute(sql)
                names = [column[0] for column in cursor.description or ()]
                while chunk := cursor.fetchmany(10_000):
                    yield from (dict(zip(names, row, strict=True)) for row in chunk)
            except duckdb.Error as error:
                raise self._failure(self._metric, error) from None

    def close(self) -> None:
        """Give back memory and spill files."""
        self._db.close()
        if self._owner:
            self._tables.close()
        else:
            self._tables.leave(self._room)


def _inside(start: datetime | None, end: datetime) -> str:
    """The window as constants: what lies outside is then left out before anything is worked out for it."""
    first, last = (f"TIMESTAMPTZ '{moment.isoformat()}'" for moment in (start or _BEGINNING, end))
    return f'WHERE "at" >= {first} AND "at" < {last}'
