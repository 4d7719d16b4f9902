"""Libraries as CISO Assistant's importer asks for them: required fields, URNs that lead somewhere, no aliases."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from itss_bridge.catalogue import load
from itss_bridge.errors import UsageError
from itss_bridge.exporters.ciso_assistant import CisoExporter, CisoFrameworkExporter, CisoMappingExporter
from itss_bridge.model import Relationship, Report

IMPORTER = Draft202012Validator(json.loads(Path(__file__).with_name("ciso_library.json").read_text("utf-8")))
LIBRARY = {"urn", "ref_id", "locale", "name", "version", "objects"}
URN = re.compile(r"urn:[a-z0-9_-]+:[a-z0-9_-]+:[a-z0-9_-]+(:[0-9a-z_.-]+)*:[0-9a-z\[\]().:_-]+")
EXPECTED = {
    "equal-to": "equal",
    "subset-of": "subset",
    "superset-of": "superset",
    "intersects-with": "intersect",
    "no-relationship": "not_related",
}
RELATIONSHIPS = set(EXPECTED.values())


def library(report: Report, exporter=CisoFrameworkExporter, language: str = "en"):
    return yaml.safe_load(exporter().export(report, language))


def nodes(content) -> Iterator[dict]:
    for framework in content["objects"]["frameworks"]:
        yield from framework["requirement_nodes"]


@pytest.fixture(scope="module")
def shipped(report: Report) -> Report:
    catalogue = load()
    frameworks, walks = tuple(catalogue.frameworks.values()), tuple(catalogue.crosswalks.values())
    return replace(report, frameworks=frameworks, crosswalks=walks)


@pytest.fixture(scope="module", params=["report", "shipped", "infested"])
def any_report(request: pytest.FixtureRequest) -> Report:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("exporter", [CisoFrameworkExporter, CisoMappingExporter])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_library_is_what_the_importer_takes(any_report: Report, exporter, language: str) -> None:
    content = library(any_report, exporter, language)
    assert [f"{error.json_path}: {error.message[:200]}" for error in IMPORTER.iter_errors(content)] == []


def test_what_the_importer_would_refuse_is_found(report: Report) -> None:
    """The shape is ours, so it is tried: each thing that is taken away or misspelt is found."""
    content = library(report, CisoMappingExporter)
    (first, *_) = content["objects"]["requirement_mapping_sets"]
    assert IMPORTER.is_valid(content)
    for key in ("urn", "ref_id", "locale", "name", "version", "objects"):
        assert not IMPORTER.is_valid({k: v for k, v in content.items() if k != key})
    for key in ("urn", "name", "source_framework_urn", "target_framework_urn", "requirement_mappings"):
        broken = {"requirement_mapping_sets": [{k: v for k, v in first.items() if k != key}]}
        assert not IMPORTER.is_valid(content | {"objects": broken})
    assert not IMPORTER.is_valid(content | {"objects": {"requirement_mapping_set": first}})
    row = first["requirement_mappings"][0] | {"relationship": "subset-of"}
    assert not IMPORTER.is_valid(
        content | {"objects": {"requirement_mapping_sets": [first | {"requirement_mappings": [row]}]}}
    )


@pytest.mark.parametrize("exporter", [CisoFrameworkExporter, CisoMappingExporter])
def test_a_library_has_what_the_importer_requires(any_report: Report, exporter) -> None:
    content = library(any_report, exporter)
    assert content.keys() >= LIBRARY
    assert type(content["version"]) is int
    assert content["publication_date"] == date(2016, 5, 31)
    assert len(content["urn"]) <= 100


def test_the_version_grows_from_day_to_day(report: Report) -> None:
    later = replace(report, as_of=report.as_of + timedelta(days=1))
    assert library(later)["version"] > library(report)["version"]


def test_every_urn_can_be_one_and_stands_for_one_thing(any_report: Report) -> None:
    content = library(any_report)
    urns = [content["urn"], *(f["urn"] for f in content["objects"]["frameworks"]), *(n["urn"] for n in nodes(content))]
    assert all(URN.fullmatch(urn) for urn in urns)
    assert len(set(urns)) == len(urns)


def test_nodes_stand_below_their_parents(any_report: Report) -> None:
    depths: dict[str, int] = {}
    for node in nodes(library(any_report)):
        assert node["depth"] == depths.get(node.get("parent_urn", ""), 0) + 1
        assert node.get("parent_urn") is None or node["parent_urn"] in depths
        assert type(node["assessable"]) is bool
        assert type(node["ref_id"]) is str
        depths[node["urn"]] = node["depth"]
    assert max(depths.values()) > 1


@pytest.mark.parametrize(("language", "other"), [("en", "zh"), ("zh", "en")])
def test_the_other_language_is_a_translation(report: Report, language: str, other: str) -> None:
    content = library(report, language=language)
    assert content["locale"] == language
    titles = [r.title for framework in report.frameworks for r in framework.requirements]
    found = [(node["name"], node["translations"][other]["name"]) for node in nodes(content)]
    assert found == [(title[language], title[other]) for title in titles]


def test_an_unconfirmed_number_is_no_reference(report: Report) -> None:
    references = {node["urn"].rpartition(":")[2]: node["ref_id"] for node in nodes(library(report))}
    assert references["prc-inc-a"] == "9.4 a)"
    assert references["res-data"] == "res-data"


def test_mappings_join_assessable_nodes_of_the_library_that_they_depend_on(any_report: Report) -> None:
    frameworks, mappings = library(any_report), library(any_report, CisoMappingExporter)
    assert mappings["dependencies"] == [frameworks["urn"]]
    assessable = {node["urn"] for node in nodes(frameworks) if node["assessable"]}
    known = {framework["urn"] for framework in frameworks["objects"]["frameworks"]}
    for found in mappings["objects"]["requirement_mapping_sets"]:
        assert {found["source_framework_urn"], found["target_framework_urn"]} <= known
        assert found["requirement_mappings"]
        for row in found["requirement_mappings"]:
            assert {row["source_requirement_urn"], row["target_requirement_urn"]} <= assessable
            assert row["relationship"] in RELATIONSHIPS
            assert 1 <= row["strength_of_relationship"] <= 10
            assert row["rationale"] == "functional"


def test_every_shipped_row_is_there_with_its_rationale_and_review_in_both_languages(shipped: Report) -> None:
    sets = library(shipped, CisoMappingExporter)["objects"]["requirement_mapping_sets"]
    for walk, found in zip(shipped.crosswalks, sets, strict=True):
        assert len(found["requirement_mappings"]) == len(walk.mappings)
        for mapping, row in zip(walk.mappings, found["requirement_mappings"], strict=True):
            said = f"[proposed, not reviewed] {mapping.rationale.en}\n[建议，待评审] {mapping.rationale.zh}"
            assert row["annotation"] == said
            assert row["relationship"] == EXPECTED[mapping.relationship]


def test_each_relationship_keeps_its_direction(report: Report) -> None:
    walk = report.crosswalks[0]
    rows = tuple(replace(m, relationship=r) for m, r in zip(walk.mappings, Relationship, strict=False))
    content = library(replace(report, crosswalks=(replace(walk, mappings=rows),)), CisoMappingExporter)
    (found,) = content["objects"]["requirement_mapping_sets"]
    assert [row["relationship"] for row in found["requirement_mappings"]] == [EXPECTED[r] for r in Relationship]


def test_rows_on_nodes_that_are_not_assessed_are_left_out_and_counted(report: Report) -> None:
    walk = report.crosswalks[0]
    group = replace(walk.mappings[0], source="itss:prc-inc")
    content = library(
        replace(report, crosswalks=(replace(walk, mappings=(group, *walk.mappings)),)), CisoMappingExporter
    )
    (found,) = content["objects"]["requirement_mapping_sets"]
    assert len(found["requirement_mappings"]) == len(walk.mappings)
    assert found["description"].startswith("1 rows")
    with pytest.raises(UsageError, match="no mapping to write"):
        library(replace(report, crosswalks=(replace(walk, mappings=(group,)),)), CisoMappingExporter)


def test_plain_ciso_yaml_is_the_frameworks(report: Report) -> None:
    assert CisoExporter().export(report, "zh") == CisoFrameworkExporter().export(report, "zh")


@pytest.mark.parametrize("exporter", [CisoFrameworkExporter, CisoMappingExporter])
def test_foreign_text_is_text(infested: Report, exporter) -> None:
    """A loader that knows no tags reads it, nothing is shared, and texts are what they were but for control characters."""
    written = exporter().export(infested, "en").decode()
    assert not any(
        isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) for event in yaml.parse(written)
    )
    assert "<script>alert(1)</script>" in str(yaml.safe_load(written))


@pytest.mark.parametrize("exporter", [CisoFrameworkExporter, CisoMappingExporter])
def test_the_same_report_gives_the_same_bytes(report: Report, exporter) -> None:
    assert exporter().export(report, "zh") == exporter().export(report, "zh")
