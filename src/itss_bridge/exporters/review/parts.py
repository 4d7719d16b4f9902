"""Parts that both packs share: how far the evidence is to be trusted, what does not conform, what to keep in mind."""

from collections.abc import Sequence
from datetime import date

from itss_bridge.exporters.markdown import escaped, linked, table
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.review.words import word
from itss_bridge.model import Report
from itss_bridge.wording import GRADE, PROGRESS, STREAM_STATE, as_reason, stream


def heads(language: str, *names: str) -> list[str]:
    """The heads of a table."""
    return [word(name, language) for name in names]


def filled(rows: Sequence[Sequence[str]], language: str, *names: str) -> str:
    """A table, or the word for nothing."""
    return table(heads(language, *names), rows) if rows else word("none", language)


def evidence(report: Report, language: str) -> str:
    """Every stream with its state: a review that rests on half the records must say so."""
    rows = [
        [
            escaped(stream(state.stream)[language]),
            escaped(state.source),
            f"{state.seen:,} / {'–' if state.expected is None else f'{state.expected:,}'}",
            STREAM_STATE[state.state][language],
            escaped(as_reason(state.reason)[language]),
        ]
        for state in report.streams
    ]
    return filled(rows, language, "stream", "source", "held", "state", "reason")


def nonconformities(report: Report, language: str, day: date) -> str:
    """The register: open ones first, overdue ones named."""
    listed = sorted(report.nonconformities, key=lambda one: (one.progress == "closed", one.due or date.max, one.id))
    rows = [
        [
            linked(one.id, one.ticket.url) if one.ticket else one.id,
            GRADE[one.grade][language],
            escaped(one.title[language]),
            escaped(one.owner),
            _due(one.due, language, late=one.progress != "closed" and one.due is not None and one.due < day),
            PROGRESS[one.progress][language],
            escaped(one.reason[language]),
        ]
        for one in listed
    ]
    return filled(rows, language, "id", "grade", "title", "owner", "due", "progress", "reason")


def _due(due: date | None, language: str, *, late: bool) -> str:
    shown = str(due or "–")
    return f"{shown} **{word('overdue', language)}**" if late else shown


def notes(report: Report, language: str) -> str:
    """The report's own notes, and that the selection of inputs is ours."""
    return "\n".join(f"- {escaped(text)}" for text in [word("ours", language), *(n[language] for n in report.notes)])


def titled(name: str, report: Report, language: str) -> str:
    """The page's title."""
    as_of = Reading(report).day(report.as_of)
    return word(name, language, organisation=escaped(report.organisation), as_of=as_of)
