"""The body's template and what it may call: texts in the report's languages, all of them escaped by the template."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from itss_bridge import wording
from itss_bridge.exporters import reading as readings
from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import CheckResult, Measurement, Report, Status, Text, Verdict
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
        self._languages = tuple(dict.fromkeys([language, *others]))
        self._values: Mapping[str, Any] = {"report": report, "reading": Reading(report)}
        self._template = self._environment().get_template("page.xml.j2")

    def render(self, left_out: Collection[str]) -> bytes:
        """The body without the parts named in *left_out*."""
        return self._template.render(self._values, left_out=left_out).encode()

    def words(self, text: Text) -> str:
        """A short text in all languages of the page; once where they are the same."""
        return " / ".join(dict.fromkeys(plain(text[language]) for language in self._languages))

    def paragraphs(self, text: Text) -> Markup:
        """A long text, a paragraph for each language."""
        told = dict.fromkeys(plain(text[language]) for language in self._languages)
        return Markup().join(Markup("<p>{}</p>").format(one) for one in told)

    def _phrase(self, name: str, **values: object) -> Markup:
        return self.paragraphs(wording.phrase(name, **values))

    def _left_out(self, parts: Collection[str]) -> Markup:
        text = PAGE["left_out"]
        english, chinese = ", ".join(PAGE[part].en for part in parts), "、".join(PAGE[part].zh for part in parts)
        return self.paragraphs(Text(text.en.format(parts=english), text.zh.format(parts=chinese)))

    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"words": self.words, "paragraphs": self.paragraphs, "plain": plain}
        environment.globals |= {
            "head": lambda name: self.words(wording.HEAD[name]),
            "phrase": self._phrase,
            "without": self._left_out,
            "wording": wording,
            "titles": PAGE,
            "colour": COLOUR,
            "linked": linked,
            "needed": needed,
            "figures": figures,
            "excluded": excluded,
            "measured_value": readings.measured_value,
            "statuses": tuple(Status),
            "verdicts": tuple(Verdict),
            "most_items": ITEMS_NAMED,
        }
        return environment


def linked(text: str, url: str) -> Markup:
    """*text* as a link where *url* may be followed from a report, else as text alone."""
    address = link(url)
    return Markup('<a href="{}">{}</a>').format(address, plain(text)) if address else escape(plain(text))


def needed(result: CheckResult) -> Text:
    """What a check asks for."""
    return wording.needed(result.check.criterion, readings.unit_of(result))


def figures(measurement: Measurement | None) -> str:
    """The population behind a number: `41 / 50 (n 52)`."""
    if measurement is None or measurement.unknown:
        return "–"
    part = "–" if measurement.numerator is None else wording.number(measurement.numerator)
    return f"{part} / {wording.number(measurement.denominator)} (n {wording.number(measurement.n)})"


def excluded(measurement: Measurement) -> str:
    """What the population left out and why: `cancelled 12, duplicate 3`."""
    return ", ".join(f"{plain(why)} {n:,}" for why, n in measurement.excluded.items())
