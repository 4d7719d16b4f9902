"""Samples that anybody can draw again: the same population and seed give the same items, whoever asks and when.

Each item's place is the SHA-256 of seed and id, so a sample does not depend on the order of rows, and a larger sample
holds the smaller one.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SEED_HINT = "a number that both sides have agreed on before they saw the population"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a population: *digest* is that of its evidence, *stratum* what it is drawn within."""

    id: str
    ref: str
    url: str
    stratum: str
    digest: str


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was drawn within one part of the population."""

    name: str
    size: int
    drawn: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn, and from what: *population* is the SHA-256 over all members and their evidence."""

    seed: str
    population: str
    size: int
    strata: tuple[Stratum, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How many to draw within each stratum: a *share* of it rounded up, at least *least*; all, where it has no more."""

    share: float = 0.0
    least: int = 0

    def of(self, members: int) -> int:
        """The number for a stratum of so many *members*."""
        # a share of 0.1 of 30 is 3: what floating arithmetic adds beyond that is no fourth member
        return min(members, max(self.least, math.ceil(round(self.share * members, 9))))


def draw(members: Iterable[Member], seed: str, size: Size) -> Sample:
    """A stratified sample; the empty population gives an empty one."""
    everyone = sorted(members, key=lambda member: (member.stratum, member.id))
    strata: dict[str, list[Member]] = {}
    for member in everyone:
        strata.setdefault(member.stratum, []).append(member)
    drawn = tuple(
        Stratum(name, len(within), _first(within, seed, size.of(len(within)))) for name, within in strata.items()
    )
    return Sample(seed, digest(everyone), len(everyone), drawn)


def _first(members: Sequence[Member], seed: str, number: int) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: _place(seed, member.id))[:number])


def _place(seed: str, identity: str) -> str:
    return hashlib.sha256(f"{seed}\x00{identity}".encode()).hexdigest()


def digest(members: Iterable[Member]) -> str:
    """SHA-256 over ids, strata and evidence digests, in one order: both sides see that they speak of the same."""
    lines = sorted(f"{member.stratum}\x00{member.id}\x00{member.digest}" for member in members)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def as_json(sample: Sample) -> Mapping[str, object]:
    """The shape that `audit sample --json` promises."""
    return {
        "seed": sample.seed,
        "population": sample.population,
        "size": sample.size,
        "strata": [
            {
                "stratum": stratum.name,
                "size": stratum.size,
                "drawn": [{"id": m.id, "ref": m.ref, "url": m.url, "digest": m.digest} for m in stratum.drawn],
            }
            for stratum in sample.strata
        ],
    }
