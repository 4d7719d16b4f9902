"""What people typed into one cell, as the text that our files would have, or why it cannot be taken."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

from itss_bridge.exporters.xlsx.base import told
from itss_bridge.messages import Message, say
from itss_bridge.wording import STATUS

Kind: TypeAlias = Literal["judgement", "action"]
FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "judgement": ("status", "reason", "role", "expires"),
    "action": ("owner", "due", "effort", "next_action"),
}
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
# a text that begins with an underscore's escape: openpyxl leaves it where the text stands in the cell itself
_ESCAPED = "_x005F_x"


@dataclass(frozen=True, slots=True)
class Entered:
    """One cell for people: *value* is empty for an empty cell; *problem* says why it cannot be taken."""

    kind: Kind
    id: str
    field: str
    value: str
    where: str
    problem: Message | None = None


class Misfit(ValueError):
    """What stands in a cell is not what belongs there."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def entered(kind: Kind, name: str, field: str, cell: Any, where: str) -> Entered:
    """One cell as openpyxl reads it."""
    try:
        return Entered(kind, name, field, _READ[field](_plain(cell)), where)
    except Misfit as misfit:
        return Entered(kind, name, field, shown(cell.value), where, misfit.message)


def _plain(cell: Any) -> Any:
    """The cell's value; Misfit where it is none that was typed."""
    if cell.data_type == "f":
        raise Misfit(say("the cell holds a formula; type the value itself"))
    if cell.data_type == "e":
        raise Misfit(say("the cell holds the error {error}", error=cell.value))
    return cell.value


def shown(value: Any) -> str:
    """Any value as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.date()}" if not value.time() else f"{value}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return told(str(value).replace(_ESCAPED, "_x"))


def _text(value: Any) -> str:
    return shown(value)


def _status(value: Any) -> str:
    text = shown(value)
    word = text.split("\n")[0].strip().casefold()
    for status, words in STATUS.items():
        if word in {status.value, words.en.casefold(), words.zh, ""}:
            return status.value if word else ""
    choices = "、".join(words.zh for words in STATUS.values())
    raise Misfit(say("there is no status {text!r}; there are: {choices}", text=text, choices=choices))


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = shown(value)
    if not text:
        return ""
    parts = _DAY.fullmatch(text)
    try:
        if parts is not None and isinstance(value, str):
            return date(*map(int, parts.groups())).isoformat()
    except ValueError:
        pass
    raise Misfit(say("{text!r} is no date; write 2026-03-31", text=text))


def _days(value: Any) -> str:
    text = shown(value)
    if not text or (text.isascii() and text.isdigit() and not isinstance(value, bool)):
        return str(int(text)) if text else ""
    raise Misfit(say("{text!r} is no whole number of person-days", text=text))


_READ: Final[Mapping[str, Callable[[Any], str]]] = {
    "status": _status,
    "reason": _text,
    "role": _text,
    "expires": _day,
    "owner": _text,
    "due": _day,
    "effort": _days,
    "next_action": _text,
}
