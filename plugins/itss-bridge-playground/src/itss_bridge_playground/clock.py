"""The playground's own time: stands still until it is moved, so that a replay is the same every time."""

from datetime import UTC, datetime
from threading import Lock


class Clock:
    """A clock that only moves when told. All times are aware UTC."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
        self._lock = Lock()

    @property
    def now(self) -> datetime:
        """The moment it is in the playground."""
        with self._lock:
            return self._now

    def move_to(self, moment: datetime) -> None:
        """Go on to *moment*; ValueError when that lies in the past: recorded tools do not forget."""
        with self._lock:
            if moment < self._now:
                raise ValueError(f"the playground is at {self._now.isoformat()} and only moves forward")
            self._now = moment.astimezone(UTC)
