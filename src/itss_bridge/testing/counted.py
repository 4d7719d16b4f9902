"""Checks of slices, pages, count and census: independent pieces, an honest number, every key."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import sleep
from types import CodeType, FrameType
from typing import Any

from itss_bridge.contracts import Connector, Count, Page, Record, Slice
from itss_bridge.testing.bench import Bench, Reading, broken, demand, some
from itss_bridge.testing.given import Given

_THREADS = 8
_LATENCY = 0.004
_NAPS = 5
_NAP = 0.0005


class Counted(Given):
    """Pieces and numbers."""

    def test_slices_are_plain_and_of_their_stream(self, still: Bench) -> None:
        for stream in still.streams:
            pieces = still.full(stream).pieces
            demand(isinstance(pieces, Sequence), f"{stream}: slices() gave {type(pieces)}", "return a list of slices")
            for piece in pieces:
                demand(isinstance(piece, Slice), f"{stream}: {piece!r} is no Slice", "return a list of slices")
                demand(piece.stream == stream, f"{stream}: a slice is of {piece.stream!r}", "Slice(stream, {…})")
                demand(
                    _is_plain(piece),
                    f"{stream}: a slice has where = {piece.where!r}",
                    "describe the piece by JSON values (times as texts): it is read alone, and again after a failure",
                )
                demand(
                    piece.expected is None or (type(piece.expected) is int and piece.expected >= 0),
                    f"{stream}: a slice expects {piece.expected!r} records",
                    "give a whole number, or None where the tool does not say",
                )

    def test_a_read_yields_pages_of_records(self, still: Bench) -> None:
        for stream in still.streams:
            for _, page in still.full(stream).pages:
                demand(isinstance(page, Page), f"{stream}: read() gave {type(page).__name__}", "yield Page([…])")
                strange = [one for one in page.records if not isinstance(one, Record)]
                demand(
                    isinstance(page.records, Sequence) and not strange,
                    f"{stream}: a page holds {type(strange[0] if strange else page.records).__name__}",
                    "give a list of Record",
                )
                demand(
                    type(page.hidden) is int and page.hidden >= 0,
                    f"{stream}: a page says that {page.hidden!r} rows are hidden",
                    "count the rows that the tool counted and did not show; 0 when it showed all",
                )

    def test_pages_come_one_by_one(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            for piece in connector.slices(stream, None):
                asked = [_asked(still)] + [_asked(still) for _ in connector.read(piece)]
                requests, pages = asked[-1] - asked[0], len(asked) - 1
                demand(
                    pages <= 1 or requests <= 1 or asked[1] < asked[-1],
                    f"{stream}: all {requests} requests of a slice were made before its first page came",
                    "yield each page as it arrives: a stream may be larger than memory",
                )

    def test_a_slice_holds_as_many_records_as_it_expects(self, still: Bench) -> None:
        for stream in still.streams:
            reading = still.full(stream)
            arrived: Counter[int] = Counter()
            for number, page in reading.pages:
                arrived[number] += len(page.records)
            wrong = [(p.expected, arrived[n]) for n, p in enumerate(reading.pieces) if p.expected is not None]
            wrong = [(expected, came) for expected, came in wrong if expected != came]
            demand(
                not wrong,
                f"{stream}: slices expect and hold {some(wrong)}",
                "set `expected` only from a number that the tool gave for this very piece",
            )

    def test_a_slice_read_twice_gives_the_same(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            pieces = connector.slices(stream, None)
            one, two = still.take(connector, pieces), still.take(connector, pieces)
            _demand_same(stream, one, two, "read a second time", "remember nothing from one read() to the next")

    def test_slices_can_be_read_in_any_order(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            backwards = still.take(connector, list(reversed(connector.slices(stream, None))))
            _demand_same(
                stream, still.full(stream), backwards, "read backwards", "let `where` say all that a piece needs"
            )

    def test_slices_can_be_read_side_by_side(self, still: Bench) -> None:
        for stream in still.streams:
            with _jostling(still) as pool:
                connector = still.connector()
                pieces = list(connector.slices(stream, None))
                copies = -(-_THREADS // max(1, len(pieces)))
                parts = list(pool.map(partial(_alone, still, connector), pieces * copies))
            for start in range(0, len(parts), len(pieces) or 1):
                records = [record for part in parts[start : start + len(pieces)] for record in part]
                together = Reading(pieces, [(0, Page(records))])
                _demand_same(
                    stream,
                    still.full(stream),
                    together,
                    f"read by {_THREADS} threads at once",
                    "keep cursors, pages and buffers in local variables of read(), not on self",
                )

    def test_a_slice_says_all_that_is_needed_to_read_it(self, still: Bench) -> None:
        for stream in still.streams:
            pieces = [replace(p, where=json.loads(json.dumps(dict(p.where)))) for p in still.full(stream).pieces]
            mend = "put into `where` what read() needs, as JSON values; keep nothing of slices() on self"
            try:
                elsewhere = still.take(still.connector(), pieces)
            except Exception as error:  # noqa: BLE001 - whatever is missing there
                broken(f"{stream}: a slice cannot be read by another instance: {error!r}", mend)
            _demand_same(stream, still.full(stream), elsewhere, "read by another instance", mend)

    def test_a_new_instance_gives_the_same(self, still: Bench) -> None:
        for stream in still.streams:
            for _ in range(2):
                again = still.read(still.connector(), stream)
                _demand_same(
                    stream, still.full(stream), again, "read by a new instance", "keep nothing on the class or module"
                )

    def test_count_is_the_number_of_records(self, still: Bench) -> None:
        for stream in still.streams:
            counted = still.connector().count(stream)
            if counted is None:
                continue
            demand(
                isinstance(counted, Count) and type(counted.rows) is int and counted.rows >= 0,
                f"{stream}: count() gave {counted!r}",
                "return Count(rows, exact=…), or None where the tool cannot say",
            )
            due = len(still.truth(stream))
            demand(
                not counted.exact or counted.rows == due,
                f"{stream}: count() is sure of {counted.rows} records, there are {due}",
                "count what read() reads (same filter); exact=True is a promise: for an estimate, a capped or a "
                "late total say exact=False",
            )

    def test_count_takes_one_request(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            connector.check()
            before = len(still.server.log)
            connector.count(stream)
            taken = len(still.server.log) - before
            demand(taken <= 1, f"{stream}: count() took {taken} requests", "ask for the total, or return None")

    def test_the_census_names_every_record_once(self, still: Bench) -> None:
        for stream in still.streams:
            named, truth = Counter(still.census(still.connector(), stream)), still.truth(stream)
            missing, strange = truth.keys() - named.keys(), named.keys() - truth.keys()
            twice = [key for key, times in named.items() if times > 1]
            demand(
                not missing,
                f"{stream}: the census leaves out {len(missing)} records: {some(missing)}",
                "walk to the end: what it leaves out is marked removed",
            )
            demand(
                not strange, f"{stream}: the census names {some(strange)}", "give the same ids as read(), and no others"
            )
            demand(not twice, f"{stream}: the census names {some(twice)} more than once", "each id once")

    def test_the_census_gives_ids_one_by_one(self, still: Bench) -> None:
        for stream in still.streams:
            census = still.connector().census(stream)
            demand(
                isinstance(census, Iterator),
                f"{stream}: census() gave {type(census).__name__}",
                "yield the ids as they come",
            )
            strange = [key for key in still.bounded(census, stream, "census()") if not isinstance(key, str) or not key]
            demand(not strange, f"{stream}: the census gives {strange[:3]}", "give the ids of the records, as texts")

    def test_count_and_census_agree(self, still: Bench) -> None:
        for stream in still.streams:
            connector = still.connector()
            counted, named = connector.count(stream), len(still.census(connector, stream))
            demand(
                counted is None or not counted.exact or counted.rows == named,
                f"{stream}: count() says {counted}, the census names {named}",
                "put the same question to the tool in both; where they must differ, exact=False",
            )


@contextmanager
def _jostling(bench: Bench) -> Iterator[ThreadPoolExecutor]:
    """Threads that get into each other's way: answers come late, and each line of the connector may be a pause."""
    if bench.gate:
        bench.gate.latency = _LATENCY
    try:
        with ThreadPoolExecutor(_THREADS, initializer=_pause_between_lines, initargs=(bench.kind,)) as pool:
            yield pool
    finally:
        if bench.gate:
            bench.gate.latency = 0.0


