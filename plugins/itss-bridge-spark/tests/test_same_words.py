"""Each part of the dialect over values at the edges: the same in both engines, to the last digit."""

import random
import struct
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from itss_bridge.evidence import Lake

pytestmark = pytest.mark.spark

NUMBERS = [None, 0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, 1e-9, 2.5e-9, 0.1, 22.1, 532.9790685565, 57817590.529918425]
NUMBERS += [6309478612.7134695, 1e15, -1e15, 123456789012345.67, 2.345, 2.675, float("nan")]
TEXTS = [
    None,
    "",
    "duplicate",
    "DUPLICATE",
    "DUPLİCATE",
    "ΟΔΟΣ",
    "信息安全",
    "Ａ１",
    "a\\b",
    "it's",
    "itss-3",
    "ITSS",
    "12",
]
LISTS = [None, [], ["a"], ["a", None], [None], ["duplicate", "信息安全"], ["b", "a", "b"]]
MOMENTS = [
    None,
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2016, 2, 29, 12, 30, 0, 123_457, tzinfo=UTC),
    datetime(2016, 1, 31, 16, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
PARTS = [
    "number + other",
    "number - other",
    "number * other",
    "number / other",
    "whole / 2",
    "whole / 0",
    "1.5 / 0.2",
    "100 * number / nullif(other, 0)",
    "-number",
    "round(number)",
    "round(number, 6)",
    "CAST(round(2.345, 2) AS DOUBLE)",
    "CAST(CASE WHEN number >= -10 AND number <= 10 THEN number END AS INTEGER)",
    "CAST(1.5 AS INTEGER)",
    "CAST('7' AS INTEGER)",
    "CAST(whole AS DOUBLE)",
    "CAST('1.25' AS DOUBLE)",
    "CAST(CASE WHEN NOT isnan(number) THEN number END AS DECIMAL(38, 9))",
    "isnan(number)",
    "number > other",
    "number = other",
    "greatest(number, other)",
    "greatest(0, whole)",
    "coalesce(number, other, 0)",
    "sqrt(CASE WHEN number > 0 THEN number END)",
    "lower(word)",
    "lower(word) IN ('duplicate', '信息安全')",
    "word LIKE 'itss%'",
    "word || ' ' || 'it''s\\'",
    "whole || word",
    "word IS NULL OR word = 'a\\b'",
    "word > '信'",
    "list_contains(list, 'a')",
    "list_contains(list, word)",
    "NOT list_contains(list, '信息安全')",
    "array_length(list)",
    "epoch(moment)",
    "extract(YEAR FROM moment)",
    "extract(MONTH FROM moment)",
    "extract(DAY FROM moment)",
    "CASE WHEN moment < TIMESTAMPTZ '9999-01-01T00:00:00+08:00' THEN moment + INTERVAL '1' DAY END",
    "CAST('2016-02-29T12:30:00.5+08:00' AS TIMESTAMPTZ)",
    "CAST('2016-02-29T12:30:00Z' AS TIMESTAMPTZ)",
    "moment >= TIMESTAMPTZ '2016-02-01T00:00:00+08:00'",
    "row_number() OVER (PARTITION BY word ORDER BY number DESC, moment, place)",
    "row_number() OVER (ORDER BY moment DESC, place)",
    "row_number() OVER (ORDER BY word, place)",
    "count(number) OVER (PARTITION BY word)",
    "max(moment) OVER (PARTITION BY word ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)",
]
AGGREGATES = [
    "count(*)",
    "count(number) FILTER (whole > 1)",
    "sum(whole)",
    "min(word)",
    "max(number)",
    "min(moment)",
    "avg(CASE WHEN whole = 1 THEN 1.0 ELSE 0.0 END)",
    "sum(CAST(CASE WHEN NOT isnan(number) THEN number END AS DECIMAL(38, 9))) FILTER (whole < 3)",
    "quantile_cont(number, [0.5, 0.9])",
    "quantile_cont(number, [0.5, 0.9]) FILTER (whole < 2)",
    "quantile_cont(number, [0.1, 0.25, 0.99]) FILTER (number < 1000)",
    "quantile_cont(number, [0.5]) FILTER (whole > 99)",
]


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Edges of each kind beside each other, and numbers of every size."""
    draw = random.Random(20160601)
    sizes = [1, 1e3, 1e6, 1e9, 1e12]
    numbers = [*NUMBERS, *(draw.random() * draw.choice(sizes) for _ in range(150))]
    numbers += [draw.randrange(10**9) * 9e-6 / 3600 for _ in range(150)]
    numbers += [(draw.randrange(10**12) + 0.5) * 1e-9 for _ in range(150)]
    numbers += [(draw.randrange(10 ** draw.randrange(3, 15)) + 0.5) / draw.choice([1e6, -1e6]) for _ in range(300)]
    n = range(len(numbers))
    return pa.table(
        {
            "place": pa.array(list(n), pa.int64()),
            "number": pa.array(numbers, pa.float64()),
            "other": pa.array([draw.choice(NUMBERS) for _ in n], pa.float64()),
            "whole": pa.array([draw.choice([None, 0, 1, 2, 3]) for _ in n], pa.int64()),
            "word": pa.array([draw.choice(TEXTS) for _ in n], pa.string()),
            "list": pa.array([draw.choice(LISTS) for _ in n], pa.list_(pa.string())),
            "moment": pa.array([draw.choice(MOMENTS) for _ in n], pa.timestamp("us", "UTC")),
        }
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory, rows):
    from itss_bridge_spark.engine import SparkEngine

    engine = SparkEngine(Lake(tmp_path_factory.mktemp("lake")), datetime(2016, 6, 1, tzinfo=UTC))
    engine._spark.createDataFrame(rows).createOrReplaceTempView("edge")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def duck(rows):
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("edge", rows)
        yield connection


def told(found) -> list:
    """Every value with all its bits; a NaN is like another."""
    return [[_bits(value) for value in row] for row in found]


def _bits(value):
    if isinstance(value, list):
        return [_bits(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, float):
        return "nan" if value != value else struct.pack(">d", value + 0.0)  # noqa: PLR0124
    return value


def test_each_part_gives_the_same_for_every_row(engine, duck) -> None:
    columns = ", ".join(f"{part} AS c{number}" for number, part in enumerate(PARTS))
    sql = f"SELECT place, {columns} FROM edge ORDER BY place"
    theirs = told(row.values() for row in engine.rows(sql))
    ours = told(duck.execute(sql).fetchall())

    different = {
        part: [(a[0], a[n], b[n]) for a, b in zip(ours, theirs, strict=True) if a[n] != b[n]][:3]
        for n, part in enumerate(PARTS, 1)
    }
    assert {part: found for part, found in different.items() if found} == {}


def test_each_aggregate_gives_the_same_for_every_group(engine, duck) -> None:
    columns = ", ".join(f"{part} AS c{number}" for number, part in enumerate(AGGREGATES))
    sql = f"SELECT word, {columns} FROM edge GROUP BY ALL ORDER BY word"

    assert told(row.values() for row in engine.rows(sql)) == told(duck.execute(sql).fetchall())


def test_unfolded_lists_and_json_are_the_same_rows(engine, duck) -> None:
    steps = '[{"at": "2016", "to": "一线"}, {"from": null, "to": 3}, null, {"x": 1}]'
    for sql in (
        "SELECT place, unnest(list) AS one FROM edge",
        f"""SELECT unnest(from_json('{steps}', '[{{"at": "VARCHAR", "from": "VARCHAR", "to": "VARCHAR"}}]')) AS one""",
    ):
        theirs = [list(row.values()) for row in engine.rows(sql)]
        assert sorted(map(repr, theirs)) == sorted(repr(list(row)) for row in duck.execute(sql).fetchall())


def test_small_letters_are_the_same_for_every_character(engine, duck) -> None:
    letters = [chr(code) for code in range(1, 0x1E943) if not 0xD800 <= code < 0xE000 and chr(code).isalpha()]
    table = pa.table({"letter": [f"a{letter}" for letter in letters]})
    duck.register("letters", table)
    engine._spark.createDataFrame(table).createOrReplaceTempView("letters")
    sql = "SELECT letter, lower(letter) AS small FROM letters"

    theirs = {row["letter"]: row["small"] for row in engine.rows(sql)}
    assert {k: v for k, v in duck.execute(sql).fetchall() if theirs[k] != v} == {}


def test_a_whole_file_name_is_a_name(tmp_path: Path, engine) -> None:
    from itss_bridge_spark.snapshot import _read

    folder = tmp_path / "华东 [a]{b} #1 50%20" / "x*y"
    folder.mkdir(parents=True)
    file = folder / "00000001-a.parquet"
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"id": ["一"]}), file)

    found = _read(engine._spark, [str(file)], {"id": "STRING", "later": "BIGINT"}).toArrow().to_pylist()
    assert found == [{"id": "一", "later": None}]
