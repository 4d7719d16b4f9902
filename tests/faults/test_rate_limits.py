"""A tool that allows so many requests a second: the sync takes about as long as it must, and is refused hardly ever."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.evidence import Lake
from itss_bridge.sync import SourceRun, sync_source, system_clock
from itss_bridge.transport import Credentials, GuardedSession
from itss_bridge.transport.pacing import AFTER_REFUSAL, Tempo
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.server import ToolServer

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGES, SLICES = 660, 20
RATE, BURST = 60, 60
WORKERS = 4
IDEAL = (PAGES - BURST) / RATE
TOLERANCE = 0.15
ATTEMPTS = 3
"""What else a machine does can only make a sync later; of several, the best tells what the sync itself takes."""
TOO_BUSY = IDEAL / 4
"""A machine that takes this long for the same pages without any limit cannot tell what a limit costs."""


class Bucket:
    """*BURST* tokens, *RATE* more each second; a request without one is refused. *tells* is how much it says of that."""

    name = "bucket"

    def __init__(self, tells: str, *, limited: bool = True) -> None:
        self.tells = tells
        self._limited = limited
        self.refused = self.granted = 0
        self._tokens, self._at = float(BURST), time.monotonic()
        self._lock = Lock()

    def truth(self) -> Mapping[str, Any]:
        return {}

    def answer(self, request: Request, origin: str) -> Answer:
        with self._lock:
            now = time.monotonic()
            self._tokens, self._at = min(BURST, self._tokens + (now - self._at) * RATE), now
            if self._limited and self._tokens < 1:
                self.refused += 1
                return Answer(429, {"errorMessages": ["Rate limit exceeded"]}, self._headers() | self._come_back())
            self._tokens -= 1
            self.granted += 1
            return Answer(body={"page": int(request.value("page"))}, headers=self._headers())

    def _come_back(self) -> dict[str, str]:
        """Whole seconds, as the header has them; the bucket is full again long before."""
        return {} if self.tells == "nothing" else {"Retry-After": str(math.ceil(BURST / RATE))}

    def _headers(self) -> dict[str, str]:
        if self.tells == "bucket":
            names = ("Limit", "Remaining", "FillRate", "Interval-Seconds")
            return {
                f"X-RateLimit-{name}": str(int(n))
                for name, n in zip(names, (BURST, self._tokens, RATE, 1), strict=True)
            }
        if self.tells == "nearness":
            near = {"X-RateLimit-NearLimit": "true"} if self._tokens < BURST / 5 else {}
            return {"X-RateLimit-Limit": str(BURST), "X-RateLimit-Remaining": str(int(self._tokens))} | near
        return {}


class Pages(Connector):
    """One record a page, one request a page."""

    name = "pages"
    title = "Pages"
    config_schema: ClassVar[Mapping[str, Any]] = {}

    def streams(self) -> Sequence[str]:
        return ["incident"]

    def check(self) -> Identity:
        return Identity("bridge", "UTC", NOW)

    def count(self, stream: str) -> Count:
        return Count(PAGES, exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        size = PAGES // SLICES
        return [Slice(stream, {"from": start}, size) for start in range(0, PAGES, size)]

    def read(self, piece: Slice) -> Iterator[Page]:
        start = piece.where["from"]
        for number in range(start, start + PAGES // SLICES):
            page = self.http.get(f"{self.http.origin}/pages", params={"page": number}).json()["page"]
            yield Page([Record(str(page), str(page), "", NOW, {})])

    def census(self, stream: str) -> Iterator[str]:
        return map(str, range(PAGES))


@dataclass(frozen=True)
class Measured:
    """One sync: how much longer than it must it took, and which share of its requests was refused."""

    over: float
    refused: float


def seconds(bucket: Bucket, folder: Path) -> float:
    """How long a sync from that bucket takes."""
    with (
        ToolServer(bucket, Clock(NOW)) as server,
        GuardedSession(server.origin, credentials=Credentials.bearer("t0k3n")) as http,
    ):
        job = SourceRun("pages", Pages({}, http, {}), "run", str, system_clock, lambda *_: None, workers=WORKERS)
        began = time.monotonic()
        outcome = sync_source(job, Lake(folder))["incident"]
        took = time.monotonic() - began
    assert (outcome.state, outcome.seen) == ("complete", PAGES)
    return took


def measured(tells: str, folder: Path) -> Measured:
    bucket = Bucket(tells)
    ideal = IDEAL + (AFTER_REFUSAL if tells == "nothing" else 0)
    took = seconds(bucket, folder / tells)
    return Measured(took / ideal - 1, bucket.refused / (bucket.refused + bucket.granted))


@pytest.mark.slow
@pytest.mark.parametrize("tells", ["bucket", "nearness", "seconds", "nothing"])
def test_a_sync_takes_as_long_as_the_tool_allows_and_is_hardly_ever_refused(tmp_path: Path, tells: str) -> None:
    """Tools that tell more or less of what they allow."""
    best, free = math.inf, 0.0
    for attempt in range(ATTEMPTS):
        free = max(free, seconds(Bucket("nothing", limited=False), tmp_path / f"free-{attempt}"))
        found = measured(tells, tmp_path / f"{attempt}")
        assert found.refused < 0.01
        assert not found.refused or tells != "bucket"  # who is told everything is never refused
        best = min(best, found.over)
        if best <= TOLERANCE:
            return
    if free > TOO_BUSY:
        pytest.skip(f"this machine is too busy to measure time: {free:.1f} s without any limit")
    pytest.fail(f"longer than it must: {best}")


words = st.text() | st.integers(-1, 10**18).map(str) | st.sampled_from(["", "0", "1", "60", "nan", "inf", "٣"])
names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-FillRate", "X-RateLimit-Interval-Seconds")
answers = st.dictionaries(st.sampled_from((*names, "X-RateLimit-NearLimit")), words | st.just("true"))
refusals = st.tuples(st.floats(0, 300), st.booleans())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine is no fault
@given(st.lists(st.tuples(st.floats(0, 1000), answers | refusals), max_size=60))
def test_whatever_a_tool_says_requests_are_never_more_than_a_second_apart(
    events: list[tuple[float, dict[str, str] | tuple[float, bool]]],
) -> None:
    tempo, now = Tempo(), 0.0
    for passed, what in events:
        now += passed
        if isinstance(what, dict):
            tempo.granted(now, what)
        else:
            tempo.refused(now, what[0], asked=what[1])
        assert 0 <= tempo.gap <= 1
    tempo.granted(now + 400, {})
    tempo.granted(now + 5000, {})
    assert tempo.gap == 0
