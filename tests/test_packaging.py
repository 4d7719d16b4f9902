"""What is installed is what lies in the checkout."""

from importlib.metadata import entry_points, requires, version
from pathlib import Path

import pytest

import itss_bridge
from itss_bridge.data import folder
from itss_bridge.messages import say

ROOT = Path(__file__).parent.parent
INSTALLED = Path(itss_bridge.__file__).parent


def content(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", ["mappings", "schemas"])
def test_the_wheel_carries_the_data_of_the_checkout(name: str) -> None:
    if INSTALLED == ROOT / "src" / "itss_bridge":
        pytest.skip("the package is used from the checkout; `tox` tests the wheel")
    assert folder(name) == INSTALLED / "_data" / name
    assert content(folder(name)) == content(ROOT / name)


def test_the_wheel_carries_what_it_says_in_chinese() -> None:
    assert content(INSTALLED / "locale") == content(ROOT / "src" / "itss_bridge" / "locale")
    assert say("cause").told("zh") == "原因"


def test_the_version_is_one(bridge_command) -> None:
    assert version("itss-bridge") == itss_bridge.__version__
    assert itss_bridge.__version__ in bridge_command("--version").out


def test_the_core_needs_no_client_library_of_a_vendor() -> None:
    needed = " ".join(requires("itss-bridge") or ())
    assert "pysnow" not in needed
    assert "atlassian" not in needed


def test_every_connector_in_the_repository_is_plugged_in() -> None:
    names = {point.name for point in entry_points(group="itss_bridge")}
    assert names >= {"servicenow", "jira", "confluence"}
