"""Read every stream of every source until it provably equals the tool's own count, and commit it as evidence."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from itss_bridge.contracts import Connector, Count, Identity, Page, Slice
from itss_bridge.ended import HOW_TO_END, end, fail, given_before, left_behind
from itss_bridge.errors import AccessDenied, BridgeError, Locked, SourceUnavailable
from itss_bridge.evidence import Lake, SourceMark, StreamTable
from itss_bridge.evidence.known import Known
from itss_bridge.evidence.ledger import State, canonical
from itss_bridge.fetch import connectors_fault, pages
from itss_bridge.interruption import SafePoints
from itss_bridge.messages import say
from itss_bridge.outcomes import StreamOutcome
from itss_bridge.shape import shape

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = int(os.environ.get("ITSS_BRIDGE_BATCH", "20000"))
PASSES = 3
MASS_DISAPPEARANCE = 0.2
COMPARE_EVERY = timedelta(days=7)
CLOCKS_DIFFER = timedelta(days=1)
"""A record that changed longer than this after a tool's own present carries a wrong date."""

WORKERS = 4


class Watcher(Protocol):
    """Told how far a sync is; draws progress, or does nothing."""

    def __call__(self, source: str, stream: str, read: int, expected: int | None) -> None:
        """*read* records of *expected* have arrived."""
        ...


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One source, ready to be read: what a run needs to know besides the lake."""

    source: str
    connector: Connector
    run: str
    pseudonym: Callable[[str], str]
    clock: Callable[[Identity | None], datetime]
    watch: Watcher
    workers: int = WORKERS
    accept_removals: bool = False
    stop: SafePoints = field(default_factory=SafePoints)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While the connector asks its tool: the work may stop here, and what the connector raises is its own fault."""
        with self.stop.may_stop(), connectors_fault(self.connector):
            yield


def sync_source(job: SourceRun, lake: Lake) -> dict[str, StreamOutcome]:
    """Sync all streams of one source; a failure is an outcome, not an exception (but for Ctrl-C and full disks)."""
    with job.stop:
        return _sync_streams(job, lake)


def _sync_streams(job: SourceRun, lake: Lake) -> dict[str, StreamOutcome]:
    streams = job.connector.streams()
    try:
        with job.asking():
            identity = job.connector.check()
    except BridgeError as error:
        return {stream: _failed(job, lake, stream, error, None) for stream in streams}
    outcomes = {stream: _sync_or_fail(job, lake, stream, identity) for stream in streams}
    over = partial(_end, run=job.run, at=job.clock(identity), accept=job.accept_removals)
    cause = say("its table or file was taken out of the configuration")
    for stream in sorted(given_before(lake, job.source) - set(streams)):
        what = say("{source} no longer gives {stream}", source=job.source, stream=stream)
        outcomes[stream] = over(lake.table(stream), job.source, what, cause)
    return outcomes


def end_sources(
    lake: Lake, configured: Collection[str], *, run: str, at: datetime, accept: bool = False
) -> dict[str, dict[str, StreamOutcome]]:
    """What is held of sources that are not configured any more does not stay *complete* for ever.

    Its streams are *failed*, or ended when removals are accepted. The caller holds the workspace's lock.
    """
    found: dict[str, dict[str, StreamOutcome]] = {}
    for source, stream in left_behind(lake, configured):
        what = say("{source} is no longer configured", source=source)
        cause = say("its table was taken out of itss-bridge.toml, or renamed")
        ended = _end(lake.table(stream), source, what, cause, run=run, at=at, accept=accept)
        found.setdefault(source, {})[stream] = ended
    return found


def _end(
    table: StreamTable, source: str, what: str, cause: str, *, run: str, at: datetime, accept: bool
) -> StreamOutcome:
    """What nobody reads any more goes stale, and says so, until removals are accepted: then it is over."""
    if accept:
        return StreamOutcome("complete", 0, removed=end(table, source, run=run, at=at))
    error = SourceUnavailable(what, cause=cause, fix=HOW_TO_END)
    return _stale(fail(table, source, str(error), run=run, at=at), error)


def _stale(mark: SourceMark, error: BridgeError) -> StreamOutcome:
    return StreamOutcome("failed", mark.expected, mark.seen, reason=mark.reason, exit_code=error.exit_code)


def _sync_or_fail(job: SourceRun, lake: Lake, stream: str, identity: Identity) -> StreamOutcome:
    started, before = time.monotonic(), job.connector.http.requests_made
    refused = identity.readable.get(stream, "")
    try:
        if refused:
            raise AccessDenied(
                say("{stream} may not be read", stream=stream),
                where=identity.account,
                cause=refused,
                fix=say("ask for read rights on it"),
            )
        with job.asking():
            made = shape(job.connector, stream, job.pseudonym)
        outcome = StreamSync(job, lake.table(stream), identity, made).run()
    except OSError as error:
        raise SourceUnavailable(
            say("evidence could not be written"),
            where=str(lake.root),
            cause=str(error),
            fix=say("free space, then sync again"),
        ) from error
    except Locked:
        raise  # the stream is in another run's hands: not even a failure is ours to commit
    except BridgeError as error:
        outcome = _failed(job, lake, stream, error, identity)
    outcome.seconds = time.monotonic() - started
    outcome.requests = job.connector.http.requests_made - before
    return outcome


