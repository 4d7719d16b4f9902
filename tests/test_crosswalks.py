import re
from collections import Counter

import pytest

from itss_bridge.catalogue import parse
from itss_bridge.catalogue.yaml import read
from itss_bridge.data import folder
from itss_bridge.model import Crosswalk, Relationship

pytestmark = pytest.mark.content

MAPPINGS = folder("mappings")
FILES = sorted((MAPPINGS / "crosswalks").glob("*.yaml"))
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def assessable() -> dict[str, set[str]]:
    """Ids of assessable requirements by framework."""
    frameworks = [parse.framework(read(path, "framework")) for path in (MAPPINGS / "frameworks").glob("*.yaml")]
    return {f.id: {r.id for r in f.requirements if r.assessable} for f in frameworks}


@pytest.fixture(scope="module")
def clause_of() -> dict[str, str | None]:
    """The parent of every requirement."""
    frameworks = [parse.framework(read(path, "framework")) for path in (MAPPINGS / "frameworks").glob("*.yaml")]
    return {r.id: r.parent for f in frameworks for r in f.requirements}


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def crosswalk(request) -> Crosswalk:
    """A crosswalk file; reading it validates it against its schema."""
    return parse.crosswalk(read(request.param, "crosswalk"))


def reached(crosswalk: Crosswalk) -> set[str]:
    """Both ends of every mapping that claims a relationship."""
    rows = [m for m in crosswalk.mappings if m.relationship is not Relationship.NONE]
    return {m.source for m in rows} | {m.target for m in rows}


def texts(crosswalk: Crosswalk):
    return [m.rationale for m in crosswalk.mappings] + [u.reason for u in crosswalk.unmapped]


def test_every_iso_standard_has_a_crosswalk_from_itss():
    assert {path.stem for path in FILES} >= {"itss-iso20000-1", "itss-iso9001", "itss-iso27001"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_after_its_crosswalk_and_frameworks(path):
    content = read(path, "crosswalk").content
    assert path.stem == content["crosswalk"] == f"{content['source']}-{content['target']}"


def test_every_row_leads_from_an_assessable_source_to_an_assessable_target(crosswalk, assessable):
    sources, targets = {m.source for m in crosswalk.mappings}, {m.target for m in crosswalk.mappings}
    assert sources - assessable[crosswalk.source] == set()
    assert targets - assessable[crosswalk.target] == set()


def test_no_pair_stands_twice(crosswalk):
    pairs = Counter((m.source, m.target) for m in crosswalk.mappings)
    assert [pair for pair, times in pairs.items() if times > 1] == []


def test_relationships_vary_because_the_truth_does(crosswalk):
    counts = Counter(m.relationship for m in crosswalk.mappings)
    assert len(counts) >= 3
    assert counts[Relationship.INTERSECTS] < 0.75 * len(crosswalk.mappings)


def test_every_assessable_requirement_is_either_reached_or_listed_as_unmapped(crosswalk, assessable):
    expected = assessable[crosswalk.source] | assessable[crosswalk.target]
    listed = Counter(u.requirement for u in crosswalk.unmapped)
    mapped = reached(crosswalk)
    assert expected - mapped - set(listed) == set(), "neither mapped nor listed"
    assert mapped & set(listed) == set(), "both mapped and listed"
    assert set(listed) - expected == set(), "listed, but not assessable in these frameworks"
    assert max(listed.values(), default=1) == 1, "listed twice"


def test_rationales_and_reasons_speak_both_languages(crosswalk):
    assert [t.en for t in texts(crosswalk) if not HAN.search(t.zh)] == []
    assert [t.en for t in texts(crosswalk) if not re.search(r"[A-Za-z]{3}", t.en) or t.en == t.zh] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_rationale_is_repeated_more_than_twice(crosswalk, language):
    times = Counter(m.rationale[language] for m in crosswalk.mappings)
    assert [text for text, n in times.items() if n > 2] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_reason_is_shared_by_items_of_one_clause_only(crosswalk, clause_of, language):
    clauses: dict[str, set[str]] = {}
    for left_out in crosswalk.unmapped:
        own = left_out.requirement.startswith("iso")
        clauses.setdefault(left_out.reason[language], set()).add(
            left_out.requirement if own else clause_of[left_out.requirement]
        )
    assert {text: where for text, where in clauses.items() if len(where) > 1} == {}


def test_where_there_is_no_relationship_there_is_no_strength(crosswalk):
    rows = [m for m in crosswalk.mappings if m.relationship is Relationship.NONE]
    assert [(m.source, m.target, m.strength) for m in rows if m.strength != 1] == []


def test_an_item_keeps_to_its_closest_targets(crosswalk):
    targets = Counter(m.source for m in crosswalk.mappings if m.relationship is not Relationship.NONE)
    assert {source: n for source, n in targets.items() if n > 6} == {}


def test_a_shipped_crosswalk_is_proposed_until_an_organisation_signs_it(crosswalk):
    assert {m.review for m in crosswalk.mappings} == {"proposed"}
