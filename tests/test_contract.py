"""The contract itself is tried: each check must fail for a planted bug, and none for a sound connector."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.planted.sound import Sound
from tests.planted.trial import BUGS

from itss_bridge.testing import ConnectorContract

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
TRIAL = "tests/planted/trial.py"
CHECKS = sorted(name for name in dir(ConnectorContract) if name.startswith("test_"))
# pysnow holds pytz at a release that warns when it is imported on Python 3.12 and later
INI = """[pytest]
pythonpath = .
filterwarnings =
    error
    ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning
"""
PLANTED = [(bug, check) for bug in BUGS for check in bug.caught_by]


FUTURE = "test_the_far_future_holds_nothing"
MISTAKES = [
    ("TestWaivedWithAReason", FUTURE, "skipped", "waived: the desk has no search by time"),
    ("TestWaivedWithoutReason", FUTURE, "error", "waived without a reason"),
    ("TestWaivedByAWrongName", FUTURE, "error", "'test_the_near_future_holds_nothing', which is no check"),
    ("TestNothingChanges", "test_a_later_read_gives_all_that_changed", "failure", "change() of the stand-in left its"),
    ("TestTruthOfHalf", "test_no_record_is_given_twice", "failure", "truth() says nothing of problem"),
    ("TestNoAddress", "test_no_record_is_given_twice", "error", "DeskWithoutAddress has no http url"),
]


def run(*arguments: str, report: Path, cwd: Path = ROOT) -> dict[tuple[str, str], tuple[str, str]]:
    """What pytest says of each test: (class, test) → (outcome, message)."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)
    assert report.exists(), ran.stdout + ran.stderr
    return {
        (case.get("classname").rpartition(".")[2], case.get("name")): outcome(case)
        for case in ET.parse(report).iter("testcase")
    }


def outcome(case: ET.Element) -> tuple[str, str]:
    return next(((child.tag, child.get("message", "") + (child.text or "")) for child in case), ("passed", ""))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    chosen = [f"{TRIAL}::Test{bug.__name__}::{check}" for bug, check in PLANTED]
    used = [f"tests/planted/authors.py::{kind}::{check}" for kind, check, *_ in MISTAKES]
    return run(*chosen, *used, f"{TRIAL}::TestSound", report=tmp_path_factory.mktemp("trial") / "report.xml")


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_connector_passes(verdicts, check: str) -> None:
    assert verdicts["TestSound", check] == ("passed", "")


@pytest.mark.parametrize(("bug", "check"), PLANTED, ids=lambda value: getattr(value, "__name__", value))
def test_a_planted_bug_is_caught(verdicts, bug: type[Sound], check: str) -> None:
    found, message = verdicts[f"Test{bug.__name__}", check]
    assert found == "failure", f"{bug.__name__} passed {check}"
    assert "To mend it: " in message


def test_no_check_is_there_that_no_bug_fails() -> None:
    assert sorted({check for _, check in PLANTED}) == CHECKS
    assert len(CHECKS) >= 30
    assert len(BUGS) >= 20


@pytest.mark.parametrize(("kind", "check", "found", "said"), MISTAKES)
def test_an_authors_own_mistake_is_named(verdicts, kind: str, check: str, found: str, said: str) -> None:
    outcome_, message = verdicts[kind, check]
    assert outcome_ == found
    assert said in message


def test_without_pytest_everything_but_the_contract_can_be_imported() -> None:
    code = """
import pkgutil, sys, itss_bridge

sys.modules["pytest"] = None
names = [m.name for m in pkgutil.walk_packages(itss_bridge.__path__, "itss_bridge.", onerror=lambda name: None)]
for name in names:
    if not name.startswith("itss_bridge.testing") and not name.endswith("__main__"):
        __import__(name)
assert "itss_bridge.sync" in sys.modules and "itss_bridge.testing" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_example_of_the_plugins_readme_keeps_the_contract(tmp_path: Path) -> None:
    connector, contract = re.findall(
        r"```python\n(.*?)```", (ROOT / "plugins" / "README.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "itss_bridge_surveys.py").write_text(connector, "utf-8")
    (tmp_path / "test_surveys.py").write_text(contract, "utf-8")
    (tmp_path / "pytest.ini").write_text(INI, "utf-8")
    verdicts = run("test_surveys.py", report=tmp_path / "report.xml", cwd=tmp_path)
    assert {name for _, name in verdicts} == set(CHECKS)
    skipped = {name for (_, name), (found, _) in verdicts.items() if found == "skipped"}
    assert skipped == {name for name in CHECKS if "hidden" in name or "only_what_may_be_seen" in name}
    assert [(name, told) for (_, name), (found, told) in verdicts.items() if found not in {"passed", "skipped"}] == []
