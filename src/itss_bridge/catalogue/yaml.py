"""Strict YAML: text in, plain values out, with the line of every value; nothing is guessed, nothing is shared.

Plain scalars stay text, but for `true`, `false`, `null` and whole numbers: `8.10` is the text "8.10", never 8.1.
Aliases, anchors, tags and doubled keys are refused: an auditor must read in a file what the program reads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from itss_bridge.errors import UsageError
from itss_bridge.forms import Misfit, form
from itss_bridge.messages import say

Path_: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 4 << 20
MAX_DEPTH = 32
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_WORDS = {"true": True, "false": False, "null": None, "": None}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content, and where in the file each value stands."""

    path: Path
    content: Any
    marks: dict[Path_, tuple[int, int]]

    def where(self, path: Path_ = ()) -> str:
        """`file:line:column` of the value at *path*, or of the nearest one around it."""
        while path and path not in self.marks:
            path = path[:-1]
        line, column = self.marks.get(path, (1, 1))
        return f"{self.path}:{line}:{column}"


def day(document: Document, path: Path_) -> date | None:
    """The day that stands at *path*, None where nothing stands there; UsageError when there is no such day."""
    value = document.content
    for key in path:
        if isinstance(value, dict) and key not in value:
            return None
        value = value[key]
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise UsageError(
            say("there is no day {value}", value=value), where=document.where(path), fix=say("write 2026-03-31")
        ) from None


def read(path: Path, kind: str) -> Document:
    """The document at *path*, valid against `schemas/{kind}.json`; UsageError with file, line and column if not."""
    document = parsed(path)
    misfit = form(kind).misfit(document.content)
    if misfit is None:
        return document
    raise UsageError(
        complaint(misfit),
        where=document.where(misfit.keys),
        cause=say("it does not fit schemas/{kind}.json", kind=kind),
        fix=hint(misfit),
    )


def complaint(misfit: Misfit) -> str:
    """One line on what does not fit, with the keys that lead there."""
    place = misfit.place or say("the file")
    return say("{place}: {message}", place=place, message=_shortened(misfit.message))


def _shortened(message: str, most: int = 200) -> str:
    return message if len(message) <= most else f"{message[:most]}…"


def hint(misfit: Misfit) -> str:
    """What to do about it."""
    value = misfit.value
    if misfit.rule == "type" and isinstance(value, int) and not isinstance(value, bool):
        return say("this is read as a number: if text is meant, write '{instance}' in quotes", instance=value)
    if misfit.rule == "additionalProperties":
        return say("remove the key, or correct its spelling")
    return say("see mappings/README.md for what each key means")


def parsed(path: Path) -> Document:
    """The document at *path*, whatever it says; UsageError when it is not YAML of our dialect."""
    text = _text(path)
    try:
        return _Reading(path, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        raise _malformed(path, error) from None
    except yaml.YAMLError as error:
        at = getattr(error, "position", 0)
        raise UsageError(
            say("the file is not YAML"),
            where=_place(path, text.encode()[:at].decode(errors="replace")),
            cause=str(error).splitlines()[0],
            fix=say("remove the character that cannot be shown"),
        ) from None


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(say("the file cannot be read"), where=str(path), cause=error.strerror or str(error)) from None
    if len(raw) > MAX_BYTES:
        raise UsageError(
            say("the file is larger than {most} bytes", most=MAX_BYTES),
            where=f"{path}:1:1",
            fix=say("split it"),
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            say("the file is not UTF-8"),
            where=_place(path, raw[: error.start].decode("utf-8")),
            fix=say("save it as UTF-8 in your editor"),
        ) from None


def _place(path: Path, before: str) -> str:
    """`file:line:column` of what follows the text *before*."""
    lines = before.split("\n")
    return f"{path}:{len(lines)}:{len(lines[-1]) + 1}"


def _malformed(path: Path, error: yaml.MarkedYAMLError) -> UsageError:
    mark = error.problem_mark or error.context_mark
    where = _at(path, mark)
    if "nesting depth" in (error.problem or ""):  # newer parsers give up before they have told of any of it
        return _too_deep(where)
    return UsageError(
        say("the file is not YAML"), where=where, cause=error.problem or "", fix=say("check indent and quotes there")
    )


def _at(path: Path, mark: Any) -> str:
    """`file:line:column` of a mark of the YAML library."""
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


class _Reading:
    """One pass over the parser's events: what is not our dialect is refused before anything is built from it."""

    def __init__(self, path: Path, events: Iterator[Any]) -> None:
        self._path = path
        self._events = events
        self._marks: dict[Path_, tuple[int, int]] = {}

    def document(self) -> Document:
        """All of the stream: exactly one document."""
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            where = f"{self._path}:1:1"
            raise UsageError(say("the file is empty"), where=where, fix=say("delete it, or give it content"))
        content = self._value(next(self._events), ())
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise UsageError(
                say("the file is not YAML"),
                where=_at(self._path, after.start_mark),
                cause=say("a second document begins there"),
                fix=say("put it into a file of its own"),
            )
        return Document(self._path, content, self._marks)

    def _value(self, event: Any, path: Path_) -> Any:
        self._refuse(event)
        self._marks[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(path) == MAX_DEPTH:
            raise _too_deep(_at(self._path, event.start_mark))
        return self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _refuse(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor or event.tag:
            raise UsageError(
                say("anchors, aliases and tags are not allowed"),
                where=_at(self._path, event.start_mark),
                cause=say("a value must stand where it is used, so that a reader sees what the program sees"),
                fix=say("write the value out"),
            )

    def _sequence(self, path: Path_) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise UsageError(say("a key must be plain text"), where=_at(self._path, event.start_mark))
            key = event.value
            if key in found:
                raise UsageError(
                    say("the key {key!r} stands twice", key=key),
                    where=_at(self._path, event.start_mark),
                    fix=say("remove one of them"),
                )
            found[key] = self._value(next(self._events), (*path, key))
        return found


def _too_deep(where: str) -> UsageError:
    return UsageError(say("deeper than {most} levels", most=MAX_DEPTH), where=where, fix=say("write it flatter"))


def _scalar(event: yaml.ScalarEvent) -> Any:
    if event.style:  # quoted or block: text, whatever it looks like
        return event.value
    if event.value in _WORDS:
        return _WORDS[event.value]
    return int(event.value) if _WHOLE.fullmatch(event.value) else event.value
