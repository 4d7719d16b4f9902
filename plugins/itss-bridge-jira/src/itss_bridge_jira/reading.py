"""Readers: one Jira field value in, one canonical value out. What cannot be read for certain is None."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Json = Any
Words = Mapping[str, Json]
Reader = Callable[[Json, Words], Json]

_SECONDS_END = 100_000_000_000
"""Epoch numbers below this are seconds, above it milliseconds: Jira's bulk changelog has been seen with both."""
_RANKS = frozenset("12345")
_DECISIONS = {"approved": "approved", "declined": "rejected", "pending": "requested"}
_RATINGS = range(1, 6)


def moment(value: Json) -> datetime | None:
    """An ISO time with an offset, or an epoch number, as aware UTC; None for anything else, a bare date too."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value if value < _SECONDS_END else value / 1000, UTC)
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (OSError, TypeError, ValueError, OverflowError):
        return None


def instant(value: Json, _words: Words) -> str | None:
    """A time as ISO text in UTC. Service Management wraps its times; there the epoch is the one to trust."""
    at = moment(value.get("epochMillis") if isinstance(value, dict) else value)
    return at.isoformat() if at else None


def text(value: Json, _words: Words) -> str | None:
    """The word a person sees: of an option, a named thing, a plain text, or the first of several."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("value") or value.get("name")
    return str(value) if isinstance(value, str | int | float) and value != "" else None


def texts(value: Json, _words: Words) -> list[str] | None:
    """A list of plain texts."""
    return [str(item) for item in value] if isinstance(value, list) else None


def word(value: Json, words: Words) -> Json:
    """The canonical value of the tool's word; None when the word is not in the table."""
    return words.get((text(value, words) or "").casefold())


def filled(value: Json, _words: Words) -> bool:
    """Whether something is written there; an empty rich-text document is not."""
    if isinstance(value, dict) and value.get("type") == "doc":
        return any(_leaves(value))
    return bool(value.strip() if isinstance(value, str) else value)


def rank(value: Json, words: Words) -> int | None:
    """1 to 5 of a priority: by the organisation's own table, else by the ids of Jira's default scheme."""
    if not isinstance(value, dict):
        return None
    own = word(value, words)
    identity = str(value.get("id"))
    return int(own) if own is not None else int(identity) if identity in _RANKS else None


def account(value: Json, _words: Words) -> str | None:
    """The account's own id, never a displayed name or an address: Cloud has account ids, Data Center user keys."""
    return value.get("accountId") or value.get("key") if isinstance(value, dict) else None


def approval(value: Json, _words: Words) -> str | None:
    """Where the latest approval stands."""
    if not isinstance(value, list):
        return None
    latest = _latest(value)
    return _DECISIONS.get(str(latest.get("finalDecision"))) if latest else "not-requested"


def approved_at(value: Json, words: Words) -> str | None:
    """When the latest approval was given; None when it was not."""
    latest = _latest(value) if isinstance(value, list) else None
    return instant(latest.get("completedDate"), words) if latest and latest.get("finalDecision") == "approved" else None


def rating(value: Json, _words: Words) -> float | None:
    """Stars 1 to 5 on a scale of 0 to 100: (stars - 1) / 4 * 100."""
    stars = value.get("rating") if isinstance(value, dict) else None
    return (stars - 1) * 25.0 if isinstance(stars, int) and stars in _RATINGS else None


def objects(value: Json, _words: Words) -> list[str] | None:
    """Assets objects: Cloud gives them with ids, Data Center as texts that end in the object's key in brackets."""
    if not isinstance(value, list):
        return None
    return [found for item in value if (found := _object(item))]


def _object(item: Json) -> str | None:
    if isinstance(item, dict):
        item = item.get("objectId") or item.get("id")
    return str(item).rpartition("(")[2].rstrip(")") or None if item else None


def _latest(approvals: list[Json]) -> dict[str, Json] | None:
    asked = [(instant(one.get("createdDate"), {}) or "", one) for one in approvals if isinstance(one, dict)]
    return max(asked, key=lambda pair: pair[0])[1] if asked else None


def _leaves(node: Json) -> Iterator[bool]:
    """What a rich-text document shows: its texts, and whatever is no mere container."""
    if node.get("type") == "text":
        yield bool(str(node.get("text", "")).strip())
    elif node.get("type") in {"media", "inlineCard", "blockCard", "mention", "emoji", "date", "status"}:
        yield True
    for child in node.get("content") or ():
        yield from _leaves(child)
