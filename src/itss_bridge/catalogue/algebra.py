"""Crosswalk algebra: what follows from mappings read backwards or one after the other.

A requirement is read as the set of things it asks, never empty, as in the set-theory style of NIST IR 8477. For a
source A and a target B a relationship is a claim about these sets:

    equal-to A = B · subset-of A ⊆ B · superset-of A ⊇ B · intersects-with A ∩ B ≠ ∅ · no-relationship A ∩ B = ∅

Each claim is the strongest its author would make; a weaker one may be true beside it (A ⊆ B implies A ∩ B ≠ ∅).
"""

from dataclasses import replace

from itss_bridge.model import Mapping, Origin, Relationship, Text

EQUAL, SUBSET, SUPERSET, INTERSECTS, NONE = Relationship

_INVERSE = {SUBSET: SUPERSET, SUPERSET: SUBSET}

# A first B, B second C: what then holds for A and C. Equality is neutral; of pairs not listed nothing follows.
_COMPOSITION = {
    (SUBSET, SUBSET): SUBSET,
    (SUPERSET, SUPERSET): SUPERSET,
    (SUPERSET, SUBSET): INTERSECTS,
    (SUPERSET, INTERSECTS): INTERSECTS,
    (INTERSECTS, SUBSET): INTERSECTS,
    (SUBSET, NONE): NONE,
    (NONE, SUPERSET): NONE,
}


def inverse(relationship: Relationship) -> Relationship:
    """The relationship of target to source: A ⊆ B iff B ⊇ A; the other three are symmetric (NIST IR 8477)."""
    return _INVERSE.get(relationship, relationship)


def inverted(mapping: Mapping) -> Mapping:
    """The same row read from target to source; strength, rationale and review are kept."""
    return replace(mapping, source=mapping.target, target=mapping.source, relationship=inverse(mapping.relationship))


def compose(first: Relationship, second: Relationship) -> Relationship | None:
    """The strongest relationship of A to C that follows from A *first* B and B *second* C, `None` if none does.

    By the set theory of NIST IR 8477 on sets that are not empty: A ⊆ B ⊆ C gives A ⊆ C, and both ways round;
    A ⊇ B gives A ∩ C ≠ ∅ as soon as B ∩ C ≠ ∅; A ⊆ B gives A ∩ C = ∅ when B ∩ C = ∅. Two overlaps give nothing.
    """
    if first is EQUAL:
        return second
    if second is EQUAL:
        return first
    return _COMPOSITION.get((first, second))


def composed(first: Mapping, second: Mapping) -> Mapping | None:
    """The mapping from *first*'s source to *second*'s target, `None` where nothing follows.

    Its relationship is `compose` of both (NIST IR 8477 set theory), its strength min(first, second), and it is
    reviewed only if both are, since the later date: a chain is no better than its weakest link.

    Raises:
        ValueError: *first* does not end where *second* starts.
    """
    if first.target != second.source:
        raise ValueError(f"{first.target} is not {second.source}: the mappings do not meet")
    relationship = compose(first.relationship, second.relationship)
    if relationship is None:
        return None
    reviewed = first.review == second.review == "reviewed"
    return Mapping(
        source=first.source,
        target=second.target,
        relationship=relationship,
        strength=min(first.strength, second.strength),
        rationale=_joined(first, second),
        review="reviewed" if reviewed else "proposed",
        reviewer=_listed(first.reviewer, second.reviewer) if reviewed else "",
        reviewed_on=max(first.reviewed_on, second.reviewed_on) if reviewed else "",
        origin=_origins(first.origin, second.origin),
    )


def carries_conformity(mapping: Mapping) -> bool:
    """Whether *conforming* may pass from source to target: reviewed, and A ⊇ B (NIST IR 8477 set theory).

    Only a source that asks all that the target asks can show the target met, and only a reviewer can say that it does.
    """
    return mapping.review == "reviewed" and mapping.relationship in {EQUAL, SUPERSET}


def _joined(first: Mapping, second: Mapping) -> Text:
    one, other = first.rationale, second.rationale
    return Text(f"Via {first.target}: {one.en} {other.en}", f"经由 {first.target}：{one.zh}{other.zh}")


def _origins(first: Origin, second: Origin) -> Origin:
    return Origin(
        tuple(dict.fromkeys(first.source + second.source)),
        _listed(first.confidence, second.confidence),
        _listed(first.where, second.where),
    )


def _listed(*texts: str) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))
