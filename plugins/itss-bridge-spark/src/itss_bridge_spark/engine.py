"""Spark: the evidence of a moment as cached tables, the population of a metric as a view over them."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from itss_bridge.catalogue.calendars import Calendar
from itss_bridge.contracts import Engine
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake
from itss_bridge.messages import say
from itss_bridge.metrics.tables import columns_to_read
from itss_bridge.metrics.working_time import used_by
from itss_bridge.model import Metric
from itss_bridge_spark.business_time import business_time, teach
from itss_bridge_spark.dialect import Untranslatable, spark
from itss_bridge_spark.quantiles import finished
from itss_bridge_spark.session import session
from itss_bridge_spark.snapshot import current, moment

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_POPULATION = {
    "id": "STRING",
    "ref": "STRING",
    "url": "STRING",
    "value": "DOUBLE",
    "met": "BOOLEAN",
    "excluded": "STRING",
    "at": "TIMESTAMP",
}
_DIMENSIONS = {"priority": "INT", "service": "STRING"}
_DESCRIBE = "DESCRIBE "


class SparkEngine(Engine):
    """Spark, in this machine's Java or on a cluster. Of each stream the columns asked for are cached at first use.

    A query of which it is not known that Spark gives the same for it is refused, never run.
    """

    name: ClassVar[str] = "spark"

    def __init__(
        self, lake: Lake, as_of: datetime, calendar: Calendar | None = None, metrics: Collection[Metric] = ()
    ) -> None:
        """Evidence of *lake* collected before *as_of*; UsageError when there is no Spark.

        Args:
            lake: where the evidence is; the workers must reach its files by the same path.
            as_of: the moment spoken of.
            calendar: what business time is measured by; around the clock when None.
            metrics: those that will be held; what they read of a stream is then read at once.
        """
        self._lake = lake
        self._as_of = as_of
        self._calendar = calendar
        self._expected = metrics
        self._spark = session()
        self._time = business_time(calendar)
        self._ready: dict[str, frozenset[str]] = {}
        self._cached: dict[str, Any] = {}
        self._knows_business_time = False
        self._metric: Metric | None = None
        self._held: object = None

    def hold(self, metric: Metric, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """Make the view `population`; UsageError when the metric cannot be measured on Spark."""
        wanted = (metric, dict(arguments), start, end)
        if wanted != self._held:
            self._held, self._metric = None, metric
            for stream in metric.streams:
                self._make_ready(stream, metric)
            self._tell(arguments, start, end)
            if used_by(metric) and not self._knows_business_time:
                self._teach_business_time()
            self._view("population", self._shaped(metric, start, end))
            self._held = wanted

    def _tell(self, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """The one-row tables `period` and `parameter`."""
        self._view(
            "period", self._spark.sql(f"SELECT {moment(start or _BEGINNING)} AS start_at, {moment(end)} AS end_at")
        )
        kinds = dict.fromkeys(arguments, "STRING") or {"nothing": "STRING"}
        self._view("parameter", self._one_row(kinds, [*arguments.values()] or [None]))

    def _teach_business_time(self) -> None:
        """Make known what business time is told by, and the one-row table `calendar(id, first_year, last_year)`."""
        told = teach(self._spark, self._calendar, self._as_of)
        kinds = dict(zip(told._fields, ("STRING", "INT", "INT"), strict=True))
        self._view("calendar", self._one_row(kinds, list(told)))
        self._knows_business_time = True

    def _one_row(self, kinds: Mapping[str, str], values: list[Any]) -> Any:
        columns = ", ".join(f"CAST(? AS {kind}) AS `{name}`" for name, kind in kinds.items())
        return self._spark.sql(f"SELECT {columns}", args=values)

    def _shaped(self, metric: Metric, start: datetime | None, end: datetime) -> Any:
        answer = self._asked(metric.population)
        given = {name.lower() for name in answer.columns}
        kinds = _POPULATION | {name: kind for name, kind in _DIMENSIONS.items() if name in given}
        columns = [
            f"CAST({f'`{name}`' if name in given or name == 'id' else 'NULL'} AS {kind}) AS `{name}`"
            for name, kind in kinds.items()
        ]
        try:
            shaped = answer.selectExpr(*columns)
            inside = f"`at` >= {moment(start or _BEGINNING)} AND `at` < {moment(end)}"
            return shaped.where(inside) if metric.window == "event" else shaped
        except Exception as error:  # noqa: BLE001 - Java's exceptions come as many kinds
            raise self._failure(error) from None

    def _asked(self, sql: str) -> Any:
        """The rows of a SELECT as a DataFrame, not yet computed."""
        try:
            told = spark(sql, self._time)
        except Untranslatable as error:
            raise self._refused(str(error)) from None
        try:
            return self._spark.sql(told)
        except Exception as error:  # noqa: BLE001 - Java's exceptions come as many kinds
            raise self._failure(error) from None

    def _make_ready(self, stream: str, metric: Metric) -> None:
        """Cache what *metric* reads of the stream, with what is there or expected already."""
        columns = columns_to_read(stream, metric, self._expected, self._ready.get(stream))
        if columns is None:
            return
        if stream in self._cached:
            self._cached.pop(stream).unpersist()
        self._cached[stream] = self._rows_of(stream, columns).persist()
        self._view(stream, self._cached[stream])
        self._ready[stream] = columns

    def _rows_of(self, stream: str, columns: frozenset[str]) -> Any:
        return current(self._spark, self._lake.table(stream), columns, self._as_of)

    def _view(self, name: str, rows: Any) -> None:
        rows.createOrReplaceTempView(name)

    def rows(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a SELECT, or of `DESCRIBE population`; UsageError when Spark fails on them."""
        if sql.startswith(_DESCRIBE):
            columns = self._spark.table(sql.removeprefix(_DESCRIBE)).columns
            yield from ({"column_name": name} for name in columns)
            return
        asked = self._asked(sql)
        try:
            answer = finished(asked.toArrow())
        except Exception as error:  # noqa: BLE001 - Java's exceptions come as many kinds
            raise self._failure(error) from None
        for batch in answer.to_batches():
            yield from batch.to_pylist()

    def _failure(self, error: Exception) -> UsageError:
        lines = [line for line in str(error).splitlines() if line.strip()]
        return self._refused(lines[0] if lines else type(error).__name__)

    def _refused(self, cause: str) -> UsageError:
        metric = self._metric
        return UsageError(
            say("metric {metric} cannot be measured by the engine spark", metric=metric.id)
            if metric
            else say("the engine spark cannot run the query"),
            where=metric.origin.where if metric else "",
            cause=cause,
            fix=say('measure it with duckdb: engine = "duckdb" in itss-bridge.toml'),
        )

    def close(self) -> None:
        """Give back what is cached; Spark itself runs until the process ends."""
        for rows in self._cached.values():
            rows.unpersist()
        self._cached.clear()
