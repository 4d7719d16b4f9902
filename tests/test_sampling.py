"""A sample is drawn by nobody's will: the same population and seed give the same items in any order, on any machine."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.sampling import Member, Size, as_json, digest, draw

MEMBERS = st.lists(
    st.builds(
        Member,
        id=st.text("abcdef0123456789", min_size=1, max_size=6),
        ref=st.just("INC"),
        url=st.just(""),
        stratum=st.sampled_from(["1", "2", "3", "–"]),
        digest=st.text("0123456789abcdef", min_size=4, max_size=4),
    ),
    max_size=60,
    unique_by=lambda member: member.id,
)
SIZES = st.builds(Size, share=st.integers(0, 100).map(lambda n: n / 100), least=st.integers(0, 8))


def everybody(count: int, stratum: str = "3") -> list[Member]:
    return [Member(f"{stratum}{n:031x}", f"INC{n:07}", "", stratum, f"{n:064x}") for n in range(count)]


@given(MEMBERS, st.text(max_size=8), SIZES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(members, seed, size, rng):
    shuffled = list(members)
    rng.shuffle(shuffled)
    assert draw(shuffled, seed, size) == draw(members, seed, size)


@given(MEMBERS, st.text(max_size=8), SIZES)
def test_every_stratum_gives_what_was_asked_of_it_and_nobody_stands_twice(members, seed, size):
    sample = draw(members, seed, size)
    assert sum(stratum.size for stratum in sample.strata) == sample.size == len(members)
    for stratum in sample.strata:
        assert len(stratum.drawn) == len({member.id for member in stratum.drawn}) == size.of(stratum.size)
        assert {member.stratum for member in stratum.drawn} <= {stratum.name}


@given(MEMBERS, st.text(max_size=8), st.integers(0, 5), st.integers(0, 5))
def test_a_larger_sample_holds_the_smaller_one(members, seed, few, more):
    small, large = draw(members, seed, Size(least=few)), draw(members, seed, Size(least=few + more))
    for less, greater in zip(small.strata, large.strata, strict=True):
        assert greater.drawn[: len(less.drawn)] == less.drawn


@given(MEMBERS.filter(bool), st.data())
def test_any_change_to_the_population_changes_its_digest(members, data):
    changed = data.draw(st.sampled_from(members))
    others = [member for member in members if member is not changed]
    assert digest(others) != digest(members)
    assert digest([*others, replace(changed, digest=f"{changed.digest}0")]) != digest(members)


def test_a_tenth_is_rounded_up_and_never_by_arithmetic_alone():
    assert [Size(share=0.1).of(n) for n in (0, 1, 10, 11, 20, 30, 70)] == [0, 1, 1, 2, 2, 3, 7]
    assert [Size(share=0.07).of(n) for n in (100, 101)] == [7, 8]
    assert [Size(share=0.1, least=3).of(n) for n in (2, 3, 31)] == [2, 3, 4]


def test_another_seed_draws_others_and_each_member_is_drawn_about_equally_often():
    members = everybody(40)
    drawn = [
        m.id for seed in range(400) for stratum in draw(members, str(seed), Size(least=4)).strata for m in stratum.drawn
    ]
    often = [drawn.count(member.id) for member in members]
    assert sum(often) == 1600
    assert 15 <= min(often) <= max(often) <= 70, "40 expected each; far outside this the draw would be crooked"


def test_this_sample_is_the_one_that_was_drawn_when_this_test_was_written():
    shown = as_json(draw([*everybody(30), *everybody(5, "1")], "20261123", Size(least=2)))
    assert shown["population"] == "7e3d813ccd0663e9836a17344bd31b978e9602c14f0a7f45d47f1d02b46a4888"
    assert [[m["ref"] for m in stratum["drawn"]] for stratum in shown["strata"]] == [
        ["INC0000004", "INC0000001"],
        ["INC0000004", "INC0000000"],
    ]
