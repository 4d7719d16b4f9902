"""The page's templates and what they may call: texts in both languages, numbers, addresses, the security policy."""

import base64
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from itss_bridge import wording
from itss_bridge.exporters import reading as readings
from itss_bridge.exporters.foreign import link, plain
from itss_bridge.exporters.html import charts
from itss_bridge.exporters.html.bilingual import Bilingual
from itss_bridge.exporters.html.words import WORD
from itss_bridge.exporters.reading import Entry, Reading
from itss_bridge.model import (
    CheckResult,
    DocumentRow,
    Framework,
    Gap,
    MaterialRow,
    Measurement,
    Origin,
    Report,
    Row,
    Status,
    Text,
    Verdict,
)
from itss_bridge.shortfall import distance, next_step

_HERE: Final = Path(__file__).parent


def _named(*names: str) -> tuple[Text, ...]:
    return tuple(WORD[name] if name in WORD else wording.HEAD[name] for name in names)


COLUMNS: Final[Mapping[str, tuple[Text, ...]]] = {
    "streams": _named("stream", "source_system", "state", "seen", "expected", "collected", "head"),
    "rules": _named("verdict", "rule", "measured", "needed", "distance"),
    "gaps": _named("what", "distance", "needed", "level", "effort", "owner", "due", "action"),
    "missing": _named("verdict", "level", "rule", "measured", "needed"),
    "short": _named("status", "framework", "clause", "requirement", "reason"),
    "register": _named("identity", "what", "grade", "progress", "opened", "due", "owner", "ticket"),
    "metrics": _named("metric", "value", "n", "numerator", "denominator", "excluded", "median", "p90", "window"),
    "months": _named("month", "value", "n", "numerator", "denominator"),
    "dates": _named("when", "what", "state", "sure"),
    "documents": _named("state", "document", "requirement", "found"),
    "materials": _named("state", "what", "provider", "found"),
    "judgements": _named("requirement", "judged", "measured_beside", "reason", "role", "on", "expires"),
    "changes": _named("clause", "requirement", "from_to", "causes"),
}
"""The tables of the page by the names of their columns; on a phone each row becomes a card with these names in it."""


class Page:
    """One report, ready to be rendered with more or fewer failing items."""

    def __init__(self, report: Report, language: str) -> None:
        self._language = "zh" if language.startswith("zh") else "en"
        style = (_HERE / "report.css").read_text("utf-8") + _letters() + _columns()
        script = (_HERE / "report.js").read_text("utf-8")
        self._values: Mapping[str, Any] = {
            "report": report,
            "reading": Reading(report),
            "language": self._language,
            "style": Markup(style),  # noqa: S704 - our own file
            "script": Markup(script),  # noqa: S704 - our own file
            "policy": policy(style, script),
        }

    def render(self, items: int) -> bytes:
        """The page with at most *items* failing items a check."""
        return self._written(Bilingual(self._language, self._seldom), items).encode()

    @cached_property
    def _seldom(self) -> frozenset[str]:
        """What a draft of the page says in one place only."""
        draft = Bilingual(self._language)
        self._written(draft, 0)
        return draft.once

    def _written(self, words: Bilingual, items: int) -> str:
        template = _environment(words).get_template("report.html.j2")
        return template.render(self._values, most_items=items)


def policy(style: str, script: str) -> str:
    """A content security policy that runs these two texts and loads nothing at all."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


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


def short_number(reading: Reading, requirement_id: str) -> str:
    """The clause number without its edition, which the column's head tells; the id where no number is confirmed."""
    requirement = reading.requirements.get(requirement_id)
    framework = reading.frameworks[requirement.framework] if requirement else None
    for edition in framework.editions if framework and requirement else ():
        number = requirement.clauses.get(edition.id) if requirement else None
        if number:
            return number
    return requirement_id


def in_the_way(report: Report) -> tuple[Gap, ...]:
    """Gaps that hold back the target level, those that decide first; all gaps where no target is set."""
    gaps = [gap for gap in report.gaps if not report.target or report.target in gap.levels]
    return tuple(sorted(gaps, key=lambda gap: not gap.binding))


def numbers(reading: Reading) -> Iterator[Entry]:
    """The checks that measure tickets, each metric over each window once."""
    seen = set()
    for entry in reading.entries.values():
        m = entry.result.measurement
        key = (m.metric, tuple(m.arguments.items()), m.start) if m else None
        if m and key not in seen and entry.result.check.kind == "ticket-metric":
            seen.add(key)
            yield entry


def usual_origin(framework: Framework) -> Origin:
    """Where most requirements of a framework come from: it is said once, and again only where it differs."""
    said = Counter((r.origin.source, r.origin.confidence) for r in framework.requirements if r.assessable)
    return Origin(*max(said, key=said.__getitem__)) if said else framework.origin


def documents_of(report: Report, framework_id: str) -> list[DocumentRow]:
    """What one framework asks to be documented."""
    return [row for row in report.documents if row.requirement.startswith(f"{framework_id}:")]


def checklists(report: Report) -> list[list[MaterialRow]]:
    """Materials to hand in, one list for each checklist."""
    return [list(rows) for _, rows in groupby(report.materials, lambda row: row.checklist)]


def _columns() -> str:
    """The names of columns as style rules, for narrow screens, where a table has no head."""
    rules = [
        f'  html[data-language="{language}"] .{table} td:nth-child({n})::before {{ content: "{name[language]}"; }}\n'
        for table, names in COLUMNS.items()
        for n, name in enumerate(names, 1)
        for language in wording.LANGUAGES
    ]
    return f"@media screen and (max-width: 46rem) {{\n{''.join(rules)}}}\n"


def _letters() -> str:
    """The letter of each status as style rules: letters only repeat what words beside them say, thousands of times."""
    rules = [
        f'html[data-language="{language}"] :is(.badge, .tile, .key, .dot).{status.value}::before '
        f'{{ content: "{letter[language]}"; }}\n'
        for status, letter in wording.STATUS_LETTER.items()
        for language in wording.LANGUAGES
    ]
    return "".join(rules)


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(sha256(content.encode()).digest()).decode()


def _environment(words: Bilingual) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"both": words.both, "label": words.label, "plain": plain, "foreign": foreign, "link": link}
    environment.filters["reason"] = partial(_reason, words)
    environment.globals |= {
        "phrase": lambda name, **values: words.both(wording.phrase(name, **values)),
        "head": lambda name: words.both(wording.HEAD[name]),
        "word": lambda name, **values: words.both(_filled(WORD[name], **values)),
        "dictionary": words.dictionary,
        "WORD": WORD,
        **_READERS,
    }
    return environment


def _reason(words: Bilingual, text: str) -> Markup:
    """Why something is not known; what a tool said itself is kept apart from our own words."""
    reason = wording.as_reason(text)
    return foreign(text) if reason.en == reason.zh else words.both(reason)


def _filled(text: Text, **values: object) -> Text:
    return Text(text.en.format(**values), text.zh.format(**values)) if values else text


_READERS: Final[Mapping[str, Any]] = {
    "needed": needed,
    "distance": distance,
    "next_step": next_step,
    "share": share,
    "excluded": excluded,
    "by_element": by_element,
    "short_number": short_number,
    "in_the_way": in_the_way,
    "numbers": numbers,
    "usual_origin": usual_origin,
    "documents_of": documents_of,
    "checklists": checklists,
    "charts": charts,
    "COLUMNS": COLUMNS,
    "measured_value": readings.measured_value,
    "wording": wording,
    "statuses": tuple(Status),
    "Status": Status,
    "Verdict": Verdict,
}
