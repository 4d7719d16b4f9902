"""Compaction: fewer files, the same records at every moment, and a chain that proves every row as before."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from jsonschema import Draft202012Validator

from itss_bridge.contracts import Record
from itss_bridge.data import schema
from itss_bridge.errors import IntegrityError
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.compact import StreamCompaction, compact
from itss_bridge.evidence.missing import missing
from itss_bridge.evidence.purge import Wanted, purge
from itss_bridge.evidence.read import records
from itss_bridge.evidence.rows import StreamRows

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
DAYS = 8


def commit(lake: Lake, states: dict[str, str], day: int) -> None:
    table, at = lake.table("incident"), START + day * DAY
    rows = [
        table.rows.stored("desk", Record(key, f"INC{key}", "", at, {"state": state, "category": f"of {key}"}), str)
        for key, state in states.items()
    ]
    table.append(rows, run=f"run-{day}", at=at, source="desk", mark=SourceMark("complete", at, 1, 1, at))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake, chance = Lake(tmp_path / "evidence"), random.Random(3)
    for day in range(DAYS):
        commit(lake, {str(chance.randrange(30)): chance.choice(["new", "closed"]) for _ in range(9)}, day)
    return lake


def everything(lake: Lake) -> list[list[dict]]:
    """All current records at each moment, with all that is kept of them."""
    names = StreamRows.of("incident").arrow.names
    return [list(records(lake, "incident", START + day * DAY, names)) for day in range(DAYS + 2)]


def small_files(monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    monkeypatch.setattr("itss_bridge.evidence.compact.GROUP", group)
    monkeypatch.setattr("itss_bridge.evidence.compact.LARGE", 2 * group)


@pytest.mark.parametrize("group", [5, 20, 1000])
def test_no_record_changes_at_any_moment(lake: Lake, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    before, head = everything(lake), lake.heads()["incident"]
    small_files(monkeypatch, group)
    plans = compact(lake, ["incident"], LATER, apply=True)
    assert everything(lake) == before
    assert list(lake.verify()) == []
    assert list(lake.leftovers()) == []
    last = lake.table("incident").last()
    if plans:
        assert last.previous == head
        assert len(last.compaction.files) == plans[0].files
        assert len(last.compaction.by) == plans[0].into == len(lake.table("incident").names()) - (DAYS - plans[0].files)
    assert bool(plans) is (group > 5)  # a file of nine rows is large where ten fill one


def test_rows_lie_in_the_order_of_source_and_id(lake: Lake) -> None:
    compact(lake, ["incident"], LATER, apply=True)
    (path,) = lake.table("incident").files()
    rows = pq.read_table(path, columns=["source", "id", "batch"]).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["source"], row["id"], row["batch"]))


def test_a_dry_run_changes_nothing(lake: Lake) -> None:
    before = {path: path.read_bytes() for path in lake.root.rglob("*") if path.is_file()}
    (plan,) = compact(lake, ["incident"], LATER, apply=False)
    assert (plan.stream, plan.files, plan.into) == ("incident", DAYS, 1)
    assert plan.bytes == sum(len(content) for path, content in before.items() if path.suffix == ".parquet")
    assert {path: path.read_bytes() for path in lake.root.rglob("*") if path.is_file()} == before


def test_it_goes_on_between_commits_and_purges(lake: Lake) -> None:
    compact(lake, ["incident"], LATER, apply=True)
    commit(lake, {"1": "closed", "99": "new"}, DAYS)
    purge(lake, ["incident"], Wanted(before=START + 3 * DAY), "old", LATER, apply=True)
    before = everything(lake)
    lacks = [missing(lake.table("incident"), START + day * DAY) for day in range(DAYS)]
    assert any(lacks)
    (plan,) = compact(lake, ["incident"], LATER + DAY, apply=True)
    assert plan.files == 2
    assert everything(lake) == before
    assert [missing(lake.table("incident"), START + day * DAY) for day in range(DAYS)] == lacks
    assert list(lake.verify()) == []


def test_another_reader_of_delta_sees_the_same_rows(lake: Lake) -> None:
    def rows() -> list[dict]:
        found = DeltaTable(lake.root / "incident").to_pyarrow_table().to_pylist()
        return sorted(found, key=lambda row: (row["id"], row["batch"]))

    before = rows()
    compact(lake, ["incident"], LATER, apply=True)
    assert rows() == before


def test_what_was_changed_before_does_not_become_ours(lake: Lake) -> None:
    path = Path(lake.table("incident").files()[0])
    table = pq.read_table(path)
    state = table.schema.get_field_index("state")
    pq.write_table(table.set_column(state, "state", pa.array(["closed"] * table.num_rows)), path, compression="zstd")
    content = path.read_bytes()
    with pytest.raises(IntegrityError):
        compact(lake, ["incident"], LATER, apply=True)
    assert path.read_bytes() == content
    assert lake.table("incident").last().compaction is None


def with_changed_rows(monkeypatch: pytest.MonkeyPatch, change) -> None:
    real = StreamCompaction._groups

    def changed(self: StreamCompaction) -> Iterator[pa.Table]:
        return (change(group) for group in real(self))

    monkeypatch.setattr(StreamCompaction, "_groups", changed)


def replaced(group: pa.Table, name: str, values: list) -> pa.Table:
    at = group.schema.get_field_index(name)
    return group.set_column(at, group.schema.field(at), pa.array(values, group.schema.field(at).type))


def all_closed(group: pa.Table) -> pa.Table:
    return replaced(group, "state", ["closed"] * group.num_rows)


def all_closed_with_digests_to_match(group: pa.Table) -> pa.Table:
    changed = all_closed(group)
    return replaced(changed, "digest", list(StreamRows.of("incident").digests(changed)))


@pytest.mark.parametrize("change", [all_closed, lambda group: group.slice(1)], ids=["content", "a row less"])
def test_a_fault_while_writing_is_found_before_anything_names_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, change
) -> None:
    before = everything(lake)
    with_changed_rows(monkeypatch, change)
    with pytest.raises(IntegrityError, match="was not compacted"):
        compact(lake, ["incident"], LATER, apply=True)
    monkeypatch.undo()
    assert everything(lake) == before
    assert list(lake.verify()) == []
    assert compact(lake, ["incident"], LATER, apply=True)
    assert list(lake.leftovers()) == []


def test_a_compaction_that_forges_rows_and_their_digests_shows_against_the_commits_that_brought_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody with our own code could do: the chain holds, each row agrees with its digest."""
    with_changed_rows(monkeypatch, all_closed_with_digests_to_match)
    compact(lake, ["incident"], LATER, apply=True)
    places = list(lake.verify())
    assert {place.what for place in places} == {"the rows it brought are not those in the files of today"}
    assert list(lake.verify(fast=True)) == []


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from itss_bridge.evidence import Lake
from itss_bridge.evidence.compact import compact

