"""The digest chain: each commit's entry names the one before it, so that a changed byte breaks every later head."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Self

import orjson

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

GENESIS = "0" * 64
FORMAT = 2
"""The form of the entries that are written now. Form 1 had no number, and no compactions."""
State = Literal["complete", "incomplete", "failed", "running"]


@dataclass(frozen=True, slots=True)
class SourceMark:
    """How far one source's part of a stream has come.

    *cursor* is where the next incremental read begins (None: read all); *expected* and *seen* are what the tool said
    it has and what we hold; *at* is the moment this was true. *compared* is when every key was last compared with the
    tool's. A read that was interrupted began at *began* and had finished the slices whose digests are in *done*.
    *shape* is the digest of what decided how the records were made; empty where none was kept yet.
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
    shape: str = ""

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
            compared=_moment(raw.get("compared")),
            began=_moment(raw.get("began")),
            done=tuple(raw.get("done", ())),
            shape=raw.get("shape", ""),
        )


@dataclass(frozen=True, slots=True)
class Replacement:
    """A data file that a purge put another in the place of, both by name and SHA-256; *rows* were salted in it."""

    file: str
    file_digest: str
    by: str
    by_digest: str
    rows: int


@dataclass(frozen=True, slots=True)
class Purge:
    """What one purge took away, and why. *at* is this machine's time: a purge is nothing that a tool said."""

    at: datetime
    reason: str
    records: int
    rows: int
    files: tuple[Replacement, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From its JSON form."""
        files = tuple(Replacement(**file) for file in raw["files"])
        return cls(datetime.fromisoformat(raw["at"]), raw["reason"], raw["records"], raw["rows"], files)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file by name and SHA-256; how many rows it has, and how many of them were purged."""

    file: str
    file_digest: str
    rows: int
    salted: int


@dataclass(frozen=True, slots=True)
class Compaction:
    """Which data files were written again as which others, every row as it was. *at* is this machine's time."""

    at: datetime
    files: tuple[DataFile, ...]
    by: tuple[DataFile, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From its JSON form."""
        files, by = (tuple(DataFile(**file) for file in raw[name]) for name in ("files", "by"))
        return cls(datetime.fromisoformat(raw["at"]), files, by)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one commit says of itself; *head* covers the entry and, through it, all before.

    *digest* covers the rows as values, *file_digest* the bytes of the Parquet file that holds them (both empty strings
    without rows), *log_before* the bytes of the commit before in the table's log.

    *sources* holds the mark of every source of the stream, so the newest entry alone tells where each stands. *purge*
    and *compaction* say which files this commit put others in the place of. *thinned* says of each source, ever since
    its first purge, up to which moment its evidence may lack records that were there then.
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
    purge: Purge | None = None
    thinned: Mapping[str, datetime] = field(default_factory=dict)
    compaction: Compaction | None = None
    format: int = 1

    def sealed(self) -> Self:
        """The entry with its head: SHA-256 over the canonical entry, which names the head before."""
        return replace(self, head=self.expected_head())

    def expected_head(self) -> str:
        """What the head must be."""
        return head_of(self.text())

    def text(self) -> str:
        """The form that goes into the commit: without the parts that hardly any commit has, where it has none."""
        content = asdict(self)
        rare: dict[str, Any] = {"purge": None, "thinned": {}, "compaction": None, "format": 1}
        bare = {name: value for name, value in content.items() if name not in rare or value != rare[name]}
        return canonical(bare).decode()

    def brings(self) -> dict[str, str]:
        """The data files that this commit is the first to name, with the SHA-256 of each."""
        files = {self.file: self.file_digest} if self.file else {}
        files |= {file.by: file.by_digest for file in self.purge.files} if self.purge else {}
        return files | ({file.file: file.file_digest for file in self.compaction.by} if self.compaction else {})

    @classmethod
    def of(cls, text: str) -> Self:
        """From the commit; ValueError, KeyError or TypeError when it is not an entry.

        Raises:
            UsageError: a newer version of this program wrote it; what it means is not known here.
        """
        raw = orjson.loads(text)
        if raw.get("format", 1) > FORMAT:
            raise newer(say("entries of form {there}; this one knows {known}", there=raw["format"], known=FORMAT))
        return cls(
            sequence=raw["sequence"],
            previous=raw["previous"],
            run=raw["run"],
            at=datetime.fromisoformat(raw["at"]),
            rows=raw["rows"],
            digest=raw["digest"],
            file=raw.get("file", ""),
            file_digest=raw.get("file_digest", ""),
            log_before=raw.get("log_before", ""),
            sources={name: SourceMark.of(mark) for name, mark in raw["sources"].items()},
            head=raw["head"],
            purge=Purge.of(raw["purge"]) if "purge" in raw else None,
            thinned={name: datetime.fromisoformat(moment) for name, moment in raw.get("thinned", {}).items()},
            compaction=Compaction.of(raw["compaction"]) if "compaction" in raw else None,
            format=raw.get("format", 1),
        )


def newer(cause: str, where: str = "") -> UsageError:
    """The refusal of a lake whose form is not known here: nothing is read of it, so that nothing is read wrongly."""
    return UsageError(
        say("this evidence was written by a newer itss-bridge"),
        where=where,
        cause=cause,
        fix=say("update itss-bridge: pip install --upgrade itss-bridge"),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def head_of(text: str) -> str:
    """What the head of an entry must be, by its own text: also for an entry that knew fewer parts than one does now."""
    content = orjson.loads(text)
    del content["head"]
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(value: Any) -> bytes:
    """The one spelling of a value: keys sorted, UTC with Z, no blanks."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def batch_digest(row_digests: Iterable[str]) -> str:
    """SHA-256 over the sorted row digests: the same rows in another file order are the same batch."""
    return hashlib.sha256("\n".join(sorted(row_digests)).encode()).hexdigest()
