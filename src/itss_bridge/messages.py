"""What the tool says to whoever runs it: written in English in the code, told in other languages by gettext.

A message keeps its template and values, so that it can be told in a language that is chosen later, or somewhere else.
Translations lie in the folder `locale` of the package that says the message; a plugin brings its own.
"""

import gettext
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from string import Formatter
from typing import Self

_TELLING = 8
"""Letters that a template must bring itself, for a sentence to be known again by it."""

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
    """A message, or a text that stands in both languages, in *language*; anything else as it is."""
    from itss_bridge.model import Text

    if isinstance(value, Message):
        return value.told(language)
    return value[language] if isinstance(value, Text) else value


def retold(text: str, language: str) -> str:
    """A sentence that somebody kept as English text, in *language*; as it stands where nobody here says such a thing.

    Evidence keeps its reasons in English. They are known again by the templates that made them, values in turn.
    """
    if language.startswith("en") or not text:
        return str(text)
    if isinstance(text, Message):
        values = {name: retold(v, language) if isinstance(v, str) else v for name, v in text.values.items()}
        template = translations(language).gettext(text.template)
        return template.format_map(values) if values else template
    return _known_again(text, language)


@lru_cache(maxsize=1024)
def _known_again(text: str, language: str) -> str:
    """The whole sentence, else by a template, else part by part: of an error, of reasons that came one by one."""
    if (whole := translations(language).gettext(text)) != text:
        return whole
    candidates = [t for t, literals in _templates(language) if all(literal in text for literal in literals)]
    for pattern, template in ((pattern, t) for pattern in (_strict, _loose) for t in candidates):
        if found := pattern(template).fullmatch(text):
            values = {name: _AsItIs(retold(value, language)) for name, value in found.groupdict().items()}
            return translations(language).gettext(template).format_map(values)
    for mark, ours in ((" | ", "；"), ("; ", "；"), (": ", "：")):
        parts = text.split(mark)
        told = [retold(part, language) for part in parts] if len(parts) > 1 else parts
        if told != parts:
            return ours.join(told)
    return text


class _AsItIs(str):
    """A value that a sentence already shows the way it wants."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


@cache
def _templates(language: str) -> Sequence[tuple[str, Sequence[str]]]:
    """Templates with places to fill and what stands between these, the most telling first."""
    found = []
    for template in _translated(language):
        with suppress(ValueError):  # a sentence that is no template may hold braces
            parts = [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
            literals, names = [literal for literal, _ in parts if literal], [name for _, name in parts if name]
            if names and all(map(str.isidentifier, names)) and _weight(literals) >= _TELLING:
                found.append((template, literals))
    return sorted(found, key=lambda one: (-_weight(one[1]), -len(one[0]), one[0]))


def _weight(literals: Sequence[str]) -> int:
    return sum(map(str.isalpha, "".join(literals)))


def _translated(language: str) -> Iterator[str]:
    for file in _files(language):
        with file.open("rb") as opened:
            # gettext has no other way to tell what it knows
            known = gettext.GNUTranslations(opened)._catalog  # type: ignore[attr-defined]  # noqa: SLF001
            yield from (template for template in known if isinstance(template, str))  # others are plurals


@cache
def _strict(template: str) -> re.Pattern[str]:
    """A value that other words follow is one thing: a sentence within a sentence stands at its end."""
    return _pattern(template, r"(?:(?!: |; | \| ).)+?")


@cache
def _loose(template: str) -> re.Pattern[str]:
    return _pattern(template, ".+?")


def _pattern(template: str, before_others: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = list(Formatter().parse(template))
    pieces = []
    for place, (literal, name, _, conversion) in enumerate(parts):
        pieces.append(re.escape(literal))
        if name:
            value = ".+" if place == len(parts) - 1 else before_others
            value = rf"(?=['\"\[({{\d-]){value}" if conversion == "r" else value
            pieces.append(f"(?P={name})" if name in seen else f"(?P<{name}>{value})")
            seen.add(name)
    return re.compile("".join(pieces), re.DOTALL)


_FURTHER: dict[str, None] = {}


def brings(package: str) -> None:
    """Let a package that is no plugin say what it says in other languages too."""
    _FURTHER[package] = None
    translations.cache_clear()


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

    packages = dict.fromkeys(
        [PLUGINS, *_FURTHER, *(point.module.partition(".")[0] for point in entry_points(group=PLUGINS))]
    )
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
