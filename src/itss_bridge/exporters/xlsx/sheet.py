"""A worksheet that cannot be tricked: typed writers only, every return code looked at, widths that fit Chinese."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Final
from unicodedata import east_asian_width

from itss_bridge.errors import BridgeError
from itss_bridge.exporters.foreign import cell, is_formula, link
from itss_bridge.exporters.xlsx.styles import BASE, STYLES
from itss_bridge.model import Status, Text
from itss_bridge.wording import HEAD, PHRASE, SHEET, STATUS, other

MOST_LINKS: Final = 65_000
FIRST_YEAR: Final = 1900


class Book:
    """A workbook with one language first, its cell formats, and the count of texts that had to be cut."""

    def __init__(self, workbook: Any, language: str, organisation: str) -> None:
        self.language = language
        self.cut = 0
        self._workbook = workbook
        self._formats: dict[tuple[str, bool], Any] = {}
        self._footer = cell(organisation, "").replace("&", "&&").replace("\n", " ")[:80]

    def sheet(self, name: str, *, portrait: bool = False) -> "Sheet":
        """A new sheet by its key in `wording.SHEET`, set up for A4."""
        worksheet = self._workbook.add_worksheet(SHEET[name][self.language])
        worksheet.set_paper(9)
        worksheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        worksheet.set_footer(f"&L{self._footer}&C{SHEET[name][self.language]}&R&P / &N")
        worksheet.fit_to_pages(1, 0)
        worksheet.hide_gridlines(2)
        if not portrait:
            worksheet.set_landscape()
        return Sheet(self, worksheet, SHEET[name][self.language])

    def format(self, style: str, *, quoted: bool = False) -> Any:
        """A cell format by its name in `STYLES`; *quoted* keeps text that looks like a formula text when edited."""
        key = (style, quoted)
        if key not in self._formats:
            properties = {**BASE, **STYLES[style], "quote_prefix": quoted}
            self._formats[key] = self._workbook.add_format(properties)
        return self._formats[key]

    def words(self, text: Text) -> str:
        """Both languages, the first one on top; one only where they are the same."""
        first, second = text[self.language], text[other(self.language)]
        return first if first == second else f"{first}\n{second}"


class Sheet:
    """One worksheet. Rows and columns count from 0."""

    def __init__(self, book: Book, worksheet: Any, name: str) -> None:
        self.book = book
        self.name = name
        self.raw = worksheet
        self._widths: dict[int, int] = {}
        self._links = 0

    def text(self, row: int, column: int, text: str, style: str = "text", *, wide: bool = True) -> None:
        """Text as text, whatever it looks like; *wide* lets it widen its column."""
        shown = self._fit(text)
        if wide:
            self._widen(column, shown)
        self._must(self.raw.write_string(row, column, shown, self._format(style, shown)), row, column)

    def number(self, row: int, column: int, value: float | None, style: str = "number") -> None:
        """A finite number; nothing at all for None, the word for a number that a sheet cannot hold."""
        if value is None:
            self.blank(row, column, style)
        elif not isfinite(value):
            self.text(row, column, str(value))
        else:
            self._widen(column, f"{value:,.2f}")
            self._must(self.raw.write_number(row, column, value, self.book.format(style)), row, column)

    def moment(self, row: int, column: int, local: datetime | None, style: str = "moment") -> None:
        """A moment on the organisation's clock; a year before 1900 is written as text."""
        if local is None:
            self.blank(row, column)
        elif local.year <= FIRST_YEAR:
            self.text(row, column, f"{local:%Y-%m-%d %H:%M}")
        else:
            self._widen(column, "2016-06-01 00:00")
            naive = local.replace(tzinfo=None)
            self._must(self.raw.write_datetime(row, column, naive, self.book.format(style)), row, column)

    def blank(self, row: int, column: int, style: str = "text") -> None:
        """An empty cell with its border."""
        self._must(self.raw.write_blank(row, column, None, self.book.format(style)), row, column)

    def status(self, row: int, column: int, status: Status, words: str = "") -> None:
        """A status in words on its colour; *words* replaces the usual label."""
        self.text(row, column, words or STATUS[status][self.book.language], status.value)

    def url(self, row: int, column: int, address: str, text: str) -> None:
        """A link that may be followed, or its text alone where the address is not https or this machine's."""
        target = link(address)
        if not target or self._links >= MOST_LINKS:
            self.text(row, column, text)
            return
        self._links += 1
        self._jump(row, column, target, text, "link")

    def jump(self, row: int, column: int, sheet: str, to: int, text: str, style: str = "jump") -> None:
        """A link to row *to* of another sheet of this workbook."""
        self._jump(row, column, f"internal:'{sheet}'!A{to + 1}", text, style)

    def merged(self, row: int, first: int, last: int, text: str, style: str) -> None:
        """Text across several columns. Merged empty, then written: the library's own way would read formulas."""
        if last > first:
            self._must(self.raw.merge_range(row, first, row, last, "", self.book.format(style)), row, first)
        self.text(row, first, text, style, wide=False)

    def heads(self, row: int, names: Iterable[str], *, first: int = 0) -> int:
        """Column heads by their keys in `wording.HEAD`, in both languages; returns the column after the last."""
        column = first
        for name in names:
            self.text(row, column, self.book.words(HEAD[name]), "head")
            column += 1
        self.raw.set_row(row, 32)
        return column

    def table(self, head: int, last: int, columns: int, *, keep: int = 0) -> None:
        """Frozen, filtered and repeated heads for a table whose head row is *head* and last row is *last*."""
        self.raw.freeze_panes(head + 1, keep)
        self.raw.autofilter(head, 0, max(last, head), columns - 1)
        self.raw.repeat_rows(0, head)

    def widths(self, *, least: int = 7, most: int = 46, limits: Mapping[int, int] | None = None) -> None:
        """Set each column to its content, between *least* and *most* half-width characters or its own limit."""
        for column, width in sorted(self._widths.items()):
            limit = (limits or {}).get(column, most)
            self._must(self.raw.set_column(column, column, max(least, min(width + 2, limit))), 0, column)

    def _jump(self, row: int, column: int, target: str, text: str, style: str) -> None:
        shown = self._fit(text)
        self._widen(column, shown)
        style_object = self._format(style, shown)
        self._must(self.raw.write_url(row, column, target, style_object, string=shown), row, column)

    def _format(self, style: str, text: str) -> Any:
        return self.book.format(style, quoted=is_formula(text))

    def _fit(self, text: str) -> str:
        marker = PHRASE["cut"][self.book.language]
        shown = cell(text, marker)
        self.book.cut += len(shown) < len(text) and shown.endswith(marker[-1])
        return shown

    def _widen(self, column: int, text: str) -> None:
        width = max((_width(line) for line in text.split("\n")), default=0)
        self._widths[column] = max(width, self._widths.get(column, 0))

    def _must(self, code: int | None, row: int, column: int) -> None:
        if code:
            raise BridgeError(
                "a cell could not be written",
                where=f"sheet {self.name}, row {row + 1}, column {column + 1}",
                cause=f"the spreadsheet library answered {code}",
                fix="please report this with the requirement or ticket concerned",
            )


def _width(line: str) -> int:
    """Half-width characters that a line takes: Chinese takes two a character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line[:200])
