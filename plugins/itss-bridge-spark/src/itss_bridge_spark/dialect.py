"""DuckDB's SQL in Spark's words: what is known to mean the same, and nothing else.

sqlglot knows both grammars. It does not tell where one word means two things, and such a difference would change a
number without anybody noticing. So each part of a query must be on the list below: either it means the same in both, or
it is rewritten here so that it does. The tests hold all of it against DuckDB.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from itss_bridge.messages import say

_KNOWN = frozenset(
    """
    Select From With CTE Table TableAlias Alias Column Identifier Star Subquery Union Join Where Group Order Ordered
    Limit Window WindowSpec RowNumber Filter Count Sum Avg Min Max PercentileCont Array And Or Not Paren EQ NEQ GT
    GTE LT LTE Is In Exists Like Case If Coalesce Nullif Greatest Add Sub Mul Div Neg Sqrt Round IsNan Literal
    Boolean Null Cast DataType DataTypeParam Extract Var Interval TimeToUnix Lower DPipe ArrayContains ArraySize
    Explode FromJson Anonymous
    """.split()  # noqa: SIM905 - a hundred quotes hide the names
)
_BUSINESS_TIME = frozenset({"business_seconds", "business_days"})
_TWO_MOMENTS = 2
_CASTS = frozenset({"DOUBLE", "INT", "TIMESTAMPTZ", "DECIMAL(38, 9)"})
_PARTS = frozenset({"YEAR", "MONTH", "DAY"})


class Untranslatable(Exception):
    """A query has a part of which it is not known that Spark gives the same for it."""


@dataclass(frozen=True, slots=True)
class BusinessTime:
    """How business time is told: seconds of a business day; *rests* when the function `working_seconds` knows it."""

    day_seconds: int
    rests: bool


@cache
def spark(sql: str, time: BusinessTime) -> str:
    """A SELECT of DuckDB's in Spark's words.

    Quantiles come out as an array of `{low, high, share}`: the two values beside each, and how far it lies between.

    Raises:
        Untranslatable: it is no SQL, or it has a part that is not on the list; says which.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise Untranslatable(str(error).splitlines()[0]) from None
    nodes = list(tree.walk())
    for node in nodes:
        _refuse_unknown(node)
    for node in reversed(nodes):  # what is within comes first
        if (write := _WRITTEN.get(type(node).__name__)) and (written := write(node, time)) is not node:
            node.replace(written)
    return str(tree.sql("spark", identify=True))


def _refuse_unknown(node: Any) -> None:
    kind = type(node).__name__
    sound = _SOUND.get(kind)
    if kind not in _KNOWN or (sound and not sound(node)):
        part = " ".join(node.sql("duckdb").split())
        raise Untranslatable(say("it is not known that Spark gives the same for {part}", part=part))


def _is_last_step(quantile: Any) -> bool:
    """Whether it is a column of the outermost SELECT as it stands: only there can the engine finish it."""
    whole = quantile.parent if type(quantile.parent).__name__ == "Filter" else quantile
    listed = type(quantile.expression).__name__ == "Array"
    return listed and type(whole.parent).__name__ == "Alias" and whole.parent.parent.parent is None


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "Anonymous": lambda call: call.name.lower() in _BUSINESS_TIME and len(call.expressions) == _TWO_MOMENTS,
    "Array": lambda array: type(array.parent).__name__ == "PercentileCont",
    "Cast": lambda cast: cast.to.sql("duckdb") in _CASTS,
    "Extract": lambda extract: extract.name.upper() in _PARTS,
    "FromJson": lambda call: call.expression.is_string,
    "Interval": lambda interval: interval.args["unit"].name.upper() == "DAY",
    "Like": lambda like: like.expression.is_string and "\\" not in like.expression.name,
    "PercentileCont": _is_last_step,
    "Round": lambda call: call.args.get("decimals") is None or call.args["decimals"].sql() in "0123456789",
}


@cache
def _parsed(template: str) -> Any:
    import sqlglot

    return sqlglot.parse_one(template, read="spark")


def _filled(template: str, **parts: Any) -> Any:
    """Spark's SQL with `:name` replaced by the expression of that name."""
    from sqlglot import exp

    tree = _parsed(template).copy()
    for place in list(tree.find_all(exp.Placeholder)):
        place.replace(parts[place.name].copy())
    return exp.paren(tree, copy=False)


