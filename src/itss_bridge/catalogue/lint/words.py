"""Rules on texts: both languages, each in its own script, none so long that it might be copied."""

import re
from collections.abc import Iterator
from typing import Any

from itss_bridge.catalogue.draft import Draft
from itss_bridge.catalogue.lint.ids import Found
from itss_bridge.catalogue.yaml import Path_
from itss_bridge.messages import say

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_CITED = re.compile(r"“[^”]*”|\([^)]*\)")
MOST_HAN = 0.2
"""Notes and rationales cite Chinese terms; beyond this share the text is not English any more."""
_OURS_ALONE = {"title", "intent", "definition"}

# Longest text of ours, en and zh; beyond it somebody may have pasted a sentence of a standard.
LONGEST = {
    ("frameworks", "title"): (90, 40),
    ("metrics", "title"): (90, 40),
    ("frameworks", "intent"): (400, 160),
    ("checks", "title"): (130, 60),  # the title of a check is the whole expectation
    ("levels", "title"): (130, 60),
}


def _texts(draft: Draft) -> Iterator[tuple[str, str, Path_, dict[str, str]]]:
    """Kind of file, place, path and text of every pair of languages."""
    for kind, documents in draft.documents.items():
        for document in documents:
            for path, text in _pairs(document.content, ()):
                yield kind, document.where(path), path, text


def _pairs(value: Any, path: Path_) -> Iterator[tuple[Path_, dict[str, str]]]:
    if isinstance(value, dict):
        if value.keys() == {"en", "zh"}:
            yield path, value
            return
        for key, child in value.items():
            yield from _pairs(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _pairs(child, (*path, index))


def _is_designation(path: Path_) -> bool:
    """The name of an edition reads the same in every language."""
    return path[0] == "editions" and path[-1] == "name"


def missing(draft: Draft) -> Found:
    """Blanks are no text."""
    for _, where, _, text in _texts(draft):
        for language in ("en", "zh"):
            if not text[language].strip():
                yield (
                    where,
                    say("the text has no {language}", language=language),
                    say("write it as an auditor would say it"),
                )


def chinese_without_han(draft: Draft) -> Found:
    """Chinese text has Chinese in it."""
    for _, where, path, text in _texts(draft):
        if text["zh"].strip() and not _HAN.search(text["zh"]) and not _is_designation(path):
            yield where, say("the zh text has no Chinese character"), say("write it in Chinese")


def english_with_han(draft: Draft) -> Found:
    """English text cites Chinese terms at most; in a title, an intent or a definition in brackets only."""
    for _, where, path, text in _texts(draft):
        words = _CITED.sub("", text["en"]) if path[-1] in _OURS_ALONE else text["en"]
        share = len(_HAN.findall(words)) / max(len(words), 1)
        if share > (0 if path[-1] in _OURS_ALONE else MOST_HAN):
            yield (
                where,
                say("the en text has Chinese characters in it"),
                say("write it in English; cite a term in brackets"),
            )


def same(draft: Draft) -> Found:
    """One text for both languages is a translation that was forgotten."""
    for _, where, path, text in _texts(draft):
        if text["en"].strip() == text["zh"].strip() and not _is_designation(path):
            yield where, say("en and zh are the same"), say("write both")


def too_long(draft: Draft) -> Found:
    """Titles and intents are short, and ours."""
    for kind, where, path, text in _texts(draft):
        limits = LONGEST.get((kind, str(path[-1])))
        for language, most in zip(("en", "zh"), limits or (), strict=False):
            long = len(text[language].strip())
            if long > most:
                what = say(
                    "the {language} {path} has {long} characters, {most} at most",
                    language=language,
                    path=path[-1],
                    long=long,
                    most=most,
                )
                yield where, what, say("say it shorter, in your own words: no sentence of a standard may stand here")