def _failed(job: SourceRun, lake: Lake, stream: str, error: BridgeError, identity: Identity | None) -> StreamOutcome:
    reason = job.connector.http.redacted(str(error))
    return _stale(fail(lake.table(stream), job.source, reason, run=job.run, at=job.clock(identity)), error)


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of one page: its rows, how many it counts but does not show, and how many are no evidence."""

    rows: pa.Table
    hidden: int
    left_out: int


class StreamSync:
    """One stream of one source, from cursor to verdict."""

    def __init__(self, job: SourceRun, table: StreamTable, identity: Identity, made: str) -> None:
        """*made* is the shape of the records now."""
        self.job = job
        self.table = table
        self.identity = identity
        self.outcome = StreamOutcome()
        self.at = job.clock(identity)
        last = table.last()
        mark = last.sources.get(job.source) if last else None
        new = SourceMark("running", None, None, 0, self.at, began=identity.server_time)
        latest = identity.server_time + job.connector.overlap
        self.mark = replace(_trusted(mark, latest, made) if mark else new, shape=made)
        self._pending: list[pa.Table] = []
        self._ended: list[str] = []
        self._short = False
        self._compared = False
        self._resumable = True
        self._full = self.mark.cursor is None

    def run(self) -> StreamOutcome:
        """Read, compare with the tool, repeat while the tool moves under us, and commit the verdict."""
        with closing(Known(self.table, self.job.source)) as known:
            self.known = known
            counted = self._read_until_equal()
            if self._proven(counted):
                self._conclude(known.live, 0)
            else:
                self._conclude(*self._reconcile(counted))
        return self.outcome

    def _proven(self, counted: Count | None) -> bool:
        """Whether an exact count alone proves equality.

        An estimate that happens to agree proves nothing; and a count that agrees may hide one record lost for one that
        never came, so that every so often the keys are compared all the same.
        """
        agreed = counted is not None and counted.exact and counted.rows == self.known.live and not self._short
        compared = self.mark.compared
        recently = compared is not None and self.identity.server_time - compared < COMPARE_EVERY
        return agreed and (self._full or recently)

    def _read_until_equal(self) -> Count | None:
        """Read what changed; again from where reading began while there is reason to think that more has come."""
        since, done = self.mark.cursor, self.mark.done
        began = self.mark.began if done and self.mark.began else self.identity.server_time
        self.mark = replace(self.mark, began=began, done=done)
        for _ in range(PASSES):
            gained = self._read(since, done)
            with self.job.asking():
                counted = self.job.connector.count(self.table.stream)
            more = counted is not None and counted.rows > self.known.live and gained and not self.outcome.hidden
            if not done and not more:
                break
            # what was read before an interruption may have changed since that read began
            since, done = began, ()
            self._resumable = False
        return counted

    def _read(self, since: datetime | None, done: Collection[str]) -> int:
        begin = since - self.job.connector.overlap if since else None
        with self.job.asking():
            found = self.job.connector.slices(self.table.stream, begin)
        pieces = {key: piece for piece in found if (key := _key(piece)) not in done}
        due = {key: piece.expected for key, piece in pieces.items()}
        expected = None if None in due.values() else sum(n or 0 for n in due.values())
        arrived = dict.fromkeys(pieces, 0)
        self._ended = list(done)
        gained, hidden, left_out = 0, 0, 0
        for key, page in self._arrivals(pieces):
            if page is None:
                self._ended.append(key)
                continue
            arrived[key] += page.rows.num_rows
            hidden += page.hidden
            left_out += page.left_out
            gained += self._take(page.rows)
            self.job.watch(self.job.source, self.table.stream, sum(arrived.values()), expected)
        gained += self._flush()
        self.outcome.hidden, self.outcome.left_out = max(self.outcome.hidden, hidden), left_out
        self._short = any(n is not None and arrived[key] < n for key, n in due.items())
        return gained

    def _arrivals(self, pieces: Mapping[str, Slice]) -> Iterator[tuple[str, _Made | None]]:
        """What `pages` brings; when Ctrl-C ends it, what has come so far is kept first."""
        coming = pages(self.job.connector, pieces, self.job.workers, self._made)
        try:
            while True:
                with self.job.stop.may_stop():
                    arrival = next(coming, None)
                if arrival is None:
                    return
                yield arrival
        except KeyboardInterrupt:
            self._flush()
            raise

    def _made(self, page: Page) -> _Made:
        """The page's records as rows; called in the threads that read."""
        import pyarrow.compute as pc

        rows = self.table.rows.batch(self.job.source, page.records, self.job.pseudonym)
        if len(pc.unique(rows["digest"])) > len(pc.unique(rows["id"])):
            raise SourceUnavailable(
                say("two different records of {stream} carry the same id", stream=self.table.stream),
                where=f"source {self.job.source}",
                cause=say("the tool, or something in front of it, mixes up its records"),
                fix=say("try again later; tell the tool's administrator if it lasts"),
            )
        return _Made(rows, page.hidden, page.left_out)

    def _take(self, rows: pa.Table) -> int:
        self._pending.append(rows)
        return self._flush() if sum(batch.num_rows for batch in self._pending) >= BATCH else 0

    def _flush(self) -> int:
        """Commit what is new or changed among the pending rows; the mark stays as it was, but *running*."""
        import pyarrow as pa

        if not self._pending:
            return 0
        pending = pa.concat_tables(self._pending)
        fresh, new = self.known.fresh(pending, self.identity.server_time + CLOCKS_DIFFER)
        self._pending = []
        if fresh.num_rows:
            self._append(fresh, self._running())
            self.outcome.new += new
            self.outcome.changed += fresh.num_rows - new
        return int(fresh.num_rows)

    def _append(self, rows: pa.Table, mark: SourceMark) -> None:
        self.table.append(rows, run=self.job.run, at=self.at, source=self.job.source, mark=mark)
        self.known.note(rows)

    def _running(self) -> SourceMark:
        """The mark between the first commit of a run and its verdict: nothing may rest on the stream yet."""
        done = tuple(sorted(self._ended)) if self._resumable else ()
        return replace(
            self.mark, state="running", seen=self.known.live, at=self.at, reason=say("not finished"), done=done
        )

    def _reconcile(self, counted: Count | None) -> tuple[int, int]:
        """Compare keys: what the tool no longer shows is marked removed, what we never got is counted missing.

        Returns how many records there should be and how many are missing. What an exact count has over the keys that
        we may see is hidden from us.
        """
        self._compared = True
        with self.job.asking():
            there = set(self.job.connector.census(self.table.stream))
        if counted and counted.exact:
            self.outcome.hidden = max(self.outcome.hidden, counted.rows - len(there))
        gone = self.known.not_in(there)
        missing = len(there) - (self.known.live - len(gone))
        if gone and not self.job.accept_removals and len(gone) > MASS_DISAPPEARANCE * self.known.live:
            raise SourceUnavailable(
                say(
                    "{count} of {live} records of {stream} are no longer visible",
                    count=len(gone),
                    live=self.known.live,
                    stream=self.table.stream,
                ),
                where=f"source {self.job.source}",
                cause=say("so many at once is more often a lost right or a changed filter than deletion"),
                fix=say("check the account's rights; if they really are gone, run sync --accept-removals"),
            )
        if gone:
            rows = self.table.rows.together([self.table.rows.gone(row) for row in self.known.versions(gone)])
            self._append(rows, self._running())
            self.outcome.removed = rows.num_rows
        return len(there) + self.outcome.hidden, missing

    def _conclude(self, expected: int, missing: int) -> None:
        outcome, live = self.outcome, self.known.live
        outcome.expected, outcome.seen = expected, live
        outcome.state, outcome.reason = _verdict(expected, live, missing, outcome.hidden)
        outcome.exit_code = 0 if outcome.state == "complete" else SourceUnavailable.exit_code
        # rows that exist but never came may carry old dates: only a full read can find them again
        now = self.identity.server_time
        compared = now if self._compared or self._full else self.mark.compared
        cursor = None if missing else now
        mark = SourceMark(outcome.state, cursor, expected, live, self.at, outcome.reason, compared)
        self._append(self.table.rows.together([]), replace(mark, shape=self.mark.shape))


