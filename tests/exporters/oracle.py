"""Programs of other makers that read what we write: asked where they are installed, and never left out in `tox -e oracles`."""

import os
from importlib import import_module
from types import ModuleType

import pytest


def oracle(module: str, distribution: str) -> ModuleType:
    """The module; a test is skipped where it is not installed, unless all oracles are asked for."""
    if os.environ.get("ITSS_BRIDGE_ORACLES"):
        return import_module(module)
    return pytest.importorskip(module, reason=f"{distribution} is not installed (dependency group oracles)")
