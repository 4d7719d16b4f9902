"""Rows of other tables that say more about the rows of a page: asked for by many keys at once, never one by one."""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import fmean
from threading import Lock
from typing import Any, ClassVar

from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge_servicenow.mapping import number, whole
from itss_bridge_servicenow.table_api import BY_ID, Rows, TableApi

KEYS_A_REQUEST = 100
"""As many sys_ids as an address of four thousand characters holds."""

ROWS_A_PAGE = 10_000


class Companion(ABC):
    """Adds to the records of one stream what stands in other tables."""

    tables: Mapping[str, tuple[str, ...]]
    """The tables it reads, with the columns it cannot do without."""

    columns: ClassVar[tuple[str, ...]] = ()
    """Columns of the stream's own table that it needs besides the mapped ones."""

    def renew(self) -> None:  # noqa: B027 - most keep nothing
        """A new walk begins: what was read for the last one is out of date."""

    @abstractmethod
    def of(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, Json]]:
        """sys_id → further fields, for the *rows* of one page; may be called from several threads."""


def related(
    api: TableApi, table: str, query: str, key: str, keys: Sequence[str], columns: Sequence[str]
) -> Iterator[Mapping[str, str]]:
    """The rows of *table* whose column *key* is one of *keys*, a hundred keys a request.

    Raises:
        AccessDenied: access rules hide some of them, or a column: what is left would tell a wrong story.
        SourceUnavailable: rows come that were not asked for.
    """
    for start in range(0, len(keys), KEYS_A_REQUEST):
        chunk = keys[start : start + KEYS_A_REQUEST]
        asked = "^".join(filter(None, [query, f"{key}IN{','.join(chunk)}", BY_ID]))
        for rows, hidden in api.walk(table, asked, ("sys_id", key, *columns), ROWS_A_PAGE):
            refuse_gaps(table, rows, hidden, (key, *columns))
            if any(row[key] not in chunk for row in rows):
                cause = say("the instance ignored a part of the query")
                raise SourceUnavailable(say("{table}: rows come that were not asked for", table=table), cause=cause)
            yield from rows


def refuse_gaps(table: str, rows: Rows, hidden: int, columns: Collection[str]) -> None:
    """AccessDenied when rows are hidden, or a column is."""
    fix = say("give the account read access to all of {table}, or stop asking for it in itss-bridge.toml", table=table)
    if hidden:
        raise AccessDenied(
            say("{hidden} rows of {table} are hidden from this account", hidden=hidden, table=table),
            cause=say("access rules"),
            fix=fix,
        )
    if rows and (missing := [column for column in columns if column not in rows[0]]):
        cause = say("it does not exist, or this account may not read it")
        raise AccessDenied(
            say("{table} gives no column {names}", table=table, names=", ".join(missing)), cause=cause, fix=fix
        )


class Relations(Companion):
    """How many relations each configuration item has: the whole of cmdb_rel_ci, ten thousand rows a request.

    A relation that goes leaves no trace on either item, so the items are read whole whenever this is asked for.
    """

    tables: Mapping[str, tuple[str, ...]] = {"cmdb_rel_ci": ("parent", "child")}

    def __init__(self, api: TableApi) -> None:
        self._api = api
        self._lock = Lock()
        self._counted: Counter[str] | None = None

    def renew(self) -> None:
        """Forget the counts."""
        with self._lock:
            self._counted = None

    def of(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, Json]]:
        """`relations` of each item, whichever end of them it is."""
        with self._lock:
            if self._counted is None:
                self._counted = self._count()
            counted = self._counted
        return {row["sys_id"]: {"relations": counted[row["sys_id"]]} for row in rows}

    def _count(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        columns = self.tables["cmdb_rel_ci"]
        for rows, hidden in self._api.walk("cmdb_rel_ci", BY_ID, ("sys_id", *columns), ROWS_A_PAGE):
            refuse_gaps("cmdb_rel_ci", rows, hidden, columns)
            # an item that relates to itself has one relation, not two
            counted.update(end for row in rows for end in {row["parent"], row["child"]})
        return counted


class Answers(Companion):
    """What those who were asked answered, to the questions that the configuration names."""

    tables: Mapping[str, tuple[str, ...]] = {"asmt_metric_result": ("instance", "metric", "actual_value")}

    def __init__(self, api: TableApi, table: Mapping[str, Any]) -> None:
        """*table* is the stream's; UsageError when `score`, `scale` or `recommend` are not what they should be."""
        self._api = api
        self._score = _metrics(table, "score")
        self._recommend = _metrics(table, "recommend")
        self._low, self._high = _scale(table)
        self.asked = (*self._score, *self._recommend)

    def of(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, Json]]:
        """`score` from 0 to 100, the mean over the named questions, and `recommend` from 0 to 10."""
        asked = "metricIN" + ",".join(self.asked)
        instances = [row["sys_id"] for row in rows]
        given: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in related(self._api, "asmt_metric_result", asked, "instance", instances, ("metric", "actual_value")):
            given[row["instance"]].append((row["metric"], row["actual_value"]))
        return {instance: self._told(answers) for instance, answers in given.items()}

    def _told(self, answers: list[tuple[str, str]]) -> dict[str, Json]:
        read = number(self._low, self._high)
        scores = [value for metric, text in answers if metric in self._score if isinstance(value := read(text), float)]
        tens = [whole(0, 10)(text.removesuffix(".0")) for metric, text in answers if metric in self._recommend]
        width = self._high - self._low
        return {
            "score": fmean(100 * (value - self._low) / width for value in scores) if scores else None,
            "recommend": tens[0] if len(tens) == 1 else None,
        }


def _metrics(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    named = table.get(key, [])
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list) or not all(isinstance(m, str) and m.isalnum() for m in found):
        fix = say('{key} = "the sys_id of the question in asmt_metric"', key=key)
        raise UsageError(say("{named!r} names no question", named=named), where=f"streams.survey.{key}", fix=fix)
    return tuple(found)


def _scale(table: Mapping[str, Any]) -> tuple[float, float]:
    scale = table.get("scale")
    if scale is None and not table.get("score"):
        return 0.0, 100.0
    match scale:
        case [int() | float() as low, int() | float() as high] if low < high:
            return float(low), float(high)
    fix = say("scale = [1, 5]: the worst and the best answer to the questions of score")
    raise UsageError(say("{scale!r} is no scale", scale=scale), where="streams.survey.scale", fix=fix)
