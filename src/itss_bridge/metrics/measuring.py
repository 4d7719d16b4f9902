"""From a population to a measurement: what the rows of one query add up to, whole or part by part."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from queue import SimpleQueue
from typing import Any, NamedTuple

from itss_bridge.contracts import Engine
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.metrics.working_time import used_by
from itss_bridge.model import Item, Measurement, Metric, StreamState

FAILING_SHOWN = 50
_BEYOND_SHOWN = 3
DIMENSIONS = ("priority", "service")
"""What a population may be split by, where its query gives the column."""

# Sums are taken over decimals: floating sums would depend on the order in which threads add.
SUMMARY = """
    SELECT {by} AS part,
           excluded,
           count(*) AS items,
           count(*) FILTER (met) AS met,
           count(*) FILTER (NOT met) AS failing,
           count(*) FILTER (isnan(value)) AS beyond,
           count(value) AS valued,
           sum(CAST(CASE WHEN NOT isnan(value) THEN value END AS DECIMAL(38, 9))) FILTER (excluded IS NULL) AS total,
           quantile_cont(value, [0.5, 0.9]) FILTER (excluded IS NULL) AS quantiles
    FROM population
    GROUP BY ALL
"""
_BEYOND = f"SELECT * FROM population WHERE excluded IS NULL AND isnan(value) ORDER BY ref, id LIMIT {FAILING_SHOWN}"  # noqa: S608
_ALL = "SELECT * FROM population ORDER BY ref, id"
_NO_ROW = {"items": 0, "met": 0, "failing": 0, "beyond": 0, "valued": 0, "total": None, "quantiles": None}
# in the order of items, by ref and then by id; where the population is cheap a query of their own is cheaper
_WORST = """
    min({{'ref': ref, 'id': id, 'url': url, 'value': value, 'met': met, 'excluded': excluded, 'at': "at"}}, {most})
        FILTER (excluded IS NULL AND {bad}) AS worst
