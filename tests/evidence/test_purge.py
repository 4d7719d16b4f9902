"""Purging: content goes, proof stays, present numbers stay, past ones say what they lack; no kill leaves it half done."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from itss_bridge.catalogue import load
from itss_bridge.contracts import Record
from itss_bridge.errors import IntegrityError, UsageError
from itss_bridge.evidence import Lake, SourceMark, Stored
from itss_bridge.evidence.known import Known
from itss_bridge.evidence.missing import missing
from itss_bridge.evidence.privacy import SALTED, proves
from itss_bridge.evidence.purge import Wanted, purge, without_content
from itss_bridge.evidence.read import records
from itss_bridge.evidence.table import StreamTable
from itss_bridge.metrics import DuckEngine
from itss_bridge.plugins import Plugins
from itss_bridge.report import stream_states

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def row(table: StreamTable, key: str, state: str, day: int = 0, source: str = "servicenow") -> Stored:
    data = {"state": state, "category": f"category of {key}", "labels": ["a", "b"]}
    record = Record(key, f"INC{key}", f"https://acme.example/{key}", START + day * DAY, data)
    return table.rows.stored(source, record, str)


def commit(table: StreamTable, rows: list[Stored], day: int, source: str = "servicenow") -> None:
    at = START + day * DAY
    table.append(
        rows, run=f"run-{day}", at=at, source=source, mark=SourceMark("complete", at, len(rows), len(rows), at)
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Record 1 is gone on day 3, 2 was changed on day 1, 3 never."""
    lake = Lake(tmp_path / "evidence")
    table = lake.table("incident")
    commit(table, [row(table, "1", "new"), row(table, "2", "new")], 0)
    commit(table, [row(table, "2", "closed", 1), row(table, "3", "new", 1)], 1)
    commit(table, [row(table, "1", "closed", 2)], 2)
    commit(table, [table.rows.gone(row(table, "1", "closed", 2))], 3)
    return lake


def before(lake: Lake, day: int, *, apply: bool = True):
    return purge(lake, ["incident"], Wanted(before=START + day * DAY), "test", LATER, apply=apply)


def current(lake: Lake, as_of: datetime) -> dict[str, str]:
    return {r["id"]: r["state"] for r in records(lake, "incident", as_of, ["id", "state"])}


def rows_of(lake: Lake) -> list[dict]:
    files = lake.table("incident").files()
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def state(lake: Lake, as_of: datetime):
    (found,) = stream_states(lake, as_of)
    return found


def content_of(folder: Path) -> bytes:
    """All that stands in the rows of all data files, even of those that no commit names."""
    found = [repr(pq.read_table(file).to_pylist()) for file in sorted(folder.rglob("*.parquet"))]
    return "".join(found).encode() + b"".join(file.read_bytes() for file in folder.rglob("*.json"))


def test_a_purge_takes_the_content_and_leaves_what_proves_it(lake: Lake) -> None:
    originals = {r["digest"] for r in rows_of(lake) if r["id"] == "1"}
    before(lake, 5)
    left = [r for r in rows_of(lake) if r["id"] == "1"]
    kept = {"source", "id", "digest", "collected_at", "run", "batch", "removed"}
    assert all(value is None for r in left for name, value in r.items() if name not in kept)
    assert len({r["digest"] for r in left}) == len(left) == 3
    assert all(sum(proves(digest, r["digest"]) for digest in originals) == 1 for r in left)
    assert not any(proves("0" * 64, r["digest"]) for r in left)
    assert b"category of 1" not in content_of(lake.root)
    assert b"INC1" not in content_of(lake.root)


def test_a_dry_run_says_what_would_go_and_changes_nothing(lake: Lake) -> None:
    untouched = {path: path.read_bytes() for path in lake.root.rglob("*") if path.is_file()}
    (plan,) = before(lake, 5, apply=False)
    assert (plan.stream, plan.source, plan.records, plan.rows, plan.files) == ("incident", "servicenow", 2, 4, 3)
    assert (plan.since, plan.until) == (START, START + 3 * DAY)
    assert {path: path.read_bytes() for path in lake.root.rglob("*") if path.is_file()} == untouched


