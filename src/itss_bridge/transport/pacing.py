"""When to ask again, and how many may ask at once."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import BoundedSemaphore, Lock

from itss_bridge.errors import SourceUnavailable

AFTER_FAILURE = 0.5
"""First pause, in seconds, after a network failure or a 502, 503 or 504."""

AFTER_REFUSAL = 2.0
"""First pause, in seconds, after a 429 that does not say how long."""

LONGEST_OWN_PAUSE = 60.0
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


class Pace:
    """Shared by all threads of a session: so many at once, and all of them wait while the tool wants a rest."""

    def __init__(
        self,
        in_flight: int,
        sleep: Callable[[float], None],
        now: Callable[[], float],
        cancelled: Callable[[], bool],
    ) -> None:
        self._slots = BoundedSemaphore(in_flight)
        self._sleep = sleep
        self._now = now
        self._cancelled = cancelled
        self._lock = Lock()
        self._open_at = -math.inf

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a free place, and for the end of a pause that concerns everybody."""
        with self._slots:
            known = -math.inf
            # again only when somebody moved the end: each pause is slept once, whatever the clock says after it
            while (until := self._open_at) > known:
                known = until
                self.rest(until - self._now())
            self._stop_if_cancelled()
            yield

    def pause_all(self, seconds: float) -> None:
        """Nobody asks for *seconds* from now."""
        with self._lock:
            self._open_at = max(self._open_at, self._now() + seconds)

    def rest(self, seconds: float) -> None:
        """Sleep in slices, so that a run that is cancelled ends soon."""
        while seconds > 0:
            self._stop_if_cancelled()
            self._sleep(min(seconds, _SLICE))
            seconds -= _SLICE

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise SourceUnavailable("stopped before the tool answered", cause="the run was interrupted")
