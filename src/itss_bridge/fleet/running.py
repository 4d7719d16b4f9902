"""All tasks of a fleet on one executor: results as they come, what a lost worker left is done again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import contextmanager
from typing import TypeAlias

from itss_bridge.contracts import Allowed, ExecutorFactory
from itss_bridge.errors import GateNotMet, IntegrityError, SourceUnavailable
from itss_bridge.fleet.tasks import Done, Task, perform
from itss_bridge.interruption import stopping
from itss_bridge.messages import say
from itss_bridge.transport import Gate

ROUNDS = 3
"""How often a pool that breaks is made anew for all that is left; after that each task gets one of its own."""

_BUG = 1
_Gates: TypeAlias = Callable[[], Gate]
_Watch: TypeAlias = Callable[[Done], None]


def run(
    tasks: Sequence[Task],
    factory: ExecutorFactory,
    options: Mapping[str, str],
    allowed: Allowed,
    watch: _Watch = lambda _: None,
) -> tuple[Done, ...]:
    """What came of each task, in the order of *tasks*, whoever did it and when.

    Args:
        tasks: each for another workspace.
        factory: makes the executor.
        options: its options: `workers`, `scheduler`.
        allowed: how many requests may be under way to one origin.
        watch: told each result as it comes.

    Raises:
        UsageError: there can be no such executor.
        KeyboardInterrupt: Ctrl-C; what was begun has ended at a safe point.
    """
    found: dict[str, Done] = {}
    with factory.gates(allowed) as gates:
        for _ in range(ROUNDS):
            if left := [task for task in tasks if task.workspace not in found]:
                _round(left, factory(options), gates, found, watch)
        # one of these kills whatever worker it gets: apart from the others it harms none of them
        for task in [task for task in tasks if task.workspace not in found]:
            _round([task], factory({**options, "workers": "1"}), gates, found, watch)
            if task.workspace not in found:
                found[task.workspace] = _lost(task, say("its worker died every time"))
                watch(found[task.workspace])
    return tuple(found[task.workspace] for task in tasks)


def _round(tasks: Iterable[Task], executor: Executor, gates: _Gates, found: dict[str, Done], watch: _Watch) -> None:
    """Do what can be done before the executor breaks, if it does."""
    with _ended(executor):
        futures = dict(_submitted(tasks, executor, gates))
        for future in as_completed(futures):
            done = _outcome(future, futures[future])
            if done:
                found[done.workspace] = done
                watch(done)


def _submitted(tasks: Iterable[Task], executor: Executor, gates: _Gates) -> Iterator[tuple[Future[Done], Task]]:
    for task in tasks:
        try:
            yield executor.submit(perform, task, gates), task
        except BrokenExecutor:
            return  # the first ones have broken it already


def _outcome(future: Future[Done], task: Task) -> Done | None:
    """None where the pool broke: whose fault that was cannot be told."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except Exception as error:  # noqa: BLE001 - whatever a cluster says, it is this task's end and no other's
        return _lost(task, f"{type(error).__name__}: {error}")


def _lost(task: Task, cause: str) -> Done:
    problem = SourceUnavailable(
        say("no worker could finish this workspace"),
        where=task.root,
        cause=cause,
        fix=say("run it again; what was committed stays, the next run goes on from there"),
    )
    return Done(task.workspace, problem.exit_code, error=problem.as_dict())


@contextmanager
def _ended(executor: Executor) -> Iterator[None]:
    """The executor is shut down at the end; after Ctrl-C nothing more is begun, and what runs stops soon."""
    try:
        yield
    except KeyboardInterrupt:
        stopping.set()
        executor.shutdown(wait=True, cancel_futures=True)
        stopping.clear()
        raise
    finally:
        executor.shutdown()


def exit_code(codes: Iterable[int], *, gate_met: bool = True) -> int:
    """What a fleet ends with: 1 a bug, 6 damaged evidence, 5 any workspace failed or is not complete, 3 the gate.

    2 and 4 are one workspace's business, which its row tells: the fleet as a whole is then not complete.
    """
    found = set(codes)
    for worst in (_BUG, IntegrityError.exit_code):
        if worst in found:
            return worst
    if found - {0}:
        return SourceUnavailable.exit_code
    return 0 if gate_met else GateNotMet.exit_code
