"""Coverage counts what is there, and names what is not."""

import json
from dataclasses import replace

import pytest

from itss_bridge.catalogue import Catalogue, load
from itss_bridge.catalogue.coverage import as_json, coverage, reached, tally
from itss_bridge.model import Relationship


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def reach(catalogue: Catalogue, framework: str):
    return next(r for r in coverage(catalogue).frameworks if r.framework == framework)


def test_mapped_reasoned_and_neither_are_all_there_is(catalogue: Catalogue) -> None:
    for found in coverage(catalogue).frameworks:
        parts = [*found.mapped, *found.reasoned, *found.neither]
        assert sorted(parts) == sorted(found.assessable)


def test_the_shipped_crosswalks_leave_nothing_unsaid(catalogue: Catalogue) -> None:
    assert {found.framework: found.neither for found in coverage(catalogue).frameworks if found.neither} == {}


def test_without_crosswalks_nothing_is_mapped_and_only_checks_lead_to_a_status(catalogue: Catalogue) -> None:
    bare = reach(replace(catalogue, crosswalks={}), "iso9001")

    assert bare.mapped == bare.reasoned == ()
    assert bare.neither == bare.assessable
    assert set(bare.unreachable) == set(bare.assessable) - set(bare.checked)
    assert bare.unreachable


def test_without_checks_nothing_can_be_concluded(catalogue: Catalogue) -> None:
    for found in coverage(replace(catalogue, checks={})).frameworks:
        assert found.unreachable == found.assessable


def test_a_row_without_relationship_reaches_nothing(catalogue: Catalogue) -> None:
    crosswalk = catalogue.crosswalks["itss-iso9001"]
    none = replace(
        crosswalk, mappings=tuple(replace(m, relationship=Relationship.NONE) for m in crosswalk.mappings), unmapped=()
    )

    assert reached(none) == set()
    assert reach(replace(catalogue, crosswalks={none.id: none}), "iso9001").mapped == ()


def test_one_mapping_to_a_checked_requirement_is_a_way_to_a_status(catalogue: Catalogue) -> None:
    crosswalk = catalogue.crosswalks["itss-iso9001"]
    row = next(m for m in crosswalk.mappings if m.source == "itss:prc-inc-a" and m.relationship != Relationship.NONE)
    only = replace(crosswalk, mappings=(row,), unmapped=())
    checks = {name: c for name, c in catalogue.checks.items() if c.requirements == ("itss:prc-inc-a",)}
    found = reach(replace(catalogue, crosswalks={only.id: only}, checks=checks), "iso9001")

    assert set(found.assessable) - set(found.unreachable) == {row.target}


def test_shares_and_levels_add_up(catalogue: Catalogue) -> None:
    found = coverage(catalogue)

    for name, counts in found.relationships.items():
        assert sum(counts.values()) == len(catalogue.crosswalks[name].mappings)
        assert counts == tally(catalogue.crosswalks[name])
    assert sum(n for kinds in found.checks.values() for n in kinds.values()) == len(catalogue.checks)
    assert {p: sum(levels.values()) for p, levels in found.rules.items()} == {
        p.id: len(p.rules) for p in catalogue.packs.values()
    }
    assert list(found.checks) == [4, 3, 2, 1, None], "the lowest level first, what belongs to none last"


def test_the_command_gives_the_documented_shape(bridge_command, tmp_path, monkeypatch, catalogue: Catalogue) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bridge_command("catalogue", "coverage", "--json")
    shape = json.loads(ran.out)

    assert ran.code == 0
    assert shape == json.loads(json.dumps(as_json(coverage(catalogue))))
    assert set(shape) == {"frameworks", "crosswalks", "checks", "rules"}
    assert set(shape["frameworks"]["itss"]) == {"assessable", "mapped", "reasoned", "neither", "checked", "unreachable"}
    assert set(shape["checks"]) == {"4", "3", "2", "1", "any"}


@pytest.mark.parametrize(("language", "word"), [("zh", "无法得出结论"), ("en", "No way to a status")])
def test_people_read_a_table_in_their_language(bridge_command, tmp_path, monkeypatch, language, word) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bridge_command("catalogue", "coverage", "--lang", language)

    assert word in ran.out
    assert "iso20000-1" in ran.out
