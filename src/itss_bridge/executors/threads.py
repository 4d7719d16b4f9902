"""Threads of this process: the default."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from itss_bridge.contracts import Allowed
from itss_bridge.transport import Gate


class Threads:
    """Threads of this process: nothing to start, and enough while workspaces wait for their tools."""

    name = "threads"

    def __call__(self, options: Mapping[str, str]) -> Executor:
        """A pool; option `workers` is how many threads (4 unless said otherwise)."""
        return ThreadPoolExecutor(max_workers=int(options.get("workers", "4")), thread_name_prefix="itss-bridge")

    @contextmanager
    def gates(self, allowed: Allowed) -> Iterator[Callable[[], Gate]]:
        """One semaphore an origin, shared by all threads."""
        shared = _Semaphores(allowed)
        yield lambda: shared


class _Semaphores:
    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._by_origin: dict[str, BoundedSemaphore] = {}
        self._lock = Lock()

    def __call__(self, origin: str) -> BoundedSemaphore:
        with self._lock:
            return self._by_origin.setdefault(origin, BoundedSemaphore(self._allowed(origin)))
