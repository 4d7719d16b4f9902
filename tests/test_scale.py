"""The benchmark of growth: its lakes are like real ones, its page is what it measured, and work grows with rows alone."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench import figures, fleet, scale, synthetic
from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.data import schema, stream_names
from itss_bridge.evidence.read import records
from itss_bridge.evidence.rows import history
from itss_bridge.exporters.document import report_json
from itss_bridge.metrics import DuckEngine

FEW, MORE = 400, 4_000
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("few")
    synthetic.build(root, FEW, "china")
    return root


def test_the_page_shows_what_was_measured_and_how_it_is_written_now() -> None:
    kept, fleets = (json.loads((ROOT / "bench" / name).read_text("utf-8")) for name in ("scale.json", "fleet.json"))
    page = figures.PAGE.read_text("utf-8")
    assert {lap["step"] for lap in kept["laps"]} == set(figures.STEPS)
    assert {lap["executor"] for lap in fleets["laps"]} == set(fleet.FACTORIES)
    blocks = figures.grown(kept) | {"fleets": figures.fleets(fleets)}
    assert figures.filled(page, blocks) == page
    assert all(text in page for text in blocks.values())


def test_every_row_fits_its_stream(few: Path) -> None:
    lake = Bridge(few).lake
    for stream in stream_names():
        check = Draft202012Validator(schema(f"streams/{stream}"))
        names = list(lake.table(stream).rows.columns)
        found = list(records(lake, stream, synthetic.NOW, names))
        assert len(found) == synthetic.counts(FEW)[stream]
        for row in found[:25]:
            check.validate({name: _as_given(name, value) for name, value in row.items()})


def _as_given(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return history(value) if name == "history" and value else value


def test_one_record_in_ten_was_collected_twice_and_its_newest_version_counts(few: Path) -> None:
    table = Bridge(few).lake.table("incident")
    assert sum(entry.rows for entry in table.entries()) == 240 + 24
    states = {row["state"] for row in records(Bridge(few).lake, "incident", synthetic.NOW, ["state"])}
    assert states == {"active", "resolved", "closed", "cancelled"}


def test_metrics_find_something_in_such_a_lake(few: Path) -> None:
    measured = {m.metric: m for m in Bridge(few).report(synthetic.NOW).assessment.measurements}
    known = {name for name, m in measured.items() if m.n}
    assert {"kpi-sla", "kpi-mttr", "kpi-res", "kpi-fcr", "kpi-intime", "changes-approved", "kpi-cmdb-comp"} <= known


def test_the_report_is_the_same_whatever_memory_and_threads(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for memory, threads in (("2GB", "1"), ("80MB", "4")):
        monkeypatch.setenv("ITSS_BRIDGE_MEMORY", memory)
        monkeypatch.setenv("ITSS_BRIDGE_THREADS", threads)
        made.append(json.dumps(report_json(Bridge(few).report(synthetic.NOW)), default=str))
    assert made[0] == made[1]


def test_ten_times_the_tickets_ask_for_no_further_query(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.build(tmp_path, MORE, "china")
    asked: list[str] = []
    bare = DuckEngine.rows
    monkeypatch.setattr(DuckEngine, "rows", lambda engine, sql: asked.append(sql) or bare(engine, sql))
    numbers = []
    for root in (few, tmp_path):
        asked.clear()
        scale.judge(root)
        numbers.append(len([sql for sql in asked if "GROUP BY" in sql]))
    assert numbers[0] == numbers[1] > 60


def test_growth_is_the_slope_between_logarithms() -> None:
    assert figures.exponent([(10, 3), (1000, 300)]) == pytest.approx(1)
    assert figures.exponent([(1, 5), (10, 500), (100, 50_000)]) == pytest.approx(2)


def test_runs_are_put_together_and_the_later_lake_counts() -> None:
    lap = {"step": "matrix", "tickets": 10, "seconds": 1.0, "cpu": 1.0, "peak": 1, "load": 0.0}
    one = {"date": "2026-01-01", "laps": [lap], "lakes": [{"tickets": 10, "bytes": 1}]}
    two = {"date": "2026-01-02", "laps": [lap], "lakes": [{"tickets": 10, "bytes": 2}, {"tickets": 5, "bytes": 3}]}
    both = figures.together(one, two)
    assert (both["date"], len(both["laps"])) == ("2026-01-02", 2)
    assert both["lakes"] == [{"tickets": 5, "bytes": 3}, {"tickets": 10, "bytes": 2}]


def test_a_target_counts_by_the_median() -> None:
    laps = [{"step": "all metrics + matrix", "tickets": 1_000_000, "cpu": 6.0, "peak": 900, "pace": 0.5}] * 3
    for seconds, reached in (((4.0, 4.9, 9.0), "yes"), ((4.0, 5.1, 5.2), "no")):
        kept = [lap | {"seconds": one} for lap, one in zip(laps, seconds, strict=True)]
        rows = figures.targets({"cores": 2, "laps": kept}).splitlines()
        assert rows[2].startswith("| 1,000,000 tickets in 5 s |")
        assert rows[2].endswith(f"| {reached} |")


def test_the_growth_target_wants_both_seconds_and_cpu_seconds() -> None:
    same = {"step": "all metrics + matrix", "peak": 900, "pace": 0.5}
    small = same | {"tickets": 1_000_000, "seconds": 3.0, "cpu": 5.0}
    for seconds, cpu, reached in ((30.0, 50.0, "yes"), (30.0, 60.0, "no"), (36.0, 50.0, "no")):
        large = same | {"tickets": 10_000_000, "seconds": seconds, "cpu": cpu}
        row = figures.targets({"cores": 2, "laps": [small, large]}).splitlines()[-1]
        assert row.startswith("| growth exponent up to 1.05 | ")
        assert row.endswith(f"of cpu seconds | {reached} |")


def _judged(workers: int, each: float | None, seconds: float = 1.0) -> dict[str, Any]:
    same = {"deed": "judge", "tickets": 0, "workspaces": 9, "executor": "dask", "first": 0.5, "cpu": 2.0, "pace": 0.5}
    return same | {"workers": workers, "each": each, "seconds": seconds}


def test_the_fastest_lap_of_each_kind_counts_and_speed_up_is_over_one_worker() -> None:
    laps = [_judged(1, 0.09), _judged(2, 0.05), _judged(1, 0.08), _judged(2, 0.06), _judged(4, None, 2.0)]
    rows = figures.judged({"laps": laps}).splitlines()[2:]
    assert rows == [
        "| 0 | 9 | dask | 1 | 1.0 | 2.0 | 0.5 | 80 |  |",
        "| 0 | 9 | dask | 2 | 1.0 | 2.0 | 0.5 | 50 | 1.60 |",
        "| 0 | 9 | dask | 4 | 2.0 | 2.0 | 0.5 |  |  |",
    ]


@pytest.mark.slow
def test_the_benchmark_of_fleets_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--tickets", "0", "200", "--sizes", "1", "8", "--most", "200", "--workers", "1", "2", "--rounds", "1"]
    fleet.main([*few, "--small", "4", "--executors", "threads", "processes", "--folder", str(tmp_path)])
    shown = capsys.readouterr().out
    assert shown.count("| threads |") == 1 + 3 * 2
    assert shown.count("| processes |") == 1 + 3 * 2
    assert "two workers ≥ 1.7 times as fast as one: processes, 8 workspaces of 0 tickets" in shown


@pytest.mark.slow
def test_the_benchmark_runs_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "scale.json"
    steps = ["sync", "no-change sync", "all metrics + matrix", "matrix"]
    scale.main(
        ["--tickets", "200", "600", "--steps", *steps, "--rounds", "1", "--folder", str(tmp_path), "--json", str(kept)]
    )
    shown = capsys.readouterr().out
    laps = json.loads(kept.read_text("utf-8"))["laps"]
    assert [(lap["step"], lap["tickets"]) for lap in laps] == [(step, n) for n in (200, 600) for step in steps]
    assert all(lap["cpu"] > 0 and lap["peak"] > 50 for lap in laps)
    assert shown.count("| all metrics + matrix |") == 3
    assert "organisations × 1,000,000 tickets" in shown


@pytest.mark.slow
def test_ten_times_the_tickets_take_nowhere_near_a_hundred_times_as_long(tmp_path: Path) -> None:
    """What grows with the square of the tickets would take seconds at the small size, minutes at the large one."""
    took = []
    for tickets in (15_000, 150_000):
        synthetic.build(tmp_path / str(tickets), tickets)
        began = time.process_time()
        scale.judge(tmp_path / str(tickets))
        took.append(time.process_time() - began)
    assert took[1] < 5 * took[0]
