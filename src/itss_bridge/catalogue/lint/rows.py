"""Rules on crosswalks: they say something, they say it once, and no two say the opposite."""

from collections import defaultdict
from collections.abc import Iterator

from itss_bridge.catalogue.algebra import inverse
from itss_bridge.catalogue.coverage import reached
from itss_bridge.catalogue.draft import Draft
from itss_bridge.catalogue.lint.ids import Found, requirements
from itss_bridge.messages import say
from itss_bridge.model import Crosswalk, Mapping, Relationship

MOST_INTERSECTING = 0.75
MOST_SUBSETS = 0.60
ENOUGH_ROWS = 10
"""Fewer rows have no shares to speak of."""
MOST_REPEATED = 2

_NEEDS_A_LOOK = say("read the rows again, item by item: where one side asks all of the other, say so")


def _rows(draft: Draft) -> Iterator[Mapping]:
    return (row for crosswalk in draft.crosswalks for row in crosswalk.mappings)


def doubled(draft: Draft) -> Found:
    """One pair, one row: in all files together."""
    seen: dict[tuple[str, str], str] = {}
    for row in _rows(draft):
        pair = (row.source, row.target)
        if pair in seen:
            yield (
                row.origin.where,
                say(
                    "{source} → {target} stands already at {seen}",
                    source=row.source,
                    target=row.target,
                    seen=seen[pair],
                ),
                say("keep one of them"),
            )
        seen.setdefault(pair, row.origin.where)


def contradicting(draft: Draft) -> Found:
    """Two rows about the same two requirements, read in the same direction, say the same."""
    claims: dict[tuple[str, str], tuple[Relationship, str]] = {}
    for row in _rows(draft):
        straight = row.source <= row.target
        pair = (row.source, row.target) if straight else (row.target, row.source)
        said = row.relationship if straight else inverse(row.relationship)
        first, where = claims.setdefault(pair, (said, row.origin.where))
        if first is not said:
            what = say(
                "here {source} is {here} {target}, at {where} it is {there}",
                source=pair[0],
                here=said.value,
                target=pair[1],
                where=where,
                there=first.value,
            )
            yield row.origin.where, what, say("decide on one of them; both in one would be equal-to")


def without_inverse(draft: Draft) -> Found:
    """Where there is a crosswalk for each direction, each row has its counterpart."""
    by_ends = {(c.source, c.target): c for c in draft.crosswalks}
    for crosswalk in draft.crosswalks:
        back = by_ends.get((crosswalk.target, crosswalk.source))
        if back is None or back is crosswalk:
            continue
        answered = {(row.target, row.source) for row in back.mappings}
        for row in crosswalk.mappings:
            if (row.source, row.target) not in answered:
                fix = say(
                    "add {target} → {source} there, or keep one crosswalk: it is read in both directions",
                    target=row.target,
                    source=row.source,
                )
                yield (
                    row.origin.where,
                    say(
                        "{source} → {target} has no counterpart in {id}",
                        source=row.source,
                        target=row.target,
                        id=back.id,
                    ),
                    fix,
                )


def unassessable_ends(draft: Draft) -> Found:
    """Mappings lead from leaf to leaf."""
    tree = requirements(draft)
    for row in _rows(draft):
        for end in (row.source, row.target):
            if end in tree and not tree[end].assessable:
                yield (
                    row.origin.where,
                    say("{end} is not assessable: nothing can be carried to it", end=end),
                    say("map its children"),
                )


def _share(crosswalk: Crosswalk, relationship: Relationship) -> float:
    if len(crosswalk.mappings) < ENOUGH_ROWS:
        return 0
    return sum(row.relationship is relationship for row in crosswalk.mappings) / len(crosswalk.mappings)


def constant(draft: Draft) -> Found:
    """The same relationship in every row says nothing."""
    for crosswalk in draft.crosswalks:
        said = {row.relationship for row in crosswalk.mappings}
        if len(said) == 1 and len(crosswalk.mappings) >= ENOUGH_ROWS:
            yield (
                crosswalk.origin.where,
                say("every row of {id} is {relationship}", id=crosswalk.id, relationship=min(said).value),
                _NEEDS_A_LOOK,
            )


def mostly_intersecting(draft: Draft) -> Found:
    """Three quarters of overlaps: nobody has looked closely."""
    for crosswalk in draft.crosswalks:
        share = _share(crosswalk, Relationship.INTERSECTS)
        if share >= MOST_INTERSECTING:
            yield (
                crosswalk.origin.where,
                say("{share:.0%} of {id} are intersects-with", share=share, id=crosswalk.id),
                _NEEDS_A_LOOK,
            )


def mostly_subsets(draft: Draft) -> Found:
    """A standard that lies almost wholly inside another is a wish, more often than a fact."""
    for crosswalk in draft.crosswalks:
        share = _share(crosswalk, Relationship.SUBSET)
        if share > MOST_SUBSETS:
            fix = say("ask of each row whether the target really asks for all of the source")
            yield crosswalk.origin.where, say("{share:.0%} of {id} are subset-of", share=share, id=crosswalk.id), fix


def unaccounted(draft: Draft) -> Found:
    """Each assessable requirement is mapped, or left out with a reason.

    This is asked of the source framework, and of the target as soon as one of its requirements is left out by name.
    """
    if "frameworks" in draft.broken:
        return
    assessable = [r for r in requirements(draft).values() if r.assessable]
    for crosswalk in draft.crosswalks:
        left_out = {u.requirement for u in crosswalk.unmapped}
        sides = {crosswalk.source, *(name.partition(":")[0] for name in left_out)}
        told = left_out | reached(crosswalk)
        for requirement in assessable:
            if requirement.framework in sides and requirement.id not in told:
                what = say("{id} says nothing of {requirement}", id=crosswalk.id, requirement=requirement.id)
                yield crosswalk.origin.where, what, say("map it, or list it under unmapped with the reason")


def mapped_and_unmapped(draft: Draft) -> Found:
    """What is mapped is not left out, and what is left out stands once."""
    for crosswalk, document in zip(draft.crosswalks, draft.documents["crosswalks"], strict=True):
        mapped, seen = reached(crosswalk), set[str]()
        for index, left_out in enumerate(crosswalk.unmapped):
            name, where = left_out.requirement, document.where(("unmapped", index))
            if name in mapped:
                yield where, say("{name} is mapped and listed as unmapped", name=name), say("remove one of the two")
            if name in seen:
                yield where, say("{name} is listed as unmapped twice", name=name), say("remove one of the two")
            seen.add(name)


def repeated_rationales(draft: Draft) -> Found:
    """A rationale that fits many rows explains none."""
    for crosswalk in draft.crosswalks:
        for language in ("en", "zh"):
            told: dict[str, list[str]] = defaultdict(list)
            for row in crosswalk.mappings:
                told[row.rationale[language]].append(row.origin.where)
            for places in told.values():
                if len(places) > MOST_REPEATED:
                    what = say(
                        "the same rationale ({language}) stands under {count} rows, first at {places}",
                        language=language,
                        count=len(places),
                        places=places[0],
                    )
                    yield places[MOST_REPEATED], what, say("say what is particular to this pair")


def reviewed_by_nobody(draft: Draft) -> Found:
    """Only somebody who takes responsibility makes a row *reviewed*."""
    for row in _rows(draft):
        if row.review == "reviewed" and not (row.reviewer.strip() and row.reviewed_on.strip()):
            what = say("{source} → {target} is reviewed by nobody, or on no day", source=row.source, target=row.target)
            yield row.origin.where, what, say("name the reviewer's role and the date, or set review: proposed")
