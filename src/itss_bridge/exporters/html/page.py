"""The page's template and what it may call: text in both languages, numbers, addresses and the security policy."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from itss_bridge import wording
from itss_bridge.exporters import reading as readings
from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import CheckResult, Measurement, Report, Row, Status, Text, Verdict

_HERE: Final = Path(__file__).parent


class Page:
    """One report, ready to be rendered with more or fewer failing items."""

    def __init__(self, report: Report, language: str) -> None:
        style = (_HERE / "report.css").read_text("utf-8") + _letters()
        script = (_HERE / "report.js").read_text("utf-8")
        self._values: Mapping[str, Any] = {
            "report": report,
            "reading": Reading(report),
            "language": "zh" if language.startswith("zh") else "en",
            "style": Markup(style),  # noqa: S704 - our own file
            "script": Markup(script),  # noqa: S704 - our own file
            "policy": policy(style, script),
        }
        self._template = _environment().get_template("report.html.j2")

    def render(self, items: int) -> bytes:
        """The page with at most *items* failing items a check."""
        return self._template.render(self._values, most_items=items).encode()


def policy(style: str, script: str) -> str:
    """A content security policy that runs these two texts and loads nothing at all."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def both(text: Text) -> Markup:
    """A text in both languages, of which the page shows one; once where they are the same."""
    zh, en = plain(text.zh), plain(text.en)
    if zh == en:
        return escape(zh)
    return Markup("<i lang=zh>{}</i><i lang=en>{}</i>").format(zh, en)


def phrase(name: str, **values: object) -> Markup:
    """A phrase of `wording.PHRASE` in both languages."""
    return both(wording.phrase(name, **values))


def head(name: str) -> Markup:
    """A column head of `wording.HEAD` in both languages."""
    return both(wording.HEAD[name])


def foreign(text: str) -> Markup:
    """Text of a tool: plain, and kept apart so that right-to-left marks cannot turn the line around."""
    return Markup("<bdi>{}</bdi>").format(plain(text))


def needed(result: CheckResult) -> Text:
    """What a check asks for."""
    return wording.needed(result.check.criterion, readings.unit_of(result))


def excluded(measurement: Measurement) -> str:
    """What the population left out and why: `cancelled 12, duplicate 3`."""
    return ", ".join(f"{plain(why)} {n:,}" for why, n in measurement.excluded.items())


def by_element(reading: Reading, framework_id: str) -> list[tuple[str, list[Row]]]:
    """Matrix rows of a framework, neighbours of one element together, in the order of the standard."""
    rows = reading.rows.get(framework_id, ())
    return [(name, list(group)) for name, group in groupby(rows, lambda r: reading.requirements[r.requirement].element)]


def share(part: int, whole: int) -> str:
    """*part* of *whole* on a bar 100 wide."""
    return f"{100 * part / whole:.2f}" if whole else "0"


def _letters() -> str:
    """The letter of each status as style rules: letters only repeat what words beside them say, thousands of times."""
    rules = [
        f'html[data-language="{language}"] :is(.badge, .tile, .key).{status.value}::before '
        f'{{ content: "{letter[language]}"; }}\n'
        for status, letter in wording.STATUS_LETTER.items()
        for language in wording.LANGUAGES
    ]
    return "".join(rules)


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(sha256(content.encode()).digest()).decode()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"both": both, "plain": plain, "foreign": foreign, "link": link}
    environment.globals |= {
        "phrase": phrase,
        "head": head,
        "needed": needed,
        "share": share,
        "excluded": excluded,
        "by_element": by_element,
        "measured_value": readings.measured_value,
        "measured_state": readings.measured_state,
        "most_cautious": readings.most_cautious,
        "wording": wording,
        "statuses": tuple(Status),
        "Status": Status,
        "Verdict": Verdict,
    }
    return environment
