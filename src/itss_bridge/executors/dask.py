"""A Dask cluster, this machine's or one that is there: workspaces are spread, a lost worker's are done again."""

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from itss_bridge.contracts import Allowed
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.executors.processes import ONE_THREAD
from itss_bridge.messages import say
from itss_bridge.transport import Gate

if TYPE_CHECKING:
    from distributed import Semaphore

RETRIES = 2
"""How often a task whose worker failed it is tried again; one whose worker was lost, Dask tries elsewhere anyway."""

LEASE = "5s"
"""How long the requests of a worker that was killed count as under way; with Dask's own 30 s others wait that long."""

_CONNECT_SECONDS = 10

_OWN_CLUSTER = {
    "distributed.scheduler.locks.lease-validation-interval": "1s",
    # nobody looks at a cluster that ends with its fleet, and being looked at slows its workers down
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.tick.interval": "500ms",
}
"""How a cluster of this machine differs from Dask's defaults."""


class Dask:
    """Workers of a Dask cluster, through its standard Executor."""

    name = "dask"

    def __call__(self, options: Mapping[str, str]) -> Executor:
        """The cluster's executor.

        Option `scheduler` is the address of a cluster (`tcp://host:8786`); without one, `workers` processes of this
        machine are started and ended with the executor (two unless said otherwise).

        Raises:
            UsageError: Dask is not installed, or nothing answers at the address.
        """
        _installed()
        scheduler = options.get("scheduler", "")
        client = _connected(scheduler) if scheduler else _local(int(options.get("workers", "2")))
        return _closing(client)

    @contextmanager
    def gates(self, allowed: Allowed) -> Iterator[Callable[[], Gate]]:
        """Dask's own semaphores, one an origin, for the whole cluster."""
        yield partial(_Semaphores, allowed)


def _installed() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError(
            say("Dask is not installed"), where="--executor dask", fix="python3 -m pip install 'itss-bridge[dask]'"
        ) from None


def _connected(address: str) -> Any:
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            say("no Dask scheduler answers"),
            where=address,
            cause=str(error).partition("\n")[0],
            fix=say("write it as tcp://host:8786, and start it there: dask scheduler"),
        ) from None


def _local(workers: int) -> Any:
    """A cluster on loopback, without a dashboard; its processes end with it."""
    import dask
    from distributed import Client, LocalCluster

    with dask.config.set(_OWN_CLUSTER):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
            env=dict(ONE_THREAD) if workers > 1 else {},
        )
    return Client(cluster, set_as_default=False)


def _closing(client: Any) -> Executor:
    """The client's executor, which closes the client and its own cluster when it is shut down."""
    from distributed.cfexecutor import ClientExecutor

    class Closing(ClientExecutor):  # type: ignore[misc]  # Dask has no types
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
            super().shutdown(wait=wait and not cancel_futures)
            client.close()
            if client.cluster is not None:
                client.cluster.close()

    made: Executor = Closing(client, pure=False, retries=RETRIES)
    return made


class _Semaphores:
    """Made in a task's own thread: threads that it starts do not know their worker."""

    def __init__(self, allowed: Allowed) -> None:
        from distributed import get_worker

        self._allowed = allowed
        self._worker = get_worker()
        self._by_origin: dict[str, Semaphore] = {}
        self._lock = Lock()

    def __call__(self, origin: str) -> AbstractContextManager[object]:
        with self._lock:
            if origin not in self._by_origin:
                self._by_origin[origin] = self._semaphore(origin)
            return _Held(self._by_origin[origin], origin)

    def _semaphore(self, origin: str) -> "Semaphore":
        """Known by origin and number: two fleets that allow the same share it."""
        import dask
        from distributed import Semaphore

        allowed = self._allowed(origin)
        known = {"scheduler_rpc": self._worker.scheduler, "loop": self._worker.loop}
        with dask.config.set({"distributed.scheduler.locks.lease-timeout": LEASE}):
            semaphore = Semaphore(allowed, name=f"itss-bridge {allowed} {origin}", **known)
            semaphore.register()  # here, where the lease is short: it is the first to register that decides
        return semaphore


class _Held:
    """One lease; where the scheduler is lost meanwhile, that is the tool's being out of reach."""

    def __init__(self, semaphore: "Semaphore", origin: str) -> None:
        self._semaphore = semaphore
        self._origin = origin

    def __enter__(self) -> None:
        try:
            self._semaphore.acquire()
        except (OSError, RuntimeError) as error:
            raise SourceUnavailable(
                say("the cluster's limit for this tool cannot be asked for"),
                where=self._origin,
                cause=str(error),
                fix=say("check the Dask scheduler; the next run goes on"),
            ) from None

    def __exit__(self, *_about: object) -> None:
        self._semaphore.release()
