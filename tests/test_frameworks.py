"""The framework catalogues: complete, consistent, bilingual, and silent where nothing is confirmed."""

import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from itss_bridge.catalogue import load
from itss_bridge.catalogue.yaml import read
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.model import Framework, Requirement

ROOT = Path(__file__).parent.parent
MAPPINGS = ROOT / "mappings"
FACTS = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared")) / "facts"
FILES = {path.stem: path for path in sorted((MAPPINGS / "frameworks").glob("*.yaml"))}
OURS = ("itss", "iso20000-1", "iso9001")

HAN = re.compile(r"[\u4e00-\u9fff]")
ITSS_2022, ITSS_2012 = "gbt28827.1-2022", "gbt28827.1-2012"
ONLY_2022 = {"itss:res-data", "itss:res-dsl"}
# Allowed to be a leaf that nobody assesses: a clause that explains and asks nothing.
INFORMATIVE = {"iso20000-1:8.3.1"}

# GB/T 28827.1-2012: every clause with its number of lettered items, as ITSS.1-2015 quotes them.
ITEMS_2012 = {
    "5.2": 4,
    "5.3": 4,
    "5.4": 3,
    "5.5": 4,
    "6.2": 3,
    "6.3": 3,
    "6.4": 3,
    "6.5": 3,
    "6.6": 2,
    "7.2": 3,
    "7.3": 3,
    "7.4": 4,
    "7.5": 5,
    "8.2": 3,
    "8.3": 2,
    "8.4": 3,
    "9.2": 4,
    "9.3": 3,
    "9.4": 5,
    "9.5": 4,
    "9.6": 3,
    "9.7": 3,
    "9.8": 4,
    "9.9": 2,
}
# Titled clauses that the review found missing from the facts.
REVIEWED_IN = {
    "iso20000-1": "8.3.4.1 8.3.4.2 8.5.1.1 8.5.1.2 8.5.1.3 8.5.2.1 8.5.2.2 8.5.2.3 8.7.3.1 8.7.3.2 8.7.3.3",
    "iso9001": "8.3.1 8.3.2 8.3.3 8.3.4 8.3.5 8.3.6 8.4.1 8.4.2 8.4.3 9.3.1 9.3.2 9.3.3",
}
ISO_FACTS = {"iso20000-1": "iso20000_1_2018.yaml", "iso9001": "iso9001_2015.yaml"}


@pytest.fixture(scope="module")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Framework]:
    """The three catalogues alone, through the public loader, whatever else lies in `mappings/`."""
    place = tmp_path_factory.mktemp("mappings")
    (place / "frameworks").mkdir()
    for name in OURS:
        shutil.copy(FILES[name], place / "frameworks")
    return load([CatalogueFolder(place, "tests")]).frameworks


@pytest.fixture(scope="module")
def itss(frameworks: dict[str, Framework]) -> Framework:
    return frameworks["itss"]


def parsed(path: Path) -> Any:
    """The file as plain PyYAML sees it, every scalar a text: a second opinion beside our own loader."""
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def plain(name: str) -> Any:
    return parsed(FILES[name])


def facts(name: str) -> Any:
    path = FACTS / name
    if not path.is_file():
        pytest.skip(f"the facts are not beside this checkout: no {path}")
    return parsed(path)


def named_sources(value: Any) -> list[str]:
    """All ids under `source` and `origin`, at any depth."""
    if isinstance(value, list):
        return [source for child in value for source in named_sources(child)]
    if not isinstance(value, dict):
        return []
    here = [source for key in ("source", "origin") if isinstance(value.get(key), list) for source in value[key]]
    return here + [
        source for child in value.values() if isinstance(child, dict | list) for source in named_sources(child)
    ]


def items(framework: Framework) -> list[Requirement]:
    """ITSS items are the requirements whose parent has a parent."""
    depth = {r.id: r.parent for r in framework.requirements}
    return [r for r in framework.requirements if r.parent and depth[r.parent]]


def texts(value: Any) -> list[dict[str, str]]:
    """Every en/zh pair below *value*."""
    if isinstance(value, list):
        return [text for child in value for text in texts(child)]
    if not isinstance(value, dict):
        return []
    if value.keys() & {"en", "zh"}:
        return [value]
    return [text for child in value.values() for text in texts(child)]


def test_the_three_frameworks_are_there() -> None:
    assert set(OURS) <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_fits_its_schema_and_is_named_like_its_framework(name: str) -> None:
    assert read(FILES[name], "framework").content["framework"] == name


def test_the_sources_fit_their_schema_and_stand_once() -> None:
    ids = [source["id"] for source in read(MAPPINGS / "sources.yaml", "sources").content["sources"]]
    assert ids == list(dict.fromkeys(ids))


@pytest.mark.parametrize("folder", ["frameworks", "crosswalks", "metrics", "checks", "levels"])
def test_every_source_that_is_named_is_known(folder: str) -> None:
    known = {source["id"] for source in read(MAPPINGS / "sources.yaml", "sources").content["sources"]}
    for path in sorted((MAPPINGS / folder).glob("*.yaml")):
        assert set(named_sources(parsed(path))) <= known, path.name


