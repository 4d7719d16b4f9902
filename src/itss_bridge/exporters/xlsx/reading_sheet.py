"""The last sheet: how to read the workbook, how to fill it in, and what the signs mean."""

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.sheet import Book, Cell
from itss_bridge.wording import HEAD, PHRASE, READING, RELATIONSHIP, SHEET, SYMBOL
from itss_bridge.wording.workbook import BOOK

_WIDTHS = (20, 44, 76)
_LAST = len(_WIDTHS) - 1


def how_to_read(book: Book, reading: Reading, *, linked_all: bool) -> None:
    """What the words and signs mean, the report's own notes, and which texts were cut."""
    sheet = book.sheet("reading", _WIDTHS)
    row = sheet.section(0, _LAST, SHEET["reading"][book.language])
    for text in (*READING, BOOK["import_intro"], *reading.report.notes, PHRASE["decision"]):
        row = sheet.paragraph(row, _LAST, book.words(text))
    row = sheet.section(row + 1, _LAST, HEAD["relationship"][book.language])
    for relationship, words in RELATIONSHIP.items():
        sheet.row(row, [Cell(SYMBOL[relationship], "strong"), words.zh, words.en])
        row += 1
    row = sheet.section(row + 1, _LAST, HEAD["edition"][book.language])
    for framework in reading.ordered:
        sheet.row(row, [Cell(framework.id, "strong"), framework.title[book.language], reading.editions(framework)])
        row += 1
    if not linked_all:
        row = sheet.paragraph(row + 1, _LAST, book.words(BOOK["unlinked"]))
    if book.cut:
        sheet.paragraph(row + 1, _LAST, PHRASE["cut"][book.language].format(digest=f"n = {book.cut}"))