def _trusted(mark: SourceMark, latest: datetime, made: str) -> SourceMark:
    """The mark; without its cursor when that does not tell any more what need not be read again.

    The tool's clock was ahead then: what changed since may be dated before it. Or records are made in another way now.
    """
    ahead = any(moment and moment > latest for moment in (mark.cursor, mark.began))
    return replace(mark, cursor=None, began=None, done=()) if ahead or mark.shape != made else mark


def _key(piece: Slice) -> str:
    """A short name for a slice, the same whenever the connector cuts the same slice."""
    return hashlib.sha256(canonical([piece.stream, piece.where])).hexdigest()[:16]


def _verdict(expected: int, seen: int, missing: int, hidden: int) -> tuple[State, str]:
    if missing > 0:
        return "incomplete", say("{missing} records exist at the tool but were not given to us", missing=missing)
    if hidden > 0:
        return "incomplete", say("{hidden} records are hidden from this account by access rules", hidden=hidden)
    if expected != seen:
        return "incomplete", say("the tool counts {expected} records, {seen} are held", expected=expected, seen=seen)
    return "complete", ""


def system_clock(_identity: Identity | None) -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


def source_clock(fallback: datetime) -> Callable[[Identity | None], datetime]:
    """The tool's own time, for replays; *fallback* when the tool did not answer."""
    return lambda identity: identity.server_time if identity else fallback
