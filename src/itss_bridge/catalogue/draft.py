"""What folders declare, unresolved: broken files are told, doubles stand side by side. For lint, diff and look-ups."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itss_bridge.catalogue import parse
from itss_bridge.catalogue.calendars import Calendar, calendar
from itss_bridge.catalogue.lifecycle import LifeCycle, lifecycle
from itss_bridge.catalogue.load import KINDS
from itss_bridge.catalogue.yaml import Document, complaint, hint, parsed, read
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.errors import UsageError
from itss_bridge.forms import Misfit, form
from itss_bridge.messages import say
from itss_bridge.model import Check, Crosswalk, Framework, Metric, RulePack

SOURCES = "sources"
_PLACE = re.compile(r":(\d+):(\d+)$")
_REQUIRED = re.compile(r"'(\w+)' is a required property")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the *rule* that says so, *where* (`file:line:column`), *what*, and how to *fix* it."""

    rule: str
    where: str
    what: str
    fix: str

    @property
    def place(self) -> tuple[str, int, int]:
        """File, line and column, to sort by."""
        found = _PLACE.search(self.where)
        return (self.where[: found.start()], int(found[1]), int(found[2])) if found else (self.where, 1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """Where facts come from; *authority* says how far to trust it."""

    id: str
    title: str
    authority: str
    address: str
    note: str
    where: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything declared, in the order of folders, files and lines; *documents* by kind, only those that fit."""

    documents: dict[str, list[Document]] = field(default_factory=lambda: {kind: [] for kind in (*KINDS, SOURCES)})
    frameworks: list[Framework] = field(default_factory=list)
    crosswalks: list[Crosswalk] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    packs: list[RulePack] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)
    lifecycles: list[LifeCycle] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    @property
    def rules(self) -> list[Check]:
        """Checks and the rules of all packs."""
        return [*self.checks, *(rule for pack in self.packs for rule in pack.rules)]

    def add(self, kind: str, document: Document) -> None:
        """Take in what a document that fits its schema declares."""
        shelf, parser = _PARSERS[kind]
        getattr(self, shelf).extend(parser(document))
        self.documents[kind].append(document)


def _sources(document: Document) -> Iterator[Source]:
    for index, row in enumerate(document.content["sources"]):
        where = document.where(("sources", index))
        yield Source(row["id"], row["title"], row["authority"], row.get("where", ""), row.get("note", ""), where)


_PARSERS: dict[str, tuple[str, Callable[[Document], Iterable[Any]]]] = {
    "frameworks": ("frameworks", lambda document: [parse.framework(document)]),
    "crosswalks": ("crosswalks", lambda document: [parse.crosswalk(document)]),
    "metrics": ("metrics", lambda document: [parse.metric(document)]),
    "checks": ("checks", parse.checks),
    "levels": ("packs", lambda document: [parse.pack(document)]),
    "calendars": ("calendars", lambda document: [calendar(document)]),
    "lifecycle": ("lifecycles", lambda document: [lifecycle(document)]),
    SOURCES: ("sources", _sources),
}
_FIRST_KEYS = {
    "framework": "frameworks",
    "crosswalk": "crosswalks",
    "metric": "metrics",
    "pack": "levels",
    "calendar": "calendars",
}
_SCHEMAS = {**KINDS, SOURCES: "sources"}


def drafted(folders: Sequence[CatalogueFolder]) -> Draft:
    """All that *folders* declare; what cannot be read, or does not fit its schema, is told in `faults`."""
    draft = Draft()
    for kind, path in _files(folders):
        try:
            document = parsed(path)
        except UsageError as error:
            draft.faults.append(Fault("yaml", error.where, _sentence(error), error.fix))
            draft.broken.add(kind)
            continue
        faults = [_misfit(kind, document, misfit) for misfit in form(_SCHEMAS[kind]).misfits(document.content)]
        faults = faults or _added(draft, kind, document)
        if faults:
            draft.faults.extend(faults)
            draft.broken.add(kind)
    return draft


def _added(draft: Draft, kind: str, document: Document) -> list[Fault]:
    """Nothing, or what no schema can say: a day that is none, a time zone that does not exist."""
    try:
        draft.add(kind, document)
    except UsageError as error:
        return [Fault("impossible-value", error.where, _sentence(error), error.fix or say("correct the value"))]
    return []


def drafted_strictly(path: Path) -> Draft:
    """A folder shaped like `mappings/`, or one file of it.

    Raises:
        UsageError: it is neither, or a file does not fit its schema.
    """
    draft = Draft()
    pairs = list(_files([CatalogueFolder(path, "")])) if path.is_dir() else [(_kind(path), path)]
    if not pairs:
        raise UsageError(
            say("there is no catalogue in this folder"), where=str(path), fix=say("name one shaped like mappings/")
        )
    for kind, file in pairs:
        draft.add(kind, read(file, _SCHEMAS[kind]))
    return draft


def sources(folders: Iterable[CatalogueFolder]) -> list[Source]:
    """All sources that *folders* declare; UsageError when a sources.yaml is wrong."""
    paths = (folder.path / "sources.yaml" for folder in folders)
    return [source for path in paths if path.is_file() for source in _sources(read(path, "sources"))]


def _files(folders: Iterable[CatalogueFolder]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for kind in KINDS:
            yield from ((kind, path) for path in sorted((folder.path / kind).glob("*.yaml")))
        if (folder.path / "sources.yaml").is_file():
            yield SOURCES, folder.path / "sources.yaml"


def _kind(path: Path) -> str:
    """What one file is, by the key that each kind begins with."""
    content = parsed(path).content
    keys = set(content) if isinstance(content, dict) else set()
    # a life cycle names its framework too
    for key in ("lifecycle", "framework", "crosswalk", "metric", "pack", "checks", "calendar", SOURCES):
        if key in keys:
            return _FIRST_KEYS.get(key, key)
    raise UsageError(say("this is no file of a catalogue"), where=f"{path}:1:1", fix=say("see mappings/README.md"))


def _sentence(error: UsageError) -> str:
    return say("{what}: {cause}", what=error.what, cause=error.cause) if error.cause else error.what


def _misfit(kind: str, document: Document, misfit: Misfit) -> Fault:
    return Fault(_rule(kind, misfit), document.where(misfit.keys), complaint(misfit), hint(misfit))


def _rule(kind: str, misfit: Misfit) -> str:
    """The lint rule that a misfit falls under: what the schema can say is not said twice."""
    absent = _REQUIRED.match(misfit.message) if misfit.rule == "required" else None
    names = [absent[1]] if absent else [key for key in misfit.keys if isinstance(key, str)]
    name = names[-1] if names else ""
    if name in {"en", "zh"}:
        return "missing-language"
    if name in {"confidence", "origin"} or (name == "source" and kind != "crosswalks"):
        return "unsourced"
    if name == "requirements" and kind == "checks":
        return "check-without-requirement"
    if name == "level":
        return "unknown-level"
    return "reviewed-by-nobody" if absent and name in {"reviewer", "date"} else "schema"
