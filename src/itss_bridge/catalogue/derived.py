"""Mappings that follow: two frameworks that were each compared with a third one, compared with each other.

A derived mapping is a consequence, no judgement: it shows a reviewer where to look, and what the crosswalks already
commit the organisation to. It never enters `assess`: its ends have their own checks and reviewed rows, and counting a
consequence beside its premises would count the same evidence twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from itss_bridge.catalogue.algebra import composed, inverted
from itss_bridge.catalogue.load import Catalogue
from itss_bridge.model import Crosswalk, Mapping, Relationship

PIVOT = "itss"
EQUAL, SUBSET, SUPERSET, INTERSECTS, NONE = Relationship
_WEIGHT = {NONE: 0, INTERSECTS: 1, SUBSET: 2, SUPERSET: 2, EQUAL: 3}


@dataclass(frozen=True, slots=True)
class Derived:
    """A mapping that follows from others, and the requirements of the third framework that it goes through.

    *contradicted* is true when the premises also say the opposite: one path shows an overlap, another one none.
    """

    mapping: Mapping
    via: tuple[str, ...]
    contradicted: bool = False


def derived(catalogue: Catalogue, pivot: str = PIVOT) -> tuple[Derived, ...]:
    """What follows for each pair of frameworks that both have a crosswalk with *pivot*; at most one row a pair.

    Strength is the least of its premises, review *proposed* unless all of them are reviewed. For looking at only:
    `assess` does not call this.
    """
    legs = {other: tuple(rows) for other, rows in _legs(catalogue, pivot)}
    return tuple(
        row
        for first, second in combinations([name for name in catalogue.frameworks if name in legs], 2)
        for row in _between(legs[first], legs[second])
    )


def _legs(catalogue: Catalogue, pivot: str) -> Iterator[tuple[str, list[Mapping]]]:
    """For each framework compared with the pivot, the rows as read from the pivot."""
    found: dict[str, list[Mapping]] = {}
    for crosswalk in catalogue.crosswalks.values():
        if pivot in {crosswalk.source, crosswalk.target}:
            other = crosswalk.target if crosswalk.source == pivot else crosswalk.source
            found.setdefault(other, []).extend(_from(pivot, crosswalk))
    yield from found.items()


def _from(pivot: str, crosswalk: Crosswalk) -> Iterable[Mapping]:
    return crosswalk.mappings if crosswalk.source == pivot else map(inverted, crosswalk.mappings)


def _between(first: Iterable[Mapping], second: Iterable[Mapping]) -> Iterator[Derived]:
    onward: dict[str, list[Mapping]] = {}
    for row in second:
        onward.setdefault(row.source, []).append(row)
    paths: dict[tuple[str, str], list[tuple[Mapping, str]]] = {}
    for row in first:
        for next_row in onward.get(row.source, ()):
            follows = composed(inverted(row), next_row)
            if follows is not None:
                paths.setdefault((follows.source, follows.target), []).append((follows, row.source))
    return (_joined(found) for found in paths.values())


def _joined(paths: list[tuple[Mapping, str]]) -> Derived:
    """All paths between one pair in one row: the strongest claim stands, inside one and around the other is equal."""
    claims = {row.relationship for row, _ in paths}
    best = max((row for row, _ in paths), key=lambda row: (_WEIGHT[row.relationship], row.strength))
    if {SUBSET, SUPERSET} <= claims:
        best = replace(best, relationship=EQUAL)
    return Derived(best, tuple(dict.fromkeys(via for _, via in paths)), NONE in claims and len(claims) > 1)
