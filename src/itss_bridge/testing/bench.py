"""Where a connector is tried: the stand-in, the gate in front of it, and connectors on guarded sessions."""

import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar

import orjson
import pytest
import requests
from requests.auth import AuthBase

from itss_bridge.contracts import Connector, Page, Record, Slice
from itss_bridge.testing.gate import LOOPBACK, Gate
from itss_bridge.testing.stand_in import StandIn
from itss_bridge.transport import GuardedSession, Limits

CANARY = "canary-7f3c9e51b8d24a06"
"""The secret a connector is given: in no text that it makes may it be found."""

_WRONG = "wrong-4d1be0a9c2f7"
_NOWHERE = "https://nowhere.invalid"
_SHOWN = 5

T = TypeVar("T")
Truth: TypeAlias = dict[str, datetime]


def broken(what: str, mend: str) -> NoReturn:
    """Fail with *what* is wrong and how to *mend* it."""
    pytest.fail(f"{what}\n\nTo mend it: {mend}", pytrace=False)


def demand(holds: object, what: str, mend: str) -> None:
    """Fail like `broken`, unless it holds."""
    if not holds:
        broken(what, mend)


def some(things: Iterable[object]) -> str:
    """The first few of many things, for a message."""
    listed = sorted(map(str, things))
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


class WatchedSession(GuardedSession):
    """The guarded session, with what was asked of it, refused or not."""

    def __init__(self, origin: str, **options: Any) -> None:
        super().__init__(origin, limits=Limits(attempts=1), **options)
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, url: str, *given: Any, **named: Any) -> requests.Response:  # type: ignore[override]
        """See GuardedSession."""
        self.asked.append((method.upper(), url))
        return super().request(method, url, *given, **named)

    def send(self, request: requests.PreparedRequest, **named: Any) -> requests.Response:
        """See GuardedSession."""
        self.asked.append((request.method or "", request.url or ""))
        return super().send(request, **named)


@dataclass(slots=True)
class Reading:
    """What one read of a stream gave: its slices, and the pages of each."""

    pieces: Sequence[Slice]
    pages: list[tuple[int, Page]] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """All records, in the order they came."""
        return [record for _, page in self.pages for record in page.records]

    @property
    def ids(self) -> Counter[str]:
        """How often each id came."""
        return Counter(record.id for record in self.records)

    @property
    def hidden(self) -> int:
        """Rows that the pages say are hidden."""
        return sum(page.hidden for _, page in self.pages)

    @property
    def content(self) -> list[str]:
        """Everything, comparable, without the order."""
        return sorted(map(_comparable, self.records))


