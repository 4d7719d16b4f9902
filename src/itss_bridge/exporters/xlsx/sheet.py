"""A worksheet that cannot be tricked: typed writers only, every return code looked at, nothing cut off on paper.

Rows are written from top to bottom, each once: the library keeps none of them in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import ceil, isfinite
from typing import Any, Final, TypeAlias
from unicodedata import east_asian_width

from itss_bridge.errors import BridgeError
from itss_bridge.exporters.foreign import cell, is_formula, link
from itss_bridge.exporters.xlsx.styles import BASE, LINE_HEIGHT, STYLES, TABS
from itss_bridge.messages import say
from itss_bridge.model import Status, Text
from itss_bridge.wording import HEAD, PHRASE, SHEET, STATUS, other

MOST_LINKS: Final = 65_000
FIRST_YEAR: Final = 1900
_HIGHEST: Final = 400.0
_SMALLER: Final = 1.2

Value: TypeAlias = str | float | datetime | date | None


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows, in which style; *to* is an address outside, or `internal:…` within the workbook."""

    value: Value
    style: str = ""
    to: str = ""


Shown: TypeAlias = Cell | Value


def status(found: Status, words: str) -> Cell:
    """A status in words on its colour."""
    return Cell(words, found.value)


class Book:
    """A workbook with one language first, its cell formats, and the count of texts that had to be cut."""

    def __init__(self, workbook: Any, languages: Sequence[str], marks: Sequence[str]) -> None:
        """*languages*: one or both, the first one leads; *marks*: left and right of every page's head, left below."""
        self.workbook = workbook
        self.language = languages[0]
        self.both = other(self.language) in languages
        self.cut = 0
        self._formats: dict[tuple[str, bool], Any] = {}
        self._marks = [cell(mark, "").replace("&", "&&").replace("\n", " ")[:80] for mark in marks]

    def sheet(self, name: str, widths: Sequence[float]) -> "Sheet":
        """A new sheet by its key in `wording.SHEET`, with its columns' widths, set up for A4 landscape."""
        title = SHEET[name][self.language]
        worksheet = self.workbook.add_worksheet(title)
        worksheet.set_paper(9)
        worksheet.set_landscape()
        worksheet.set_margins(left=0.45, right=0.45, top=0.7, bottom=0.65)
        left, right, below = self._marks
        worksheet.set_header(f"&L&8 {left}&C&8 {title}&R&8 {right}", {"margin": 0.3})
        worksheet.set_footer(f"&L&8 {below}&R&8 &P / &N", {"margin": 0.3})
        worksheet.fit_to_pages(1, 0)
        worksheet.hide_gridlines(2)
        worksheet.set_tab_color(TABS[name])
        return Sheet(self, worksheet, title, widths)

    def format(self, style: str, *, quoted: bool = False) -> Any:
        """A cell format by its name in `STYLES`; *quoted* keeps text that looks like a formula text when edited."""
        key = (style, quoted)
        if key not in self._formats:
            properties = {**BASE, **STYLES[style], "quote_prefix": quoted}
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def words(self, text: Text) -> str:
        """The text in all languages of the book, the leading one on top; once where they are the same."""
        first, second = text[self.language], text[other(self.language)]
        return f"{first}\n{second}" if self.both and first != second else first

    def line(self, text: Text) -> str:
        """The same on one line."""
        return self.words(text).replace("\n", " · ")


