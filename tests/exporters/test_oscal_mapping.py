"""What is written as a mapping-collection is read back as it was; of others nothing is taken that would change meaning."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sample_report import sample_report

from itss_bridge.catalogue import load
from itss_bridge.errors import UsageError
from itss_bridge.exporters.oscal import OscalMappingExporter, crosswalks
from itss_bridge.model import Crosswalk, Mapping, Origin, Relationship, Text, Unmapped

EXPORTER = OscalMappingExporter()
REPORT = sample_report()
IDS = [r.id for framework in REPORT.frameworks for r in framework.requirements]
SOURCES, TARGETS = ([name for name in IDS if name.startswith(f"{side}:")] for side in ("itss", "iso9001"))


def written(*walks: Crosswalk, language: str = "zh"):
    return json.loads(EXPORTER.export(replace(REPORT, crosswalks=walks), language))


def placeless(walk: Crosswalk, where: str = "") -> Crosswalk:
    """A crosswalk as it is without the lines of the file that states it."""
    rows = tuple(replace(m, origin=replace(m.origin, where=where)) for m in walk.mappings)
    return replace(walk, mappings=rows, origin=replace(walk.origin, where=where))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", load().crosswalks)
def test_a_shipped_crosswalk_comes_back_as_it_was(name: str, language: str) -> None:
    catalogue = load()
    walk = catalogue.crosswalks[name]
    assert len(walk.mappings) > 50
    assert crosswalks(written(walk, language=language), catalogue.requirements) == (placeless(walk),)


def test_all_of_them_come_back_from_one_file() -> None:
    catalogue = load()
    walks = tuple(catalogue.crosswalks.values())
    found = crosswalks(written(*walks), catalogue.requirements, where="theirs.json")
    assert found == tuple(placeless(walk, "theirs.json") for walk in walks)


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)
TEXTS = st.builds(Text, WORDS, WORDS)
ORIGIN = Origin(("JUDGEMENT", "ITSS1-2015"), "medium")


@st.composite
def rows(draw: st.DrawFn, pair: tuple[str, str]) -> Mapping:
    signed = draw(st.sampled_from([("proposed", "", ""), ("reviewed", "quality manager", "2016-04-12")]))
    relation = draw(st.sampled_from(Relationship))
    return Mapping(*pair, relation, draw(st.integers(1, 10)), draw(TEXTS), *signed, ORIGIN)


@st.composite
def walks(draw: st.DrawFn) -> Crosswalk:
    pairs = draw(
        st.lists(st.sampled_from(list(product(SOURCES[:9], TARGETS[:9]))), min_size=1, max_size=6, unique=True)
    )
    left_out = draw(st.lists(st.sampled_from(IDS), max_size=3, unique=True))
    reason = TEXTS.filter(lambda text: text.en or text.zh)
    return Crosswalk(
        "itss-iso9001",
        "itss",
        "iso9001",
        draw(TEXTS),
        tuple(draw(rows(pair)) for pair in pairs),
        tuple(Unmapped(name, draw(reason)) for name in left_out),
        ORIGIN,
    )


@settings(max_examples=40, deadline=None)
@given(walks(), st.sampled_from(["zh", "en"]))
def test_any_crosswalk_comes_back_as_it_was(walk: Crosswalk, language: str) -> None:
    assert crosswalks(written(walk, language=language), IDS) == (walk,)


def foreign(**fields: object) -> dict:
    """Another tool's mapping-collection: one mapping, not in a list, without any property of ours."""
    entry = {
        "uuid": "b7b5c0de-7f4e-4d0f-9f20-6d5e1f6a7c03",
        "relationship": "equivalent-to",
        "sources": [{"type": "control", "id-ref": "itss-prc-inc-a"}],
        "targets": [{"type": "statement", "id-ref": "iso9001-8.7_smt"}],
        "remarks": "the same",
    }
    gaps = {"uuid": "5f7a0e7b-0b6f-4a77-8a2d-9e1b0c2d3e04", "unmapped-controls": [{"with-ids": ["itss-res-data"]}]}
    return {"mapping-collection": {"mappings": {"maps": [entry | fields], "source-gap-summary": gaps}}}