def test_files_without_a_purged_row_are_left_as_they_are(lake: Lake) -> None:
    table = lake.table("incident")
    commit(table, [row(table, "4", "new", 4)], 4)
    kept = table.files()[-1]
    before(lake, 2)
    entry = table.last()
    assert kept in table.files()
    assert {file.rows for file in entry.purge.files} == {1}
    assert (entry.purge.rows, entry.purge.records, entry.purge.reason) == (1, 1, "test")


def test_one_commit_acknowledges_every_file_and_its_digest(lake: Lake) -> None:
    table, held = lake.table("incident"), lake.heads()["incident"]
    files = {Path(file).name for file in table.files()}
    before(lake, 5)
    entry = table.last()
    assert entry.previous == held
    assert entry.sequence == 4
    assert {file.file for file in entry.purge.files} <= files
    assert {Path(file).name for file in table.files()} == files - {f.file for f in entry.purge.files} | {
        f.by for f in entry.purge.files
    }
    assert list(lake.verify()) == []
    assert list(lake.leftovers()) == []


def test_the_present_is_as_it_was(lake: Lake) -> None:
    now, at = current(lake, LATER), lake.last_collected()
    before(lake, 100)
    assert current(lake, LATER) == now == {"2": "closed", "3": "new"}
    assert state(lake, LATER).state == "complete"
    assert lake.last_collected() == at


@pytest.mark.parametrize(
    ("as_of", "lacking"),
    [
        (0, 0),  # nothing was there yet
        (0.5, 2),
        (1, 2),  # the versions of day 1 are not before day 1
        (1.5, 1),  # record 1 as first seen
        (2.5, 1),  # record 1 as changed
        (3, 1),
        (3.5, 0),  # record 1 is gone
    ],
)
def test_a_past_moment_says_how_many_records_it_lacks_and_since_when(lake: Lake, as_of: float, lacking: int) -> None:
    before(lake, 100)
    moment = START + as_of * DAY
    if as_of == 0:
        assert stream_states(lake, moment) == ()
        return
    found = state(lake, moment)
    assert found.state == ("incomplete" if lacking else "complete")
    said = f"{lacking} records that were current then have been purged since, the last on 2030-01-01"
    assert found.reason == (said if lacking else "")


def test_moments_at_and_after_the_day_named_lack_nothing(lake: Lake) -> None:
    whole = {day: current(lake, START + day * DAY) for day in range(1, 6)}
    before(lake, 3)
    for day in range(3, 6):
        assert current(lake, START + day * DAY) == whole[day]
        assert state(lake, START + day * DAY).state == "complete"
    assert state(lake, START + 2 * DAY).state == "incomplete"


def test_a_failed_source_stays_failed_and_says_both(lake: Lake) -> None:
    table = lake.table("incident")
    mark = replace(table.last().sources["servicenow"], state="failed", reason="no rights")
    at = START + 4 * DAY
    table.append([], run="run-4", at=at, source="servicenow", mark=replace(mark, at=at))
    commit(table, [row(table, "3", "closed", 5)], 5)
    before(lake, 100)
    found = state(lake, START + 4.5 * DAY)
    assert found.state == "failed"
    assert found.reason.startswith("no rights; 1 records")


def test_a_purged_row_is_no_ticket_for_any_metric(lake: Lake) -> None:
    before(lake, 100)
    metric = load(Plugins().catalogues).metrics["incidents-recorded"]
    with closing(DuckEngine(lake, START + 2 * DAY)) as engine:
        engine.hold(metric, {}, None, START + 2 * DAY)
        assert [r["id"] for r in engine.rows("SELECT id FROM population ORDER BY id")] == ["2", "3"]


