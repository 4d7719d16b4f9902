"""The portfolio as one page: offline, both languages inside, nothing loaded, nothing that a stranger wrote is run."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from itss_bridge import exporters, wording
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.html.page import policy
from itss_bridge.fleet import words
from itss_bridge.fleet.benchmarks import MONTHS, Benchmark
from itss_bridge.fleet.portfolio import Portfolio
from itss_bridge.messages import told
from itss_bridge.model import Status, Text, Verdict

LARGEST: Final = 2_000_000
ROWS: Final = (100_000, 1500, 1000, 600, 300, 100)
"""How many organisations it shows; a page that would not fit is set again with fewer, complete ones left out first."""

MOST_GAPS: Final = 50
MOST_NAMED: Final = 30
_HERE: Final = Path(__file__).parent
_LOOKS: Final = Path(exporters.__file__).parent / "html" / "report.css"


def page(portfolio: Portfolio, language: str) -> bytes:
    """The whole page, with *language* shown first; it stays under 2 MB, and says what it leaves out for that."""
    style = _LOOKS.read_text("utf-8") + (_HERE / "page.css").read_text("utf-8")
    script = (_HERE / "page.js").read_text("utf-8")
    values: dict[str, Any] = {
        "portfolio": portfolio,
        "language": "zh" if language.startswith("zh") else "en",
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "policy": policy(style, script),
    }
    template = _environment().get_template("page.html.j2")
    content = b""
    for most in ROWS:
        content = template.render(values, most_rows=most).encode()
        if len(content) <= LARGEST:
            break
    return content


def both(text: Text) -> Markup:
    """A text in both languages, of which the page shows one; once where they are the same."""
    zh, en = plain(text.zh), plain(text.en)
    return escape(zh) if zh == en else Markup("<i lang=zh>{}</i><i lang=en>{}</i>").format(zh, en)


def foreign(text: str) -> Markup:
    """Text that a stranger wrote: plain, and kept apart so that right-to-left marks cannot turn the line around."""
    return Markup("<bdi>{}</bdi>").format(plain(text))


def error(parts: Mapping[str, str]) -> Text:
    """What went wrong with a workspace, in one line."""
    return Text(*(" | ".join(str(told(text, language)) for text in parts.values()) for language in ("en", "zh")))


def stacked(counts: Mapping[Status, int]) -> Markup:
    """A bar 100 wide, a piece for each status that occurs."""
    whole, left, pieces = sum(counts.values()), 0.0, []
    for status, n in counts.items():
        width = 100 * n / whole if whole else 0
        if n:
            pieces.append(
                Markup('<path class="{}" d="M{:.1f} 0h{:.1f}v6H{:.1f}z"/>').format(status.value, left, width, left)
            )
        left += width
    return Markup(
        '<svg class="stack" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(Markup("").join(pieces))


def box(benchmark: Benchmark) -> Markup:
    """Where the middle half of the organisations lies between the best value, always right, and the worst."""
    if benchmark.best is None or benchmark.worst is None or benchmark.best.value == benchmark.worst.value:
        return Markup("")
    worst, span = benchmark.worst.value, benchmark.best.value - benchmark.worst.value
    lower, middle, upper = (
        100 * (value - worst) / span
        for value in (benchmark.lower, benchmark.median, benchmark.upper)
        if value is not None
    )
    left, width = min(lower, upper), abs(upper - lower)
    return Markup(
        '<svg class="box" viewBox="-2 0 104 12" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="line" d="M0 6h100"/>'
        '<path class="half" d="M{:.1f} 2h{:.1f}v8H{:.1f}z"/><path class="middle" d="M{:.1f} 1v10"/></svg>'
    ).format(left, width, left, middle)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"both": both, "plain": plain, "foreign": foreign}
    environment.globals |= {
        "say": lambda name, **values: both(words.phrase(name, **values)),
        "head": lambda name: both(words.HEAD[name]),
        "head_cell": partial(_head_cell, words.HEAD),
        "stacked": stacked,
        "box": box,
        "error": error,
        "STATE": words.STATE,
        "PHRASE": words.PHRASE,
        "wording": wording,
        "MONTHS": MONTHS,
        "MOST_GAPS": MOST_GAPS,
        "MOST_NAMED": MOST_NAMED,
        "statuses": tuple(Status),
        "Status": Status,
        "verdicts": tuple(Verdict),
    }
    return environment


def _head_cell(heads: Mapping[str, Text], name: str, *, figure: bool = False) -> Markup:
    kind = Markup(' class="figure"') if figure else ""
    return Markup('<th scope="col"{}>{}</th>').format(kind, both(heads[name]))