class Bench:
    """One stand-in that runs, and the connectors made for it."""

    def __init__(self, kind: type[Connector], stand_in: StandIn, gate: Gate | None) -> None:
        self.kind = kind
        self.stand_in = stand_in
        self.gate = gate
        self.open_sessions = ExitStack()
        self._full: dict[str, Reading] = {}

    @classmethod
    @contextmanager
    def running(cls, kind: type[Connector], tool: type[StandIn], folder: Path) -> Iterator["Bench"]:
        """A bench whose stand-in runs between `with` and its end."""
        stand_in = tool(folder)
        with ExitStack() as running:
            stand_in.start()
            running.callback(stand_in.stop)
            gate = None
            if not kind.reads_files:
                demand(stand_in.url.startswith("http://"), f"{tool.__name__} has no http url", "set `url` in start()")
                shown, true = stand_in.credentials(CANARY), stand_in.credentials(stand_in.secret)
                gate = running.enter_context(Gate(stand_in.url, shown, true))
            bench = cls(kind, stand_in, gate)
            running.push(bench.open_sessions)
            yield bench

    @property
    def server(self) -> Gate:
        """The gate; skips the check for a connector that has no server."""
        if self.gate is None:
            pytest.skip(f"{self.kind.__name__} reads files: there is no server to try it on")
        return self.gate

    def only_with_a_server(self) -> None:
        """Skip the check for a connector that has none."""
        assert self.server

    @property
    def url(self) -> str:
        """The address that the connector is configured with."""
        return self.gate.url if self.gate else ""

    def config(self) -> dict[str, Any]:
        """The source's table as the engine would hand it over, a copy of its own."""
        return deepcopy(dict(self.stand_in.config)) | ({"url": self.url} if self.gate else {})

    def connector(self, secret: str = CANARY, *, url: str = "") -> Connector:
        """A new one, on a session of its own; it retries nothing, so that every failure shows."""
        session = self.session(self.stand_in.credentials(secret), url)
        config = self.config() | ({"url": url} if url else {})
        return self.kind(config, session, deepcopy(dict(self.stand_in.streams)))

    def session(self, credentials: AuthBase, url: str = "") -> WatchedSession:
        """A session to the gate, or to another *url*; to nowhere for a connector that reads files."""
        if self.gate is None:
            return self.open_sessions.enter_context(WatchedSession(_NOWHERE))
        origin = url or self.url
        return self.open_sessions.enter_context(
            WatchedSession(origin, credentials=credentials, read_posts=tuple(self.kind.read_posts))
        )

    def denied(self) -> Connector:
        """One with credentials that the tool doesn't know."""
        return self.connector(_WRONG)

    def unreachable(self) -> Connector:
        """One whose tool isn't there."""
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            port = free.getsockname()[1]
        return self.connector(url=f"http://{LOOPBACK}:{port}")

    @cached_property
    def streams(self) -> tuple[str, ...]:
        """The streams it gives; each must stand in the stand-in's truth."""
        streams = tuple(self.connector().streams())
        demand(streams, "streams() is empty: nothing can be tried", "configure at least one in `config` or `streams`")
        unknown = set(streams) - self.stand_in.truth().keys()
        demand(not unknown, f"truth() says nothing of {some(unknown)}", "let the stand-in's truth() cover every stream")
        return streams

    def truth(self, stream: str) -> Truth:
        """Id → when it was changed, as of now."""
        return dict(self.stand_in.truth()[stream])

    def read(self, connector: Connector, stream: str, since: datetime | None = None) -> Reading:
        """All slices of a stream, one after the other."""
        return self.take(connector, connector.slices(stream, since))

    def take(self, connector: Connector, pieces: Sequence[Slice]) -> Reading:
        """The pages of all *pieces*."""
        reading = Reading(pieces)
        for number, piece in enumerate(pieces):
            reading.pages += [(number, page) for page in self.bounded(connector.read(piece), piece.stream, "read()")]
        return reading

    def full(self, stream: str) -> Reading:
        """A full read by a connector of its own, made once: for checks that only look at it."""
        if stream not in self._full:
            self._full[stream] = self.read(self.connector(), stream)
        return self._full[stream]

    def census(self, connector: Connector, stream: str) -> list[str]:
        """The ids that the census names."""
        return list(self.bounded(connector.census(stream), stream, "census()"))

    def bounded(self, things: Iterable[T], stream: str, what: str) -> Iterator[T]:
        """*things*, up to many times as many as there can be; fails when there is no end to them."""
        most = 1_000 + 20 * len(self.stand_in.truth().get(stream, ()))
        for number, thing in enumerate(things):
            demand(
                number < most,
                f"{stream}: {what} does not come to an end",
                "stop when the tool says there is no more, and raise when the same cursor comes twice",
            )
            yield thing

    def calls(self, connector: Connector, stream: str) -> Mapping[str, Callable[[], object]]:
        """Everything the engine may ask of a connector, by name."""
        return {
            "check()": connector.check,
            "count()": lambda: connector.count(stream),
            "slices() and read()": lambda: self.read(connector, stream),
            "census()": lambda: self.census(connector, stream),
        }

    def everything(self, connector: Connector) -> None:
        """Ask all of it, of every stream."""
        for stream in self.streams:
            for call in self.calls(connector, stream).values():
                call()

    def changed(self, move: Callable[[], None], needed: str) -> dict[str, tuple[Truth, Truth]]:
        """Move the stand-in; stream → truth before and after, for those where they differ. Skips when it can't."""
        before = {stream: self.truth(stream) for stream in self.streams}
        try:
            move()
        except NotImplementedError:
            pytest.skip(f"{type(self.stand_in).__name__} has no {needed}(): write it to have this checked")
        after = {stream: self.truth(stream) for stream in self.streams}
        moved = {stream: (before[stream], after[stream]) for stream in self.streams if before[stream] != after[stream]}
        demand(moved, f"{needed}() of the stand-in left its truth() as it was", "let it do something to a record")
        return moved


def _comparable(record: Record) -> str:
    data = orjson.dumps(dict(record.data), default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return repr((record.id, record.ref, record.url, record.changed_at, data.decode()))