def test_a_purged_row_still_hides_what_came_before_it(lake: Lake) -> None:
    """Where only the newest version of a record that was current then is purged, an older one must not rise again."""
    table = lake.table("incident")
    commit(table, [row(table, "3", "active", 4)], 4)
    commit(table, [row(table, "3", "closed", 5)], 5)
    before(lake, 100)
    assert current(lake, START + 2 * DAY).keys() == {"2"}


def test_a_record_that_comes_back_is_news_again(lake: Lake) -> None:
    before(lake, 100)
    table = lake.table("incident")
    known = Known(table, "servicenow")
    again = row(table, "1", "closed", 2)
    fresh, new = known.fresh(table.rows.together([again, row(table, "2", "closed", 1)]), LATER)
    known.close()
    assert (fresh["id"].to_pylist(), new) == (["1"], 1)
    commit(table, [again], 6)
    assert current(lake, LATER) == {"1": "closed", "2": "closed", "3": "new"}
    assert list(lake.verify()) == []


def test_what_is_purged_once_is_not_purged_again(lake: Lake) -> None:
    before(lake, 5)
    entry = lake.table("incident").last()
    assert before(lake, 100) == []
    assert lake.table("incident").last() == entry


def test_a_second_purge_of_the_same_file_goes_on_from_the_first(lake: Lake) -> None:
    before(lake, 2)
    before(lake, 5)
    assert [e.purge.rows for e in lake.table("incident").entries() if e.purge] == [3, 1]
    assert list(lake.verify()) == []
    assert state(lake, START + DAY).reason.startswith("2 records")


@pytest.mark.parametrize("name", ["1", "INC1"])
def test_a_record_that_is_gone_is_purged_by_either_name(lake: Lake, name: str) -> None:
    (plan,) = purge(lake, ["incident", "change"], Wanted(record=name), "asked for", LATER, apply=True)
    assert (plan.records, plan.rows) == (1, 3)
    assert {r["id"] for r in rows_of(lake) if r["digest"].startswith(SALTED)} == {"1"}


@pytest.mark.parametrize("name", ["2", "INC3"])
def test_a_record_that_is_still_there_at_its_tool_is_refused(lake: Lake, name: str) -> None:
    with pytest.raises(UsageError, match="still there at its tool") as caught:
        purge(lake, ["incident"], Wanted(record=name), "asked for", LATER, apply=True)
    assert "delete it at the tool" in caught.value.fix
    assert not any(r["digest"].startswith(SALTED) for r in rows_of(lake))


def test_a_record_that_nobody_knows_is_refused(lake: Lake) -> None:
    with pytest.raises(UsageError, match="no record"):
        purge(lake, ["incident"], Wanted(record="INC9"), "asked for", LATER, apply=True)


def test_damaged_evidence_is_not_purged(lake: Lake) -> None:
    """A purge of a file that was changed would make the change its own."""
    path = Path(lake.table("incident").files()[0])
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="damaged evidence") as caught:
        before(lake, 100)
    assert caught.value.where == str(path)
    assert path.read_bytes() == bytes(content)


# What somebody might try to pass off as a purge, or do to one.


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_a_changed_byte_in_a_purged_file_is_found(lake: Lake, share: float) -> None:
    before(lake, 100)
    for file in lake.table("incident").files():
        path = Path(file)
        at = int(path.stat().st_size * share)
        flip(path, at)
        assert str(path) in {place.where for place in lake.verify()}
        flip(path, at)


def salt_in_place(table: StreamTable) -> Path:
    path = Path(table.files()[0])
    pq.write_table(without_content(pq.read_table(path), [0]), path, compression="zstd")
    return path


def test_a_file_salted_without_a_purge_is_found(lake: Lake) -> None:
    path = salt_in_place(lake.table("incident"))
    assert str(path) in {place.where for place in lake.verify()}


