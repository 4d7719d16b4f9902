"""Which workspaces belong to a fleet: those below a folder, or those that a fleet file names."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from itss_bridge.errors import UsageError
from itss_bridge.forms import form
from itss_bridge.messages import say
from itss_bridge.workspace import FILE

FLEET_FILE = "fleet.toml"
IN_FLIGHT = 8
"""Requests under way at once to one origin, all workers together: what one workspace alone may have."""

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Member:
    """One workspace of a fleet; *workspace* is its folder below the fleet's, by which it is known everywhere."""

    workspace: str
    root: Path
    group: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All members, sorted by *workspace*, and how the file says that they are run."""

    name: str
    members: tuple[Member, ...]
    in_flight: int = IN_FLIGHT
    origins: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def open_fleet(place: Path) -> Fleet:
    """The fleet of a folder or of a file.

    A folder's fleet is what its `fleet.toml` says, and without one every workspace below it, however deep; the first
    folder on the way is then the group. Within a workspace no other is looked for.

    Raises:
        UsageError: there is no such place, no workspace in it, or the file is wrong.
    """
    if place.is_file():
        return _from_file(place)
    if (place / FLEET_FILE).is_file():
        return _from_file(place / FLEET_FILE)
    if (place / FILE).is_file():
        raise UsageError(
            say("this is one workspace, not a folder of them"),
            where=str(place),
            fix=say("name the folder above it, or leave out `fleet`"),
        )
    if not place.is_dir():
        raise UsageError(say("there is no such fleet"), where=str(place), fix=say("name a folder or a fleet file"))
    return Fleet(place.resolve().name, _members(place, _below(place), {}))


def _below(folder: Path) -> Iterator[Path]:
    """Folders that are workspaces; links to folders are taken, but not walked into."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_dir():
            continue
        if (path / FILE).is_file():
            yield path
        elif not path.is_symlink():
            yield from _below(path)


def _from_file(path: Path) -> Fleet:
    settings = _read(path)
    own: Mapping[str, Any] = settings["fleet"]
    folder = path.parent
    found = [root for pattern in own.get("workspaces", ("**",)) for root in _named(folder, pattern, path)]
    options = {name: str(own[name]) for name in ("executor", "workers", "scheduler") if name in own}
    members = _members(folder, found, settings.get("groups", {}))
    return Fleet(own["name"], members, own.get("in_flight", IN_FLIGHT), settings.get("origins", {}), options)


def _named(folder: Path, pattern: str, file: Path) -> list[Path]:
    """The workspaces that a pattern stands for; a plain name is one, whether or not anything is there."""
    if not _MAGIC.intersection(pattern):
        return [folder / pattern]
    found = [root for root in _below(folder) if _fits(_key(folder, root), pattern)]
    if not found:
        raise UsageError(say("no workspace fits {pattern!r}", pattern=pattern), where=f"{file}: fleet.workspaces")
    return found


def _fits(key: str, pattern: str) -> bool:
    return pattern == "**" or fnmatchcase(key, pattern)


def _key(folder: Path, root: Path) -> str:
    return root.relative_to(folder).as_posix()


def _members(folder: Path, roots: Iterable[Path], groups: Mapping[str, list[str]]) -> tuple[Member, ...]:
    keys = {_key(folder, root): root for root in roots}
    if not keys:
        raise UsageError(
            say("there are no workspaces here"),
            where=str(folder),
            cause=say("no folder below it holds {file}", file=FILE),
            fix=say("make one with `itss-bridge init`"),
        )
    return tuple(Member(key, keys[key].resolve(), _group(key, groups)) for key in sorted(keys))


def _group(key: str, groups: Mapping[str, list[str]]) -> str:
    """The first group that names it; where no groups are declared, the first folder on the way."""
    if not groups:
        return key.partition("/")[0] if "/" in key else ""
    return next((name for name, patterns in groups.items() if any(_fits(key, p) for p in patterns)), "")


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageError(say("the fleet file cannot be read"), where=str(path), cause=error.strerror or "") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(say("the fleet file is not TOML"), where=str(path), cause=str(error)) from None
    misfit = form("fleet").misfit(settings)
    if misfit is not None:
        raise UsageError(
            say("{key}: {message}", key=misfit.place or "fleet", message=misfit.message),
            where=str(path),
            cause=say("it does not fit schemas/fleet.json"),
        )
    return settings
