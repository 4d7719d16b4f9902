"""What a sync did to each stream, as scripts are told it, and the exit code that follows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from itss_bridge.errors import AccessDenied
from itss_bridge.evidence.ledger import State


@dataclass(slots=True)
class StreamOutcome:
    """What one sync did to one stream: *expected* at the tool, *seen* held by us, both after the sync.

    *left_out* is what the tool has besides, and what is no evidence: pages that this tool published itself.
    """

    state: State = "failed"
    expected: int | None = None
    seen: int = 0
    new: int = 0
    changed: int = 0
    removed: int = 0
    hidden: int = 0
    left_out: int = 0
    requests: int = 0
    seconds: float = 0.0
    reason: str = ""
    exit_code: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The shape that `sync --json` promises; what was left out is told only where there is such a thing."""
        content = asdict(self)
        del content["exit_code"]
        if not self.left_out:
            del content["left_out"]
        return content | {"seconds": round(self.seconds, 3)}


def summary(run: str, outcomes: Mapping[str, Mapping[str, StreamOutcome]]) -> dict[str, Any]:
    """The shape that `sync --json` promises."""
    return {
        "ok": all(o.state == "complete" for streams in outcomes.values() for o in streams.values()),
        "run": run,
        "sources": {
            source: {"streams": {stream: outcome.as_dict() for stream, outcome in streams.items()}}
            for source, streams in outcomes.items()
        },
    }


def exit_code(outcomes: Mapping[str, Mapping[str, StreamOutcome]]) -> int:
    """4 when a tool refused us, else 5 when anything is not complete, else 0."""
    codes = {o.exit_code for streams in outcomes.values() for o in streams.values()}
    return AccessDenied.exit_code if AccessDenied.exit_code in codes else max(codes, default=0)
