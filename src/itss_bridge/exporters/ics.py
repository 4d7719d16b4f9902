"""The calendar as iCalendar (RFC 5545), for Outlook, WPS or a phone: all-day events that keep their identity."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import plain
from itss_bridge.model import Milestone, Report, Text
from itss_bridge.wording import LANGUAGES, other

_OCTETS = 75
_UNSURE = {"zh": "待核实：", "en": "To be confirmed: "}
_BASIS = {"zh": "依据", "en": "Rules"}
_CONFIDENCE = {"zh": "可信度", "en": "Confidence"}
_NAME = {"zh": "{} 认证评估日历", "en": "{}: certification calendar"}


class IcsExporter(Exporter):
    """Same report, same bytes: identity and time stamp come from the report, never from a clock."""

    name: ClassVar[str] = "ics"
    suffix: ClassVar[str] = ".ics"
    title: ClassVar[Text] = Text("all dates, for Outlook, WPS or a phone", "全部日期，可导入 Outlook、WPS 或手机日历")

    def export(self, report: Report, language: str) -> bytes:
        """All dates that can be told; in *language*, the other one below it where the report has both."""
        lines = _calendar(report, language if language in LANGUAGES else "zh")
        return b"".join(folded(line) for line in lines)


def folded(line: str) -> bytes:
    """One content line of any length as lines of at most 75 octets; no character is cut in two."""
    content, parts, size = line.encode("utf-8", "replace").decode(), [""], 0
    for character in content:
        width = len(character.encode())
        if size + width > _OCTETS:
            parts.append("")
            size = 1  # the space that a continuation begins with
        parts[-1] += character
        size += width
    return "\r\n ".join(parts).encode() + b"\r\n"


def text(value: str) -> str:
    """A value of type TEXT: the characters that mean something are escaped, control characters left out."""
    harmless = "".join(c for c in plain(value) if c >= " " or c == "\n")
    for mark in ("\\", ";", ","):
        harmless = harmless.replace(mark, f"\\{mark}")
    return harmless.replace("\n", "\\n")


def _calendar(report: Report, language: str) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:-//itss-bridge//{text(report.version)}//{language.upper()}"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"X-WR-CALNAME:{text(_NAME[language].format(report.organisation))}"
    yield f"X-WR-TIMEZONE:{text(report.time_zone)}"
    for milestone in report.calendar:
        if milestone.on is not None:
            yield from _event(milestone, milestone.on, report, language)
    yield "END:VCALENDAR"


def _event(milestone: Milestone, on: date, report: Report, language: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_identity(report.organisation, milestone)}"
    yield f"DTSTAMP:{_moment(report.as_of)}"
    yield f"DTSTART;VALUE=DATE:{_day(on)}"
    end = milestone.until or on
    if end < date.max:
        yield f"DTEND;VALUE=DATE:{_day(end + timedelta(days=1))}"  # the first day that is not in it any more
    yield f"SUMMARY;LANGUAGE={language}:{text(_summary(milestone, language))}"
    yield f"DESCRIPTION:{text(_description(milestone, report, language))}"
    if milestone.frameworks:
        yield f"CATEGORIES:{','.join(text(name) for name in milestone.frameworks)}"
    yield f"STATUS:{'CONFIRMED' if milestone.certain else 'TENTATIVE'}"
    yield "TRANSP:TRANSPARENT"
    if milestone.lead:
        yield from _alarm(milestone, language)
    yield "END:VEVENT"


def _alarm(milestone: Milestone, language: str) -> Iterator[str]:
    """A reminder counted from its end: of a window the last day matters."""
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{text(_summary(milestone, language))}"
    yield f"TRIGGER;RELATED={'END' if milestone.until else 'START'}:-P{milestone.lead}D"
    yield "END:VALARM"


def _summary(milestone: Milestone, language: str) -> str:
    unsure = "" if milestone.certain else _UNSURE[language]
    return unsure + milestone.title[language]


def _description(milestone: Milestone, report: Report, language: str) -> str:
    second = other(language)
    parts = [milestone.note[language]]
    if second in report.languages:
        parts += [_summary(milestone, second), milestone.note[second]]
    if milestone.rules:
        parts.append(f"{_BASIS[language]}: {', '.join(milestone.rules)}")
    if milestone.origin.confidence:
        parts.append(f"{_CONFIDENCE[language]}: {milestone.origin.confidence}")
    return "\n".join(part for part in parts if part)


def _identity(organisation: str, milestone: Milestone) -> str:
    """The same for the same thing of the same organisation, on whatever day it comes to lie."""
    name = f"{organisation}\n{milestone.id}".encode("utf-8", "replace")
    return f"{sha256(name).hexdigest()[:32]}@itss-bridge"


def _day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _moment(when: datetime) -> str:
    utc = when.astimezone(UTC)
    return f"{_day(utc.date())}T{utc.hour:02}{utc.minute:02}{utc.second:02}Z"