def test_all_sources_of_the_facts_are_known() -> None:
    known = {source["id"] for source in read(MAPPINGS / "sources.yaml", "sources").content["sources"]}
    assert {source["id"] for source in facts("sources.yaml")["sources"]} | {"JUDGEMENT"} <= known


@pytest.mark.parametrize("name", OURS)
def test_ids_stand_once_and_carry_the_framework(name: str, frameworks: dict[str, Framework]) -> None:
    ids = [r.id for r in frameworks[name].requirements]
    assert len(ids) == len(set(ids))
    assert all(i.startswith(f"{name}:") for i in ids)


@pytest.mark.parametrize("name", OURS)
def test_a_parent_comes_before_its_children(name: str, frameworks: dict[str, Framework]) -> None:
    seen: set[str | None] = {None}
    for requirement in frameworks[name].requirements:
        assert requirement.parent in seen, requirement.id
        seen.add(requirement.id)


@pytest.mark.parametrize("name", OURS)
def test_children_follow_their_parent_without_a_stranger_between(name: str, frameworks: dict[str, Framework]) -> None:
    ancestry: list[str] = []
    for requirement in frameworks[name].requirements:
        while ancestry and ancestry[-1] != requirement.parent:
            ancestry.pop()
        assert bool(ancestry) == (requirement.parent is not None), requirement.id
        ancestry.append(requirement.id)


@pytest.mark.parametrize("name", OURS)
def test_exactly_the_leaves_are_assessable(name: str, frameworks: dict[str, Framework]) -> None:
    requirements = frameworks[name].requirements
    parents = {r.parent for r in requirements}
    leaves = {r.id for r in requirements if r.id not in parents}
    assert {r.id for r in requirements if r.assessable} == leaves - INFORMATIVE


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_in_both_languages(name: str) -> None:
    found = texts(plain(name))
    assert found
    for text in found:
        assert text.keys() == {"en", "zh"}
        assert text["en"].strip() == text["en"] != ""
        assert text["zh"].strip() == text["zh"] != ""


@pytest.mark.parametrize("name", OURS)
def test_the_chinese_is_chinese_and_the_english_is_not(name: str, frameworks: dict[str, Framework]) -> None:
    for r in frameworks[name].requirements:
        assert HAN.search(r.title.zh), r.id
        assert HAN.search(r.intent.zh), r.id
        assert not HAN.search(r.title.en), r.id
        assert not HAN.search(r.intent.en), r.id


@pytest.mark.parametrize("name", OURS)
def test_what_is_assessable_says_in_one_sentence_which_evidence_counts(
    name: str, frameworks: dict[str, Framework]
) -> None:
    for r in frameworks[name].requirements:
        one_sentence = r.intent.en.endswith(".") and ". " not in r.intent.en and r.intent.zh.count("。") == 1
        assert one_sentence, r.id
        assert ("; evidence: " in r.intent.en) == r.assessable, r.id
        assert ("；查证：" in r.intent.zh) == r.assessable, r.id


@pytest.mark.parametrize("name", OURS)
def test_no_two_assessable_requirements_ask_the_same(name: str, frameworks: dict[str, Framework]) -> None:
    intents = Counter(r.intent.zh for r in frameworks[name].requirements if r.assessable)
    assert [text for text, times in intents.items() if times > 1] == []


@pytest.mark.parametrize("name", OURS)
def test_numbers_belong_to_declared_editions(name: str, frameworks: dict[str, Framework]) -> None:
    editions = {edition.id for edition in frameworks[name].editions}
    assert all(r.clauses.keys() <= editions for r in frameworks[name].requirements)


@pytest.mark.parametrize("name", OURS)
def test_no_number_of_an_edition_stands_twice(name: str, frameworks: dict[str, Framework]) -> None:
    for edition in frameworks[name].editions:
        numbers = [n for r in frameworks[name].requirements if (n := r.clauses.get(edition.id)) is not None]
        assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", OURS)
def test_numbers_are_the_characters_that_stand_in_the_file(name: str, frameworks: dict[str, Framework]) -> None:
    written = {
        row["id"]: {edition: None if number == "null" else number for edition, number in row["clauses"].items()}
        for row in plain(name)["requirements"]
    }
    assert {r.id: dict(r.clauses) for r in frameworks[name].requirements} == written


def test_the_edition_in_force_comes_first_and_has_no_number(itss: Framework) -> None:
    assert [(e.id, e.status) for e in itss.editions] == [(ITSS_2022, "in-force"), (ITSS_2012, "replaced")]
    assert {r.clauses[ITSS_2022] for r in itss.requirements} == {None}


def test_concepts_of_2022_have_no_number_at_all(itss: Framework) -> None:
    without_2012 = {r.id for r in itss.requirements if ITSS_2012 not in r.clauses}
    assert without_2012 == ONLY_2022
    assert {itss.clause(r) for r in itss.requirements if r.id in ONLY_2022} == {None}


def test_unconfirmed_processes_of_2022_are_left_out(itss: Framework) -> None:
    assert not {"itss:prc-avc", "itss:prc-cap"} & {r.id for r in itss.requirements}


