"""When to ask again, and how many may ask at once."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import BoundedSemaphore, Lock
from typing import Protocol, Self

from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say

AFTER_FAILURE = 0.5
"""First pause, in seconds, after a network failure or a 502, 503 or 504."""

AFTER_REFUSAL = 2.0
"""First pause, in seconds, after a 429 that does not say how long."""

LONGEST_OWN_PAUSE = 60.0
_BUCKET = ("Limit", "Remaining", "FillRate", "Interval-Seconds")
_NEAR, _BELOW = 0.2, 0.97
_NO_GAP, _FIRST_GAP, _LONGEST_GAP = 0.001, 0.008, 1.0
_STEEP, _FASTEST, _SLOWER_REFUSED = 0.12, 0.95, 1.1
_FASTER_AT_FIRST, _FASTER_LATER = 0.95, 0.99
_ENOUGH_TO_TELL = 20
_USUAL_REFILL = 1.0
_TOO_LONG = 16
_CATCH_UP = 0.05
_SLICE = 0.5
_EPOCH_NOT_DELTA = 1e9


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how big, how often, how many at once.

    *body_bytes* caps an answer on the wire and inflated; *budget_seconds* caps the pauses of one request together,
    and the time one answer may take to arrive; *in_flight* is for all threads of a session together.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    body_bytes: int = 64 * 1024 * 1024
    attempts: int = 5
    budget_seconds: float = 300.0
    in_flight: int = 8


class Transient(Exception):
    """An attempt that may be repeated; *error* is what to raise when it may not."""

    def __init__(self, error: SourceUnavailable, *, first: float, asked: float | None = None) -> None:
        super().__init__(error.what)
        self.error = error
        self.first = first
        self.asked = asked

    @property
    def concerns_everybody(self) -> bool:
        """Whether all threads wait: the tool has had too much of all of them together."""
        return self.first == AFTER_REFUSAL


def _jitter() -> float:
    return random.uniform(0.7, 1.3)  # noqa: S311 - spreads retries, guards nothing


class Backoff:
    """The pauses of one request: as long as the tool asks, else doubling; never more than the budget in all."""

    def __init__(self, limits: Limits, jitter: Callable[[], float] = _jitter) -> None:
        self._limits = limits
        self._jitter = jitter
        self.attempts = 0
        self.waited = 0.0

    def next_pause(self, first: float, asked: float | None) -> float | None:
        """Seconds to wait after one more failed attempt; None when it was the last.

        Args:
            first: what to begin with when the tool does not say; doubled each time.
            asked: what the tool asks for; 0 and None mean that it does not say.
        """
        self.attempts += 1
        left = self._limits.budget_seconds - self.waited
        if self.attempts >= self._limits.attempts or left <= 0:
            return None
        own = min(first * 2.0 ** (self.attempts - 1) * self._jitter(), LONGEST_OWN_PAUSE)
        pause = min(asked or own, left)
        self.waited += pause
        return pause


def seconds_asked(headers: Mapping[str, str], wall: Callable[[], datetime]) -> float | None:
    """How long an answer asks to wait, by Retry-After or X-RateLimit-Reset; None when it does not say.

    Moments are measured from the answer's own Date where it has one, so that a wrong clock on either side is harmless.
    """
    now = _moment(headers.get("Date", "")) or wall()
    for name in ("Retry-After", "X-RateLimit-Reset"):
        if (seconds := _seconds(headers.get(name, ""), now)) is not None:
            return max(seconds, 0.0)
    return None


def _seconds(text: str, now: datetime) -> float | None:
    try:
        number = float(text)
    except ValueError:
        moment = _moment(text)
        return (moment - now).total_seconds() if moment else None
    if not math.isfinite(number):
        return None
    # a number this size after "Retry-After" is absurd either way; after a reset it is seconds since 1970
    return number - now.timestamp() if number > _EPOCH_NOT_DELTA else number


def _moment(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


@dataclass(frozen=True, slots=True)
class Left:
    """What an answer says of a limit: which *share* of it is left, and the *gap* at which it would last for ever."""

    share: float
    gap: float | None

    @classmethod
    def told(cls, headers: Mapping[str, str]) -> Self | None:
        """By Jira's headers; None where nothing is said.

        Data Center tells on every answer how much is left and how fast it grows again, Cloud only how much is left,
        and at least whether that is less than a fifth.
        """
        limit, left, fill, interval = (_number(headers.get(f"X-RateLimit-{name}")) for name in _BUCKET)
        near = headers.get("X-RateLimit-NearLimit", "").lower() == "true"
        if limit and left is not None:
            return cls(left / limit, interval / fill / _BELOW if interval and fill else None)
        return cls(_NEAR / 2, None) if near else None


def _number(text: str | None) -> float | None:
    return float(text) if text and len(text) < _TOO_LONG and text.isascii() and text.isdecimal() else None


class Tempo:
    """How far apart requests begin: not at all until the tool says, or shows by refusing, that they come too fast.

    After a refusal the gap is what the tool has granted until then, pause included; from there it shrinks slowly, since
    the limit may be higher or shared. Where the tool tells how much is left, the gap follows that.
    """

    def __init__(self) -> None:
        self.gap = 0.0
        self._since = self._at = math.inf
        self._granted = 0
        self._faster = _FASTER_AT_FIRST

    def granted(self, now: float, headers: Mapping[str, str]) -> None:
        """An answer came."""
        self._since = min(self._since, now)
        self._granted += 1
        left = Left.told(headers)
        self.gap = self._by_what_is_left(left) if left else self.gap * self._faster ** max(0.0, now - self._at)
        self.gap = min(self.gap, _LONGEST_GAP) if self.gap > _NO_GAP else 0.0
        self._at = now

    def _by_what_is_left(self, left: Left) -> float:
        """Less than a fifth left: slower, the more so the less there is; more than that: faster again."""
        if left.gap and left.share < _NEAR:
            return left.gap
        change = 1 + (1 - left.share / _NEAR) * _STEEP
        return max(self.gap, _FIRST_GAP if left.share < _NEAR else 0) * max(change, _FASTEST)

    def refused(self, now: float, pause: float, *, asked: bool) -> None:
        """Too fast; nothing is sent for *pause* seconds, which tells of the limit only when the tool has *asked* it."""
        if self.gap:
            self.gap = min(_LONGEST_GAP, self.gap * _SLOWER_REFUSED)
            self._faster = _FASTER_LATER
        elif self._granted >= _ENOUGH_TO_TELL:
            refill = pause if asked else min(pause, _USUAL_REFILL)
            self.gap = min(_LONGEST_GAP, (now + refill - self._since) / self._granted)
        self._since, self._granted, self._at = now + pause, 0, now + pause


class Gate(Protocol):
    """What stands before an origin that others ask too: other sessions, other processes, other machines."""

    def __call__(self, origin: str) -> AbstractContextManager[object]:
        """Entered around each request to *origin*; entering may take as long as the others need."""
        ...


def no_gate(origin: str) -> AbstractContextManager[object]:  # noqa: ARG001 - the gate of who asks alone
    """Nobody else asks there: a session's own limit is enough."""
    return nullcontext()


