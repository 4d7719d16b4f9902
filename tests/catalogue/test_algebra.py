from dataclasses import replace
from itertools import chain, combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.catalogue.algebra import carries_conformity, compose, composed, inverse, inverted
from itss_bridge.model import Mapping, Origin, Relationship, Text

EQUAL, SUBSET, SUPERSET, INTERSECTS, NONE = Relationship

HOLDS = {
    EQUAL: lambda a, b: a == b,
    SUBSET: lambda a, b: a <= b,
    SUPERSET: lambda a, b: a >= b,
    INTERSECTS: lambda a, b: not a.isdisjoint(b),
    NONE: lambda a, b: a.isdisjoint(b),
}
IMPLIED = {
    EQUAL: {EQUAL, SUBSET, SUPERSET, INTERSECTS},
    SUBSET: {SUBSET, INTERSECTS},
    SUPERSET: {SUPERSET, INTERSECTS},
    INTERSECTS: {INTERSECTS},
    NONE: {NONE},
    None: set(),
}
# Five things are enough: a triple of sets divides the world into seven regions, and no composition needs all of them.
WORLD = range(5)
ALL_SETS = [frozenset(c) for c in chain.from_iterable(combinations(WORLD, n) for n in range(1, len(WORLD) + 1))]

relationships = st.sampled_from(Relationship)
sets = st.frozensets(st.integers(0, 6), min_size=1)
texts = st.builds(Text, st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9))
mappings = st.builds(
    Mapping,
    source=st.just("itss:prc-inc-b"),
    target=st.just("iso20000-1:8.6.1"),
    relationship=relationships,
    strength=st.integers(1, 10),
    rationale=texts,
    review=st.sampled_from(["proposed", "reviewed"]),
    reviewer=st.sampled_from(["", "quality manager", "lead auditor"]),
    reviewed_on=st.sampled_from(["2016-04-01", "2016-05-01"]),
    origin=st.builds(Origin, st.sampled_from([(), ("ISOREG",), ("JUDGEMENT", "ISOREG")]), st.just("medium")),
)
following = mappings.map(lambda m: replace(m, source="iso20000-1:8.6.1", target="iso9001:8.7"))


def strongest(a: frozenset[int], b: frozenset[int]) -> Relationship:
    return next(r for r in Relationship if HOLDS[r](a, b))


@given(relationships)
def test_the_inverse_of_the_inverse_is_the_relationship_itself(relationship):
    assert inverse(inverse(relationship)) is relationship


def test_inverse_swaps_subset_and_superset_and_leaves_the_symmetric_ones():
    assert [inverse(r) for r in Relationship] == [EQUAL, SUPERSET, SUBSET, INTERSECTS, NONE]


@given(sets, sets)
def test_the_inverse_holds_for_real_sets_read_backwards(a, b):
    assert strongest(b, a) is inverse(strongest(a, b))


@given(relationships)
def test_equality_is_neutral_on_both_sides(relationship):
    assert compose(EQUAL, relationship) is relationship
    assert compose(relationship, EQUAL) is relationship


@given(relationships, relationships)
def test_a_chain_read_backwards_is_the_inverse_of_the_chain(first, second):
    forward = compose(first, second)
    assert compose(inverse(second), inverse(first)) is (None if forward is None else inverse(forward))


@given(relationships, relationships, relationships)
def test_two_ways_round_a_chain_of_three_never_contradict_each_other(first, second, third):
    left, right = compose(first, second), compose(second, third)
    ways = [compose(left, third) if left else None, compose(first, right) if right else None]
    claims = {way is NONE for way in ways if way is not None}
    assert claims != {True, False}


@given(sets, sets, sets)
def test_compose_never_claims_what_is_false_of_real_sets(a, b, c):
    for first, second in product(Relationship, repeat=2):
        claim = compose(first, second)
        if claim is not None and HOLDS[first](a, b) and HOLDS[second](b, c):
            assert HOLDS[claim](a, c)


def test_compose_claims_exactly_what_holds_in_every_possible_case():
    always = {pair: set(Relationship) for pair in product(Relationship, repeat=2)}
    seen = {(a, b): {r for r in Relationship if HOLDS[r](a, b)} for a, b in product(ALL_SETS, repeat=2)}
    cases = {(frozenset(seen[a, b]), frozenset(seen[b, c]), frozenset(seen[a, c])) for a, b, c in _triples()}
    for first_true, second_true, overall in cases:
        for pair in product(first_true, second_true):
            always[pair] &= overall
    assert {pair: IMPLIED[compose(*pair)] for pair in always} == always


def _triples():
    return product(ALL_SETS, repeat=3)


@given(mappings)
def test_a_mapping_inverted_twice_is_the_mapping_itself(mapping):
    assert inverted(inverted(mapping)) == mapping


@given(mappings)
def test_inverting_swaps_the_ends_and_keeps_the_judgement(mapping):
    back = inverted(mapping)
    assert (back.source, back.target) == (mapping.target, mapping.source)
    assert back.relationship is inverse(mapping.relationship)
    assert replace(back, source="", target="", relationship=EQUAL) == replace(
        mapping, source="", target="", relationship=EQUAL
    )


@given(mappings, following)
def test_a_composed_mapping_is_no_better_than_its_weakest_link(first, second):
    through = composed(first, second)
    if through is None:
        assert compose(first.relationship, second.relationship) is None
        return
    assert (through.source, through.target) == (first.source, second.target)
    assert through.relationship is compose(first.relationship, second.relationship)
    assert through.strength == min(first.strength, second.strength)
    assert (through.review == "reviewed") is (first.review == second.review == "reviewed")
    assert set(through.origin.source) == {*first.origin.source, *second.origin.source}


@given(mappings, following)
def test_a_composed_mapping_that_is_only_proposed_names_no_reviewer_and_no_date(first, second):
    through = composed(first, second)
    if through is not None and through.review == "proposed":
        assert (through.reviewer, through.reviewed_on) == ("", "")


@given(mappings, following)
def test_conformity_passes_a_chain_exactly_when_it_passes_both_links(first, second):
    through = composed(first, second)
    passes = through is not None and carries_conformity(through)
    assert passes is (carries_conformity(first) and carries_conformity(second))


@given(mappings)
def test_mappings_that_do_not_meet_are_refused(mapping):
    with pytest.raises(ValueError, match="do not meet"):
        composed(mapping, mapping)


@pytest.mark.parametrize("relationship", Relationship)
@pytest.mark.parametrize("review", ["proposed", "reviewed"])
def test_only_a_reviewed_source_that_asks_all_the_target_asks_carries_conformity(relationship, review):
    row = Mapping("itss:prc-rel-c", "iso20000-1:8.5.3", relationship, 7, Text("reason", "理由"), review)
    assert carries_conformity(row) is (review == "reviewed" and relationship in {EQUAL, SUPERSET})