def _as(template: str, node: Any, _time: BusinessTime) -> Any:
    return _filled(template, x=node.this, y=node.expression)


def _divided(node: Any, time: BusinessTime) -> Any:
    """Always between floating numbers; by nought it is infinite, where Spark would fail."""
    by = node.expression
    if by.is_number and float(by.name):
        return _as("CAST(:x AS DOUBLE) / CAST(:y AS DOUBLE)", node, time)
    return _as(
        "CASE WHEN :y = 0 THEN CAST(:x AS DOUBLE) * CAST('Infinity' AS DOUBLE) "
        "ELSE CAST(:x AS DOUBLE) / CAST(:y AS DOUBLE) END",
        node,
        time,
    )


def _rounded(node: Any, _time: BusinessTime) -> Any:
    """A floating number as binary as it is; Spark would round its shortest decimal form."""
    places = node.args["decimals"].name if node.args.get("decimals") else "0"
    return _filled(_TO_PLACES.format(places=places), x=node.this)


# Times ten to the places, rounded, divided. Where the product lies just between two and is itself rounded up, what was
# lost in it decides: its rest, taken of the number's upper and lower half. A lambda, so that :x is worked out once.
_TO_PLACES = """
    CASE WHEN typeof(:x) = 'double' THEN transform(array(CAST(:x AS DOUBLE)), n -> (
        round(n * 1e{places}) - CASE
            WHEN abs(round(n * 1e{places}) - n * 1e{places}) = 5e-1 AND signum(n) * (
                ((n * 134217729e0 - (n * 134217729e0 - n)) * 1e{places} - n * 1e{places})
                + (n - (n * 134217729e0 - (n * 134217729e0 - n))) * 1e{places}
            ) < 0 THEN signum(n) ELSE 0e0 END
    ) / 1e{places})[0] ELSE CAST(round(:x, {places}) AS DOUBLE) END
"""


def _cast(node: Any, time: BusinessTime) -> Any:
    template = {"INT": _TO_WHOLE, "DECIMAL(38, 9)": _TO_DECIMAL}.get(node.to.sql("duckdb"))
    return _as(template, node, time) if template else node


# a floating number to the even neighbour, all else away from nought; Spark would cut
_TO_WHOLE = """
    CAST(CASE WHEN typeof(:x) = 'double' THEN rint(CAST(:x AS DOUBLE)) ELSE round(CAST(:x AS DOUBLE)) END AS INT)
"""
# as binary as it is: Spark would take its shortest decimal form. In two halves, since a BIGINT is too small for all.
_TO_DECIMAL = """
    CASE WHEN typeof(:x) = 'double' THEN CAST(
        CAST(
            CAST(CAST(floor(round(CAST(:x AS DOUBLE) * 1e9) / 4294967296e0) AS BIGINT) AS DECIMAL(19, 0))
            * CAST(4294967296 AS DECIMAL(10, 0))
            + CAST(CAST(
                round(CAST(:x AS DOUBLE) * 1e9)
                - floor(round(CAST(:x AS DOUBLE) * 1e9) / 4294967296e0) * 4294967296e0 AS BIGINT) AS DECIMAL(19, 0))
            AS DECIMAL(29, 0)
        ) / CAST(1000000000 AS DECIMAL(10, 0)) AS DECIMAL(38, 9)
    ) ELSE CAST(:x AS DECIMAL(38, 9)) END
"""


def _joined(node: Any, _time: BusinessTime) -> Any:
    """Text beside text; numbers with a fraction and times look different in the two."""
    return _filled(":x || :y", x=_text(node.this), y=_text(node.expression))


def _text(node: Any) -> Any:
    sure = node.is_string or type(node.unnest()).__name__ == "DPipe"
    return node if sure else _filled(_TEXT, x=node)


_TEXT = """
    CASE WHEN typeof(:x) IN ('string', 'bigint', 'int') THEN CAST(:x AS STRING) ELSE raise_error('|| of no text') END
"""


