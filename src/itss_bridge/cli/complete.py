"""What a shell is told when somebody presses Tab on an id: cheap looks into files, nothing is loaded or resolved."""

import re
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]
_FILE = "itss-bridge.toml"
"""As in `itss_bridge.workspace`, which takes a second to import."""

_REQUIREMENT = re.compile(r"^ *- id: *[\"']?([\w.-]+:[\w.-]+)", re.MULTILINE)


def completed(*kinds: str) -> Completer:
    """The `shell_complete` of a parameter that takes ids of these *kinds*."""

    def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        workspace = Path(context.params.get("workspace") or ".")
        found = dict.fromkeys(name for kind in kinds for name in _KINDS[kind](workspace))
        return [CompletionItem(name) for name in found if name.startswith(begun)]

    return complete


def _names(folder: str) -> Callable[[Path], Iterator[str]]:
    """A shipped file is called what the thing in it is called."""

    def names(workspace: Path) -> Iterator[str]:
        for path in _files(workspace, folder):
            yield path.stem

    return names


def _files(workspace: Path, folder: str) -> Iterator[Path]:
    """The shipped files of a folder of `mappings/`, and those of the workspace's own catalogues."""
    from itss_bridge.data import folder as data_folder

    own = [workspace / path for path in _settings(workspace).get("workspace", {}).get("catalogues", ())]
    for catalogue in (data_folder("mappings"), *own):
        yield from sorted((catalogue / folder).glob("*.yaml"))


def _requirements(workspace: Path) -> Iterator[str]:
    for path in _files(workspace, "frameworks"):
        yield from _REQUIREMENT.findall(path.read_text("utf-8"))


def _streams(_workspace: Path) -> Iterator[str]:
    from itss_bridge.data import stream_names

    yield from stream_names()


def _sources(workspace: Path) -> Iterator[str]:
    yield from _settings(workspace).get("sources", {})


def _places(workspace: Path) -> Iterator[str]:
    yield from _settings(workspace).get("publish", {})


def _connectors(_workspace: Path) -> Iterator[str]:
    """Plugins are called what their connector is called; loading them would take their libraries too."""
    for point in entry_points(group="itss_bridge"):
        yield point.name


def _codes(_workspace: Path) -> Iterator[str]:
    from itss_bridge.explain.words import EXIT

    yield from (f"exit-{code}" for code in EXIT)


def _settings(workspace: Path) -> dict[str, dict[str, list[str]]]:
    """The workspace's file as it stands; nothing where it cannot be read: a Tab is no place for errors."""
    try:
        settings: dict[str, dict[str, list[str]]] = tomllib.loads((workspace / _FILE).read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return settings


_KINDS: dict[str, Callable[[Path], Iterator[str]]] = {
    "codes": _codes,
    "connectors": _connectors,
    "crosswalks": _names("crosswalks"),
    "frameworks": _names("frameworks"),
    "metrics": _names("metrics"),
    "packs": _names("levels"),
    "places": _places,
    "requirements": _requirements,
    "sources": _sources,
    "streams": _streams,
}