"""

_COSTLY = re.compile(r"(?i)\bgroup\s+by\b|\bunnest\b")
"""A population that adds something up itself, or takes lists apart, costs more than finding the least of it."""

Part = str | int | None
Rows = Sequence[Mapping[str, Any]]


def population(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, arguments: Mapping[str, str]
) -> Iterator[Item]:
    """Every item the metric looks at in [*start*, *end*), excluded ones too, ordered by ref."""
    engine.hold(metric, arguments, start, end)
    return (_item(row) for row in engine.rows(_ALL))


def measure(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, arguments: Mapping[str, str]
) -> Measurement:
    """The metric over [*start*, *end*). No item counted gives the value None: no data, never 0 % and never 100 %.

    A field that no source gives, or business time in a year without a calendar, makes it unknown, never a guess.
    """
    engine.hold(metric, arguments, start, end)
    at_once = engine.finds_least and _COSTLY.search(metric.population) is not None
    rows = list(engine.rows(SUMMARY.format(by=f"{_worst(metric)}, NULL" if at_once else "NULL")))
    measuring = Measuring(metric, engine, start, end, arguments)
    measured = measuring.measured(rows)
    if measured.unknown:
        return measured
    return replace(measured, failing=_shown(rows) if at_once else measuring.failing(rows))


def measure_each(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, asked: Sequence[Mapping[str, str]]
) -> list[Measurement]:
    """What `measure` gives for each set of arguments, in one query where the engine can."""
    if len(asked) == 1 or not engine.hold_each(metric, asked, start, end):
        return [measure(metric, engine, start, end, arguments) for arguments in asked]
    rows = _by_part(engine.rows(SUMMARY.format(by=f"{_worst(metric)}, asked")))
    found = []
    for number, arguments in enumerate(asked):
        measured = Measuring(metric, engine, start, end, arguments).measured(rows[number])
        found.append(replace(measured, failing=_shown(rows[number])))
    # a reason that names items must name those of its own set
    return [measure(metric, engine, start, end, one.arguments) if one.unknown else one for one in found]


class Asked(NamedTuple):
    """A metric over a window, for one or several sets of arguments."""

    metric: Metric
    start: datetime | None
    end: datetime
    arguments: Sequence[Mapping[str, str]]


def measure_all(asked: Sequence[Asked], engine: Engine) -> list[list[Measurement]]:
    """What `measure_each` gives for each of *asked*, several at a time where the engine has others beside it."""
    with ExitStack() as open_engines:
        free: SimpleQueue[Engine] = SimpleQueue()
        engines = [engine, *map(open_engines.enter_context, map(closing, engine.beside()))]
        for one in engines:
            free.put(one)

        def measured(task: Asked) -> list[Measurement]:
            mine = free.get()
            try:
                return measure_each(task.metric, mine, task.start, task.end, task.arguments)
            finally:
                free.put(mine)

        with ThreadPoolExecutor(len(engines), "measuring") as threads:
            return list(threads.map(measured, asked))


def _by_part(rows: Iterable[Mapping[str, Any]]) -> defaultdict[Any, list[Mapping[str, Any]]]:
    parts: defaultdict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        parts[row["part"]].append(row)
    return parts


def split(
    metric: Metric, engine: Engine, start: datetime | None, end: datetime, arguments: Mapping[str, str], by: str
) -> dict[Part, Measurement]:
    """The same, part by part; items without a priority (or service) are the part None, last. All n add up to the whole.

    Raises:
        UsageError: the metric's population does not tell the items' *by*.
    """
    engine.hold(metric, arguments, start, end)
    _refuse_unknown_dimension(metric, engine, by)
    parts = _by_part(engine.rows(SUMMARY.format(by=f'"{by}"')))
    measuring = Measuring(metric, engine, start, end, arguments)
    return {part: measuring.measured(parts[part]) for part in sorted(parts, key=lambda name: (name is None, name))}


def _refuse_unknown_dimension(metric: Metric, engine: Engine, by: str) -> None:
    given = {str(row["column_name"]) for row in engine.rows("DESCRIBE population")}
    offered = [name for name in DIMENSIONS if name in given]
    if by not in offered:
        raise UsageError(
            say("metric {metric} cannot be split by {by}", metric=metric.id, by=by),
            where=metric.origin.where,
            cause=say("its population query gives no such column"),
            fix=say("there are: {names}", names=", ".join(offered)) if offered else say("add the column to the query"),
        )


class Measuring:
    """One metric held by an engine over one window."""

    def __init__(
        self,
        metric: Metric,
        engine: Engine,
        start: datetime | None,
        end: datetime,
        arguments: Mapping[str, str],
    ) -> None:
        self._metric = metric
        self._engine = engine
        self._start = start
        self._end = end
        self._arguments = arguments
        self._calendar = next(iter(engine.rows("SELECT * FROM calendar")), None) if used_by(metric) else None

    def measured(self, rows: Rows) -> Measurement:
        """What the rows of a summary, one per reason of exclusion, add up to."""
        counted = _counted(rows)
        excluded = {row["excluded"]: row["items"] for row in rows if row["excluded"] is not None}
        reason = self._not_given(excluded) or self._beyond(counted)
        value, numerator = _value(self._metric, counted) if not reason else (None, None)
        return Measurement(
            metric=self._metric.id,
            arguments=self._arguments,
            value=value,
            unit=self._metric.unit,
            n=counted["items"],
            numerator=numerator,
            denominator=counted["items"],
            excluded=dict(sorted(excluded.items())),
            start=self._start,
            end=self._end,
            spread={} if reason else _spread(counted),
            items=sum(row["items"] for row in rows),
            failing=(),
            unknown=reason,
            calendar=self._calendar["id"] if self._calendar else "",
        )

    def _not_given(self, excluded: Iterable[str]) -> str:
        """The fields that no record has although items were left out for want of them."""
        for reason in sorted(self._metric.needs.keys() & set(excluded)):
            fields = self._metric.needs[reason]
            if not any(self._is_given(field) for field in fields):
                return say("no source gives {fields}", fields=" / ".join(fields))
        return ""

    def _is_given(self, field: str) -> bool:
        stream, _, column = field.partition(".")
        sql = f'SELECT count(*) AS records, count("{column}") AS given FROM "{stream}"'  # noqa: S608 - our schemas' names
        (row,) = self._engine.rows(sql)
        return bool(row["given"] or not row["records"])

    def _beyond(self, counted: Mapping[str, Any]) -> str:
        """Why business time cannot be told, with the first items whose years the calendar doesn't publish."""
        if not counted["beyond"] or self._calendar is None:
            return ""
        first = [row["ref"] or row["id"] for row in self._engine.rows(_BEYOND)][:_BEYOND_SHOWN]
        more = counted["beyond"] - len(first)
        told = {**self._calendar, "items": ", ".join(first), "more": more}
        if more > 0:
            return say(
                "the calendar {id} has the years {first_year} to {last_year} only: {items} and {more} more", **told
            )
        return say("the calendar {id} has the years {first_year} to {last_year} only: {items}", **told)

    def failing(self, rows: Rows) -> tuple[Item, ...]:
        """The items to look at first: those that are not met, or, where less is better, those that are."""
        if not _counted(rows)["met" if self._metric.better == "down" else "failing"]:
            return ()
        bad = _bad(self._metric)
        sql = f"SELECT * FROM population WHERE excluded IS NULL AND {bad} ORDER BY ref, id LIMIT {FAILING_SHOWN}"  # noqa: S608
        return tuple(_item(row) for row in self._engine.rows(sql))


