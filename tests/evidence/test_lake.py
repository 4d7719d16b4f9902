"""The lake: commits, moments, and damage of every kind."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_bridge.contracts import Record
from itss_bridge.errors import IntegrityError
from itss_bridge.evidence import Lake, SourceMark, Stored
from itss_bridge.evidence.read import records
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.evidence.table import StreamTable

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def row(table: StreamTable, key: str, state: str, day: int = 0) -> Stored:
    record = Record(key, f"INC{key}", "", START + day * DAY, {"state": state})
    return table.rows.stored("servicenow", record, str)


def commit(table: StreamTable, rows: list[Stored], day: int, source: str = "servicenow", state="complete"):
    at = START + day * DAY
    mark = SourceMark(state, at, len(rows), len(rows), at)
    return table.append(rows, run=f"run-{day}", at=at, source=source, mark=mark)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "evidence")
    table = lake.table("incident")
    commit(table, [row(table, "1", "new"), row(table, "2", "new")], 0)
    commit(table, [row(table, "2", "closed", 1), row(table, "3", "new", 1)], 1)
    commit(table, [table.rows.gone(row(table, "1", "new"))], 2)
    return lake


def seen(lake: Lake, day: int) -> dict[str, str]:
    rows = records(lake, "incident", START + day * DAY, ["id", "state"])
    return {r["id"]: r["state"] for r in rows}


def test_the_evidence_of_a_past_moment_is_what_was_known_then(lake: Lake) -> None:
    assert seen(lake, 0) == {}
    assert seen(lake, 1) == {"1": "new", "2": "new"}
    assert seen(lake, 2) == {"1": "new", "2": "closed", "3": "new"}
    assert seen(lake, 3) == {"2": "closed", "3": "new"}


def test_an_entry_knows_where_every_source_stands(lake: Lake) -> None:
    table = lake.table("incident")
    commit(table, [], 3, source="jira", state="failed")
    last = table.last()
    assert last is not None
    assert {name: mark.state for name, mark in last.sources.items()} == {"servicenow": "complete", "jira": "failed"}


def test_where_a_stream_stood_then_is_found_again(lake: Lake) -> None:
    entry = lake.table("incident").entry_before(START + 2 * DAY)
    assert entry is not None
    assert entry.run == "run-1"


def test_each_head_follows_from_the_one_before(lake: Lake) -> None:
    newest, middle, oldest = lake.table("incident").entries()
    assert newest.previous == middle.head
    assert middle.previous == oldest.head


def test_sound_evidence_verifies(lake: Lake) -> None:
    assert list(lake.verify()) == []


def data_files(lake: Lake) -> list[Path]:
    return sorted((lake.root / "incident").glob("*.parquet"))


def log_file(lake: Lake, number: int) -> Path:
    return lake.root / "incident" / "_delta_log" / f"{number:020d}.json"


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at % len(content)] ^= 1
    file.write_bytes(content)


def rewrite_a_state(lake: Lake) -> None:
    """What someone with a data tool would do: open, closed, nobody notices."""
    file = next(f for f in data_files(lake) if pq.read_table(f)["id"].to_pylist() == ["1", "2"])
    table = pq.read_table(file)
    changed = table.set_column(table.schema.get_field_index("state"), "state", [["closed", "closed"]])
    pq.write_table(changed.cast(table.schema), file)


def drop_a_file(lake: Lake) -> None:
    data_files(lake)[0].unlink()


def rewrite_the_cursor(lake: Lake) -> None:
    edit_commit(lake, lambda text: text.replace("complete", "incomplete"))


def forge_the_time(lake: Lake) -> None:
    edit_commit(lake, lambda text: text.replace("2026-01-02", "2025-01-02"))


def edit_commit(lake: Lake, edit: Callable[[str], str]) -> None:
    file = log_file(lake, 1)
    file.write_text(edit(file.read_text()))


def drop_the_middle_commit(lake: Lake) -> None:
    log_file(lake, 2).rename(log_file(lake, 1))


@pytest.mark.parametrize(
    "tamper",
    [rewrite_a_state, drop_a_file, rewrite_the_cursor, forge_the_time, drop_the_middle_commit],
)
def test_a_change_after_the_commit_is_found_and_placed(lake: Lake, tamper: Callable[[Lake], None]) -> None:
    tamper(lake)
    damage = list(lake.verify())
    assert damage
    assert all("incident" in place.where for place in damage)


@given(st.integers(0, 10**6), st.integers(0, 2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_of_any_data_file_is_found(lake: Lake, at: int, number: int) -> None:
    file = data_files(lake)[number]
    flip(file, at)
    damage = list(lake.verify())
    flip(file, at)
    assert str(file) in {place.where for place in damage}


@given(st.integers(0, 10**6), st.integers(0, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_of_any_earlier_commit_is_found(lake: Lake, at: int, number: int) -> None:
    flip(log_file(lake, number), at)
    damage = list(lake.verify())
    flip(log_file(lake, number), at)
    assert damage


def test_a_changed_record_is_named(lake: Lake) -> None:
    rewrite_a_state(lake)
    assert "INC1 (1) says something else now" in {place.what for place in lake.verify()}


def test_columns_that_a_stream_gains_later_come_with_an_entry_of_their_own(lake: Lake, monkeypatch) -> None:
    table = lake.table("incident")
    later = StreamRows("incident")
    later.columns = {**later.columns, "satisfaction": later.columns["waiting_seconds"]}
    later.types = {**later.types, "satisfaction": "DOUBLE"}
    table.rows = later
    record = Record("9", "INC9", "", START, {"satisfaction": 80})
    commit(table, [later.stored("servicenow", record, str)], 4)
    assert [entry.rows for entry in table.entries()] == [1, 0, 1, 2, 2]
    assert list(lake.verify()) == []


def test_a_column_that_the_schema_has_gained_is_null_in_evidence_that_is_older(lake: Lake, monkeypatch) -> None:
    later = StreamRows("incident")
    later.types = {**later.types, "satisfaction": "DOUBLE"}
    monkeypatch.setattr(StreamRows, "of", lambda _stream: later)
    found = list(records(lake, "incident", START + 9 * DAY, ["id", "satisfaction"]))
    assert found
    assert {row["satisfaction"] for row in found} == {None}


def test_a_log_cut_to_nothing_is_refused_before_anything_is_written(lake: Lake) -> None:
    log_file(lake, 2).write_bytes(b"")
    with pytest.raises(IntegrityError, match="newest commit") as caught:
        lake.table("incident").last()
    assert "00000000000000000002.json" in caught.value.where


def test_a_commit_by_another_program_is_not_taken_as_ours(lake: Lake) -> None:
    table = DeltaTable(lake.root / "incident")
    table.optimize.compact()
    with pytest.raises(IntegrityError, match="not written by itss-bridge"):
        lake.table("incident").last()


def test_a_copy_of_an_older_lake_is_a_sound_but_older_lake(lake: Lake, tmp_path: Path) -> None:
    """The limit of a chain without an outside anchor: a rollback shows only against a head kept elsewhere."""
    head = lake.heads()["incident"]
    shutil.copytree(lake.root, tmp_path / "copy")
    table = lake.table("incident")
    commit(table, [row(table, "9", "new", 3)], 3)
    copy = Lake(tmp_path / "copy")
    assert list(copy.verify()) == []
    assert copy.heads()["incident"] == head != lake.heads()["incident"]


def test_any_engine_can_read_the_tables_as_they_are(lake: Lake) -> None:
    rows = duckdb.sql(f"SELECT count(*) FROM read_parquet('{lake.root}/incident/*.parquet')").fetchall()
    assert rows == [(5,)]
    assert DeltaTable(lake.root / "incident").to_pyarrow_table().num_rows == 5


def test_the_commit_carries_rows_and_cursor_together(lake: Lake) -> None:
    actions = [json.loads(line) for line in log_file(lake, 1).read_text().splitlines()]
    assert {name for action in actions for name in action} == {"add", "txn", "commitInfo"}