def test_anothers_collection_is_read_as_proposed() -> None:
    (walk,) = crosswalks(foreign(), IDS, strength=5)
    (row,) = walk.mappings
    assert (walk.id, walk.source, walk.target) == ("itss-iso9001", "itss", "iso9001")
    assert (row.source, row.relationship, row.target) == ("itss:prc-inc-a", Relationship.EQUAL, "iso9001:8.7")
    assert (row.strength, row.review, row.rationale) == (5, "proposed", Text("the same", ""))
    assert walk.unmapped == (Unmapped("itss:res-data", Text("", "")),)


def test_reviewed_without_a_reviewer_is_proposed() -> None:
    content = written(REPORT.crosswalks[0])
    for entry in content["mapping-collection"]["mappings"][0]["maps"]:
        entry["props"] = [p for p in entry["props"] if p["name"] != "reviewer"]
    (walk,) = crosswalks(content, IDS)
    assert {row.review for row in walk.mappings} == {"proposed"}


def items(*names: str) -> list[dict[str, str]]:
    return [{"type": "control", "id-ref": name} for name in names]


def test_a_set_is_taken_apart_only_where_that_says_the_same() -> None:
    several = items("itss-prc-inc-a", "itss-prc-inc-b")
    (walk,) = crosswalks(foreign(relationship="subset-of", sources=several), IDS, strength=5)
    assert [row.source for row in walk.mappings] == ["itss:prc-inc-a", "itss:prc-inc-b"]
    around = items("iso9001-8.7", "iso9001-8.6")
    (walk,) = crosswalks(foreign(relationship="superset-of", targets=around), IDS, strength=5)
    assert [row.target for row in walk.mappings] == ["iso9001:8.7", "iso9001:8.6"]


SEVERAL = items("itss-prc-inc-a", "itss-prc-inc-b")
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "an unknown control": (lambda: foreign(sources=items("ac-2")), "no requirement 'ac-2'"),
    "an unknown relationship": (lambda: foreign(relationship="like"), "no relationship 'like'"),
    "a set that equals": (lambda: foreign(sources=SEVERAL), "pair by pair"),
    "a set that intersects": (lambda: foreign(sources=SEVERAL, relationship="intersects-with"), "pair by pair"),
    "a set around something": (lambda: foreign(sources=SEVERAL, relationship="superset-of"), "pair by pair"),
    "a qualifier": (lambda: foreign(qualifiers=[{"subject": "source"}]), "qualifiers"),
    "a catalog": (lambda: {"catalog": {}}, "mapping-collection"),
    "a list": (list, "the file"),
    "no items": (lambda: foreign(sources=[]), "sources"),
    "an item that is text": (lambda: foreign(targets=["x"]), "targets"),
    "a relationship that is a number": (lambda: foreign(relationship=1), "relationship"),
    "no rows": (lambda: {"mapping-collection": {"mappings": [{"maps": []}]}}, "maps"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_change_meaning_is_refused_and_named(case: str) -> None:
    content, said = REFUSED[case]
    with pytest.raises(UsageError, match=said) as refused:
        crosswalks(content(), IDS, where="theirs.json", strength=5)
    assert refused.value.where == "theirs.json"


@pytest.mark.parametrize("strength", [None, 0, 11])
def test_a_strength_is_never_invented(strength: int | None) -> None:
    with pytest.raises(UsageError, match="no strength"):
        crosswalks(foreign(), IDS, strength=strength)


def test_one_mapping_joins_two_frameworks_and_no_third() -> None:
    content = foreign()
    mapping = content["mapping-collection"]["mappings"]
    mapping["maps"].append(mapping["maps"][0] | {"targets": items("iso20000-1-8.6.1")})
    with pytest.raises(UsageError, match="itss to iso9001, itss to iso20000-1"):
        crosswalks(content, IDS, strength=5)


def test_nothing_to_map_is_said_and_not_written() -> None:
    with pytest.raises(UsageError, match="no mapping to write"):
        written()


def test_a_collection_is_complete_once_every_row_is_reviewed() -> None:
    (walk,) = (w for w in REPORT.crosswalks if w.id == "itss--iso9001")
    signed = replace(walk, mappings=tuple(replace(m, review="reviewed") for m in walk.mappings))
    states = [written(w)["mapping-collection"]["provenance"]["status"] for w in (walk, signed)]
    assert states == ["draft", "complete"]
