"""DuckDB in this process: the evidence of a moment as tables, the population of a metric as a view over them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, ClassVar

import duckdb

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.contracts import Engine
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.query import connect, too_little
from itss_bridge.evidence.read import current_rows
from itss_bridge.evidence.rows import ENVELOPE, StreamRows
from itss_bridge.messages import say
from itss_bridge.metrics import working_time
from itss_bridge.model import Metric

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
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
_EACH = """
    SELECT p.asked, answer.*
    FROM parameters AS p, LATERAL (WITH parameter AS (SELECT {one}) SELECT * FROM ({population})) AS answer
"""
_FURTHER = {"priority": "INTEGER", "service": "VARCHAR", "asked": "INTEGER"}
_WORD = re.compile(r"\w+")
_CLAUSE = re.compile(r"(?i)\bgroup\s+by\b")


class DuckEngine(Engine):
    """DuckDB in this process. Of each stream the columns that are asked for are materialised once, at first use."""

    name: ClassVar[str] = "duckdb"

    def __init__(
        self, lake: Lake, as_of: datetime, calendar: Calendar | None = None, metrics: Collection[Metric] = ()
    ) -> None:
        """Evidence of *lake* collected before *as_of*.

        Args:
            lake: where the evidence is.
            as_of: the moment spoken of.
            calendar: what business time is measured by; around the clock when None.
            metrics: those that will be held; what they read of a stream is then read at once.
        """
        self._lake = lake
        self._as_of = as_of
        self._calendar = calendar
        self._expected = metrics
        self._db = connect(lake.root, lake.bounds)
        self._ready: dict[str, frozenset[str]] = {}
        self._arguments: Mapping[str, str] | None = None
        self._period: tuple[datetime | None, datetime] | None = None
        self._given: dict[str, frozenset[str]] = {}
        self._knows_business_time = False
        self._metric: Metric | None = None
        self._held: tuple[str, datetime | None, datetime] | None = None

    def hold(self, metric: Metric, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """Make the view `population`; UsageError when the metric's SQL fails or lacks a column."""
        self._set_parameters(arguments)
        self._make_views(metric, metric.population, start, end)

    def hold_each(
        self, metric: Metric, asked: Sequence[Mapping[str, str]], start: datetime | None, end: datetime
    ) -> bool:
        """The same for several sets of arguments; False when DuckDB cannot join the metric's query to them."""
        names = list(asked[0])
        self._set_all_parameters(names, asked)
        one = ", ".join(f'p.p{place} AS "{name}"' for place, name in enumerate(names))
        try:
            self._make_views(metric, _EACH.format(one=one, population=metric.population), start, end)
            self._db.execute("EXPLAIN FROM population")  # some joins are refused only when they are planned
        except (UsageError, duckdb.Error):
            self._held = None
            return False
        return True

    def _make_views(self, metric: Metric, answer: str, start: datetime | None, end: datetime) -> None:
        self._metric = metric
        if (answer, start, end) == self._held:
            return
        self._held = None
        self._set_period(start, end)
        for stream in metric.streams:
            self._make_ready(stream, metric)
        try:
            if working_time.used_by(metric) and not self._knows_business_time:
                self._teach_business_time()
            self._db.execute(f"CREATE OR REPLACE VIEW answer AS {answer}")
            self._db.execute(f"CREATE OR REPLACE VIEW population AS {self._shaped(metric, answer, start, end)}")
        except duckdb.Error as error:
            raise self._failure(metric, error) from None
        self._held = answer, start, end

    def _failure(self, metric: Metric | None, error: duckdb.Error) -> UsageError:
        return too_little(error) or UsageError(
            say("metric {metric}: its population query fails", metric=metric.id) if metric else say("the query fails"),
            where=metric.origin.where if metric else "",
            cause=str(error).splitlines()[0],
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
            told = self._db.execute("DESCRIBE answer").fetchall()
            self._given[answer] = frozenset(row[0] for row in told)
        given = self._given[answer]
        kinds = _POPULATION | {name: kind for name, kind in _FURTHER.items() if name in given}
        columns = ", ".join(
            f"CAST({quoted if name in given or name == 'id' else 'NULL'} AS {kind}) AS {quoted}"
            for name, kind in kinds.items()
            if (quoted := f'"{name}"')
        )
        return f"SELECT {columns} FROM answer {_inside(start, end) if metric.window == 'event' else ''}"  # noqa: S608 - names are our own

    def _make_ready(self, stream: str, metric: Metric) -> None:
        """Materialise what *metric* reads of the stream, with what is there or expected already."""
        columns = columns_to_read(stream, metric, self._expected, self._ready.get(stream))
        if columns is None:
            return
        self._db.execute(f'DROP TABLE IF EXISTS "{stream}"')
        self._materialise(stream, columns)
        self._ready[stream] = columns

    def _materialise(self, stream: str, columns: frozenset[str]) -> None:
        rows = current_rows(self._lake.table(stream), columns)
        self._db.execute(f'CREATE TABLE "{stream}" AS {rows}', {"end": self._as_of})

    def _teach_business_time(self) -> None:
        """Make the functions of business time known, and the one-row table `calendar(id, first_year, last_year)`."""
        calendar = self._calendar
        if calendar is None or not working_time.rests(calendar):
            told: tuple[str, int | None, int | None] = (working_time.AROUND_THE_CLOCK, None, None)
        else:
            first, last = working_time.years(calendar, self._as_of)
            told = (calendar.id, first, last)
            self._fill_working_time(calendar, first, last)
        self._db.execute(
            "CREATE OR REPLACE TABLE calendar AS "
            "SELECT ?::VARCHAR AS id, ?::INTEGER AS first_year, ?::INTEGER AS last_year",
            told,
        )
        for function in working_time.functions(calendar):
            self._db.execute(function)
        self._knows_business_time = True

    def _fill_working_time(self, calendar: Calendar, first: int, last: int) -> None:
        columns = zip(*working_time.pieces(calendar, first, last), strict=True)
        kinds = ("BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
        named = zip(working_time.Piece._fields, kinds, strict=True)
        cut = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in named)
        self._db.execute(f"CREATE OR REPLACE TABLE working_time AS SELECT {cut}", [list(column) for column in columns])

    def rows(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """Rows of a SELECT, fetched in pieces; UsageError when the metric's SQL fails on them."""
        with closing(self._db.cursor()) as cursor:
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


def _inside(start: datetime | None, end: datetime) -> str:
    """The window as constants: what lies outside is then left out before anything is worked out for it."""
    first, last = (f"TIMESTAMPTZ '{moment.isoformat()}'" for moment in (start or _BEGINNING, end))
    return f'WHERE "at" >= {first} AND "at" < {last}'


def columns_to_read(
    stream: str, metric: Metric, expected: Collection[Metric], there: frozenset[str] | None
) -> frozenset[str] | None:
    """What an engine reads of *stream* for *metric*, with what is *there* or *expected*; None where that is enough."""
    asked = _columns_read(metric, stream)
    if there is not None and asked <= there:
        return None
    others = (_columns_read(other, stream) for other in expected if stream in other.streams)
    return asked.union(there or (), *others)


def _columns_read(metric: Metric, stream: str) -> frozenset[str]:
    """The columns of *stream* that a metric can be reading: those whose names its text has, and those it needs."""
    words = {word.lower() for word in _WORD.findall(_CLAUSE.sub(" ", metric.population))}
    words |= {field.partition(".")[2] for fields in metric.needs.values() for field in fields}
    return frozenset(words & {*_VISIBLE, *StreamRows.of(stream).columns} | {"id"})
