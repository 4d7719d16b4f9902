"""What a stand-in tool is asked and what it answers; and how an answer travels when something is wrong with the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived: *query* has every value of every parameter, in order."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes

    def value(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def json(self) -> Any:
        """The body as JSON; ValueError when it is not."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer travels; the default is a good journey.

    *delay* is seconds before the first byte, *drip* seconds between single bytes of the body. *length* is what
    Content-Length claims. After *cut* bytes of the body the server says no more; *reset* hangs up rudely. *raw* goes
    out in place of the whole answer, *endless* again and again after its head, in chunks, until the client leaves.
    """

    delay: float = 0.0
    drip: float = 0.0
    length: int | None = None
    cut: int | None = None
    reset: bool = False
    raw: bytes | None = None
    endless: bytes = b""


@dataclass(slots=True)
class Answer:
    """What goes back: JSON unless *body* is bytes already. A `Date` among the headers replaces the clock's."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"
    wire: Wire = field(default_factory=Wire)

    def payload(self) -> bytes:
        """The bytes on the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else orjson.dumps(self.body)


class Tool(Protocol):
    """A stand-in for one vendor's server."""

    name: str

    def answer(self, request: Request, origin: str) -> Answer:
        """The vendor's answer; *origin* is `http://127.0.0.1:PORT`, for links in bodies and headers."""
        ...

    def truth(self) -> Mapping[str, Any]:
        """What the tool holds now: stream → id → when it was last updated."""
        ...