def _contains(node: Any, time: BusinessTime) -> Any:
    return _as(
        "CASE WHEN size(:x) = 0 THEN FALSE "
        "WHEN :x IS NOT NULL AND :y IS NOT NULL THEN coalesce(array_contains(:x, :y), FALSE) END",
        node,
        time,
    )


def _from_json(node: Any, _time: BusinessTime) -> Any:
    """Text that is no such JSON fails, as it does in DuckDB."""
    from sqlglot import exp

    try:
        kind = _kind(json.loads(node.expression.name))
    except (TypeError, ValueError):
        raise Untranslatable(say("no kind of JSON is {text}", text=node.expression.name)) from None
    call = _filled("from_json_as(:x, :y, map('mode', 'FAILFAST'))", x=node.this, y=exp.Literal.string(kind))
    call.this.set("this", "from_json")
    return call


def _kind(structure: Any) -> str:
    """DuckDB's description of a JSON structure as Spark's type; ValueError for what is not text, list or object."""
    if structure == "VARCHAR":
        return "string"
    if isinstance(structure, list):
        (element,) = structure
        return f"array<{_kind(element)}>"
    fields = ", ".join(f"`{name}`: {_kind(kind)}" for name, kind in dict(structure).items())
    return f"struct<{fields}>"


def _quantiles(node: Any, _time: BusinessTime) -> Any:
    """The sorted values' neighbours of each quantile; the engine takes the last step as DuckDB takes it."""
    return node if type(node.parent).__name__ == "Filter" else _neighbours(node, "TRUE")


def _filtered(node: Any, _time: BusinessTime) -> Any:
    of_quantiles = type(node.this).__name__ == "PercentileCont"
    return _neighbours(node.this, ":condition", condition=node.expression.this) if of_quantiles else node


def _neighbours(node: Any, kept: str, **parts: Any) -> Any:
    places = (f"((size(s) - 1) * CAST('{share.name}' AS DOUBLE))" for share in node.expression.expressions)
    steps = ", ".join(_STEP.format(place) for place in places)
    return _filled(
        f"transform(array(sort_array(collect_list(:x) FILTER (WHERE {kept}))), "
        f"s -> CASE WHEN size(s) > 0 THEN array({steps}) END)[0]",
        x=node.this,
        **parts,
    )


_STEP = "named_struct('low', s[CAST(floor({0}) AS INT)], 'high', s[CAST(ceil({0}) AS INT)], 'share', {0} - floor({0}))"


def _business_time(node: Any, time: BusinessTime) -> Any:
    seconds = _BY_CALENDAR if time.rests else f"{_SECOND.format('y')} - {_SECOND.format('x')}"
    whole = seconds if node.name.lower() == "business_seconds" else f"({seconds}) / CAST({time.day_seconds} AS DOUBLE)"
    begun, ended = node.expressions
    return _filled(whole, x=begun, y=ended)


# in two steps, as DuckDB takes it: the last digit of a moment with microseconds depends on them
_SECOND = "(unix_millis(:{0}) / 1e3 + (unix_micros(:{0}) - unix_millis(:{0}) * 1000) / 1e6)"
_BY_CALENDAR = f"""
    CASE WHEN :x = :y THEN CAST(0 AS DOUBLE) WHEN :x <> :y THEN coalesce(
        working_seconds({_SECOND.format("y")}) - working_seconds({_SECOND.format("x")}), CAST('NaN' AS DOUBLE)
    ) END
"""
_WRITTEN: Mapping[str, Callable[[Any, BusinessTime], Any]] = {
    "Anonymous": _business_time,
    "ArrayContains": _contains,
    "ArraySize": partial(_as, "size(:x)"),
    "Avg": partial(_as, "avg(CAST(:x AS DOUBLE))"),
    "Cast": _cast,
    "DPipe": _joined,
    "Div": _divided,
    "Filter": _filtered,
    "FromJson": _from_json,
    "PercentileCont": _quantiles,
    "IsNan": partial(_as, "CASE WHEN :x IS NOT NULL THEN isnan(:x) END"),
    # the two capitals that Java writes small in another way than the Unicode table by which DuckDB goes
    "Lower": partial(_as, "lower(translate(:x, 'İΣ', 'iσ'))"),
    "Round": _rounded,
    "TimeToUnix": partial(_as, _SECOND.format("x")),
}