class Sheet:
    """One worksheet. Rows and columns count from 0."""

    def __init__(self, book: Book, worksheet: Any, name: str, widths: Sequence[float]) -> None:
        self.book = book
        self.name = name
        self.raw = worksheet
        self.linked_all = True
        self._widths = widths
        self._links = 0
        for column, width in enumerate(widths):
            self._must(worksheet.set_column(column, column, width), 0, column)

    def row(self, row: int, cells: Sequence[Shown], *, first: int = 0, least: float = 0, level: int = 0) -> None:
        """One row of cells, as high as its longest text needs; None leaves a cell out."""
        lines = 1
        for column, shown in enumerate(cells, start=first):
            if shown is not None:
                lines = max(lines, self.write(row, column, shown))
        self.height(row, max(least, lines * LINE_HEIGHT + 4), level)

    def write(self, row: int, column: int, shown: Shown) -> int:
        """One cell, by the type of its value; returns how many lines its text takes."""
        made = shown if isinstance(shown, Cell) else Cell(shown)
        value = made.value
        if value is None:
            self._must(self.raw.write_blank(row, column, None, self.book.format(made.style or "text")), row, column)
        elif isinstance(value, str):
            return self._text(row, column, value, made)
        elif isinstance(value, date):
            return self._moment(row, column, value, made.style)
        elif isfinite(value):
            style = made.style or ("whole" if float(value).is_integer() else "number")
            self._must(self.raw.write_number(row, column, value, self.book.format(style)), row, column)
        else:
            return self._text(row, column, str(value), made)
        return 1

    def merged(self, row: int, first: int, last: int, shown: Shown) -> int:
        """A cell across several columns. Merged empty, then written: the library's own way would read formulas."""
        made = shown if isinstance(shown, Cell) else Cell(shown)
        if last > first:
            style = self.book.format(made.style or "text")
            self._must(self.raw.merge_range(row, first, row, last, "", style), row, first)
        self.write(row, first, made)
        return lines(str(made.value), sum(self._widths[first : last + 1]))

    def paragraph(self, row: int, last: int, text: str, style: str = "paragraph") -> int:
        """Text across columns 0 to *last*, as high as it needs; returns the row after it."""
        lines = self.merged(row, 0, last, Cell(text, style))
        self.height(row, lines * LINE_HEIGHT + 6)
        return row + 1

    def section(self, row: int, last: int, title: str) -> int:
        """A heading with a line below it across columns 0 to *last*; returns the row after it."""
        self.row(row, [Cell(title, "section"), *[Cell("", "section")] * last], least=24)
        self.height(row, 24)
        return row + 1

    def heads(self, row: int, names: Sequence[str], *, first: int = 0, styles: Sequence[str] = ()) -> None:
        """Column heads by their keys in `wording.HEAD`."""
        shown = [self.book.words(HEAD[name]) for name in names]
        each = styles or ["head"] * len(shown)
        self.row(row, [Cell(text, style) for text, style in zip(shown, each, strict=True)], first=first, least=34)

    def height(self, row: int, points: float, level: int = 0) -> None:
        """How high a row is; *level* puts it into a group that folds away."""
        self.raw.set_row(row, min(points, _HIGHEST), None, {"level": level} if level else None)

    def _text(self, row: int, column: int, text: str, made: Cell) -> int:
        shown, quoted = self._fit(text)
        target = made.to if made.to.startswith("internal:") else link(made.to)
        if target and self._links >= MOST_LINKS:
            (shown, quoted), target, self.linked_all = self._fit(f"{text} {target}"), "", False
        style = made.style or ("link" if target else "text")
        found = self.book.format(style, quoted=quoted)
        if target:
            self._links += 1
            self._must(self.raw.write_url(row, column, target, found, string=shown), row, column)
        else:
            self._must(self.raw.write_string(row, column, shown, found), row, column)
        if not STYLES[style].get("text_wrap"):
            return 1
        width = self._widths[column]
        return lines(shown, width * _SMALLER if style == "small" else width)

    def _moment(self, row: int, column: int, value: date, style: str) -> int:
        """A day, or a moment on the organisation's clock; a year before 1900 is written as text."""
        has_time = isinstance(value, datetime)
        if value.year <= FIRST_YEAR:
            return self._text(row, column, f"{value:%Y-%m-%d %H:%M}" if has_time else f"{value}", Cell("", style))
        naive = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        found = self.book.format(style or ("moment" if has_time else "day"))
        self._must(self.raw.write_datetime(row, column, naive, found), row, column)
        return 1

    def _fit(self, text: str) -> tuple[str, bool]:
        """The text that a cell can hold, and whether it looks like a formula; cut texts are counted."""
        marker = PHRASE["cut"][self.book.language]
        shown, quoted = _fitted(text, marker)
        self.book.cut += len(shown) < len(text) and shown.endswith(marker[-1])
        return shown, quoted

    def _must(self, code: int | None, row: int, column: int) -> None:
        if code:
            raise BridgeError(
                say("a cell could not be written"),
                where=say("sheet {sheet}, row {row}, column {column}", sheet=self.name, row=row + 1, column=column + 1),
                cause=say("the spreadsheet library answered {code}", code=code),
                fix=say("please report this with the requirement or ticket concerned"),
            )


def within(sheet: str, row: int) -> str:
    """A target for a link to *row* of a sheet by its title."""
    return f"internal:'{sheet}'!A{row + 1}"


# the same words stand in many rows: they are looked through once
@lru_cache(maxsize=1024)
def _fitted(text: str, marker: str) -> tuple[str, bool]:
    shown = cell(text, marker)
    if shown.startswith("<r>") and shown.endswith("</r>"):
        shown += " "  # the library would take it for markup of its own, and write it as it stands
    return shown, is_formula(shown)


@lru_cache(maxsize=1024)
def lines(text: str, width: float) -> int:
    """How many lines *text* takes in a column of *width*."""
    room = max(width - 1.2, 1)
    return sum(max(1, ceil(text_width(line) / room)) for line in text.split("\n"))


def text_width(line: str) -> int:
    """Half-width characters that a line takes: Chinese takes two a character."""
    if line.isascii():
        return len(line)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


def status_words(found: Status, book: Book) -> Cell:
    """A status under its usual name."""
    return status(found, STATUS[found][book.language])