class Pace:
    """Shared by all threads of a session: so many at once, and all of them wait while the tool wants a rest."""

    def __init__(
        self,
        in_flight: int,
        sleep: Callable[[float], None],
        now: Callable[[], float],
        cancelled: Callable[[], bool],
        gate: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._gate = gate
        self._slots = BoundedSemaphore(in_flight)
        self._sleep = sleep
        self._now = now
        self._cancelled = cancelled
        self._lock = Lock()
        self._open_at = -math.inf
        self._next = -math.inf
        self._tempo = Tempo()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a free place, for the end of a pause that concerns everybody, and for one's turn."""
        with self._slots:
            slept = self._wait_until_open(-math.inf)
            if self._tempo.gap:
                self.rest(self._turn_at() - self._now())
                slept = self._wait_until_open(slept)
            self._stop_if_cancelled()
            with self._gate():
                # meanwhile the tool may have asked for a rest, or the run may be over
                self._wait_until_open(slept)
                self._stop_if_cancelled()
                yield

    def _wait_until_open(self, known: float) -> float:
        """Wait for the end of each pause that is later than the *known* one; returns the last."""
        # again only when somebody moved the end: each pause is slept once, whatever the clock says after it
        while (until := self._open_at) > known:
            known = until
            self.rest(until - self._now())
        return known

    def _turn_at(self) -> float:
        """When the next request may begin; who comes late does not push back those after it, but for a moment."""
        with self._lock:
            at = max(self._next, self._now() - _CATCH_UP)
            self._next = at + self._tempo.gap
            return at

    def granted(self, headers: Mapping[str, str]) -> None:
        """The tool has answered."""
        with self._lock:
            self._tempo.granted(self._now(), headers)

    def pause_all(self, seconds: float, *, asked: bool) -> None:
        """Nobody asks for *seconds* from now, whether or not the tool has *asked* that.

        Refusals of requests that were under way together count once.
        """
        with self._lock:
            now = self._now()
            if now >= self._open_at:
                self._tempo.refused(now, seconds, asked=asked)
            self._open_at = max(self._open_at, now + seconds)

    def rest(self, seconds: float) -> None:
        """Sleep in slices, so that a run that is cancelled ends soon."""
        while seconds > 0:
            self._stop_if_cancelled()
            self._sleep(min(seconds, _SLICE))
            seconds -= _SLICE

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise SourceUnavailable(say("stopped before the tool answered"), cause=say("the run was interrupted"))
