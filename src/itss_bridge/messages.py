"""What the tool says to whoever runs it: written in English in the code, told in other languages by gettext.

A message keeps its template and values, so that it can be told in a language that is chosen later, or somewhere else.
Translations lie in the folder `locale` of the package that says the message; a plugin brings its own.
"""

import gettext
import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Self

PLUGINS = "itss_bridge"
"""The entry-point group whose packages may bring translations."""


class Message(str):
    """A sentence in English that knows how it was made; to everything that takes text it is that text."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Self:
        """The English sentence; KeyError when *values* lack a name of *template*."""
        message = super().__new__(cls, template.format_map(values) if values else template)
        message.template = template
        message.values = values
        return message

    def __reduce__(self) -> tuple[type[Self], tuple[str, Mapping[str, object]]]:
        """Messages travel between processes whole."""
        return type(self), (self.template, self.values)

    def told(self, language: str) -> str:
        """The sentence in *language*; in English where nobody has translated it."""
        template = translations(language).gettext(self.template)
        values = {name: told(value, language) for name, value in self.values.items()}
        return template.format_map(values) if values else template


def say(template: str, /, **values: object) -> Message:
    """A message from a literal *template* with `{names}`; without values it is taken as it stands, braces too."""
    return Message(template, values)


def told(value: object, language: str) -> object:
    """A message in *language*; anything else as it is."""
    return value.told(language) if isinstance(value, Message) else value


@cache
def translations(language: str) -> gettext.NullTranslations:
    """All translations into *language*: the core's first, then each plugin's."""
    found = gettext.NullTranslations()
    if not language.startswith("en"):
        for file in _files(language):
            with file.open("rb") as opened:
                found.add_fallback(gettext.GNUTranslations(opened))
    return found


def _files(language: str) -> Sequence[Path]:
    from importlib.metadata import entry_points  # half of what --help takes, where nothing is translated

    packages = dict.fromkeys([PLUGINS, *(point.module.partition(".")[0] for point in entry_points(group=PLUGINS))])
    specs = [spec for package in packages if (spec := find_spec(package)) and spec.origin]
    files = [Path(s.origin or "").parent / "locale" / language / "LC_MESSAGES" / f"{s.name}.mo" for s in specs]
    return [file for file in files if file.exists()]


def spoken(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> str:
    """The language to talk in, `zh` or `en`: what `--lang` says, else what the terminal's locale says."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if before == "--lang" and argument in {"zh", "en"}:
            return argument
        if argument in {"--lang=zh", "--lang=en"}:
            return argument[-2:]
    chosen = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if chosen.lower().startswith("zh") else "en"
