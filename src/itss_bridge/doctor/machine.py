"""This machine: Python, packages, plugins, fonts, disk."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from itss_bridge.doctor.finding import Finding
from itss_bridge.evidence.store import sync_to_disk
from itss_bridge.messages import say
from itss_bridge.plugins import Plugins
from itss_bridge.workspace import Workspace

OURS = "itss-bridge"
LEAST_PYTHON = (3, 11)
SCARCE = 1 << 30
"""Free bytes below which a warning is due: a table of half a million tickets, and room to spill."""

SLOW = 1.0
"""Seconds that forcing a few bytes to disk may take; each commit does it four times."""

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)(?:\[[^]]*])?\s*(?:>=\s*(?P<least>[\d.]+))?[^;]*(?:;(?P<when>.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")


class _Needed(NamedTuple):
    name: str
    least: str
    extra: str


def python() -> Iterator[Finding]:
    """Whether Python is new enough."""
    here = sys.version_info[:3]
    told = say("Python {release}", release=".".join(map(str, here)))
    if here < LEAST_PYTHON:
        yield Finding("python", "problem", told, fix=say("install Python {least} or newer", least="3.11"))
    else:
        yield Finding("python", "ok", told)


def packages() -> Iterator[Finding]:
    """Whether all packages are there that we cannot do without, new enough."""
    needed = [one for one in _needed() if not one.extra]
    wrong = [f"{one.name} {_release(one.name) or '–'} < {one.least or '0'}" for one in needed if not _there(one)]
    if wrong:
        fix = say("install again: python3 -m pip install --upgrade itss-bridge")
        yield Finding("packages", "problem", say("missing or too old: {names}", names=", ".join(wrong)), fix=fix)
    else:
        yield Finding(
            "packages", "ok", say("itss-bridge {release}, {n} packages", release=version(OURS), n=len(needed))
        )


def extras() -> Iterator[Finding]:
    """Which extras are installed; that one is not is no fault."""
    whole: dict[str, bool] = {}
    for one in _needed():
        if one.extra:
            whole[one.extra] = whole.get(one.extra, True) and _there(one)
    there, missing = ([name for name, is_there in whole.items() if is_there is wanted] for wanted in (True, False))
    fix = say("python3 -m pip install 'itss-bridge[{names}]', should you need it", names=",".join(missing))
    what = say("installed: {there}; not: {missing}", there=", ".join(there) or "–", missing=", ".join(missing) or "–")
    yield Finding("extras", "ok", what, fix=fix if missing else "")


def plugins() -> Iterator[Finding]:
    """Whether every plugin could be loaded."""
    loaded = Plugins().loaded
    for one in loaded:
        if one.problem:
            what, fix = (
                say("{distribution} could not be loaded", distribution=one.distribution),
                say("install it again"),
            )
            yield Finding("plugins", "warning", what, one.name, one.problem, fix)
    sound = ", ".join(one.name.removeprefix("itss_bridge.") for one in loaded if not one.problem)
    yield Finding("plugins", "ok", say("loaded: {names}", names=sound))


def fonts() -> Iterator[Finding]:
    """Whether there is a font for Chinese, which pictures, PDF and office programs need."""
    program = shutil.which("fc-list")
    if program is None:
        yield Finding("fonts", "unknown", say("there is no fc-list here to ask for fonts"))
        return
    asked = [program, ":lang=zh-cn", "family"]
    found = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - fixed words
    families = sorted({line.split(",")[0].strip() for line in found.stdout.splitlines() if line.strip()})
    if families:
        yield Finding("fonts", "ok", say("{n} fonts for Chinese, such as {name}", n=len(families), name=families[0]))
    else:
        cause = say("documents made here would show boxes in place of Chinese characters")
        fix = say("install one, such as fonts-noto-cjk")
        yield Finding("fonts", "warning", say("there is no font for Chinese"), cause=cause, fix=fix)


def disk(workspace: Workspace) -> Iterator[Finding]:
    """Free space, and whether what is written can be forced to disk."""
    place = workspace.evidence if workspace.evidence.is_dir() else workspace.root
    free = shutil.disk_usage(place).free
    told = say("{free} GB free at {place}", free=f"{free / (1 << 30):.1f}", place=place)
    fix = say("make room before the next sync")
    yield Finding("disk", "ok", told) if free >= SCARCE else Finding("disk", "warning", told, fix=fix)
    seconds = _forced_to_disk(place)
    told = say("a file is on disk after {ms} ms", ms=round(seconds * 1000))
    cause = say("each commit waits for the disk four times")
    yield Finding("disk", "ok", told) if seconds < SLOW else Finding("disk", "warning", told, cause=cause)


def _forced_to_disk(folder: Path) -> float:
    """Seconds that it takes to write a few bytes and force them and their name to disk; OSError where it cannot."""
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(b"itss-bridge")
        file.flush()
        os.fsync(file.fileno())
        sync_to_disk(folder)
        return time.monotonic() - began


def _needed() -> list[_Needed]:
    """What our distribution says that it needs; markers other than extras are taken as met."""
    parsed = [match for line in requires(OURS) or () if (match := _REQUIREMENT.match(line))]
    extra = [_EXTRA.search(match["when"] or "") for match in parsed]
    return [_Needed(m["name"], m["least"] or "", e[1] if e else "") for m, e in zip(parsed, extra, strict=True)]


def _release(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _there(needed: _Needed) -> bool:
    release = _release(needed.name)
    return bool(release) and _numbers(release) >= _numbers(needed.least)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", release.partition("+")[0])[:3])
