"""How much of each framework the crosswalks and checks reach: counts and names, never one percentage."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from itss_bridge.catalogue.load import Catalogue
from itss_bridge.model import Check, Crosswalk, Framework, Relationship


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one framework is reached; ids in the order of the standard.

    *mapped* have a row that claims a relationship in any crosswalk; *reasoned* have none, and a reason in `unmapped`;
    *neither* have neither. *checked* have a check of their own. *unreachable* have no way to a status other than
    *undetermined*: no check, and no mapping from or to a requirement that has one.
    """

    framework: str
    assessable: tuple[str, ...]
    mapped: tuple[str, ...]
    reasoned: tuple[str, ...]
    neither: tuple[str, ...]
    checked: tuple[str, ...]
    unreachable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """All frameworks, crosswalks (rows per relationship) and checks (per level and kind; level `None`: any)."""

    frameworks: tuple[Reach, ...]
    relationships: Mapping[str, Mapping[Relationship, int]]
    checks: Mapping[int | None, Mapping[str, int]]
    rules: Mapping[str, Mapping[int | None, int]]


def coverage(catalogue: Catalogue) -> Coverage:
    """What the catalogue reaches."""
    checked = {name for check in catalogue.checks.values() for name in check.requirements}
    crosswalks = catalogue.crosswalks.values()
    return Coverage(
        frameworks=tuple(_reach(f, crosswalks, checked) for f in catalogue.frameworks.values()),
        relationships={c.id: tally(c) for c in crosswalks},
        checks=_by_level_and_kind(catalogue.checks.values()),
        rules={pack.id: _by_level(pack.rules) for pack in catalogue.packs.values()},
    )


def reached(crosswalk: Crosswalk) -> set[str]:
    """Both ends of all rows that claim a relationship."""
    rows = [row for row in crosswalk.mappings if row.relationship is not Relationship.NONE]
    return {row.source for row in rows} | {row.target for row in rows}


def tally(crosswalk: Crosswalk) -> dict[Relationship, int]:
    """How many rows claim which relationship; every relationship is a key."""
    counted = Counter(row.relationship for row in crosswalk.mappings)
    return {relationship: counted[relationship] for relationship in Relationship}


def _reach(framework: Framework, crosswalks: Collection[Crosswalk], checked: Collection[str]) -> Reach:
    assessable = tuple(r.id for r in framework.requirements if r.assessable)
    mapped = {name for crosswalk in crosswalks for name in reached(crosswalk)}
    reasoned = {u.requirement for crosswalk in crosswalks for u in crosswalk.unmapped} - mapped
    supported = _supported(crosswalks, checked) | {*checked}
    return Reach(
        framework=framework.id,
        assessable=assessable,
        mapped=tuple(name for name in assessable if name in mapped),
        reasoned=tuple(name for name in assessable if name in reasoned),
        neither=tuple(name for name in assessable if name not in mapped | reasoned),
        checked=tuple(name for name in assessable if name in checked),
        unreachable=tuple(name for name in assessable if name not in supported),
    )


def _supported(crosswalks: Iterable[Crosswalk], checked: Collection[str]) -> set[str]:
    """Requirements with a mapping, in either direction, to one that has a check: support goes one step, no further."""
    found: set[str] = set()
    for crosswalk in crosswalks:
        for row in crosswalk.mappings:
            if row.relationship is not Relationship.NONE:
                found |= {row.target} if row.source in checked else set()
                found |= {row.source} if row.target in checked else set()
    return found


def _by_level_and_kind(checks: Iterable[Check]) -> dict[int | None, dict[str, int]]:
    found: dict[int | None, Counter[str]] = {}
    for check in checks:
        found.setdefault(check.level, Counter())[check.kind] += 1
    return {level: dict(sorted(found[level].items())) for level in sorted(found, key=_lowest_first)}


def _by_level(rules: Iterable[Check]) -> dict[int | None, int]:
    found = Counter(rule.level for rule in rules)
    return {level: found[level] for level in sorted(found, key=_lowest_first)}


def _lowest_first(level: int | None) -> int:
    """Level 4 is the lowest; what belongs to no level comes last."""
    return -level if level else 0


def as_json(covered: Coverage) -> dict[str, object]:
    """The shape of `catalogue coverage --json`.

    ```
    {"frameworks": {ID: {"assessable": n, "mapped": n, "reasoned": n, "neither": [ID…], "checked": n,
                         "unreachable": [ID…]}},
     "crosswalks": {ID: {"rows": n, "relationships": {RELATIONSHIP: n}}},
     "checks": {LEVEL | "any": {KIND: n}},
     "rules": {PACK: {LEVEL: n}}}
    ```
    """
    return {
        "frameworks": {
            reach.framework: {
                "assessable": len(reach.assessable),
                "mapped": len(reach.mapped),
                "reasoned": len(reach.reasoned),
                "neither": list(reach.neither),
                "checked": len(reach.checked),
                "unreachable": list(reach.unreachable),
            }
            for reach in covered.frameworks
        },
        "crosswalks": {
            name: {"rows": sum(counts.values()), "relationships": {r.value: n for r, n in counts.items()}}
            for name, counts in covered.relationships.items()
        },
        "checks": {str(level or "any"): dict(kinds) for level, kinds in covered.checks.items()},
        "rules": {pack: {str(level): n for level, n in levels.items()} for pack, levels in covered.rules.items()},
    }
