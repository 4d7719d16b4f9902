"""Read slices side by side: their pages come as they arrive, only a few wait, and the first error ends them all."""

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event, Lock
from typing import Generic, TypeVar

from itss_bridge.contracts import Connector, Page, Slice
from itss_bridge.errors import BridgeError, SourceUnavailable
from itss_bridge.messages import say

T = TypeVar("T")
_OBJECTS_A_COLLECTION = 50_000
_usual: list[tuple[int, int, int]] = []
"""What the collector's thresholds are otherwise, once for each workspace that is being read in this process."""

_one_at_a_time = Lock()


@contextmanager
def connectors_fault(connector: Connector) -> Iterator[None]:
    """Whatever a connector raises that is not ours becomes its source's failure: it is a stranger's code."""
    try:
        yield
    except (BridgeError, GeneratorExit):
        raise
    except Exception as error:
        raise SourceUnavailable(
            say(
                "the connector {name!r} failed: {error_kind}: {error}",
                name=connector.name,
                error_kind=type(error).__name__,
                error=error,
            ),
            cause=say("a fault in the connector, not in your data"),
            fix=say("run again with -v and report it to the connector's author"),
        ) from error


def pages(
    connector: Connector, pieces: Mapping[str, Slice], workers: int, made: Callable[[Page], T]
) -> Iterator[tuple[str, T | None]]:
    """What is *made* of each page of all *pieces*, with the key of its slice, as they arrive; None when one has ended.

    *made* is called in the threads that read, so that only its result waits.
    """
    desk = _Desk[T](2 * workers)
    with _at_rest(), ThreadPoolExecutor(workers, thread_name_prefix="slice") as pool:
        try:
            for key, piece in pieces.items():
                pool.submit(_read, connector, key, piece, made, desk)
            yield from desk.arrivals(len(pieces))
        finally:
            desk.closed.set()
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _at_rest() -> Iterator[None]:
    """Meanwhile the garbage collector runs seldom and leaves alone what was there before: it took a tenth of all work.

    Pages make many objects and hardly a cycle, so that there is next to nothing for it to find.
    """
    with _one_at_a_time:
        _usual.append(_usual[0] if _usual else gc.get_threshold())
        gc.freeze()
        gc.set_threshold(_OBJECTS_A_COLLECTION, *_usual[0][1:])
    try:
        yield
    finally:
        with _one_at_a_time:
            usual = _usual.pop()
            if not _usual:
                gc.set_threshold(*usual)
                gc.unfreeze()


class _Desk(Generic[T]):
    """Where readers leave pages and the committer takes them; a reader waits when the desk is full."""

    def __init__(self, size: int) -> None:
        self.closed = Event()
        self._queue: Queue[tuple[str, T | BaseException | None]] = Queue(maxsize=size)

    def leave(self, key: str, what: T | BaseException | None) -> None:
        """Put something down, unless the desk has closed."""
        while not self.closed.is_set():
            try:
                self._queue.put((key, what), timeout=0.1)
            except Full:
                continue
            return

    def arrivals(self, open_slices: int) -> Iterator[tuple[str, T | None]]:
        """What readers leave until every slice has ended; raises the first error among it."""
        while open_slices:
            key, what = self._queue.get()
            if isinstance(what, BaseException):
                raise what
            open_slices -= what is None
            yield key, what


def _read(connector: Connector, key: str, piece: Slice, made: Callable[[Page], T], desk: _Desk[T]) -> None:
    try:
        for page in _asked(connector, piece):
            desk.leave(key, made(page))
            if desk.closed.is_set():
                return
    except BaseException as error:  # noqa: BLE001 - carried to the committer, which raises it
        desk.leave(key, error)
    else:
        desk.leave(key, None)


def _asked(connector: Connector, piece: Slice) -> Iterator[Page]:
    with connectors_fault(connector):
        yield from connector.read(piece)
