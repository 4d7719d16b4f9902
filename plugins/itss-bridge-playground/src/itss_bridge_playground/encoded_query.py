"""ServiceNow's encoded queries over an in-memory table, with the vendor's habits: invalid parts are ignored.

`^` joins conditions, `^OR` widens the *preceding condition only*, `^NQ` starts a new query whose rows are added,
`ORDERBY` and `ORDERBYDESC` sort. An unknown column or operator is dropped without a word.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

Row = tuple[str, ...]
Test = Callable[[Row], bool]

_CONDITION = re.compile(
    r"(?P<column>[a-z_][a-z0-9_.]*)"
    r"(?P<operator>ISNOTEMPTY|ISEMPTY|NOT IN|NOT LIKE|STARTSWITH|ENDSWITH|LIKE|IN|!=|>=|<=|=|>|<)"
    r"(?P<value>.*)",
    re.DOTALL,
)


class Column(NamedTuple):
    """One column as sys_dictionary describes it; *reference* names the table it points to."""

    name: str
    kind: str
    reference: str = ""


class Condition(NamedTuple):
    """`column operator value`."""

    column: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """Rows match when any of *groups* has all of its conditions met, each by one of its alternatives."""

    groups: tuple[tuple[tuple[Condition, ...], ...], ...]
    order: tuple[tuple[str, bool], ...]


@dataclass(eq=False)
class Table:
    """Rows of text cells; a column with a dot in its name is a dot-walked one, served when asked for by name."""

    name: str
    columns: dict[str, Column]
    rows: list[Row]
    _sorted: dict[str, tuple[list[str], list[Row]]] = field(default_factory=dict)
    _selected: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.position = {name: place for place, name in enumerate(self.columns)}
        self._rows_then = len(self.rows)

    def cell(self, row: Row, column: str) -> str:
        """The raw value of one cell."""
        return row[self.position[column]]

    def select(self, text: str) -> list[Row]:
        """The rows an encoded query asks for, in the order it asks for.

        The newest answers are kept for paging, until rows are added or taken away.
        """
        if len(self.rows) != self._rows_then:
            self._rows_then = len(self.rows)
            self._selected.clear()
            self._sorted.clear()
        found = self._selected.get(text)
        if found is None:
            found = self._evaluate(parse(text, self.columns))
            if len(self._selected) >= _KEPT:
                self._selected.clear()
            self._selected[text] = found
        return found

    def _evaluate(self, query: Query) -> list[Row]:
        matched: dict[int, Row] = {}
        for group in query.groups:
            tests = [_any([self._test(c) for c in alternatives]) for alternatives in group]
            matched |= {id(row): row for row in self._candidates(group) if all(test(row) for test in tests)}
        rows = list(matched.values())
        for column, descending in reversed(query.order):
            rows.sort(key=self._sort_key(column), reverse=descending)
        return rows

    def _candidates(self, group: tuple[tuple[Condition, ...], ...]) -> list[Row]:
        """The rows of the narrowest index range that a condition of *group* allows."""
        ranges = [self._range(only) for only, *others in group if not others and only.column in _INDEXED]
        return min((rows for rows in ranges if rows is not None), key=len, default=self.rows)

    def _range(self, condition: Condition) -> list[Row] | None:
        keys, rows = self._index(condition.column)
        value = condition.value
        if condition.operator in ("=", "IN"):
            words = {value} if condition.operator == "=" else set(value.split(","))
            return [row for word in words for row in rows[bisect_left(keys, word) : bisect_right(keys, word)]]
        match condition.operator:
            case ">=":
                return rows[bisect_left(keys, value) :]
            case ">":
                return rows[bisect_right(keys, value) :]
            case "<":
                return rows[: bisect_left(keys, value)]
            case "<=":
                return rows[: bisect_right(keys, value)]
        return None

    def _index(self, column: str) -> tuple[list[str], list[Row]]:
        if column not in self._sorted:
            rows = sorted(self.rows, key=itemgetter(self.position[column]))
            self._sorted[column] = ([self.cell(row, column) for row in rows], rows)
        return self._sorted[column]

    def _sort_key(self, column: str) -> Callable[[Row], Any]:
        place = self.position[column]
        if self.columns[column].kind == "integer":
            return lambda row: _number(row[place])
        return itemgetter(place)

    def _test(self, condition: Condition) -> Test:
        place = self.position[condition.column]
        holds = _holds(condition, numeric=self.columns[condition.column].kind == "integer")
        return lambda row: holds(row[place])


_INDEXED = frozenset({"sys_id", "sys_updated_on", "documentkey", "id", "instance"})
_KEPT = 64


def parse(text: str, columns: Iterable[str]) -> Query:
    """The valid parts of an encoded query."""
    known = set(columns)
    groups, order = [], []
    for segment in text.split("^NQ"):
        conditions: list[list[Condition]] = []
        for part in filter(None, segment.split("^")):
            if part.startswith("ORDERBY"):
                descending = part.startswith("ORDERBYDESC")
                order.append((part.removeprefix("ORDERBYDESC" if descending else "ORDERBY"), descending))
                continue
            alternative = part.startswith("OR")
            condition = _condition(part.removeprefix("OR"), known)
            if condition is not None and alternative and conditions:
                conditions[-1].append(condition)
            elif condition is not None:
                conditions.append([condition])
        groups.append(tuple(map(tuple, conditions)))
    return Query(tuple(groups), tuple((column, down) for column, down in order if column in known))


def _condition(part: str, known: set[str]) -> Condition | None:
    match = _CONDITION.fullmatch(part)
    if match is None or match["column"] not in known:
        return None
    return Condition(match["column"], match["operator"], match["value"])


def _any(tests: list[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


@cache
def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf")


def _holds(condition: Condition, *, numeric: bool) -> Callable[[str], bool]:
    """Whether a cell meets a condition; an empty cell is SQL's NULL and is never smaller or greater than anything."""
    value = condition.value.casefold()
    words = value.split(",")
    here: Callable[[str], Any] = _number if numeric else str.casefold
    low = here(value)
    tests: dict[str, Callable[[str], bool]] = {
        "ISEMPTY": lambda cell: cell == "",
        "ISNOTEMPTY": lambda cell: cell != "",
        "=": lambda cell: cell.casefold() == value,
        "!=": lambda cell: cell.casefold() != value,
        "IN": lambda cell: cell.casefold() in words,
        "NOT IN": lambda cell: cell.casefold() not in words,
        "STARTSWITH": lambda cell: cell.casefold().startswith(value),
        "ENDSWITH": lambda cell: cell.casefold().endswith(value),
        "LIKE": lambda cell: value in cell.casefold(),
        "NOT LIKE": lambda cell: value not in cell.casefold(),
        ">": lambda cell: cell != "" and here(cell) > low,
        ">=": lambda cell: cell != "" and here(cell) >= low,
        "<": lambda cell: cell != "" and here(cell) < low,
        "<=": lambda cell: cell != "" and here(cell) <= low,
    }
    return tests[condition.operator]
