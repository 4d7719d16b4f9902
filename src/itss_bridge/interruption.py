"""Ctrl-C takes effect only where the work may stop: while a tool is asked, never in the middle of a commit."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

stopping = threading.Event()
"""Set once Ctrl-C has come: whoever waits for a tool need not wait any longer."""


class SafePoints:
    """Within `with`, Ctrl-C is held back; it raises KeyboardInterrupt in the next `may_stop()`, or in the present one.

    Only in the main thread, and only where nobody else has taken the signal over; elsewhere it does nothing.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._safe = False
        self._ours = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        self._ours = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._ours:
            stopping.clear()
            signal.signal(signal.SIGINT, self._arrived)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._wanted and kind is None:
            raise KeyboardInterrupt

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = True
        stopping.set()
        if self._safe:
            raise KeyboardInterrupt

    @contextmanager
    def may_stop(self) -> Iterator[None]:
        """Here nothing is lost by stopping."""
        self._safe = True
        try:
            # the order matters: a signal that arrives between the two lines is seen by one of them
            if self._wanted:
                raise KeyboardInterrupt
            yield
        finally:
            self._safe = False
