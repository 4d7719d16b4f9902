"""The kinds of fields that a schema can have: how a value of each is judged and kept, alone or in a column.

Types are told as DuckDB names them. Arrow, which takes longest of all to load, is for those who write rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from itss_bridge.evidence.ledger import canonical

if TYPE_CHECKING:
    import pyarrow as pa

WORD, INSTANT, WHOLE, DECIMAL, TRUTH, WORDS = "VARCHAR", "TIMESTAMPTZ", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR[]"


@cache
def arrow_type(sql: str) -> pa.DataType:
    """How Arrow keeps what DuckDB calls *sql*."""
    import pyarrow as pa

    types = {
        WORD: pa.string(),
        INSTANT: pa.timestamp("us", "UTC"),
        WHOLE: pa.int64(),
        DECIMAL: pa.float64(),
        TRUTH: pa.bool_(),
        WORDS: pa.list_(pa.string()),
    }
    return types[sql]


def column_of(values: Sequence[Any], sql: str) -> pa.Array:
    """The values as an Arrow array of the type *sql*."""
    import pyarrow as pa

    return pa.array(values, arrow_type(sql))


class Kept(NamedTuple):
    """A column as it is kept: as it is spelt in a digest, and in Arrow."""

    spelt: Sequence[Any]
    arrow: pa.Array


class Kind(ABC):
    """One kind of field. `column` is `one` for many values: it may refuse more, and never keeps another value."""

    sql: ClassVar[str]

    @abstractmethod
    def one(self, value: Any) -> Any:
        """The value as it is kept; TypeError or ValueError says what is wrong with it."""

    def column(self, values: Sequence[Any]) -> Kept:
        """The values as they are kept, None where there is none; TypeError or ValueError when one of them is wrong."""
        kept = [None if value is None else self.one(value) for value in values]
        return Kept(kept, column_of(kept, self.sql))


class Word(Kind):
    """Text."""

    sql = WORD

    def one(self, value: Any) -> str:
        if type(value) is not str:
            raise TypeError(f"{value!r} is not text")
        # half a surrogate pair is no character and can be stored nowhere
        return value if value.isascii() else value.encode("utf-8", "replace").decode()

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, str)
        return Kept(values, column_of(values, self.sql))


class OneOf(Kind):
    """A word of a list."""

    sql = WORD

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed

    def one(self, value: Any) -> str:
        if value not in self._allowed:
            raise ValueError(f"{value!r} is none of {', '.join(sorted(self._allowed))}")
        return str(value)

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, str)
        for value in set(values) - {None}:
            self.one(value)
        return Kept(values, column_of(values, self.sql))


class Person(Kind):
    """A person, kept by pseudonym."""

    sql = WORD

    def __init__(self, pseudonym: Callable[[str], str]) -> None:
        self._pseudonym = pseudonym

    def one(self, value: Any) -> str:
        return self._pseudonym(value)

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, str)
        known = {value: None if value is None else self.one(value) for value in set(values)}
        kept = [known[value] for value in values]
        return Kept(kept, column_of(kept, self.sql))


class Instant(Kind):
    """A moment with its zone, or ISO text of one."""

    sql = INSTANT

    def one(self, value: Any) -> datetime:
        moment = datetime.fromisoformat(value) if type(value) is str else value
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise TypeError(f"{value!r} is not a time with its zone")
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)

    def column(self, values: Sequence[Any]) -> Kept:
        try:
            moments = [None if value is None else datetime.fromisoformat(value) for value in values]
            if {moment.tzinfo for moment in moments if moment} == {UTC}:
                # Arrow reads text several times as fast as it takes over moments
                return Kept(moments, column_of(values, WORD).cast(arrow_type(self.sql)))
        except (TypeError, ValueError):
            pass
        return super().column(values)


class Whole(Kind):
    """A whole number within bounds."""

    sql = WHOLE

    def __init__(self, rule: Mapping[str, Any]) -> None:
        self._bounds = _Bounds(rule)

    def one(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{value!r} is not a whole number")
        self._bounds.refuse(value)
        return value

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, int)
        for value in set(values) - {None}:
            self.one(value)
        return Kept(values, column_of(values, self.sql))


class Decimal(Kind):
    """A number within bounds."""

    sql = DECIMAL

    def __init__(self, rule: Mapping[str, Any]) -> None:
        self._bounds = _Bounds(rule)

    def one(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{value!r} is not a number")
        self._bounds.refuse(value)
        return float(value)


class Truth(Kind):
    """True or false."""

    sql = TRUTH

    def one(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError(f"{value!r} is neither true nor false")
        return value

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, bool)
        return Kept(values, column_of(values, self.sql))


class Words(Kind):
    """A list of texts."""

    sql = WORDS
    _word = Word()

    def one(self, value: Any) -> list[str]:
        if not isinstance(value, list | tuple):
            raise TypeError(f"{value!r} is not a list")
        return [self._word.one(item) for item in value]

    def column(self, values: Sequence[Any]) -> Kept:
        _refuse_but(values, list)
        if set(map(type, chain.from_iterable(filter(None, values)))) - {str}:
            return super().column(values)
        return Kept(values, column_of(values, self.sql))


class Document(Kind):
    """Anything deeper, kept as its canonical JSON text."""

    sql = WORD

    def one(self, value: Any) -> str:
        return canonical(value).decode()


class _Bounds:
    def __init__(self, rule: Mapping[str, Any]) -> None:
        self._low, self._high = rule.get("minimum"), rule.get("maximum")

    def refuse(self, value: float) -> None:
        low, high = self._low, self._high
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"{value!r} is outside {low} … {'' if high is None else high}")


def _refuse_but(values: Iterable[Any], kind: type) -> None:
    """By exact type, since for a set of values 1 and True are the same."""
    if strange := set(map(type, values)) - {kind, NoneType}:
        raise TypeError(f"{strange.pop().__name__} among values of {kind.__name__}")


def kind_of(rule: Mapping[str, Any]) -> Kind:
    """The kind that one property of a stream's schema asks for."""
    types = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
    match next(one for one in types if one != "null"):
        case "string":
            return _text(rule)
        case "array" if rule["items"]["type"] == "string":
            return Words()
        case "integer":
            return Whole(rule)
        case "number":
            return Decimal(rule)
        case "boolean":
            return Truth()
    return Document()


def _text(rule: Mapping[str, Any]) -> Kind:
    if rule.get("format") == "date-time":
        return Instant()
    allowed = frozenset(rule.get("enum", ())) - {None}
    return OneOf(allowed) if allowed else Word()
