"""One writer at a time on a lake that several machines share: a small file in the bucket, held by being renewed.

Commits alone would be safe without it, since they are conditional and each run refuses to go on after another's. The
lease is what makes the second run wait or stop before it asks the tools for anything. No clocks are compared: a lease
that is seen to be renewed has a living holder, one that is not for a whole term has none.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import orjson

from itss_bridge.errors import BridgeError, Locked, UsageError
from itss_bridge.evidence.bucket import Bucket
from itss_bridge.messages import say

NAME = "_lock"
_LOOK = 0.2


def term() -> float:
    """Seconds for which a lease holds when nobody renews it; it is renewed three times as often."""
    return float(os.environ.get("ITSS_BRIDGE_LEASE", "30"))


@contextmanager
def lease(lake: Bucket) -> Iterator[None]:
    """Hold the lake's lease.

    Raises:
        Locked: another run holds it and is alive.
        UsageError: the store does not honour conditions, so that two runs could write over each other's commits.
    """
    tag = _taken(lake)
    over = threading.Event()
    keeper = threading.Thread(target=_kept, args=(lake, tag, over), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _taken(lake: Bucket) -> str:
    mine = _text()
    tag = lake.put_if(NAME, mine, "create") or _after_another(lake, mine)
    if lake.put_if(NAME, mine, "create") is not None:
        raise UsageError(
            say("this object store does not honour conditional writes"),
            where=lake.uri,
            cause=say("it wrote over a file that was to be made only if it was not there (If-None-Match: *)"),
            fix=say("use a release of it that does, or another store: two runs could destroy each other's evidence"),
        )
    return tag


def _text() -> bytes:
    """Who holds it: for people, and so that on its own machine nobody need wait for a run that was killed."""
    return orjson.dumps({"host": socket.gethostname(), "process": os.getpid(), "run": uuid4().hex})


def _after_another(lake: Bucket, mine: bytes) -> str:
    """Take over a lease whose holder has died, or refuse when it is alive."""
    seen = lake.tagged(NAME)
    if seen is not None and seen[0] == mine:  # it was ours, and only the answer was lost
        return seen[1]
    end = time.monotonic() + term()
    while seen is not None and not _dead(seen[0]) and time.monotonic() < end:
        time.sleep(_LOOK)
        now = lake.tagged(NAME)
        if now is not None and now[1] != seen[1]:
            raise _locked(lake, now[0])
        seen = now
    tag = lake.put_if(NAME, mine, "create" if seen is None else {"e_tag": seen[1]})
    if tag is None:
        raise _locked(lake, (lake.tagged(NAME) or (b"{}", ""))[0])
    return tag


def _dead(text: bytes) -> bool:
    """Whether the holder was a process of this machine that is there no more."""
    holder = _holder(text)
    if holder.get("host") != socket.gethostname():
        return False
    try:
        os.kill(int(holder["process"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return False


def _holder(text: bytes) -> dict[str, Any]:
    try:
        holder = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _locked(lake: Bucket, text: bytes) -> Locked:
    holder = _holder(text)
    return Locked(
        say("another run is writing to this evidence"),
        where=lake.where(NAME),
        cause=say(
            "process {process} on {host} has not ended yet",
            process=holder.get("process", "?"),
            host=holder.get("host", "?"),
        ),
        fix=say(
            "wait for it to end; the lock of a run that died is free after {seconds} seconds", seconds=f"{term():g}"
        ),
    )


def _kept(lake: Bucket, tag: str, over: threading.Event) -> None:
    """Renew the lease until the work is over, then give it back. Once lost it is let go: commits are refused then."""
    held: str | None = tag
    while not over.wait(term() / 3):
        with suppress(BridgeError):
            held = lake.put_if(NAME, _text(), {"e_tag": held}) if held else None
    with suppress(BridgeError):
        now = lake.tagged(NAME)
        if now is not None and now[1] == held:
            lake.delete([NAME])
