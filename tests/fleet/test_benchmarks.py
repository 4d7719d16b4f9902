"""Ranks and quartiles against DuckDB, which computes them by itself; unknown values count as unknown and nothing else."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.fleet.benchmarks import benchmarks
from itss_bridge.fleet.told import Figure
from itss_bridge.model import Text

_VALUES = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3)) | st.sampled_from([0.0, 50.0, 100.0])
_FIGURES = st.lists(
    st.tuples(_VALUES | st.none(), st.booleans(), st.sampled_from(["", "china"])), min_size=1, max_size=30
)


def figure(value: float | None, *, unknown: bool, calendar: str, better: str) -> Figure:
    known = None if unknown else value
    return Figure(
        "kpi-x", Text("x", "某"), "%", better, calendar, known, 7, known, 7, "a stream is missing" if unknown else ""
    )


@settings(deadline=None)
@given(_FIGURES, st.sampled_from(["up", "down"]), st.randoms())
def test_they_agree_with_sql_whatever_the_order(rows: list, better: str, chance) -> None:
    named = [(f"w{n:02}", figure(v, unknown=u, calendar=c, better=better)) for n, (v, u, c) in enumerate(rows)]
    chance.shuffle(named)
    found = benchmarks({name: [one] for name, one in named})
    assert [b.calendar for b in found] == sorted({c for _, _, c in rows})
    for benchmark in found:
        known = {n: f.value for n, f in named if f.calendar == benchmark.calendar and f.value is not None}
        assert (benchmark.lower, benchmark.median, benchmark.upper) == pytest.approx(by_sql(known), abs=1e-6)
        assert {p.workspace: (p.rank, p.value) for p in benchmark.places} == ranked(known, better)
        rest = {n: f for n, f in named if f.calendar == benchmark.calendar and f.value is None}
        assert list(benchmark.unknown) == sorted(n for n, f in rest.items() if f.unknown)
        assert list(benchmark.no_data) == sorted(n for n, f in rest.items() if not f.unknown)


def by_sql(known: dict[str, float]) -> tuple[float | None, ...]:
    query = "SELECT quantile_cont(v, [0.25, 0.5, 0.75]) FROM (SELECT unnest($values::DOUBLE[]) AS v)"
    (answer,) = duckdb.execute(query, {"values": list(known.values())}).fetchone()
    return tuple(answer or (None, None, None))


def ranked(known: dict[str, float], better: str) -> dict[str, tuple[int, float]]:
    order = "DESC" if better == "up" else "ASC"
    query = f"SELECT n, rank() OVER (ORDER BY v {order}), v FROM (SELECT unnest($names) AS n, unnest($values::DOUBLE[]) AS v)"
    rows = duckdb.execute(query, {"names": list(known), "values": list(known.values())}).fetchall()
    return {name: (rank, value) for name, rank, value in rows}


def test_of_those_that_failed_nothing_is_known() -> None:
    (found,) = benchmarks({"b": [figure(1.0, unknown=False, calendar="", better="up")]}, failed=["c", "a"])
    assert found.unknown == ("a", "c")
    assert found.best
    assert (found.best.workspace, found.best.n, found.median) == ("b", 7, 1.0)
