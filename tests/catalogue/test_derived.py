"""What follows from two crosswalks is true whenever they are, and judges nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.assess import Terms, assess
from itss_bridge.catalogue import Catalogue, load
from itss_bridge.catalogue.algebra import inverted
from itss_bridge.catalogue.derived import derived
from itss_bridge.model import Crosswalk, Framework, Origin, Relationship, Requirement, Text
from itss_bridge.model import Mapping as Row

EQUAL, SUBSET, SUPERSET, INTERSECTS, NONE = Relationship
TEXT = Text("x", "甲")
Asked = Mapping[str, frozenset[int]]


def framework(name: str, asked: Asked) -> Framework:
    rows = tuple(Requirement(r, name, None, TEXT, TEXT, "process", True, {}, Origin()) for r in asked)
    return Framework(name, TEXT, (), rows, Origin())


def truth(one: frozenset[int], other: frozenset[int]) -> Relationship:
    """The strongest true claim about two sets."""
    if one == other:
        return EQUAL
    if one < other:
        return SUBSET
    if one > other:
        return SUPERSET
    return INTERSECTS if one & other else NONE


def crosswalk(source: str, target: str, asked: Mapping[str, Asked]) -> Crosswalk:
    rows = tuple(
        Row(a, b, truth(x, y), 5, TEXT, "proposed") for a, x in asked[source].items() for b, y in asked[target].items()
    )
    return Crosswalk(f"{source}-{target}", source, target, TEXT, rows, (), Origin())


def catalogue(asked: Mapping[str, Asked], *walks: tuple[str, str]) -> Catalogue:
    walked = [crosswalk(source, target, asked) for source, target in walks]
    return Catalogue({name: framework(name, a) for name, a in asked.items()}, {w.id: w for w in walked})


def asked(name: str) -> st.SearchStrategy[Asked]:
    sets = st.lists(st.frozensets(st.integers(0, 4), min_size=1), min_size=1, max_size=4)
    return sets.map(lambda found: {f"{name}:{n}": things for n, things in enumerate(found)})


worlds = st.fixed_dictionaries({name: asked(name) for name in ("itss", "one", "two")})
HOLDS = {
    EQUAL: frozenset.__eq__,
    SUBSET: frozenset.issubset,
    SUPERSET: frozenset.issuperset,
    INTERSECTS: lambda a, b: bool(a & b),
    NONE: frozenset.isdisjoint,
}


@given(world=worlds)
def test_what_is_derived_from_true_rows_is_true(world) -> None:
    for row in derived(catalogue(world, ("itss", "one"), ("itss", "two"))):
        things = {**world["one"], **world["two"]}
        assert HOLDS[row.mapping.relationship](things[row.mapping.source], things[row.mapping.target])
        assert not row.contradicted, "the truth does not contradict itself"


@given(world=worlds)
def test_the_direction_in_which_a_crosswalk_is_written_does_not_matter(world) -> None:
    straight = derived(catalogue(world, ("itss", "one"), ("itss", "two")))
    turned = derived(catalogue(world, ("one", "itss"), ("two", "itss")))

    assert {(d.mapping.source, d.mapping.target, d.mapping.relationship) for d in straight} == {
        (d.mapping.source, d.mapping.target, d.mapping.relationship) for d in turned
    }


@given(world=worlds)
def test_there_is_one_row_a_pair_and_it_names_its_ways(world) -> None:
    rows = derived(catalogue(world, ("itss", "one"), ("itss", "two")))

    assert len({(d.mapping.source, d.mapping.target) for d in rows}) == len(rows)
    assert all(set(d.via) <= set(world["itss"]) and d.via for d in rows)


def test_contained_one_way_and_containing_another_way_is_equal() -> None:
    world = {
        "itss": {"itss:a": frozenset({1, 2}), "itss:b": frozenset({1, 2})},
        "one": {"one:x": frozenset({1, 2})},
        "two": {"two:y": frozenset({1, 2})},
    }
    made = catalogue(world, ("itss", "one"), ("itss", "two"))
    rows = {
        "itss-one": (
            Row("itss:a", "one:x", SUPERSET, 5, TEXT, "proposed"),
            Row("itss:b", "one:x", SUBSET, 5, TEXT, "proposed"),
        ),
        "itss-two": (
            Row("itss:a", "two:y", SUBSET, 5, TEXT, "proposed"),
            Row("itss:b", "two:y", SUPERSET, 5, TEXT, "proposed"),
        ),
    }
    for name, mappings in rows.items():
        made.crosswalks[name] = Crosswalk(name, "itss", name[5:], TEXT, mappings, (), Origin())
    (row,) = derived(made)

    assert row.mapping.relationship is EQUAL
    assert row.via == ("itss:a", "itss:b")


def test_premises_that_say_both_are_marked() -> None:
    made = catalogue({"itss": {}, "one": {"one:x": frozenset()}, "two": {"two:y": frozenset()}})
    legs = {
        "one": (("itss:a", SUPERSET), ("itss:b", EQUAL)),
        "two": (("itss:a", EQUAL), ("itss:b", NONE)),
    }
    for name, end in (("one", "one:x"), ("two", "two:y")):
        mappings = tuple(Row(item, end, said, 5, TEXT, "proposed") for item, said in legs[name])
        made.crosswalks[f"itss-{name}"] = Crosswalk(f"itss-{name}", "itss", name, TEXT, mappings, (), Origin())
    (row,) = derived(made)

    assert row.contradicted
    assert row.mapping.relationship is SUBSET


def test_shipped_rows_are_proposed_until_both_crosswalks_are_signed() -> None:
    rows = derived(load())

    assert rows
    assert {d.mapping.review for d in rows} == {"proposed"}
    assert all(d.mapping.source.startswith("iso") and d.mapping.target.startswith("iso") for d in rows)
    assert all(d.mapping.rationale.zh.startswith("经由 itss:") for d in rows)


def test_assess_knows_nothing_of_what_is_derived() -> None:
    """Findings rest on declared rows alone: no support has a pair that only a derived row has."""
    shipped = load()
    declared = {(m.source, m.target) for c in shipped.crosswalks.values() for m in c.mappings}
    declared |= {(m.source, m.target) for c in shipped.crosswalks.values() for m in map(inverted, c.mappings)}
    pairs = {(d.mapping.source, d.mapping.target) for d in derived(shipped)}
    pairs |= {(target, source) for source, target in pairs}
    findings = assess(shipped, {}, Terms(3, (), (), {}), datetime(2026, 1, 1, tzinfo=UTC)).findings
    supports = {(s.mapping.source, s.mapping.target) for f in findings.values() for s in f.supports}

    assert supports
    assert supports <= declared
    assert supports.isdisjoint(pairs - declared)


def test_the_command_marks_them_as_derived(bridge_command, tmp_path) -> None:
    import json

    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\n', "utf-8")
    ran = bridge_command("catalogue", "mappings", "--derived", "--json", "-w", tmp_path)
    rows = [json.loads(line) for line in ran.out.splitlines()]
    plain = bridge_command("catalogue", "mappings", "--json", "-w", tmp_path).out
    shown = bridge_command("catalogue", "mappings", "--derived", "-w", tmp_path)

    assert rows
    assert all(row["derived"] is True and row["via"] for row in rows)
    assert "derived" not in plain
    assert shown.code == 0
    assert rows[0]["via"][0] in shown.out
