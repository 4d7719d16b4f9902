"""What a fault is: a name, when it strikes, and which ends of a sync are honest under it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from threading import Lock
from typing import Any, Literal, TypeAlias

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.faults.dialects import Part, dialect
from itss_bridge_playground.messages import Answer, Request, Tool

Fault: TypeAlias = Callable[[Request, Answer], Answer]
End: TypeAlias = Literal["complete", "unavailable", "denied"]

UNHARMED: frozenset[End] = frozenset({"complete"})
UNAVAILABLE: frozenset[End] = frozenset({"unavailable"})
DENIED: frozenset[End] = frozenset({"denied"})
EITHER: frozenset[End] = frozenset({"complete", "unavailable"})


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault plays: it may ask the tool itself, and draws lots by *seed*."""

    tool: Tool
    origin: str
    clock: Clock
    seed: int

    def ask(self, request: Request) -> Answer:
        """What the tool answers while nothing is wrong."""
        return self.tool.answer(request, self.origin)

    def lots(self) -> Random:
        """Chance that is the same every time."""
        return Random(self.seed)  # noqa: S311 - reproducible on purpose

    def streams(self) -> list[Mapping[str, datetime]]:
        """Id → last update, for every stream of the tool."""
        return [
            {key: at if isinstance(at, datetime) else datetime.fromisoformat(at) for key, at in records.items()}
            for records in _tables(self.tool.truth())
        ]


def _tables(truth: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """One table per stream, whether the tool is one or a site of several."""
    for inner in truth.values():
        if any(isinstance(deeper, Mapping) for deeper in inner.values()):
            yield from _tables(inner)
        else:
            yield inner


@dataclass(frozen=True, slots=True)
class Strikes:
    """Which requests are struck: those for *parts*, after the first *skip* of them, *times* in all or for ever."""

    parts: Part = Part.EVERY
    skip: int = 0
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One named fault.

    Args:
        name: what `break_with` takes.
        category: F1 network, F2 status, F3 body, F4 paging, F5 time, F6 drift, F11 access.
        about: what happens, in one line.
        strikes: when.
        ends: how a sync may end under it; a tool named in *ends_for* has its own.
        play: makes the fault for one scene.
        lasting: the tool has changed for good: nothing is broken, and a sync has to come to terms with it.
        refuses: connections are refused as well.
    """

    name: str
    category: Literal["F1", "F2", "F3", "F4", "F5", "F6", "F11"]
    about: str
    strikes: Strikes
    ends: frozenset[End]
    play: Callable[[Scene], Fault]
    ends_for: tuple[tuple[str, frozenset[End]], ...] = ()
    lasting: bool = False
    refuses: bool = False

    def begin(self, scene: Scene) -> "Struck":
        """The fault, ready to be put on a server; it counts from here."""
        return Struck(self.strikes, self.play(scene))

    def ends_of(self, tool: str) -> frozenset[End]:
        """How a sync of *tool* may end under it."""
        return dict(self.ends_for).get(tool, self.ends)


class Struck:
    """A fault that strikes when its time has come."""

    def __init__(self, strikes: Strikes, fault: Fault) -> None:
        self._strikes = strikes
        self._fault = fault
        self._seen = 0
        self._lock = Lock()

    def __call__(self, request: Request, answer: Answer) -> Answer:
        """The answer, spoilt or not."""
        if dialect(request).part(request) & self._strikes.parts:
            with self._lock:
                self._seen += 1
                number = self._seen - self._strikes.skip
            times = self._strikes.times
            if number > 0 and (times is None or number <= times):
                return self._fault(request, answer)
        return answer

    @property
    def gone(self) -> set[str]:
        """Ids of the records that are no longer at the tool because of it."""
        found: set[str] = getattr(self._fault, "gone", set())
        return found

    def end(self) -> None:
        """Undo what it did to the tool itself."""
        getattr(self._fault, "end", lambda: None)()


def plain(fault: Fault) -> Callable[[Scene], Fault]:
    """A fault that needs to know nothing of where it plays."""
    return lambda _scene: fault
