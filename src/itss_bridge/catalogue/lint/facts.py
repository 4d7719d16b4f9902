"""Rules on facts: who says so, and is it known at all?"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from itss_bridge.catalogue.draft import Draft
from itss_bridge.catalogue.lint.ids import Found, suggestion
from itss_bridge.catalogue.yaml import Path_
from itss_bridge.messages import say

FEW = 0.2
"""An edition with numbers for fewer of its requirements than this share counts as not confirmed."""
_WEIGHTY = {"primary", "official", "secondary"}


def _named(value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    """Every source that is named, with its path; a crosswalk row's `source` is a requirement, and no list."""
    if isinstance(value, list):
        for index, child in enumerate(value):
            yield from _named(child, (*path, index))
    elif isinstance(value, dict):
        for key, child in value.items():
            if key in {"source", "origin"} and isinstance(child, list):
                yield from (((*path, key, index), name) for index, name in enumerate(child))
            else:
                yield from _named(child, (*path, key))


def unknown_sources(draft: Draft) -> Found:
    """A fact whose source stands in no sources.yaml is not sourced."""
    if "sources" in draft.broken:
        return
    known = {source.id for source in draft.sources}
    for kind, documents in draft.documents.items():
        for document in documents if kind != "sources" else ():
            for path, name in _named(document.content, ()):
                if name not in known:
                    fix = say(
                        "{suggestion}; a new source goes into sources.yaml first", suggestion=suggestion(name, known)
                    )
                    yield document.where(path), say("there is no source {name!r}", name=name), fix


def guessed_clauses(draft: Draft) -> Found:
    """A number in an edition whose numbers are not confirmed needs its own source, and the word *confirmed*."""
    for framework, document in zip(draft.frameworks, draft.documents["frameworks"], strict=True):
        for edition in framework.editions:
            for index in _few_numbered(document.content["requirements"], edition.id):
                row = document.content["requirements"][index]
                if not _is_confirmed(row):
                    number = row["clauses"][edition.id]
                    where = document.where(("requirements", index, "clauses", edition.id))
                    what = say(
                        "{row} is given number {number!r} in {id}, whose numbers are not confirmed",
                        row=row["id"],
                        number=number,
                        id=edition.id,
                    )
                    fix = say("leave it null, or name the copy it was read in: `source`, and `confidence: confirmed …`")
                    yield where, what, fix


def _few_numbered(rows: list[dict[str, Any]], edition: str) -> list[int]:
    """Rows with a number of this edition, where nearly all rows that belong to it have none."""
    belonging = [i for i, row in enumerate(rows) if edition in row["clauses"]]
    numbered = [i for i in belonging if rows[i]["clauses"][edition] is not None]
    return numbered if len(numbered) < FEW * len(belonging) else []


def _is_confirmed(row: dict[str, Any]) -> bool:
    said = row.get("confidence", "").lower()
    return "source" in row and "confirmed" in said and "not confirmed" not in said and "unconfirmed" not in said


def doubled_clauses(draft: Draft) -> Found:
    """Two requirements of one edition don't share a number."""
    for framework, document in zip(draft.frameworks, draft.documents["frameworks"], strict=True):
        seen: dict[tuple[str, str], str] = {}
        for index, requirement in enumerate(framework.requirements):
            for edition, number in requirement.clauses.items():
                if number is None:
                    continue
                first = seen.setdefault((edition, number), requirement.id)
                if first != requirement.id:
                    where = document.where(("requirements", index, "clauses", edition))
                    yield (
                        where,
                        say(
                            "{id} and {first} are both {number} of {edition}",
                            id=requirement.id,
                            first=first,
                            number=number,
                            edition=edition,
                        ),
                        say("correct one of them"),
                    )


def official_without_authority(draft: Draft) -> Found:
    """What decides a level is not a consultant's word alone."""
    authority: dict[str, str] = defaultdict(lambda: "secondary", {s.id: s.authority for s in draft.sources})
    for pack in draft.packs:
        if pack.authority != "official":
            continue
        for name, origin in ((pack.id, pack.origin), *((rule.id, rule.origin) for rule in pack.rules)):
            if not {authority[source] for source in origin.source} & _WEIGHTY:
                fix = say("name the owner's rule it follows, or make the pack advisory")
                yield origin.where, say("{name} is official by consultants or judgement alone", name=name), fix