def _worst(metric: Metric) -> str:
    return _WORST.format(most=FAILING_SHOWN, bad=_bad(metric))


def _shown(rows: Rows) -> tuple[Item, ...]:
    return tuple(map(_item, _counted(rows).get("worst") or ()))


def _bad(metric: Metric) -> str:
    return "met" if metric.better == "down" else "NOT met"


def _counted(rows: Rows) -> Mapping[str, Any]:
    return next((row for row in rows if row["excluded"] is None), _NO_ROW)


def _value(metric: Metric, counted: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Value and numerator; both None where there is no data. A count of nothing is 0: that is known."""
    if metric.summary == "count":
        kept = float(counted["items"] - counted["failing"])
        return kept, kept
    if metric.summary == "ratio":
        if not counted["items"]:
            return None, None
        share = counted["met"] / counted["items"]
        return (share * 100 if metric.unit == "%" else share), float(counted["met"])
    spread = _spread(counted)
    return spread.get(metric.summary), spread.get("sum")


def _spread(counted: Mapping[str, Any]) -> dict[str, float]:
    if not counted["valued"]:
        return {}
    total, (median, p90) = float(counted["total"]), counted["quantiles"]
    return {"sum": total, "mean": total / counted["valued"], "median": median, "p90": p90}


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        row["id"], row["ref"] or row["id"], row["url"] or "", row["value"], row["met"], row["excluded"], row["at"]
    )


def unknown(metric: Metric, end: datetime, arguments: Mapping[str, str], reason: str) -> Measurement:
    """The measurement of a metric that may not be concluded: *reason* says what is missing."""
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
    return next(filter(None, (obstacle_of(stream, states) for stream in metric.streams)), "")


def obstacle_of(stream: str, states: Mapping[str, Sequence[StreamState]]) -> str:
    """Why nothing may be concluded from this stream; empty when all of it is there."""
    if not states.get(stream):
        return say("{stream}: no source gives it", stream=stream)
    for state in states[stream]:
        if state.state != "complete":
            why = state.reason or say("no complete sync yet")
            told = {"stream": stream, "source": state.source, "why": why}
            if state.state == "running":
                return say("{stream} of {source} is running: {why}", **told)
            if state.state == "failed":
                return say("{stream} of {source} is failed: {why}", **told)
            return say("{stream} of {source} is incomplete: {why}", **told)
    return ""
