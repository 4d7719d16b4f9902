"""The body's template and what it may call: texts in the report's languages, all of them escaped by the template."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from itss_bridge import wording
from itss_bridge.exporters import reading as readings
from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import CheckResult, Measurement, PackOutcome, Report, Status, Text, Verdict
from itss_bridge.wording.page import PAGE

ITEMS_NAMED: Final = 5
COLOUR: Final[Mapping[str, str]] = {
    Status.CONFORMING.value: "Green",
    Status.PARTIAL.value: "Yellow",
    Status.NONCONFORMING.value: "Red",
    Status.UNDETERMINED.value: "Grey",
    Status.NOT_APPLICABLE.value: "Blue",
    "complete": "Green",
    "running": "Yellow",
    "incomplete": "Red",
    "failed": "Red",
}
"""The status macro knows five colours; what is not known is grey, never green."""


class Body:
    """One report, ready to be rendered with more or fewer of its parts."""

    def __init__(self, report: Report, language: str) -> None:
        others = report.languages if language in report.languages else ()
        self._template = template(tuple(dict.fromkeys([language, *others])))
        self._values: Mapping[str, Any] = {"report": report, "reading": Reading(report)}

    def render(self, left_out: Collection[str]) -> bytes:
        """The body without the parts named in *left_out*."""
        return self._template.render(self._values, left_out=left_out).encode()


@dataclass(frozen=True, slots=True)
class Words:
    """Texts in the languages of a page."""

    languages: tuple[str, ...]

    def words(self, text: Text) -> str:
        """A short text in all of them; once where they are the same."""
        return " / ".join(dict.fromkeys(plain(text[language]) for language in self.languages))

    def paragraphs(self, text: Text) -> Markup:
        """A long text, a paragraph for each language."""
        told = dict.fromkeys(plain(text[language]) for language in self.languages)
        return Markup().join(Markup("<p>{}</p>").format(one) for one in told)

    def head(self, name: str) -> str:
        """A column's head."""
        return self.words(wording.HEAD[name])

    def phrase(self, name: str, **values: object) -> Markup:
        """A phrase of `wording.PHRASE`."""
        return self.paragraphs(wording.phrase(name, **values))

    def without(self, parts: Collection[str]) -> Markup:
        """What is left out, and where the whole is."""
        text = PAGE["left_out"]
        english, chinese = ", ".join(PAGE[part].en for part in parts), "、".join(PAGE[part].zh for part in parts)
        return self.paragraphs(Text(text.en.format(parts=english), text.zh.format(parts=chinese)))


@cache
def template(languages: tuple[str, ...]) -> Template:
    """The page's template in these languages, compiled once."""
    told = Words(languages)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": told.words, "paragraphs": told.paragraphs, "plain": plain}
    environment.globals |= {
        "head": told.head,
        "phrase": told.phrase,
        "without": told.without,
        "wording": wording,
        "titles": PAGE,
        "colour": COLOUR,
        "linked": linked,
        "needed": needed,
        "figures": figures,
        "weight": weight,
        "excluded": excluded,
        "measured_value": readings.measured_value,
        "statuses": tuple(Status),
        "verdicts": tuple(Verdict),
        "most_items": ITEMS_NAMED,
    }
    return environment.get_template("page.xml.j2")


def linked(text: str, url: str) -> Markup:
    """*text* as a link where *url* may be followed from a report, else as text alone."""
    address = link(url)
    return Markup('<a href="{}">{}</a>').format(address, plain(text)) if address else escape(plain(text))


def needed(result: CheckResult) -> Text:
    """What a check asks for."""
    return wording.needed(result.check.criterion, readings.unit_of(result))


def weight(outcome: PackOutcome) -> Text:
    """Whose rules a pack has, and whether they decide: `official, decides`."""
    authority = wording.AUTHORITY[outcome.pack.authority]
    deciding = wording.PHRASE["binding_yes" if outcome.binding else "binding_no"]
    return Text(f"{authority.en}, {deciding.en}", f"{authority.zh}，{deciding.zh}")


def figures(measurement: Measurement | None) -> str:
    """The population behind a number: `41 / 50 (n 52)`."""
    if measurement is None or measurement.unknown:
        return "–"
    part = "–" if measurement.numerator is None else wording.number(measurement.numerator)
    return f"{part} / {wording.number(measurement.denominator)} (n {wording.number(measurement.n)})"


def excluded(measurement: Measurement) -> str:
    """What the population left out and why: `cancelled 12, duplicate 3`."""
    return ", ".join(f"{plain(why)} {n:,}" for why, n in measurement.excluded.items())
