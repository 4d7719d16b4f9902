"""The benchmark of a whole sync, with a few records: every peer that is installed fetches and keeps all of them."""

from datetime import UTC, datetime

import pytest
from bench.sync import PEERS, RECORDS, lap, present, result, table, tool

pytestmark = pytest.mark.slow

FEW = 250


@pytest.fixture(scope="module", params=RECORDS)
def laps(request):
    with tool(request.param, FEW, 0.0) as at:
        return [lap(name, request.param, at) for name in ("ours", "bare", "library")]


def test_every_peer_keeps_every_record_once_and_as_it_is(laps) -> None:
    assert [(one.peer, one.exact) for one in laps] == [("ours", True), ("bare", True), ("library", True)]


def test_the_table_compares_with_ours(laps) -> None:
    rows = result(laps)
    assert rows[0]["ratio"] == 1
    assert all(row["seconds"] > 0 and row["cpu"] > 0 and row["peak_mb"] > 10 and row["requests"] > 0 for row in rows)
    assert "| library |" in table("a title", rows)


def test_a_peer_that_lacks_a_record_is_not_exact() -> None:
    with tool("servicenow", FEW, 0.0) as at:
        at.truth.append(("f" * 32, datetime(2026, 1, 1, tzinfo=UTC)))
        assert not lap("bare", "servicenow", at).exact


def test_a_peer_that_is_not_installed_is_left_out_by_name(capsys, monkeypatch) -> None:
    monkeypatch.setenv("BENCH_PYTHON_DLT", "/bin/false")
    assert present(list(PEERS)) == ["ours", "bare", "library"]
    assert "dlt is left out" in capsys.readouterr().err
