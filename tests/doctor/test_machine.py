"""What the doctor finds out about this machine."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from itss_bridge.doctor import machine
from itss_bridge.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "x"\n', "utf-8")
    return Workspace.open(tmp_path)


def states(findings) -> list[str]:
    return [one.state for one in findings]


def test_an_old_python_is_a_problem(monkeypatch) -> None:
    assert states(machine.python()) == ["ok"]
    monkeypatch.setattr(machine.sys, "version_info", (3, 10, 4, "final", 0))
    (old,) = machine.python()
    assert (old.state, old.what) == ("problem", "Python 3.10.4")


def test_what_we_need_is_read_as_packaging_reads_it() -> None:
    theirs = [Requirement(line) for line in requires("itss-bridge") or ()]
    least = [next((s.version for s in one.specifier if s.operator == ">="), "") for one in theirs]
    extra = [str(one.marker).partition('extra == "')[2].rstrip('"') if one.marker else "" for one in theirs]
    assert [tuple(one) for one in machine._needed()] == [
        (one.name, at_least, of) for one, at_least, of in zip(theirs, least, extra, strict=True)
    ]


def test_a_missing_and_an_old_package_are_named(monkeypatch) -> None:
    def other(name: str) -> str:
        if name == "duckdb":
            raise PackageNotFoundError
        return "1.0.0" if name == "pyarrow" else version(name)

    monkeypatch.setattr(machine, "version", other)
    (problem,) = machine.packages()
    assert problem.state == "problem"
    assert "duckdb" in problem.what
    assert "pyarrow 1.0.0" in problem.what


@pytest.mark.parametrize("there", ["1.9", "1.10", "2.0", "3.1.6", "2025.1"])
@pytest.mark.parametrize("least", ["1.9", "1.10", "2.0", "3.1", "2024.12"])
def test_releases_are_compared_as_packaging_compares_them(there: str, least: str) -> None:
    assert (machine._numbers(there) >= machine._numbers(least)) is (Version(there) >= Version(least))


def test_a_plugin_that_cannot_be_loaded_is_warned_about(monkeypatch) -> None:
    from itss_bridge.plugins import Loaded

    class Some:
        loaded = (Loaded("good", "itss-good", "1", (), ""), Loaded("bad", "itss-bad", "1", (), "ImportError: no x"))

    monkeypatch.setattr(machine, "Plugins", Some)
    broken, sound = machine.plugins()
    assert (broken.state, broken.about, broken.cause) == ("warning", "bad", "ImportError: no x")
    assert "good" in sound.what


def test_fonts_are_asked_of_the_system_or_not_told(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine.shutil, "which", lambda _name: None)
    assert states(machine.fonts()) == ["unknown"]
    for printed, state in (("Noto Sans CJK SC,思源黑体", "ok"), ("", "warning")):
        program = tmp_path / "fc-list"
        program.write_text(f"#!/bin/sh\necho '{printed}'\n")
        program.chmod(0o755)
        monkeypatch.setattr(machine.shutil, "which", lambda _name, program=program: str(program))
        assert states(machine.fonts()) == [state]


@pytest.mark.skipif(shutil.which("fc-list") is None, reason="there is no fc-list here")
def test_the_fonts_are_those_that_fontconfig_knows() -> None:
    known = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=True).stdout.strip()
    assert states(machine.fonts()) == ["ok" if known else "warning"]


def test_a_full_disk_is_warned_about(workspace: Workspace, monkeypatch) -> None:
    assert states(machine.disk(workspace)) == ["ok", "ok"]
    monkeypatch.setattr(machine, "SCARCE", 1 << 62)
    monkeypatch.setattr(machine, "SLOW", 0.0)
    assert states(machine.disk(workspace)) == ["warning", "warning"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_problem(workspace: Workspace) -> None:
    workspace.root.chmod(0o500)
    with pytest.raises(PermissionError):
        list(machine.disk(workspace))
    workspace.root.chmod(0o700)