calls, deadly = 0, int(sys.argv[2])
def counted(real):
    def call(*given, **options):
        global calls
        calls += 1
        if calls == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **options)
    return call
for name in ("fsync", "unlink", "replace"):
    setattr(os, name, counted(getattr(os, name)))
compact(Lake(Path(sys.argv[1])), ["incident"], datetime(2030, 1, 1, tzinfo=UTC), apply=True)
"""


@pytest.mark.slow
def test_killed_at_any_step_it_loses_nothing_and_the_next_ends_it(lake: Lake, tmp_path: Path) -> None:
    """At every fsync, rename and deletion; every second, since there are as many deletions as files."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    before, killed = everything(lake), set()
    for step in range(1, 60, 2):
        copy = Lake(tmp_path / f"copy-{step}" / "evidence")
        shutil.copytree(lake.root, copy.root)
        command = [sys.executable, "-c", KILLED, str(copy.root), str(step)]
        code = subprocess.run(command, env=environment, check=False).returncode
        assert code in {0, -signal.SIGKILL}
        assert list(copy.verify()) == []
        killed.add((code, copy.table("incident").last().compaction is not None))
        compact(copy, ["incident"], LATER, apply=True)
        assert list(copy.leftovers()) == []
        assert everything(copy) == before
        if code == 0:
            break
    assert killed == {(-signal.SIGKILL, False), (-signal.SIGKILL, True), (0, True)}


def test_the_command_says_first_what_it_would_do(lake: Lake, bridge_command) -> None:
    root = lake.root.parent
    (root / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\n', "utf-8")
    for options, applied in ([], False), (["--stream", "incident", "--apply"], True):
        ran = bridge_command("evidence", "compact", *options, "-w", root, "--json")
        assert ran.code == 0, ran.err
        shown = json.loads(ran.out)
        Draft202012Validator(schema("cli/compact")).validate(shown)
        assert shown["applied"] is applied
        assert [(plan["stream"], plan["files"], plan["into"]) for plan in shown["compacted"]] == [("incident", DAYS, 1)]
    ran = bridge_command("evidence", "compact", "-w", root)
    assert (ran.code, ran.out) == (0, "")
    assert "nothing to compact" in ran.err
    assert bridge_command("evidence", "compact", "--stream", "nothing", "-w", root).code == 2