def _pause_between_lines(kind: type[Connector]) -> None:
    """In this thread, give way before each line of the connector's folder, a few times: races would be luck else."""
    folder = str(Path(sys.modules[kind.__module__].__file__ or "").parent)
    naps: Counter[tuple[CodeType, int]] = Counter()

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(folder):
            return None
        place = (frame.f_code, frame.f_lineno)
        if event == "line" and naps[place] < _NAPS:
            naps[place] += 1
            sleep(_NAP)
        return trace

    sys.settrace(trace)


def _alone(bench: Bench, connector: Connector, piece: Slice) -> list[Record]:
    return bench.take(connector, [piece]).records


def _asked(bench: Bench) -> int:
    return len(bench.gate.log) if bench.gate else 0


def _is_plain(piece: Slice) -> bool:
    try:
        return bool(json.loads(json.dumps(dict(piece.where))) == dict(piece.where))
    except (TypeError, ValueError):
        return False


def _demand_same(stream: str, one: Reading, other: Reading, how: str, mend: str) -> None:
    lost, strange = one.ids - other.ids, other.ids - one.ids
    demand(
        not lost and not strange,
        f"{stream}: {how}, it loses {len(lost)} records ({some(lost)}) and gains {len(strange)} ({some(strange)})",
        mend,
    )
    differing = [a for a, b in zip(one.content, other.content, strict=True) if a != b]
    demand(not differing, f"{stream}: {how}, {len(differing)} records are not the same, as {some(differing[:1])}", mend)