def test_the_24_clauses_of_2012_have_their_lettered_items(itss: Framework) -> None:
    number = {r.id: itss.clause(r) for r in itss.requirements}
    counted = Counter(number[r.parent] for r in items(itss) if r.parent)
    assert len(ITEMS_2012) == 24
    assert counted == ITEMS_2012


def test_an_item_carries_the_letter_of_its_id(itss: Framework) -> None:
    number = {r.id: itss.clause(r) for r in itss.requirements}
    for item in items(itss):
        assert item.id.startswith(f"{item.parent}-")
        assert number[item.id] == f"{number[item.parent or '']} {item.id[-1]})"


def test_itss_elements_follow_the_chapters(itss: Framework) -> None:
    elements = {"cap": "management", "ppl": "people", "res": "resource", "tec": "technology", "prc": "process"}
    assert all(r.element == elements[r.id.removeprefix("itss:")[:3]] for r in itss.requirements)


def test_itss_clauses_and_items_are_those_of_the_facts(itss: Framework) -> None:
    clauses = facts("gbt28827_1_2012.yaml")["clauses"]
    stated = {row["id"].lower(): row["clause_2012"] for c in clauses for row in (c, *c["children"])}
    below_chapters = (r for r in itss.requirements if r.parent and r.id not in ONLY_2022)
    assert {r.id.removeprefix("itss:"): itss.clause(r) for r in below_chapters} == stated


def test_itss_clause_titles_are_those_of_the_facts(itss: Framework) -> None:
    stated = {f"itss:{c['id'].lower()}": c["title_zh"] for c in facts("gbt28827_1_2012.yaml")["clauses"]}
    assert {r.id: r.title.zh for r in itss.requirements if r.id in stated} == stated


@pytest.mark.parametrize("name", ISO_FACTS)
def test_iso_clauses_are_those_of_the_facts_and_of_the_review(name: str, frameworks: dict[str, Framework]) -> None:
    stated = {row["clause"] for row in facts(ISO_FACTS[name])["clauses"]}
    added = set(REVIEWED_IN[name].split())
    assert not stated & added
    assert {r.id.removeprefix(f"{name}:") for r in frameworks[name].requirements} == stated | added


@pytest.mark.parametrize("name", ISO_FACTS)
def test_iso_titles_in_english_are_those_of_the_facts(name: str, frameworks: dict[str, Framework]) -> None:
    stated = {f"{name}:{row['clause']}": row["title_en"] for row in facts(ISO_FACTS[name])["clauses"]}
    assert {r.id: r.title.en for r in frameworks[name].requirements if r.id in stated} == stated


def test_chinese_titles_of_iso_9001_are_those_of_its_national_adoption(frameworks: dict[str, Framework]) -> None:
    stated = {f"iso9001:{row['clause']}": row["title_zh"] for row in facts(ISO_FACTS["iso9001"])["clauses"]}
    assert {r.id: r.title.zh for r in frameworks["iso9001"].requirements if r.id in stated} == stated


@pytest.mark.parametrize("name", ISO_FACTS)
def test_an_iso_number_is_its_id_and_hangs_under_the_number_above(name: str, frameworks: dict[str, Framework]) -> None:
    for r in frameworks[name].requirements:
        number = frameworks[name].clause(r)
        assert number is not None
        above = number.rpartition(".")[0]
        assert r.id == f"{name}:{number}"
        assert r.parent == (f"{name}:{above}" if above else None)


@pytest.mark.parametrize("name", ISO_FACTS)
def test_iso_clauses_stand_in_numerical_order(name: str, frameworks: dict[str, Framework]) -> None:
    numbers = [frameworks[name].clause(r) or "" for r in frameworks[name].requirements]
    assert numbers == sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])


def test_traps_in_numbers_and_words_carry_a_note() -> None:
    for name, numbers in {"iso20000-1": ("6.3", "8.5.3", "8.4.3"), "iso9001": ("6.3", "8.6", "9.3")}.items():
        noted = {row["id"] for row in plain(name)["requirements"] if "note" in row}
        assert {f"{name}:{number}" for number in numbers} <= noted


def test_titles_from_background_knowledge_are_less_sure_than_their_file(frameworks: dict[str, Framework]) -> None:
    doubtful = {"8.5.2.1", "8.5.2.2", "8.5.2.3", "8.7.3.1", "8.7.3.2"}
    rows = [r for r in frameworks["iso20000-1"].requirements if r.id.removeprefix("iso20000-1:") in doubtful]
    assert len(rows) == len(doubtful)
    assert all("BK" in r.origin.source and r.origin.confidence.startswith("medium") for r in rows)


@pytest.mark.parametrize("path", [*FILES.values(), MAPPINGS / "sources.yaml"], ids=lambda path: path.name)
def test_a_file_names_its_schema_first_and_its_licence_soon(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    schema = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", lines[0])
    assert schema
    assert (path.parent / schema[1]).is_file()
    assert any("Apache-2.0" in line for line in lines[1:6] if line.startswith("#"))