def test_a_replacement_by_another_program_is_found(lake: Lake) -> None:
    table = lake.table("incident")
    old = Path(table.files()[0])
    new = old.with_name("00000004-0123456789abcdef.parquet")
    pq.write_table(without_content(pq.read_table(old), [0]), new)
    delta = DeltaTable(table.path)
    actions = [
        RemoveAction(old.name, data_change=False, deletion_timestamp=0),
        AddAction(new.name, new.stat().st_size, {}, 0, data_change=False, stats="{}"),
    ]
    entry = table.last().text()
    properties = CommitProperties({"itss_bridge": entry})
    delta.create_write_transaction(actions, "append", delta.schema(), commit_properties=properties)
    places = {place.where for place in lake.verify()}
    assert any(where.endswith("00000000000000000004.json") for where in places)
    assert {str(old), str(new)} <= places


@pytest.mark.parametrize("trick", ["another row", "a changed row", "a row less"])
def test_a_purge_that_did_more_than_it_says_is_found(lake: Lake, trick: str, monkeypatch) -> None:
    """Even by our own hand: the digests of rows that stay must be theirs, and the counts those acknowledged."""

    def more(data, places):
        done = without_content(data, places)
        if trick == "another row":
            return without_content(done, [n for n in range(data.num_rows) if n not in places])
        if trick == "a row less":
            return done.slice(0, data.num_rows - 1)
        states = [None if n in places else "cancelled" for n in range(data.num_rows)]
        return done.set_column(done.schema.get_field_index("state"), "state", [states])

    monkeypatch.setattr("itss_bridge.evidence.purge.without_content", more)
    before(lake, 2)
    assert list(lake.verify(fast=True)) == []
    assert any(place.where.endswith(".parquet") for place in lake.verify())


def test_other_programs_are_still_kept_from_removing_rows(lake: Lake) -> None:
    """The guard rail: delta.appendOnly stays on, and refuses whoever does not say that no data change."""
    before(lake, 2)
    delta = DeltaTable(lake.root / "incident")
    assert delta.metadata().configuration["delta.appendOnly"] == "true"
    with pytest.raises(Exception, match="append-only"):
        delta.delete()
    removal = RemoveAction(Path(delta.file_uris()[0]).name, data_change=True, deletion_timestamp=0)
    with pytest.raises(CommitFailedError, match="append-only"):
        delta.create_write_transaction([removal], "append", Schema.from_arrow(lake.table("incident").rows.arrow))


def test_the_table_can_still_be_read_by_any_engine(lake: Lake) -> None:
    before(lake, 5)
    table = DeltaTable(lake.root / "incident").to_pyarrow_table()
    assert table.num_rows == 6


# Kills.

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from itss_bridge.evidence import Lake
from itss_bridge.evidence.purge import Wanted, purge

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
purge(Lake(Path(sys.argv[1])), ["incident"], Wanted(before=datetime(2029, 1, 1, tzinfo=UTC)), "test",
      datetime(2030, 1, 1, tzinfo=UTC), apply=True)
"""


@pytest.mark.slow
def test_a_purge_killed_at_any_step_is_finished_by_the_next(lake: Lake, tmp_path: Path) -> None:
    """At every fsync, rename and deletion: never damage, the present is as it was, and the next purge ends it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    now, outcomes = current(lake, LATER), set()
    for step in range(1, 40):
        copy = Lake(tmp_path / f"copy-{step}" / "evidence")
        shutil.copytree(lake.root, copy.root)
        command = [sys.executable, "-c", KILLED, str(copy.root), str(step)]
        code = subprocess.run(command, env=environment, check=False).returncode
        assert list(copy.verify()) == []
        assert current(copy, LATER) == now
        purged = any(entry.purge for entry in copy.table("incident").entries())
        outcomes.add((code, purged, bool(list(copy.leftovers()))))
        before(copy, 10_000)
        assert list(copy.verify()) == []
        assert list(copy.leftovers()) == []
        assert b"category of 1" not in content_of(copy.root)
        if code == 0:
            break
    assert code == 0
    killed = -signal.SIGKILL
    assert outcomes >= {(killed, False, True), (killed, True, True), (0, True, False)}


