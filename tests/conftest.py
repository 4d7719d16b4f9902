"""What several tests need: the reference material beside the checkout, and a way to run the command line."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@dataclass
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def shared() -> Path:
    """Recorded data and vendor specifications, where they are at hand; a user's machine does not have them."""
    folder = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("the recorded reference data is not on this machine (ITSS_BRIDGE_SHARED names its folder)")
    return folder


@pytest.fixture
def bridge_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `itss-bridge ARGUMENTS` in this process."""
    from itss_bridge.cli import run

    def command(*arguments: object) -> Ran:
        capsys.readouterr()
        code = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command
