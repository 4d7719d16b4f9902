"""Strict YAML: text in, plain values out, with the line of every value; nothing is guessed, nothing is shared.

Plain scalars stay text, but for `true`, `false`, `null` and whole numbers: `8.10` is the text "8.10", never 8.1.
Aliases, anchors, tags and doubled keys are refused: an auditor must read in a file what the program reads.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from itss_bridge.data import schema
from itss_bridge.errors import UsageError
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
    error = best_match(misfits(document, kind))
    if error is None:
        return document
    place = tuple(error.absolute_path)
    raise UsageError(
        complaint(error),
        where=document.where(place),
        cause=say("it does not fit schemas/{kind}.json", kind=kind),
        fix=hint(error),
    )


def misfits(document: Document, kind: str) -> Iterable[ValidationError]:
    """Everything in which a document does not fit `schemas/{kind}.json`."""
    return Draft202012Validator(schema(kind)).iter_errors(document.content)


def complaint(error: ValidationError) -> str:
    """One line on what does not fit, with the keys that lead there."""
    place = ".".join(map(str, error.absolute_path)) or say("the file")
    return say("{place}: {message}", place=place, message=_shortened(error.message))


def _shortened(message: str, most: int = 200) -> str:
    return message if len(message) <= most else f"{message[:most]}…"


def hint(error: ValidationError) -> str:
    """What to do about it."""
    rule, instance = error.validator, error.instance
    if rule == "type" and isinstance(instance, int) and not isinstance(instance, bool):
        return say("this is read as a number: if text is meant, write '{instance}' in quotes", instance=instance)
    if rule == "additionalProperties":
        return say("remove the key, or correct its spelling")
    return say("see mappings/README.md for what each key means")


def parsed(path: Path) -> Document:
    """The document at *path*, whatever it says; UsageError when it is not YAML of our dialect."""
    text = _text(path)
    try:
        _refuse(text, path)
        node = yaml.compose(text, Loader=_LOADER)
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
    if node is None:
        raise UsageError(say("the file is empty"), where=f"{path}:1:1", fix=say("delete it, or give it content"))
    marks: dict[Path_, tuple[int, int]] = {}
    return Document(path, _value(node, (), marks, path), marks)


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
        return UsageError(say("deeper than {most} levels", most=MAX_DEPTH), where=where, fix=say("write it flatter"))
    return UsageError(
        say("the file is not YAML"), where=where, cause=error.problem or "", fix=say("check indent and quotes there")
    )


def _at(path: Path, mark: Any) -> str:
    """`file:line:column` of a mark of the YAML library."""
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


def _refuse(text: str, path: Path) -> None:
    """Refuse aliases, anchors, tags and bottomless nesting before anything is built from them."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise UsageError(
                say("deeper than {most} levels", most=MAX_DEPTH),
                where=_at(path, event.start_mark),
                fix=say("write it flatter"),
            )
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise UsageError(
                say("anchors, aliases and tags are not allowed"),
                where=_at(path, event.start_mark),
                cause=say("a value must stand where it is used, so that a reader sees what the program sees"),
                fix=say("write the value out"),
            )


def _value(node: yaml.Node, path: Path_, marks: dict[Path_, tuple[int, int]], file: Path) -> Any:
    marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, index), marks, file) for index, child in enumerate(node.value)]
    return _mapping(node, path, marks, file)


def _mapping(node: yaml.Node, path: Path_, marks: dict[Path_, tuple[int, int]], file: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, child in node.value:
        key = key_node.value
        where = f"{file}:{key_node.start_mark.line + 1}:{key_node.start_mark.column + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise UsageError(say("a key must be plain text"), where=where)
        if key in found:
            raise UsageError(say("the key {key!r} stands twice", key=key), where=where, fix=say("remove one of them"))
        found[key] = _value(child, (*path, key), marks, file)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    if node.style:  # quoted or block: text, whatever it looks like
        return node.value
    if node.value in _WORDS:
        return _WORDS[node.value]
    return int(node.value) if _WHOLE.fullmatch(node.value) else node.value
