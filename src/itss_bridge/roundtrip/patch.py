"""Small changes to a YAML file of people's: what they wrote, its order and its comments, stay to the letter.

Each change finds its place by the file's own grammar and touches the lines concerned, no others.
"""

from collections.abc import Mapping
from typing import Any

import yaml

Row = Mapping[str, str | int]
_NO_FOLD = 2**31


def rows_of(text: str, key: str) -> list[dict[str, Any]]:
    """The rows of the list under *key*, every value as it is written."""
    return [{k.value: v.value for k, v in row.value} for row in _sequence(text, key).value]


def with_row(text: str, key: str, row: Row) -> str:
    """*text* with one more row at the end of the list under *key*."""
    rows = _sequence(text, key)
    if rows.flow_style:
        return _into_flow(text, rows, row)
    indent = " " * rows.start_mark.column
    return _after(text, rows.value[-1], _block(row, indent, _eol(text)))


def without_row(text: str, key: str, index: int) -> str:
    """*text* without a row of the list under *key*."""
    rows = _sequence(text, key)
    if rows.flow_style or len(rows.value) == 1:
        kept = [row for place, row in enumerate(rows.value) if place != index]
        shown = ", ".join(text[row.start_mark.index : row.end_mark.index] for row in kept)
        return _replaced(text, rows.start_mark.index, _end(text, rows), f"[{shown}]")
    row = rows.value[index]
    return _replaced(text, _line_start(text, row.start_mark.index), _line_end(text, _end(text, row)), "")


def with_value(text: str, key: str, index: int, field: str, value: str | int | None) -> str:
    """*text* with a field of one row set; None removes it. The row has at least one other field."""
    row = _sequence(text, key).value[index]
    names = [name.value for name, _ in row.value]
    if field not in names:
        return text if value is None else _added(text, row, field, value)
    place = names.index(field)
    if value is None:
        return _removed(text, row, place)
    node = row.value[place][1]
    space = "" if node.start_mark.index < node.end_mark.index else " "
    shown = scalar(value, flow=bool(row.flow_style))
    return _replaced(text, node.start_mark.index, _end(text, node), space + shown)


def scalar(value: str | int, *, flow: bool = False) -> str:
    """A value as YAML of one line, quoted where it would be read as something else, there or *flow*, in brackets."""
    if isinstance(value, int):
        return str(value)
    style = None if value.isprintable() else '"'  # in double quotes all stands on one line, escaped
    shown = yaml.safe_dump([value], default_flow_style=flow, default_style=style, allow_unicode=True, width=_NO_FOLD)
    return shown.rstrip("\n")[1:-1] if flow else shown.removeprefix("- ").rstrip("\n")


def _sequence(text: str, key: str) -> yaml.SequenceNode:
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    found: yaml.SequenceNode = next(node for name, node in root.value if name.value == key)
    return found


def _block(row: Row, indent: str, eol: str) -> str:
    lines = [f"{name}: {scalar(value)}" for name, value in row.items()]
    return indent + "- " + f"{eol}{indent}  ".join(lines)


def _into_flow(text: str, rows: yaml.SequenceNode, row: Row) -> str:
    """A list in brackets goes on in brackets; an empty one begins to be a list with dashes."""
    if not rows.value:
        eol = _eol(text)
        start = len(text[: rows.start_mark.index].rstrip())
        return _replaced(text, start, rows.end_mark.index, eol + _block(row, "  ", eol))
    fields = ", ".join(f"{name}: {scalar(value, flow=True)}" for name, value in row.items())
    end = rows.value[-1].end_mark.index
    return _replaced(text, end, end, f", {{{fields}}}")


def _added(text: str, row: yaml.MappingNode, field: str, value: str | int) -> str:
    shown = f"{field}: {scalar(value, flow=bool(row.flow_style))}"
    if row.flow_style:
        end = row.value[-1][1].end_mark.index
        return _replaced(text, end, end, f", {shown}")
    return _after(text, row.value[-1][1], " " * row.start_mark.column + shown)


def _removed(text: str, row: yaml.MappingNode, place: int) -> str:
    name, node = row.value[place]
    if place == 0:  # it may share its line with the dash
        return _replaced(text, name.start_mark.index, row.value[1][0].start_mark.index, "")
    if row.flow_style:
        return _replaced(text, row.value[place - 1][1].end_mark.index, node.end_mark.index, "")
    return _replaced(text, _line_start(text, name.start_mark.index), _line_end(text, _end(text, node)), "")


def _after(text: str, node: yaml.Node, line: str) -> str:
    """A new line below the one on which *node* ends, comment included."""
    end = _line_end(text, _end(text, node))
    eol = _eol(text)
    if not text[:end].endswith("\n"):
        return text[:end] + eol + line + eol + text[end:]
    return text[:end] + line + eol + text[end:]


def _end(text: str, node: yaml.Node) -> int:
    """Where a node's own text ends, without the white space and comments that the grammar counts to it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.index
    return node.start_mark.index + len(text[node.start_mark.index : end].rstrip())


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _eol(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _replaced(text: str, start: int, end: int, by: str) -> str:
    return text[:start] + by + text[end:]
