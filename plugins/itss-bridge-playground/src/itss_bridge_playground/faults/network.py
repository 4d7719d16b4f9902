"""F1: the network fails, before, during or after the answer."""

from dataclasses import replace

from itss_bridge_playground.faults.dialects import Part
from itss_bridge_playground.faults.kind import (
    EITHER,
    UNAVAILABLE,
    UNHARMED,
    Fault,
    Kind,
    Strikes,
    plain,
)
from itss_bridge_playground.messages import Answer, Request, Wire

_DATA = Strikes(Part.DATA)
_ONCE = Strikes(Part.DATA, times=1)
_HANGS = 1.2
"""Seconds; longer than a client's patience where that was made short for a test."""

_DRIP = 0.2
_GARBAGE_CHUNKS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"
_NOT_HTTP = b"SSH-2.0-OpenSSH_9.6\r\n"


def _travels(wire: Wire) -> Fault:
    def travel(_request: Request, answer: Answer) -> Answer:
        answer.wire = wire
        return answer

    return travel


def _cut(*, rudely: bool) -> Fault:
    def cut(_request: Request, answer: Answer) -> Answer:
        answer.wire = Wire(cut=len(answer.payload()) // 2, reset=rudely)
        return answer

    return cut


def _captive_portal(_request: Request, answer: Answer) -> Answer:
    page = b"<html><body><a href='http://portal.invalid/'>Accept the terms of use</a></body></html>"
    return replace(answer, status=511, body=page, content_type="text/html")


_NO_ANSWER = _travels(Wire(raw=b"", reset=True))

KINDS = (
    Kind("refused", "F1", "nobody listens at the port", Strikes(), UNAVAILABLE, plain(_NO_ANSWER), refuses=True),
    Kind("reset-before-answer", "F1", "the connection is reset before any answer", _DATA, UNAVAILABLE,
         plain(_NO_ANSWER)),
    Kind("reset-once", "F1", "the connection is reset, the next attempt succeeds", _ONCE, UNHARMED, plain(_NO_ANSWER)),
    Kind("reset-mid-body", "F1", "the connection is reset half way through the body", _DATA, UNAVAILABLE,
         plain(_cut(rudely=True))),
    Kind("half-close", "F1", "the server closes its side half way through the body", _DATA, UNAVAILABLE,
         plain(_cut(rudely=False))),
    Kind("half-close-once", "F1", "the same, and the next attempt succeeds", _ONCE, UNHARMED,
         plain(_cut(rudely=False))),
    Kind("no-answer-in-time", "F1", "the answer does not come", _DATA, UNAVAILABLE,
         plain(_travels(Wire(delay=_HANGS)))),
    Kind("slow-drip", "F1", "the body comes byte by byte", _DATA, UNAVAILABLE, plain(_travels(Wire(drip=_DRIP)))),
    Kind("not-http", "F1", "another service answers at the port", _DATA, UNAVAILABLE,
         plain(_travels(Wire(raw=_NOT_HTTP)))),
    Kind("chunk-garbage", "F1", "the lengths of chunks are no numbers", _DATA, UNAVAILABLE,
         plain(_travels(Wire(raw=_GARBAGE_CHUNKS)))),
    Kind("captive-portal", "F1", "a guest network asks to accept its terms", Strikes(), UNAVAILABLE,
         plain(_captive_portal)),
    Kind("down-mid-run", "F1", "the server goes away after the first page", Strikes(Part.DATA, skip=1), EITHER,
         plain(_NO_ANSWER)),
)  # fmt: skip
