"""A sheet that is one table: declared columns, heads that stay, colours by status, cells for people to fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from itss_bridge.exporters.xlsx.sheet import Book, Cell, Shown
from itss_bridge.model import Status
from itss_bridge.wording import STATUS, VERDICT, VERDICT_STATUS
from itss_bridge.wording.workbook import BOOK

KEY: Final = "itss-bridge:"
"""What the keys in the hidden first row begin with, by which `import` finds columns whatever people call them."""

Filled = Literal["status", "day", "days", "role", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the key of its head in `wording.HEAD`, its width in half-width characters.

    *key* names it for `import`; *filled* says what people may put there, and nothing where they may not.
    """

    head: str
    width: float
    key: str = ""
    filled: Filled | None = None
    colours: Literal["status", "verdict"] | None = None


class Table:
    """Rows one after the other below heads that stay."""

    def __init__(
        self, book: Book, name: str, columns: Sequence[Column], groups: Sequence[tuple[str, int]] = ()
    ) -> None:
        """*groups* are titles over the heads, each with the number of columns that it spans."""
        self.columns = columns
        self.sheet = book.sheet(name, [c.width for c in columns])
        self._keyed = any(c.key for c in columns)
        self.head = self._above(groups)
        styles = ["head_filled" if c.filled else "head" for c in columns]
        self.sheet.heads(self.head, [c.head for c in columns], styles=styles)
        self.next = self.head + 1

    def _above(self, groups: Sequence[tuple[str, int]]) -> int:
        """The hidden row of keys and the row of groups; returns the row of the heads."""
        row = 0
        if self._keyed:
            self.sheet.row(0, [f"{KEY}{c.key}" if c.key else None for c in self.columns])
            self.sheet.raw.set_row(0, None, None, {"hidden": True})
            row = 1
        if groups:
            first = 0
            for title, count in groups:
                self.sheet.merged(row, first, first + count - 1, Cell(title, "group"))
                first += count
            self.sheet.height(row, 22)
            row += 1
        return row

    def add(self, cells: Sequence[Shown], *, level: int = 0) -> int:
        """One more row; returns its number."""
        row = self.next
        shown = [self._shown(c, value) for c, value in zip(self.columns, cells, strict=False)]
        self.sheet.row(row, shown, level=level)
        self.next += 1
        return row

    def _shown(self, column: Column, value: Shown) -> Shown:
        if column.filled is None or isinstance(value, Cell):
            return value
        return Cell(None if value == "" else value, _GROUND[column.filled])

    def close(self, *, keep: int = 1, printed: int | None = None) -> None:
        """Freeze, filter, colour, and say what may be filled in; *printed* columns alone go to paper."""
        raw, last, columns = self.sheet.raw, max(self.next - 1, self.head + 1), len(self.columns)
        if self.next == self.head + 1:
            self.add([Cell(BOOK["no_rows"][self.sheet.book.language], "faint")])
        raw.freeze_panes(self.head + 1, keep)
        raw.autofilter(self.head, 0, last, columns - 1)
        raw.repeat_rows(self.head - 1 if self.head > self._keyed else self.head, self.head)
        raw.print_area(0, 0, last, (printed or columns) - 1)
        for number, column in enumerate(self.columns):
            self._colour(column, number, last)
            if column.filled and column.filled != "text":
                raw.data_validation(self.head + 1, number, last, number, self._rule(column.filled))

    def _colour(self, column: Column, number: int, last: int) -> None:
        words = _COLOURED.get("status" if column.filled == "status" else column.colours or "", {})
        for found, text in words.items():
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": f'"{text[self.sheet.book.language]}"',
                "format": self.sheet.book.format(f"{found.value}_rule"),
            }
            self.sheet.raw.conditional_format(self.head + 1, number, last, number, rule)

    def _rule(self, filled: Filled) -> dict[str, Any]:
        language = self.sheet.book.language
        return {"ignore_blank": True, "input_title": "itss-bridge", **_rules(language)[filled]}


_GROUND: Final[Mapping[Filled, str]] = {
    "status": "filled",
    "day": "filled_day",
    "days": "filled_days",
    "role": "filled",
    "text": "filled",
}
_COLOURED: Final[Mapping[str, Mapping[Status, Any]]] = {
    "status": STATUS,
    "verdict": {VERDICT_STATUS[verdict]: text for verdict, text in VERDICT.items()},
}


def _rules(language: str) -> dict[Filled, dict[str, Any]]:
    """What a spreadsheet program lets people enter, by kind."""
    day = {
        "validate": "date",
        "criteria": ">=",
        "value": date(2000, 1, 1),
        "input_message": BOOK["input_date"][language],
    }
    words = [text[language] for text in STATUS.values()]
    return {
        "status": {"validate": "list", "source": words, "input_message": BOOK["input_status"][language]},
        "day": day,
        "days": {"validate": "integer", "criteria": ">=", "value": 0, "input_message": BOOK["input_days"][language]},
        "role": {"validate": "any", "input_message": BOOK["input_text"][language]},
    }
