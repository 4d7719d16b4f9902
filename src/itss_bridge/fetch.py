"""Read slices side by side: their pages come as they arrive, only a few wait, and the first error ends them all."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Full, Queue
from threading import Event
from typing import TypeAlias

from itss_bridge.contracts import Connector, Page, Slice
from itss_bridge.errors import BridgeError, SourceUnavailable

_Arrival: TypeAlias = tuple[str, Page | BaseException | None]


@contextmanager
def connectors_fault(connector: Connector) -> Iterator[None]:
    """Whatever a connector raises that is not ours becomes its source's failure: it is a stranger's code."""
    try:
        yield
    except (BridgeError, GeneratorExit):
        raise
    except Exception as error:
        raise SourceUnavailable(
            f"the connector {connector.name!r} failed: {type(error).__name__}: {error}",
            cause="a fault in the connector, not in your data",
            fix="run again with -v and report it to the connector's author",
        ) from error


def pages(connector: Connector, pieces: Mapping[str, Slice], workers: int) -> Iterator[tuple[str, Page | None]]:
    """Pages of all *pieces* with the key of their slice, in the order of arrival; None when a slice has ended."""
    desk = _Desk(2 * workers)
    with ThreadPoolExecutor(workers, thread_name_prefix="slice") as pool:
        try:
            for key, piece in pieces.items():
                pool.submit(_read, connector, key, piece, desk)
            yield from desk.arrivals(len(pieces))
        finally:
            desk.closed.set()
            pool.shutdown(wait=True, cancel_futures=True)


class _Desk:
    """Where readers leave pages and the committer takes them; a reader waits when the desk is full."""

    def __init__(self, size: int) -> None:
        self.closed = Event()
        self._queue: Queue[_Arrival] = Queue(maxsize=size)

    def leave(self, key: str, what: Page | BaseException | None) -> None:
        """Put something down, unless the desk has closed."""
        while not self.closed.is_set():
            try:
                self._queue.put((key, what), timeout=0.1)
            except Full:
                continue
            return

    def arrivals(self, open_slices: int) -> Iterator[tuple[str, Page | None]]:
        """What readers leave until every slice has ended; raises the first error among it."""
        while open_slices:
            key, what = self._queue.get()
            if isinstance(what, BaseException):
                raise what
            open_slices -= what is None
            yield key, what


def _read(connector: Connector, key: str, piece: Slice, desk: _Desk) -> None:
    try:
        with connectors_fault(connector):
            for page in connector.read(piece):
                desk.leave(key, page)
                if desk.closed.is_set():
                    return
    except BaseException as error:  # noqa: BLE001 - carried to the committer, which raises it
        desk.leave(key, error)
    else:
        desk.leave(key, None)
