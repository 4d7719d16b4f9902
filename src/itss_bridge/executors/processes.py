"""Processes of this machine: for work that computes more than it waits."""

import hashlib
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

from filelock import FileLock, Timeout

from itss_bridge.contracts import Allowed
from itss_bridge.transport import Gate

ONE_THREAD: Mapping[str, str] = {
    "ITSS_BRIDGE_THREADS": "1",  # DuckDB
    "OMP_NUM_THREADS": "1",  # Arrow
    "TOKIO_WORKER_THREADS": "1",  # delta-rs
}
"""What keeps the libraries of one worker from taking the cores of the others; what the user has set stays."""

_PAUSE = 0.01


class Processes:
    """Processes of this machine, each made once and used for many workspaces."""

    name = "processes"

    def __call__(self, options: Mapping[str, str]) -> Executor:
        """A pool; option `workers` is how many processes (one a core unless said otherwise)."""
        workers = int(options.get("workers", os.cpu_count() or 1))
        # spawned: a fork would inherit threads of DuckDB and Arrow in whatever state they are
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(ONE_THREAD if workers > 1 else {},))

    @contextmanager
    def gates(self, allowed: Allowed) -> Iterator[Callable[[], Gate]]:
        """As many locked files an origin as requests are allowed: the system frees those of a process that dies."""
        with tempfile.TemporaryDirectory(prefix="itss-bridge-", ignore_cleanup_errors=True) as folder:
            yield partial(_Places, Path(folder), allowed)


def _begin(environment: Mapping[str, str]) -> None:
    """What a worker does first; it ends with whoever started it, however hard that was killed."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)
    Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


class _Places:
    def __init__(self, folder: Path, allowed: Allowed) -> None:
        self._folder = folder
        self._allowed = allowed

    @contextmanager
    def __call__(self, origin: str) -> Iterator[None]:
        lock = self._taken(origin)
        try:
            yield
        finally:
            lock.release()

    def _taken(self, origin: str) -> FileLock:
        """The first free place, beginning anywhere, so that not all try the same one first."""
        name, count = hashlib.sha256(origin.encode()).hexdigest()[:16], self._allowed(origin)
        number = random.randrange(count)  # noqa: S311 - spreads attempts, guards nothing
        while True:
            for turn in range(count):
                lock = FileLock(self._folder / f"{name}-{(number + turn) % count}", thread_local=False)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                return lock
            time.sleep(_PAUSE)
