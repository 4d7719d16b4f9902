"""The lake in a bucket is the lake in a folder: commits, moments, damage, purge, compaction, and two writers."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from itss_bridge.contracts import Record
from itss_bridge.errors import IntegrityError, Locked
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.evidence.compact import compact
from itss_bridge.evidence.known import Known
from itss_bridge.evidence.missing import missing
from itss_bridge.evidence.purge import Wanted, purge
from itss_bridge.evidence.read import records
from itss_bridge.evidence.store import LOG, Store

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def commit(lake: Lake, states: dict[str, str], day: int, table=None) -> None:
    table, at = table or lake.table("incident"), START + day * DAY
    rows = [
        table.rows.stored("desk", Record(key, f"INC{key}", "", at, {"state": state}), str)
        for key, state in states.items()
    ]
    table.append(rows, run=f"run-{day}", at=at, source="desk", mark=SourceMark("complete", at, 1, 1, at))


def filled(lake: Lake) -> Lake:
    for day, states in enumerate([{"1": "new", "2": "new"}, {"2": "closed", "3": "new"}, {}, {"1": "closed"}]):
        commit(lake, states, day)
    return lake


@pytest.fixture(params=["folder", "bucket"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Lake]:
    """Makes the same lake as if on another machine, each time it is called."""
    if request.param == "folder":
        return lambda: Lake(tmp_path / "evidence")
    where, machines = request.getfixturevalue("place")(), iter(range(100))
    return lambda: Lake(tmp_path / f"machine-{next(machines)}", store=Bucket(where))


@pytest.fixture
def lake(new: Callable[[], Lake]) -> Lake:
    return filled(new())


def seen(lake: Lake, day: int) -> dict[str, str]:
    return {r["id"]: r["state"] for r in records(lake, "incident", START + day * DAY, ["id", "state"])}


def everything(lake: Lake) -> list[dict[str, str]]:
    return [seen(lake, day) for day in range(6)]


def files(store: Store) -> list[str]:
    return [*store.sizes(), *(f"{LOG}/{name}" for name in store.sizes(LOG))]


def test_another_machine_sees_what_was_known_at_each_moment(lake: Lake, new: Callable[[], Lake]) -> None:
    other = new()
    assert other.streams() == ["incident"]
    assert everything(other)[:3] == [{}, {"1": "new", "2": "new"}, {"1": "new", "2": "closed", "3": "new"}]
    assert everything(other) == everything(lake)
    assert list(other.verify()) == []
    assert other.heads() == lake.heads()


def test_what_is_held_is_known_to_another_machine(lake: Lake, new: Callable[[], Lake]) -> None:
    assert Known(new().table("incident"), "desk").live == 3


def test_any_flipped_byte_of_any_file_is_found(lake: Lake) -> None:
    store, rng = lake.store.under("incident"), random.Random(1)
    purge(lake, ["incident"], Wanted(before=START + 2 * DAY), "test", LATER, apply=True)
    compact(lake, ["incident"], LATER, apply=True)
    assert list(lake.verify()) == []
    for name in files(store):
        whole = store.read(name)
        for _ in range(3):
            at, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
            store.put(name, whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            assert list(lake.verify()), (name, at, bit)
        store.put(name, whole)
    assert list(lake.verify()) == []


def test_a_file_that_is_gone_is_named(lake: Lake) -> None:
    name = lake.table("incident").names()[0]
    lake.store.under("incident").delete([name])
    assert [place.what for place in lake.verify(fast=True)] == ["the file is missing"]


def test_a_purge_leaves_the_present_and_says_what_the_past_lacks(lake: Lake, new: Callable[[], Lake]) -> None:
    now = seen(lake, 9)
    purge(lake, ["incident"], Wanted(before=START + 4 * DAY), "test", LATER, apply=True)
    other = new()
    assert seen(other, 9) == now
    assert list(other.verify()) == []
    assert missing(other.table("incident"), START + DAY)["desk"].records == 2
    assert not list(other.leftovers())


def test_a_compaction_changes_no_record_of_any_moment(lake: Lake, new: Callable[[], Lake]) -> None:
    before, names = everything(lake), lake.table("incident").names()
    (plan,) = compact(lake, ["incident"], LATER, apply=False)
    assert (plan.files, plan.rows, plan.into) == (3, 5, 1)
    assert lake.table("incident").names() == names
    assert compact(lake, ["incident"], LATER, apply=True) == [plan]
    other = new()
    assert everything(other) == everything(lake) == before
    assert list(other.verify()) == []
    assert len(other.table("incident").names()) == 1
    assert not {*names} & {*lake.store.under("incident").sizes()}
    assert compact(lake, ["incident"], LATER, apply=True) == []


def test_of_two_runs_that_write_a_stream_the_one_that_was_overtaken_is_refused(
    lake: Lake, new: Callable[[], Lake]
) -> None:
    first, second = lake.table("incident"), new().table("incident")
    first.last()
    second.last()
    commit(lake, {"4": "new"}, 4, table=second)
    with pytest.raises(Locked, match="another run has written to incident"):
        commit(lake, {"4": "new"}, 4, table=first)
    assert [entry.rows for entry in lake.table("incident").entries()] == [1, 1, 0, 2, 2]
    assert list(lake.verify()) == []


def test_of_two_runs_that_begin_a_stream_the_second_is_refused(new: Callable[[], Lake]) -> None:
    first, second = new().table("incident"), new().table("incident")
    assert first.last() is second.last() is None
    commit(new(), {"1": "new"}, 0, table=first)
    with pytest.raises(Locked):
        commit(new(), {"1": "new"}, 0, table=second)
    assert list(new().verify()) == []


def test_a_file_that_another_run_is_about_to_commit_is_not_swept_away(
    place: Callable[[], Place], tmp_path: Path
) -> None:
    lake = filled(Lake(tmp_path / "a", store=Bucket(place())))
    table = lake.table("incident")
    rows = table.rows.committed(table.rows.together([]), at=START, run="other", number=4)
    coming = table.write("00000004-0123456789abcdef.parquet", [rows])
    past = table.write("00000003-0123456789abcdef.parquet", [rows])
    assert list(lake.leftovers()) == [table.store.where(past.name)]
    purge(lake, ["incident"], Wanted(before=START), "nothing", LATER, apply=True)
    assert coming.name in table.store.sizes()
    assert past.name not in table.store.sizes()


def test_a_copy_is_fetched_once_and_dropped_when_nothing_names_it(place: Callable[[], Place], tmp_path: Path) -> None:
    where = place()
    lake = filled(Lake(tmp_path / "a", store=Bucket(where)))
    other = Lake(tmp_path / "b", store=Bucket(where))
    held = [Path(path) for path in other.table("incident").files()]
    moments = [path.stat().st_mtime_ns for path in held]
    assert other.table("incident").files() == [str(path) for path in held]
    assert [path.stat().st_mtime_ns for path in held] == moments
    compact(lake, ["incident"], LATER, apply=True)
    (now,) = other.table("incident").files()
    assert not any(path.exists() for path in held)
    assert sorted(held[0].parent.iterdir()) == [Path(now)]


def test_a_file_that_was_changed_never_becomes_a_copy(place: Callable[[], Place], tmp_path: Path) -> None:
    lake = filled(Lake(tmp_path / "a", store=Bucket(place())))
    name, store = lake.table("incident").names()[0], lake.store.under("incident")
    store.put(name, store.read(name)[:-1] + b"x")
    with pytest.raises(IntegrityError, match="not what was committed") as caught:
        seen(lake, 9)
    assert caught.value.where == store.where(name)
    assert not list((tmp_path / "a").rglob(f"{name}*"))


def test_a_copy_that_was_changed_is_found(place: Callable[[], Place], tmp_path: Path) -> None:
    lake = filled(Lake(tmp_path / "a", store=Bucket(place())))
    copy = Path(lake.table("incident").files()[0])
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    assert [place.where for place in lake.verify()] == [str(copy)]
