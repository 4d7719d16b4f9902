"""A running sync as JSON lines on stderr, for schedulers that keep logs and draw nothing."""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from itss_bridge.outcomes import StreamOutcome

_SECONDS = 5.0
"""Between two lines about the same stream."""


class JsonLog:
    """A context manager whose value is a `Watcher`; each line has `at` and `event`."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._told: dict[tuple[str, str], float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __call__(self, source: str, stream: str, read: int, expected: int | None) -> None:
        """One line when a stream begins to come, then one every few seconds."""
        now = time.monotonic()
        if now - self._told.get((source, stream), -_SECONDS) >= _SECONDS:
            self._told[source, stream] = now
            self._line("reading", source=source, stream=stream, seen=read, expected=expected, seconds=self._seconds())

    def ended(self, run: str, outcomes: "Mapping[str, Mapping[str, StreamOutcome]]", code: int) -> None:
        """One line for each stream, with what `sync --json` says of it, and one for the run."""
        for source, streams in outcomes.items():
            for stream, outcome in streams.items():
                self._line("stream", run=run, source=source, stream=stream, **outcome.as_dict())
        self._line("run", run=run, ok=code == 0, exit_code=code, seconds=self._seconds())

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 2)

    def _line(self, event: str, **facts: Any) -> None:
        line = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "event": event, **facts}
        # one write a line: streams are read side by side
        sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
        sys.stderr.flush()