def test_what_an_interrupted_sync_left_goes_with_the_next_purge(lake: Lake) -> None:
    orphan = lake.root / "incident" / "00000004-0123456789abcdef.parquet"
    shutil.copy(lake.table("incident").files()[0], orphan)
    assert list(lake.leftovers()) == [str(orphan)]
    assert list(lake.verify()) == []
    before(lake, 0)
    assert not orphan.exists()


# Any sequence of appends and purges.

KEYS = st.sampled_from("abcd")


class Purges(RuleBasedStateMachine):
    """Beside the lake, a model: per record its versions, as (day, state or None when gone)."""

    @initialize(folder=st.uuids())
    def begin(self, folder) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix=f"purges-{folder.hex[:8]}-")
        self.lake = Lake(Path(self.folder.name) / "evidence")
        self.table = self.lake.table("incident")
        self.versions: dict[str, list[tuple[int, str | None]]] = {}
        self.purged: set[tuple[str, int]] = set()
        self.day = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(changes=st.dictionaries(KEYS, st.sampled_from(["new", "active", "closed", None]), min_size=1))
    def append(self, changes: dict[str, str | None]) -> None:
        rows = []
        for key, value in changes.items():
            last = self.versions.get(key, [(0, None)])[-1][1]
            if value is None and last is None:
                continue
            stored = row(self.table, key, value or last, self.day)
            rows.append(stored if value else self.table.rows.gone(stored))
            self.versions.setdefault(key, []).append((self.day, value))
        commit(self.table, rows, self.day)
        self.day += 1

    @rule(back=st.integers(0, 4))
    def purge_older(self, back: int) -> None:
        limit = self.day - back
        purge(self.lake, ["incident"], Wanted(before=START + limit * DAY), "test", LATER, apply=True)
        self.purged |= {(key, n) for key, n, until in self.spans() if until is not None and until < limit}

    @rule(key=KEYS)
    def purge_one(self, key: str) -> None:
        wanted = Wanted(record=key)
        if key not in self.versions or self.versions[key][-1][1] is not None:
            with pytest.raises(UsageError):
                purge(self.lake, ["incident"], wanted, "test", LATER, apply=True)
            return
        purge(self.lake, ["incident"], wanted, "test", LATER, apply=True)
        self.purged |= {(key, n) for n in range(len(self.versions[key]))}

    def spans(self):
        for key, versions in self.versions.items():
            for n, (day, value) in enumerate(versions):
                yield key, n, day if value is None else versions[n + 1][0] if n + 1 < len(versions) else None

    def known_at(self, day: float) -> tuple[dict[str, str], int]:
        """What the model says was current, and how many more there were whose content is purged."""
        shown, lacking = {}, 0
        for key, versions in self.versions.items():
            n = max((n for n, (at, _) in enumerate(versions) if at < day), default=None)
            if n is None or versions[n][1] is None:
                continue
            if (key, n) in self.purged:
                lacking += 1
            else:
                shown[key] = versions[n][1]
        return shown, lacking

    @invariant()
    def nothing_is_damaged_and_every_moment_tells_the_truth(self) -> None:
        if not getattr(self, "day", 0):
            return
        assert list(self.lake.verify()) == []
        assert list(self.lake.leftovers()) == []
        present, lacking = self.known_at(10**6)
        assert lacking == 0
        assert current(self.lake, LATER) == present
        for day in {self.day - 0.5, self.day / 2, 1}:
            shown, lacking = self.known_at(day)
            moment = START + day * DAY
            if self.table.files():
                assert current(self.lake, moment) == shown
            assert {m.records for m in missing(self.table, moment).values()} == ({lacking} if lacking else set())


TestPurges = Purges.TestCase
TestPurges.settings = settings(max_examples=10, stateful_step_count=8, deadline=None)
