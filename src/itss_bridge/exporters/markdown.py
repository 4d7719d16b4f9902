"""Markdown that stays what it says, whatever strangers wrote into references and titles."""

import re
from collections.abc import Iterable, Sequence

from itss_bridge.exporters.foreign import link, plain

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#|!~&])")


def escaped(text: str) -> str:
    """*text* as text: no markup, no HTML, no line breaks."""
    return _SPECIAL.sub(r"\\\1", " ".join(plain(text).split()))


def linked(text: str, url: str) -> str:
    """*text* as a link where *url* may be followed from a report, else as text alone."""
    safe = link(url)
    return f"[{escaped(text)}](<{safe}>)" if safe else escaped(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already; the head alone where there are no rows."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document(title: str, parts: Iterable[tuple[str, str]]) -> str:
    """A page: its title, then parts with their own headings; a part without text is left out."""
    sections = [f"## {heading}\n\n{body}" for heading, body in parts if body]
    return "\n\n".join([f"# {title}", *sections]) + "\n"
