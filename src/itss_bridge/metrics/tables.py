"""The evidence of a moment as tables of a DuckDB in this process, for as many engines as ask of it at once."""

import re
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import count
from threading import Lock

import duckdb

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.data import stream_names
from itss_bridge.evidence import Lake
from itss_bridge.evidence.query import connect
from itss_bridge.evidence.read import current_rows
from itss_bridge.evidence.rows import ENVELOPE, StreamRows
from itss_bridge.metrics import working_time
from itss_bridge.model import Metric

_VISIBLE = tuple(name for name, _ in ENVELOPE if name not in {"digest", "run", "batch", "removed"})
_AT_ONCE = 4
_WORD = re.compile(r"\w+")
_CLAUSE = re.compile(r"(?i)\bgroup\s+by\b")


class Tables:
    """One table a stream. The columns that are asked for are materialised once, at first use, whoever asks first."""

    def __init__(
        self, lake: Lake, as_of: datetime, calendar: Calendar | None = None, metrics: Collection[Metric] = ()
    ) -> None:
        """Evidence of *lake* collected before *as_of*, business time by *calendar*; *metrics* are those to come."""
        self._lake = lake
        self._as_of = as_of
        self._calendar = calendar
        self._expected = metrics
        self._db = connect(lake.root, lake.bounds)
        self._connecting = Lock()
        self._numbers = count()
        self._ready: dict[str, frozenset[str]] = {}
        self._reading = {stream: Lock() for stream in stream_names()}
        self._knows_business_time = False
        self._teaching = Lock()

    @property
    def at_once(self) -> int:
        """How many engines may ask at the same time: no more than DuckDB has threads."""
        (threads,) = self._db.execute("SELECT current_setting('threads')").fetchone() or (1,)
        return min(int(threads), _AT_ONCE)

    def room(self) -> str:
        """A schema of its own for what an engine makes beside the tables."""
        with self._connecting:
            name = f"asked_{next(self._numbers)}"
            self._db.execute(f"CREATE SCHEMA {name}")
        return name

    def leave(self, room: str) -> None:
        """Give back a schema with all that is in it."""
        with self._connecting:
            self._db.execute(f"DROP SCHEMA {room} CASCADE")

    def cursor(self, room: str = "") -> duckdb.DuckDBPyConnection:
        """A connection for one thread that finds names in *room* first; the caller closes it."""
        with self._connecting:
            cursor = self._db.cursor()
        if room:
            cursor.execute(f"SET search_path = '{room},main'")
        return cursor

    def make_ready(self, stream: str, metric: Metric) -> None:
        """Materialise what *metric* reads of the stream, with what is there or expected already."""
        with self._reading[stream]:
            columns = columns_to_read(stream, metric, self._expected, self._ready.get(stream))
            if columns is None:
                return
            with self._own_cursor() as cursor:
                self._materialise(cursor, stream, columns)
            self._ready[stream] = columns

    def _materialise(self, cursor: duckdb.DuckDBPyConnection, stream: str, columns: frozenset[str]) -> None:
        rows = current_rows(self._lake.table(stream), columns)
        cursor.execute(f'CREATE OR REPLACE TABLE "{stream}" AS {rows}', {"end": self._as_of})

    @contextmanager
    def _own_cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with closing(self.cursor()) as cursor:
            yield cursor

    def teach_business_time(self) -> None:
        """Make the functions of business time known, and the one-row table `calendar(id, first_year, last_year)`."""
        with self._teaching:
            if not self._knows_business_time:
                with self._own_cursor() as cursor:
                    self._teach(cursor)
                self._knows_business_time = True

    def _teach(self, cursor: duckdb.DuckDBPyConnection) -> None:
        calendar = self._calendar
        if calendar is None or not working_time.rests(calendar):
            told: tuple[str, int | None, int | None] = (working_time.AROUND_THE_CLOCK, None, None)
        else:
            first, last = working_time.years(calendar, self._as_of)
            told = (calendar.id, first, last)
            _fill_working_time(cursor, calendar, first, last)
        cursor.execute(
            "CREATE OR REPLACE TABLE calendar AS "
            "SELECT ?::VARCHAR AS id, ?::INTEGER AS first_year, ?::INTEGER AS last_year",
            told,
        )
        for function in working_time.functions(calendar):
            cursor.execute(function)

    def close(self) -> None:
        """Give back memory and spill files."""
        self._db.close()


def _fill_working_time(cursor: duckdb.DuckDBPyConnection, calendar: Calendar, first: int, last: int) -> None:
    columns = zip(*working_time.pieces(calendar, first, last), strict=True)
    kinds = ("BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE")
    named = zip(working_time.Piece._fields, kinds, strict=True)
    cut = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in named)
    cursor.execute(f"CREATE OR REPLACE TABLE working_time AS SELECT {cut}", [list(column) for column in columns])


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
