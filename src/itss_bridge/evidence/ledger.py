"""The digest chain: each commit's entry names the one before it, so that a changed byte breaks every later head."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

import orjson

GENESIS = "0" * 64
State = Literal["complete", "incomplete", "failed", "running"]


@dataclass(frozen=True, slots=True)
class SourceMark:
    """How far one source's part of a stream has come.

    *cursor* is where the next incremental read begins (None: read all); *expected* and *seen* are what the tool said
    it has and what we hold; *at* is the moment this was true. *compared* is when every key was last compared with the
    tool's. A read that was interrupted began at *began* and had finished the slices whose digests are in *done*.
    """

    state: State
    cursor: datetime | None
    expected: int | None
    seen: int
    at: datetime
    reason: str = ""
    compared: datetime | None = None
    began: datetime | None = None
    done: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From its JSON form."""
        return cls(
            state=raw["state"],
            cursor=_moment(raw["cursor"]),
            expected=raw["expected"],
            seen=raw["seen"],
            at=datetime.fromisoformat(raw["at"]),
            reason=raw["reason"],
            compared=_moment(raw["compared"]),
            began=_moment(raw["began"]),
            done=tuple(raw["done"]),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """What one commit says of itself; *head* covers the entry and, through it, all before.

    *digest* covers the rows as values, *file_digest* the bytes of the Parquet file that holds them (both empty strings
    without rows), *log_before* the bytes of the commit before in the table's log.

    *sources* holds the mark of every source of the stream, so the newest entry alone tells where each stands.
    """

    sequence: int
    previous: str
    run: str
    at: datetime
    rows: int
    digest: str
    file: str
    file_digest: str
    log_before: str
    sources: Mapping[str, SourceMark]
    head: str = ""

    def sealed(self) -> Self:
        """The entry with its head: SHA-256 over the canonical entry, which names the head before."""
        return replace(self, head=self.expected_head())

    def expected_head(self) -> str:
        """What the head must be."""
        content = asdict(self)
        del content["head"]
        return hashlib.sha256(canonical(content)).hexdigest()

    def text(self) -> str:
        """The form that goes into the commit."""
        return canonical(asdict(self)).decode()

    @classmethod
    def of(cls, text: str) -> Self:
        """From the commit; ValueError, KeyError or TypeError when it is not an entry."""
        raw = orjson.loads(text)
        return cls(
            sequence=raw["sequence"],
            previous=raw["previous"],
            run=raw["run"],
            at=datetime.fromisoformat(raw["at"]),
            rows=raw["rows"],
            digest=raw["digest"],
            file=raw["file"],
            file_digest=raw["file_digest"],
            log_before=raw["log_before"],
            sources={name: SourceMark.of(mark) for name, mark in raw["sources"].items()},
            head=raw["head"],
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def canonical(value: Any) -> bytes:
    """The one spelling of a value: keys sorted, UTC with Z, no blanks."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def batch_digest(row_digests: Iterable[str]) -> str:
    """SHA-256 over the sorted row digests: the same rows in another file order are the same batch."""
    return hashlib.sha256("\n".join(sorted(row_digests)).encode()).hexdigest()
