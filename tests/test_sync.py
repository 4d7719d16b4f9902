"""The sync engine against tools that move, lie, hide and break; each is a real connector over a shelf of records."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.read import records
from itss_bridge.outcomes import StreamOutcome, exit_code, summary
from itss_bridge.sync import SourceRun, end_sources, sync_source
from itss_bridge.transport import GuardedSession

START = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf(Connector):
    """A tool whose whole content is a dictionary: id → (state, when it changed)."""

    name = "shelf"
    title = "Shelf"
    config_schema: ClassVar[dict] = {}
    overlap = timedelta(0)

    def __init__(self) -> None:
        super().__init__({}, GuardedSession("http://127.0.0.1:9"), {})
        self.now = START
        self.content: dict[str, tuple[str, datetime]] = {}
        self.hidden: set[str] = set()
        self.unlisted: set[str] = set()
        self.exact = True
        self.page_size = 3
        self.reads: list[str] = []

    def put(self, key: str, state: str = "new") -> None:
        self.now += timedelta(minutes=1)
        self.content[key] = (state, self.now)

    def visible(self) -> dict[str, tuple[str, datetime]]:
        return {k: v for k, v in self.content.items() if k not in self.hidden}

    def streams(self) -> Sequence[str]:
        return ["incident"]

    def check(self) -> Identity:
        return Identity("shelf", "UTC", self.now)

    def count(self, stream: str) -> Count | None:
        return Count(len(self.content), self.exact)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        changed = [k for k, (_, at) in sorted(self.content.items()) if since is None or at >= since]
        size = self.page_size
        return [Slice(stream, {"ids": changed[i : i + size]}) for i in range(0, len(changed), size)]

    def read(self, piece: Slice) -> Iterator[Page]:
        ids = [k for k in piece.where["ids"] if k in self.content]
        shown = [k for k in ids if k not in self.hidden | self.unlisted]
        self.reads += shown
        yield Page([self.record(k) for k in shown], hidden=sum(k in self.hidden for k in ids))

    def record(self, key: str) -> Record:
        state, at = self.content[key]
        return Record(key, f"INC{key}", "", at, {"state": state})

    def census(self, stream: str) -> Iterator[str]:
        yield from self.visible()


def sync(shelf: Connector, lake: Lake, **options) -> StreamOutcome:
    job = SourceRun(
        "shelf", shelf, "run", str, lambda identity: identity.server_time if identity else START, _quiet, **options
    )
    return sync_source(job, lake)["incident"]


def _quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def held(lake: Lake) -> dict[str, str]:
    rows = records(lake, "incident", datetime(2100, 1, 1, tzinfo=UTC), ["id", "state"])
    return {r["id"]: r["state"] for r in rows}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for n in range(10):
        shelf.put(str(n))
    return shelf


def test_all_that_is_there_is_stored_and_counted(shelf: Shelf, lake: Lake) -> None:
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.expected, outcome.seen, outcome.new) == ("complete", 10, 10, 10)
    assert held(lake) == dict.fromkeys(map(str, range(10)), "new")


def test_an_empty_stream_is_complete_when_the_tool_says_it_is_empty(lake: Lake) -> None:
    outcome = sync(Shelf(), lake)
    assert (outcome.state, outcome.expected, outcome.seen) == ("complete", 0, 0)


def test_the_next_sync_reads_what_changed_and_nothing_else(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    shelf.now += timedelta(minutes=1)
    shelf.reads.clear()
    shelf.put("3", "closed")
    shelf.put("new one")
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.new, outcome.changed) == ("complete", 1, 1)
    assert set(shelf.reads) <= {"3", "new one", "9"}  # 9 changed in the very minute of the first sync
    assert held(lake)["3"] == "closed"


def test_a_record_seen_again_unchanged_is_not_stored_again(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    before = len(list(lake.table("incident").entries()))
    outcome = sync(shelf, lake)
    assert (outcome.new, outcome.changed) == (0, 0)
    rows = [e.rows for e in lake.table("incident").entries()]
    assert sum(rows[: len(rows) - before]) == 0


def test_what_is_gone_at_the_tool_is_marked_removed_and_stays_in_the_past(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    del shelf.content["4"]
    shelf.now += timedelta(days=1)
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.removed, outcome.seen) == ("complete", 1, 9)
    assert "4" not in held(lake)
    then = {r["id"] for r in records(lake, "incident", shelf.now, ["id"])}
    assert "4" in then


def test_a_removed_record_that_returns_is_held_again(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    kept = shelf.content.pop("4")
    sync(shelf, lake)
    shelf.content["4"] = kept
    outcome = sync(shelf, lake)
    # its change is old, so only the count gives it away; the run after that reads everything
    assert outcome.state == "incomplete"
    assert sync(shelf, lake).state == "complete"
    assert "4" in held(lake)


def test_mass_disappearance_stops_and_asks(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    for n in range(3):
        del shelf.content[str(n)]
    outcome = sync(shelf, lake)
    assert outcome.state == "failed"
    assert "3 of 10" in outcome.reason
    assert len(held(lake)) == 10
    assert sync(shelf, lake, accept_removals=True).removed == 3


def test_hidden_rows_make_a_stream_incomplete_at_once_and_ever_after(shelf: Shelf, lake: Lake) -> None:
    shelf.hidden = {"2", "5"}
    for _ in range(2):
        outcome = sync(shelf, lake)
        assert (outcome.state, outcome.expected, outcome.seen, outcome.hidden) == ("incomplete", 10, 8, 2)
        assert outcome.exit_code == 5


def test_rows_that_the_tool_lists_but_never_gives_are_missing(shelf: Shelf, lake: Lake) -> None:
    shelf.unlisted = {"7"}
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.expected, outcome.seen) == ("incomplete", 10, 9)
    shelf.unlisted = set()
    assert sync(shelf, lake).state == "complete"


def test_an_estimate_never_proves_completeness_by_itself(shelf: Shelf, lake: Lake) -> None:
    class Estimating(Shelf):
        def count(self, stream: str) -> Count | None:
            return Count(len(self.content) + 2, exact=False)

    estimating = Estimating()
    estimating.content = shelf.content
    outcome = sync(estimating, lake)
    assert (outcome.state, outcome.expected, outcome.seen) == ("complete", 10, 10)  # the census proved it


def test_a_record_created_while_we_read_is_fetched_too(shelf: Shelf, lake: Lake) -> None:
    class Busy(Shelf):
        def read(self, piece: Slice) -> Iterator[Page]:
            yield from super().read(piece)
            if "late" not in self.content:
                self.put("late")

    busy = Busy()
    busy.content, busy.now = shelf.content, shelf.now
    outcome = sync(busy, lake)
    assert (outcome.state, outcome.seen) == ("complete", 11)


def test_an_older_version_never_overwrites_a_newer_one(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    shelf.put("1", "closed")
    sync(shelf, lake)
    shelf.content["1"] = ("new", START)
    shelf.slices = lambda stream, since: [Slice(stream, {"ids": ["1"]})]
    sync(shelf, lake)
    assert held(lake)["1"] == "closed"


def test_the_same_record_on_two_pages_is_held_once(shelf: Shelf, lake: Lake) -> None:
    shelf.slices = lambda stream, since: [Slice(stream, {"ids": [str(n) for n in range(10)] + ["3", "3"]})]
    assert (sync(shelf, lake).seen, len(held(lake))) == (10, 10)


@pytest.mark.parametrize("call", ["check", "count", "slices", "read", "census"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessDenied("no", cause="expired"), 4),
        (SourceUnavailable("login page"), 5),
        (KeyError("sys_id"), 5),
    ],
)
def test_a_failure_anywhere_leaves_the_stream_failed_with_its_cause(
    shelf: Shelf, lake: Lake, call: str, error: Exception, code: int
) -> None:
    sync(shelf, lake)
    shelf.put("4", "closed")
    del shelf.content["0"]

    def fail(*_arguments):
        raise error

    setattr(shelf, call, fail)
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.exit_code) == ("failed", code)
    last = lake.table("incident").last()
    assert last is not None
    assert last.sources["shelf"].state == "failed"
    assert last.sources["shelf"].reason


def test_after_a_failure_the_next_run_completes(shelf: Shelf, lake: Lake) -> None:
    shelf.read = lambda piece: iter([1 / 0])
    assert sync(shelf, lake).state == "failed"
    del shelf.read
    assert sync(shelf, lake).state == "complete"
    assert len(held(lake)) == 10


def test_an_interrupted_read_goes_on_where_it_was(shelf: Shelf, lake: Lake, monkeypatch) -> None:
    monkeypatch.setattr("itss_bridge.sync.BATCH", 3)
    whole = shelf.read

    def breaks(piece: Slice) -> Iterator[Page]:
        if len(shelf.reads) >= 6:
            raise SourceUnavailable("gone")
        yield from whole(piece)

    shelf.read = breaks
    assert sync(shelf, lake, workers=1).state == "failed"
    assert set(held(lake)) >= {"1", "2"}  # their slice had ended when the last commit was made
    shelf.read = whole
    shelf.reads.clear()
    shelf.put("0", "closed")  # in a slice that was finished before the interruption
    outcome = sync(shelf, lake, workers=1)
    assert outcome.state == "complete"
    assert held(lake)["0"] == "closed"
    assert not {"1", "2"} & set(shelf.reads)


def test_keys_are_compared_every_so_often_even_when_the_count_agrees(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    lost = shelf.content.pop("4")
    shelf.content["unseen"] = ("new", START)  # as an import does that leaves the date alone
    assert sync(shelf, lake).state == "complete"
    shelf.now += timedelta(days=8)
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.removed) == ("incomplete", 1)
    assert sync(shelf, lake).state == "complete"
    assert "unseen" in held(lake)
    assert lost


def test_a_stream_we_may_not_read_is_refused_with_the_reason(shelf: Shelf, lake: Lake) -> None:
    shelf.check = lambda: Identity("shelf", "UTC", START, {"incident": "no read right on incident"})
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.exit_code) == ("failed", 4)
    assert "no read right" in outcome.reason


def test_a_stream_that_a_source_no_longer_gives_is_not_complete_any_more(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    shelf.streams = list
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.exit_code) == ("failed", 5)
    assert "no longer gives incident" in outcome.reason


def test_a_change_of_how_records_are_made_reads_everything_again(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    shelf.record = lambda key: Record(key, f"INC{key}", "", shelf.content[key][1], {"state": "active"})
    assert sync(shelf, lake).changed <= 1  # nothing tells of it, but for a record of the very minute
    shelf.config = {"states": {"new": "active"}}
    shelf.reads.clear()
    outcome = sync(shelf, lake)
    assert (outcome.state, outcome.reason) == ("complete", "")
    assert set(held(lake).values()) == {"active"}
    shelf.reads.clear()
    sync(shelf, lake)
    assert set(shelf.reads) <= {"9"}


def test_a_connector_that_sees_more_than_before_reads_everything_again(shelf: Shelf, lake: Lake) -> None:
    columns = ["state"]
    shelf.shape = lambda stream, ask: list(columns) if ask else "as ever"
    sync(shelf, lake)
    shelf.reads.clear()
    sync(shelf, lake)
    assert set(shelf.reads) <= {"9"}
    columns.append("priority")
    sync(shelf, lake)
    assert set(shelf.reads) == set(shelf.content)


def test_a_mark_that_knows_no_shape_is_read_and_not_relied_on(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    last = lake.table("incident").last()
    assert last is not None
    old = asdict(last.sources["shelf"])
    for name in ("cursor", "at", "compared"):
        old[name] = old[name].isoformat()
    old |= {"began": None}
    del old["shape"]
    mark = SourceMark.of(old)
    assert mark.shape == ""
    lake.table("incident").append([], run="old", at=mark.at, source="shelf", mark=mark)
    shelf.reads.clear()
    sync(shelf, lake)
    assert set(shelf.reads) == set(shelf.content)


def state_of(lake: Lake, source: str) -> tuple[str, str]:
    last = lake.table("incident").last()
    assert last is not None
    return last.sources[source].state, last.sources[source].reason


def test_a_source_that_is_no_longer_configured_is_not_complete_any_more(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    assert end_sources(lake, ["shelf", "other"], run="r", at=START) == {}
    ended = end_sources(lake, ["other"], run="r", at=START)["shelf"]["incident"]
    assert (ended.state, ended.seen, ended.exit_code) == ("failed", 10, 5)
    assert state_of(lake, "shelf") == ("failed", ended.reason)
    assert "no longer configured" in ended.reason
    assert len(held(lake)) == 10
    assert sync(shelf, lake).state == "complete"  # put back, it goes on where it was
    assert list(lake.verify()) == []


def test_a_source_is_ended_when_its_removal_is_accepted(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    ended = end_sources(lake, [], run="r", at=START, accept=True)["shelf"]["incident"]
    assert (ended.state, ended.removed, ended.seen, ended.exit_code) == ("complete", 10, 0, 0)
    assert held(lake) == {}
    assert end_sources(lake, [], run="r", at=START) == {}  # over is over
    shelf.now += timedelta(days=1)
    assert sync(shelf, lake).new == 10  # should it come back, everything is read anew
    assert list(lake.verify()) == []


def test_a_stream_that_a_source_no_longer_gives_can_be_ended(shelf: Shelf, lake: Lake) -> None:
    sync(shelf, lake)
    shelf.streams = list
    outcome = sync(shelf, lake, accept_removals=True)
    assert (outcome.state, outcome.removed, outcome.exit_code) == ("complete", 10, 0)
    job = SourceRun("shelf", shelf, "run", str, lambda identity: START, _quiet)
    assert sync_source(job, lake) == {}


def test_the_summary_has_the_promised_shape(shelf: Shelf, lake: Lake) -> None:
    outcomes = {"shelf": {"incident": sync(shelf, lake)}}
    shape = summary("run", outcomes)
    assert shape["ok"] is True
    assert set(shape["sources"]["shelf"]["streams"]["incident"]) == {
        "state", "expected", "seen", "new", "changed", "removed", "hidden", "requests", "seconds", "reason",
    }  # fmt: skip
    assert exit_code(outcomes) == 0


def test_a_refused_login_outweighs_an_unavailable_source() -> None:
    four, five = StreamOutcome(exit_code=4), StreamOutcome(exit_code=5)
    assert exit_code({"a": {"x": five}, "b": {"y": four}}) == 4


class ToolThatLives(RuleBasedStateMachine):
    """Records come, change, vanish and hide between syncs; a stream that says complete equals the tool."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.lake = Lake(Path(self.folder.name))
        self.shelf = Shelf()
        self.outcome: StreamOutcome | None = None

    @rule(key=st.sampled_from("abcdefgh"), state=st.sampled_from(["new", "active", "closed"]))
    def put(self, key: str, state: str) -> None:
        self.shelf.put(key, state)
        self.outcome = None

    @rule(key=st.sampled_from("abcdefgh"))
    def delete(self, key: str) -> None:
        self.shelf.content.pop(key, None)
        self.outcome = None

    @rule(keys=st.sets(st.sampled_from("abcdefgh"), max_size=2))
    def hide(self, keys: set[str]) -> None:
        self.shelf.hidden = keys
        self.outcome = None

    @rule(accept=st.booleans(), exact=st.booleans())
    def sync(self, accept: bool, exact: bool) -> None:
        self.shelf.exact = exact
        self.shelf.now += timedelta(minutes=1)
        self.outcome = sync(self.shelf, self.lake, accept_removals=accept)

    @invariant()
    def complete_means_equal(self) -> None:
        if getattr(self, "outcome", None) is not None and self.outcome.state == "complete":
            ours = held(self.lake)
            theirs = {key: state for key, (state, _) in self.shelf.content.items()}
            assert ours.items() <= theirs.items()  # nothing invented, nothing stale
            assert set(ours) >= set(self.shelf.visible())  # nothing lost
            assert self.outcome.expected == self.outcome.seen == len(ours)

    def teardown(self) -> None:
        if hasattr(self, "lake"):
            assert list(self.lake.verify()) == []
            self.folder.cleanup()


TestToolThatLives = ToolThatLives.TestCase
TestToolThatLives.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
