"""Both languages in one page: the shown text stands in place, the other one once in a dictionary beside the script.

Most texts are repeated hundreds of times; written twice at each place they would be half of the page. A text that
stands in one place only has its other language there: in the dictionary it would be written once more, to be found by.
"""

import json
from collections import Counter
from collections.abc import Set as AbstractSet

from markupsafe import Markup, escape

from itss_bridge.exporters.foreign import plain
from itss_bridge.model import Text


class Bilingual:
    """The texts of one rendered page, collected while it is written."""

    def __init__(self, language: str, seldom: AbstractSet[str] = frozenset()) -> None:
        """A page that shows *language* first; *seldom* are shown texts that are known to stand in one place only."""
        self._language = language
        self._other = "en" if language == "zh" else "zh"
        self._seldom = seldom
        self._words: dict[str, str] = {}
        self._times: Counter[str] = Counter()

    @property
    def once(self) -> frozenset[str]:
        """The shown texts that stood in one place only, once the page is written."""
        return frozenset(text for text, times in self._times.items() if times == 1)

    def both(self, text: Text) -> Markup:
        """The shown text, marked so that the script finds it; bare where it is the same in both languages.

        Where one text stands for two others, the rarer other is kept in place.
        """
        shown, other = plain(text[self._language]), plain(text[self._other])
        if shown == other:
            return escape(shown)
        self._times[shown] += 1
        if shown not in self._seldom and self._words.setdefault(shown, other) == other:
            return Markup("<i>{}</i>").format(shown)
        return Markup('<i data-other="{}">{}</i>').format(other, shown)

    def label(self, text: Text) -> Markup:
        """An `aria-label` that the script can turn into the other language."""
        shown, other = plain(text[self._language]), plain(text[self._other])
        return Markup('aria-label="{}" data-label="{}"').format(shown, other)

    def dictionary(self) -> Markup:
        """The other language as a JSON object; to be written last. No `<` is in it, so nothing can end the script."""
        words = json.dumps(self._words, ensure_ascii=False, separators=(",", ":"))
        return Markup(words.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
