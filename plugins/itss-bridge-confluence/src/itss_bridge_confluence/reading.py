"""What people read on a page, line by line, out of a body in storage format.

Whatever Confluence adds to a body when it saves it (ids of macros, entities, white space) makes no difference.
"""

from collections.abc import Sequence
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "ac:parameter"})
_SHOWN_PARAMETER = "title"


class _Lines(HTMLParser):
    """Collects lines; the paragraphs of a table's cell do not break its row."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line: list[str] = []
        self._in_row = False
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "ac:parameter":
            self._silent = dict(attrs).get("ac:name") != _SHOWN_PARAMETER
        elif tag == "br":
            self._line.append(" ")
        elif tag in _BLOCKS:
            self._break()
        self._in_row = self._in_row or tag == "tr"

    def handle_endtag(self, tag: str) -> None:
        if tag == "ac:parameter":
            self._silent = False
        self._in_row = self._in_row and tag != "tr"
        if tag in {"td", "th"}:
            self._line.append(" | ")
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._line.append(data if data.strip() else " ")

    def _break(self) -> None:
        if self._in_row:
            self._line.append(" ")
            return
        line = " ".join("".join(self._line).split()).removesuffix(" |")
        self._line = []
        if line:
            self.lines.append(line)


def lines(body: str) -> Sequence[str]:
    """The lines of a body, each on one line and without markup; none is empty."""
    reader = _Lines()
    reader.feed(body)
    reader.close()
    return reader.lines
