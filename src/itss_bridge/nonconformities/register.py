"""The register on disk: one file per nonconformity.

The upper part of a file is people's: causes, actions, dates. What stands below the line is ours: the ticket as last
read, and the measurement that closed it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from itss_bridge.catalogue.yaml import Document, day, read
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Grade, Text, Ticket

FOLDER = "nonconformities"
LINE = "# ---- kept by itss-bridge: leave what stands below this line ----\n"
_HEAD = "# yaml-language-server: $schema=https://itss-bridge.example/schemas/nonconformity.json\n"


@dataclass(frozen=True, slots=True)
class Closing:
    """The measurement that closed a nonconformity, in words."""

    on: date
    measured: str
    needed: str
    n: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the register. *published* is the digest of the draft that the ticket was last given."""

    id: str
    subject: str
    grade: Grade
    opened: date
    due: date | None = None
    owner: str = ""
    title: Text | None = None
    root_cause: str = ""
    correction: str = ""
    corrective_action: str = ""
    corrected: date | None = None
    effectiveness: str = ""
    ticket: Ticket | None = None
    published: str = ""
    read: date | None = None
    closed: Closing | None = None


class Register:
    """The folder `nonconformities/` of a workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> tuple[Entry, ...]:
        """All of them, by id; UsageError with file and line when one cannot be read."""
        files = sorted(self.folder.glob("*.yaml")) if self.folder.is_dir() else []
        return tuple(_entry(read(path, "nonconformity")) for path in files)

    def add(self, entry: Entry) -> Path:
        """Write a new file with places for people to fill in."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{entry.id}.yaml"
        path.write_text(_HEAD + _dumped(_for_people(entry)) + LINE, "utf-8")
        return path

    def keep(self, entry: Entry) -> None:
        """Write what is ours of an entry; what people wrote stays as it is, to the letter."""
        path = self.folder / f"{entry.id}.yaml"
        written = path.read_text("utf-8").partition(LINE)[0]
        ours = _dumped(_ours(entry)) if _ours(entry) else ""
        partial = path.with_suffix(".partial")
        partial.write_text(f"{written.rstrip()}\n{LINE}{ours}", "utf-8")
        partial.replace(path)


def _entry(document: Document) -> Entry:
    raw = document.content
    if document.path.stem != raw["nonconformity"]:
        raise UsageError(
            say("the file is called {name}, and is {raw}", name=document.path.name, raw=raw["nonconformity"]),
            where=document.where(("nonconformity",)),
            fix=say("an id belongs to one file of the same name"),
        )
    words = ("owner", "root_cause", "correction", "corrective_action", "effectiveness")
    ticket, closed = raw.get("ticket"), raw.get("closed")
    opened = day(document, ("opened",))
    assert opened is not None, "the schema requires it"
    return Entry(
        id=raw["nonconformity"],
        subject=raw["subject"],
        grade=raw["grade"],
        opened=opened,
        due=day(document, ("due",)),
        title=Text(raw["title"]["en"], raw["title"]["zh"]) if "title" in raw else None,
        corrected=day(document, ("corrected",)),
        ticket=Ticket(*(ticket[key] for key in ("source", "id", "ref", "url", "state", "done"))) if ticket else None,
        published=ticket["published"] if ticket else "",
        read=date.fromisoformat(ticket["read"]) if ticket else None,
        closed=Closing(date.fromisoformat(closed["on"]), closed["measured"], closed["needed"], closed["n"])
        if closed
        else None,
        **{word: raw.get(word) or "" for word in words},
    )


def _for_people(entry: Entry) -> dict[str, Any]:
    return {
        "nonconformity": entry.id,
        "subject": entry.subject,
        "grade": entry.grade,
        "opened": entry.opened.isoformat(),
        "due": entry.due.isoformat() if entry.due else None,
        "owner": entry.owner or None,
        "root_cause": None,
        "correction": None,
        "corrective_action": None,
        "corrected": None,
        "effectiveness": None,
    }


def _ours(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if entry.ticket and entry.read:
        found["ticket"] = asdict(entry.ticket) | {"published": entry.published, "read": entry.read.isoformat()}
    if entry.closed:
        found["closed"] = asdict(entry.closed) | {"on": entry.closed.on.isoformat()}
    return found


def _dumped(content: Mapping[str, Any]) -> str:
    # text that looks like a number or a date is quoted, so that the strict loader reads it as text again
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, default_flow_style=False, width=118)
