"""The framework catalogues: complete, consistent, bilingual, and silent where nothing is confirmed."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from itss_bridge.catalogue import load
from itss_bridge.catalogue.yaml import read
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.model import DocumentedInformation, Framework, Requirement, Text

pytestmark = pytest.mark.content

ROOT = Path(__file__).parent.parent
MAPPINGS = ROOT / "mappings"
FACTS = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared")) / "facts"
FILES = {path.stem: path for path in sorted((MAPPINGS / "frameworks").glob("*.yaml"))}
OURS = ("itss", "iso20000-1", "iso9001", "iso27001")

HAN = re.compile(r"[\u4e00-\u9fff]")
ITSS_2022, ITSS_2012 = "gbt28827.1-2022", "gbt28827.1-2012"
NOW_9001, NEXT_9001 = "iso9001-2015", "iso9001-2026"
PARTS = {"itss:dlv": ("gbt28827.2-2012", "part2_delivery"), "itss:emg": ("gbt28827.3-2012", "part3_emergency")}
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
PARTS_FACTS = "gbt28827_2_3_2012.yaml"
STAGES = ("planning-design", "implementing", "operation", "improvement", "supervision")
ISO_FACTS = {"iso20000-1": "iso20000_1_2018.yaml", "iso9001": "iso9001_2015.yaml"}


@pytest.fixture(scope="module")
def frameworks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Framework]:
    """The four catalogues alone, through the public loader, whatever else lies in `mappings/`."""
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


def part_1(framework: Framework) -> list[Requirement]:
    """The requirements that GB/T 28827.1 holds in one of its editions."""
    return [r for r in framework.requirements if ITSS_2022 in r.clauses]


def texts(value: Any) -> list[dict[str, str]]:
    """Every en/zh pair below *value*."""
    if isinstance(value, list):
        return [text for child in value for text in texts(child)]
    if not isinstance(value, dict):
        return []
    if value.keys() & {"en", "zh"}:
        return [value]
    return [text for child in value.values() for text in texts(child)]


def test_the_four_frameworks_are_there() -> None:
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
    part_one = [(e.id, e.status) for e in itss.editions if e.id.startswith("gbt28827.1")]
    assert part_one == [(ITSS_2022, "in-force"), (ITSS_2012, "replaced")]
    assert itss.editions[0].id == ITSS_2022
    assert {r.clauses[ITSS_2022] for r in part_1(itss)} == {None}


def test_concepts_of_2022_have_no_number_at_all(itss: Framework) -> None:
    without_2012 = {r.id for r in part_1(itss) if ITSS_2012 not in r.clauses}
    assert without_2012 == ONLY_2022
    assert {itss.clause(r) for r in itss.requirements if r.id in ONLY_2022} == {None}


def test_every_itss_requirement_belongs_to_one_part(itss: Framework) -> None:
    parts = {r.id: {edition.partition("-")[0] for edition in r.clauses} for r in itss.requirements}
    assert {r: of for r, of in parts.items() if len(of) != 1} == {}
    assert {r.id for r in itss.requirements} == {r.id for r in part_1(itss)} | {
        r.id for r in itss.requirements if r.parent in PARTS or r.id in PARTS
    }


@pytest.mark.parametrize("chapter", PARTS)
def test_clauses_of_parts_2_and_3_are_those_of_the_facts(chapter: str, itss: Framework) -> None:
    edition, name = PARTS[chapter]
    stated = [(f"itss:{c['id'].lower()}", c["clause_2012"], c["title_zh"]) for c in facts(PARTS_FACTS)[name]]
    held = [(r.id, r.clauses.get(edition), r.title.zh) for r in itss.requirements if r.parent == chapter]
    assert held == stated


@pytest.mark.parametrize("chapter", PARTS)
def test_parts_2_and_3_say_which_levels_invoke_them_and_of_which_edition_they_are(
    chapter: str, itss: Framework
) -> None:
    note = next(r for r in itss.requirements if r.id == chapter).note
    assert note is not None
    assert "levels 2 and 1" in note.en
    assert "二级和一级" in note.zh
    assert "2012" in note.en


def test_the_revision_of_part_2_is_known(itss: Framework) -> None:
    note = next(e.note for e in itss.editions if e.id == PARTS["itss:dlv"][0])
    assert note is not None
    assert "2026" in note.en


def test_every_assessable_itss_requirement_stands_in_one_or_two_stages(itss: Framework) -> None:
    assert {r.id for r in itss.requirements if r.assessable and len(r.stages) not in {1, 2}} == set()
    assert {r.id for r in itss.requirements if r.stages and not r.assessable} == set()
    assert {stage for r in itss.requirements for stage in r.stages} == set(STAGES)


def test_itss_is_one_of_its_six_categories_and_they_are_not_taken_for_certain(itss: Framework) -> None:
    assert len({group.id for group in itss.groups}) == 6
    assert itss.group in {group.id for group in itss.groups}
    assert all(group.origin.source and group.origin.confidence.startswith("low") for group in itss.groups)


def documents(frameworks: Iterable[Framework]) -> list[tuple[str, DocumentedInformation]]:
    """Every listed document with the id of the requirement that asks for it."""
    return [(r.id, d) for f in frameworks for r in f.requirements for d in r.documents]


@pytest.mark.parametrize("name", OURS)
def test_a_document_belongs_to_an_assessable_requirement_and_stands_there_once(
    name: str, frameworks: dict[str, Framework]
) -> None:
    framework = frameworks[name]
    listed = Counter((requirement, d.id) for requirement, d in documents([framework]))
    assert listed
    assert max(listed.values()) == 1
    assert {requirement for requirement, _ in listed} <= {r.id for r in framework.requirements if r.assessable}


def test_one_document_means_the_same_in_every_framework(frameworks: dict[str, Framework]) -> None:
    seen: dict[str, set[tuple[str, Text]]] = {}
    for _, d in documents(frameworks.values()):
        seen.setdefault(d.id, set()).add((d.kind, d.title))
    assert {i: variants for i, variants in seen.items() if len(variants) > 1} == {}
    titles = Counter(d_title for variants in seen.values() for _, d_title in variants)
    assert max(titles.values()) == 1


def test_every_document_says_where_it_is_known_from(frameworks: dict[str, Framework]) -> None:
    for requirement, d in documents(frameworks.values()):
        assert d.origin.source, (requirement, d.id)
        assert d.origin.confidence, (requirement, d.id)
        if d.origin.source == ("BK",):
            assert "to be confirmed" in d.origin.confidence, (requirement, d.id)


def test_records_of_iso_20000_1_are_those_of_the_facts(frameworks: dict[str, Framework]) -> None:
    stated = {
        f"iso20000-1:{row['clause']}" for row in facts(ISO_FACTS["iso20000-1"])["documented_information"]["records"]
    }
    confirmed = {r for r, d in documents([frameworks["iso20000-1"]]) if d.origin.source == ("ISO20000-DOC",)}
    assert confirmed == stated


def test_no_emergency_change_procedure_is_asked_for(frameworks: dict[str, Framework]) -> None:
    titles = [d.title.en.lower() for _, d in documents([frameworks["iso20000-1"]])]
    assert "major incident procedure" in titles
    assert not [title for title in titles if "emergency change" in title]


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
    elements |= dict.fromkeys(("dlv", "del", "emg"), "process")
    assert all(r.element == elements[r.id.removeprefix("itss:")[:3]] for r in itss.requirements)


def test_itss_clauses_and_items_are_those_of_the_facts(itss: Framework) -> None:
    clauses = facts("gbt28827_1_2012.yaml")["clauses"]
    stated = {row["id"].lower(): row["clause_2012"] for c in clauses for row in (c, *c["children"])}
    below_chapters = (r for r in part_1(itss) if r.parent and r.id not in ONLY_2022)
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


@pytest.fixture(scope="module")
def iso9001(frameworks: dict[str, Framework]) -> Framework:
    return frameworks["iso9001"]


def test_both_editions_of_iso_9001_stand_side_by_side_and_2015_is_shown(iso9001: Framework) -> None:
    assert [(e.id, e.status) for e in iso9001.editions] == [(NOW_9001, "in-force"), (NEXT_9001, "published")]
    assert all(iso9001.clause(r) == r.clauses[NOW_9001] for r in iso9001.requirements)


def test_a_number_of_2026_is_given_only_where_it_is_confirmed(iso9001: Framework) -> None:
    for r in iso9001.requirements:
        number = r.clauses[NOW_9001] or ""
        confirmed = number == "5.1.1" or "." not in number or (number.count(".") == 1 and not number.startswith("10."))
        assert r.clauses[NEXT_9001] == (number if confirmed else None), r.id


def test_the_transition_to_2026_speaks_of_every_assessable_requirement_once(iso9001: Framework) -> None:
    (transition,) = iso9001.transitions
    assert (transition.before, transition.after) == (NOW_9001, NEXT_9001)
    assert [c.requirement for c in transition.changes] == [r.id for r in iso9001.requirements if r.assessable]


def test_what_the_facts_say_about_2026_is_no_unchanged_row_and_no_surer_than_they_are(iso9001: Framework) -> None:
    changes = {c.requirement.removeprefix("iso9001:"): c for c in iso9001.transitions[0].changes}
    for fact in facts("iso9001_2026.yaml")["changes"]:
        for clause in re.findall(r"\d+(?:\.\d+)+", fact["clause"]):
            told = [c for number, c in changes.items() if number == clause or number.startswith(f"{clause}.")]
            assert told, clause
            assert {c.change for c in told} & {"unchanged", "withdrawn"} == set(), clause
            assert {c.origin.confidence for c in told} == {fact["confidence"]}, clause


def test_the_dates_of_the_transition_are_those_of_the_facts(iso9001: Framework) -> None:
    notes = " ".join(e.note.en for e in iso9001.editions if e.note)
    stated = facts("iso9001_2026.yaml")
    assert all(date in notes for date in [stated["published"], *(row["date"] for row in stated["transition"])])


def test_every_row_of_a_transition_names_its_source(frameworks: dict[str, Framework]) -> None:
    for framework in frameworks.values():
        for change in (c for transition in framework.transitions for c in transition.changes):
            assert change.origin.source, change.requirement
            assert change.origin.confidence, change.requirement


def test_iso_27001_holds_the_clauses_and_the_relevant_controls_of_the_facts(frameworks: dict[str, Framework]) -> None:
    stated = facts("iso27001_2022.yaml")
    titles = {row["clause"]: row["title_en"] for row in stated["clauses"]}
    titles |= {row["control"]: row["title_en"] for row in stated["annex_a"]["relevant_to_itss"]}
    framework = frameworks["iso27001"]
    assert {framework.clause(r): r.title.en for r in framework.requirements if r.assessable} == titles


def test_an_id_of_iso_27001_is_its_number_under_the_number_above(frameworks: dict[str, Framework]) -> None:
    framework = frameworks["iso27001"]
    for r in framework.requirements:
        number = framework.clause(r)
        assert number is not None
        above = "" if number in {"A.5", "A.6", "A.8"} else number.rpartition(".")[0]
        assert r.id == f"iso27001:{number.lower()}"
        assert r.parent == (f"iso27001:{above.lower()}" if above else None)


def test_clauses_and_controls_of_iso_27001_stand_in_their_order(frameworks: dict[str, Framework]) -> None:
    numbers = [frameworks["iso27001"].clause(r) or "" for r in frameworks["iso27001"].requirements]
    assert numbers == sorted(
        numbers, key=lambda n: (n.startswith("A"), [int(part) for part in n.removeprefix("A.").split(".")])
    )


def test_iso_27001_says_how_much_of_annex_a_is_left_out(frameworks: dict[str, Framework]) -> None:
    framework = frameworks["iso27001"]
    annex = facts("iso27001_2022.yaml")["annex_a"]
    controls = [r for r in framework.requirements if r.assessable and r.id.startswith("iso27001:a.")]
    assert framework.note is not None
    for count in (annex["total"], str(len(controls)), str(int(annex["total"]) - len(controls))):
        assert count in framework.note.en
        assert count in framework.note.zh


def test_traps_in_numbers_and_words_carry_a_note() -> None:
    for name, numbers in {
        "iso20000-1": ("6.3", "8.5.3", "8.4.3"),
        "iso9001": ("6.3", "8.6", "9.3"),
        "iso27001": ("6.3", "10.1"),
    }.items():
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
