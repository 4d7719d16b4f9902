"""The same report gives the same bytes: twice, in another process, whatever the hash seed, clock and time zone."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.exporters.here import HERE
from tests.sample_report import reports, sample_report

from itss_bridge.exporters import EXPORTERS
from itss_bridge.model import Report
from itss_bridge.plugins import Plugins

ROOT = Path(__file__).parents[2]
PRINT_DIGESTS = """
from hashlib import sha256
from tests.exporters.here import HERE
from tests.sample_report import sample_report
for exporter in HERE:
    for language in ("zh", "en"):
        print(exporter.suffix, language, sha256(exporter().export(sample_report(), language)).hexdigest())
"""


def digests(report: Report) -> list[str]:
    return [
        f"{exporter.suffix} {language} {sha256(exporter().export(report, language)).hexdigest()}"
        for exporter in HERE
        for language in ("zh", "en")
    ]


@pytest.fixture(scope="module")
def first(report: Report) -> list[str]:
    return digests(report)


def test_twice_gives_the_same_bytes(first: list[str]) -> None:
    assert first == digests(sample_report())


def test_a_fresh_process_with_another_hash_seed_and_time_zone_gives_the_same_bytes(first: list[str]) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "PYTHONHASHSEED": "4711",
        "TZ": "America/Lima",
        "LC_ALL": "C",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT_DIGESTS], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == first


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_odd_texts_and_numbers_never_stop_an_export(odd: Report) -> None:
    for exporter in HERE:
        if exporter.suffix.endswith(".profile.oscal.json") and not any(
            f.checks for f in odd.assessment.findings.values()
        ):
            continue  # nothing is asked, and OSCAL knows no empty profile
        assert exporter().export(odd, "zh")


@pytest.mark.parametrize("suffix", [".xlsx", ".html", ".json", ".csv"])
def test_the_exporter_is_found_by_its_suffix(suffix: str) -> None:
    assert Plugins(points=[]).exporters[suffix] in EXPORTERS
