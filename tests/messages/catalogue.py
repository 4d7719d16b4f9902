"""The messages of core and plugins as gettext knows them: gathered from the code, kept in one .po file per package.

`python -m tests.messages` gathers them anew, keeps what is translated, and compiles what the packages carry.
"""

import inspect
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import itss_bridge_playground.cli as playground
from itss_bridge.cli import itss_bridge
from itss_bridge.cli.call import Commands
from itss_bridge.wording import STREAM, STREAM_STATE

ROOT = Path(__file__).parents[2]
LANGUAGE = "zh"
# words that sentences are filled with; reports show them in the same words
WORDS = {name: text.zh for name, text in [*STREAM.items(), *STREAM_STATE.items()]}
Id: TypeAlias = str | tuple[str, str]
# the same messages give the same file
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Package:
    """One package that says something."""

    name: str
    folder: Path

    @property
    def po(self) -> Path:
        return self.folder / "locale" / LANGUAGE / "LC_MESSAGES" / f"{self.name}.po"

    @property
    def mo(self) -> Path:
        return self.po.with_suffix(".mo")


def packages() -> list[Package]:
    """The core first, then the plugins of the repository."""
    plugins = sorted(folder for folder in ROOT.glob("plugins/*/src/*") if (folder / "__init__.py").exists())
    return [Package(folder.name, folder) for folder in (ROOT / "src" / "itss_bridge", *plugins)]


def said(package: Package) -> Iterator[tuple[Id, str]]:
    """Every message of a package and the file that says it."""
    for path, _, message, _, _ in extract_from_dir(str(package.folder), [("**.py", "python")], keywords={"say": None}):
        yield str(message), path
    if package.name == "itss_bridge":
        yield from ((text, "--help") for text in of_commands())
        yield from ((text, "click") for text in of_click())
        yield from ((text, "wording") for text in WORDS)
    if package.name == playground.__package__:
        yield from ((text, "--help") for text in _help(playground.main))


def of_commands() -> Iterator[str]:
    """The help of every command and option, as the command tree has it."""
    return _help(itss_bridge)


def _help(command: click.Command) -> Iterator[str]:
    yield from (inspect.cleandoc(text) for text in (command.help, command.epilog) if text)
    options = [p for p in command.params if isinstance(p, click.Option)]
    yield from (p.help for p in options if p.help)
    yield from (p.show_default for p in options if isinstance(p.show_default, str))
    if isinstance(command, Commands):
        yield from (summary for _, summary in command.table.values())
        members = [command.original(name) for name in command.table]
    else:
        members = list(command.commands.values()) if isinstance(command, click.Group) else []
    for member in members:
        yield from _help(member)


def of_click() -> Iterator[Id]:
    """What the library itself says to people; one that counts with its plural."""
    folder = Path(inspect.getfile(click)).parent
    for _, _, message, _, _ in extract_from_dir(
        str(folder), [("**.py", "python")], keywords={"_": None, "ngettext": (1, 2)}
    ):
        yield message


def gathered(package: Package) -> Catalog:
    """The package's catalogue as it should be: all it says, with the translations there are."""
    known = current(package)
    catalogue = Catalog(locale=LANGUAGE, project=package.name, fuzzy=False, header_comment="# Licence: Apache-2.0")
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    for text, place in sorted(set(said(package)), key=str):
        there = known.get(text)
        string = there.string if there and isinstance(there.id, type(text)) else ""
        catalogue.add(text, string if isinstance(text, tuple) else WORDS.get(text, string), locations=[(place, None)])
    return catalogue


def untranslated(catalogue: Catalog) -> list[Id]:
    """What nobody has translated yet."""
    strings = ((m.id, m.string if isinstance(m.string, tuple) else (m.string,)) for m in catalogue if m.id)
    return [name for name, told in strings if not all(told)]


def current(package: Package) -> Catalog:
    """What the package's file says now."""
    if not package.po.exists():
        return Catalog(locale=LANGUAGE)
    with package.po.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def as_po(catalogue: Catalog) -> bytes:
    content = io.BytesIO()
    write_po(content, catalogue, sort_output=True, omit_header=True, width=120)
    header = b'# Licence: Apache-2.0\nmsgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    return header + content.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    content = io.BytesIO()
    write_mo(content, catalogue)
    return content.getvalue()
