"""The calendar file, read by a parser that is not ours, and checked byte by byte where the standard counts bytes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from tests.exporters.payloads import infested_report
from tests.sample_report import AS_OF, sample_report

from itss_bridge.exporters.ics import IcsExporter, folded
from itss_bridge.model import Milestone, Origin, Report, Text

EXPORTER = IcsExporter()
WINDOW = Milestone(
    id="itss/surveillance-1@C-01",
    kind="surveillance",
    on=date(2016, 10, 10),
    until=date(2017, 1, 10),
    title=Text("C-01: first surveillance", "ITSS 三级证书：第一次监督评估"),
    note=Text("Between months 9 and 12; papers, defence.", "颁证后第 9 至 12 个月内完成；备齐材料，逐项核对。" * 4),
    frameworks=("itss",),
    rules=("itss/surveillance-1",),
    certain=False,
    origin=Origin(("SSCMMI",), "medium-high", "itss.yaml:1:1"),
    lead=60,
)
DAY = replace(
    WINDOW,
    id="joint/management-review@first",
    on=date(2016, 9, 5),
    until=None,
    certain=True,
    frameworks=("itss", "iso9001"),
    lead=30,
)
UNTOLD = replace(WINDOW, id="iso9001/certificate", on=None, until=None, state="missing")


@pytest.fixture
def dated(report: Report) -> Report:
    return replace(report, calendar=(WINDOW, DAY, UNTOLD), languages=("zh", "en"))


def events(content: bytes) -> dict[str, object]:
    (calendar,) = Calendar.from_ical(content, multiple=True)
    return {str(event["UID"]): event for event in calendar.walk("VEVENT")}


def test_a_window_is_an_all_day_event_that_ends_the_day_after_its_last(dated: Report) -> None:
    window, day = events(EXPORTER.export(dated, "zh")).values()
    assert (window["DTSTART"].dt, window["DTEND"].dt) == (date(2016, 10, 10), date(2017, 1, 11))
    assert (day["DTSTART"].dt, day["DTEND"].dt) == (date(2016, 9, 5), date(2016, 9, 6))
    assert window["DTSTART"].params["VALUE"] == "DATE"
    assert window["DTSTAMP"].dt == AS_OF.replace(microsecond=0)


def test_titles_and_notes_come_back_as_they_were(dated: Report) -> None:
    chinese, _ = events(EXPORTER.export(dated, "zh")).values()
    assert str(chinese["SUMMARY"]) == f"待核实：{WINDOW.title.zh}"
    assert str(chinese["DESCRIPTION"]).splitlines()[0] == WINDOW.note.zh
    english, certain = events(EXPORTER.export(dated, "en")).values()
    assert str(english["SUMMARY"]) == f"To be confirmed: {WINDOW.title.en}"
    assert str(certain["SUMMARY"]) == WINDOW.title.en
    assert WINDOW.note.en in str(english["DESCRIPTION"])
    assert WINDOW.note.zh in str(english["DESCRIPTION"])
    assert "itss/surveillance-1" in str(english["DESCRIPTION"])


def test_what_is_not_certain_is_tentative(dated: Report) -> None:
    window, day = events(EXPORTER.export(dated, "zh")).values()
    assert (str(window["STATUS"]), str(day["STATUS"])) == ("TENTATIVE", "CONFIRMED")
    assert [str(name) for name in day["CATEGORIES"].cats] == ["itss", "iso9001"]


def test_a_reminder_is_counted_from_the_last_day(dated: Report) -> None:
    window, day = events(EXPORTER.export(dated, "zh")).values()
    (of_window,), (of_day,) = window.walk("VALARM"), day.walk("VALARM")
    assert of_window["TRIGGER"].dt == timedelta(days=-60)
    assert of_window["TRIGGER"].params["RELATED"] == "END"
    assert of_day["TRIGGER"].dt == timedelta(days=-30)
    assert str(of_window["ACTION"]) == "DISPLAY"


def test_a_date_that_cannot_be_told_is_no_event(dated: Report) -> None:
    assert len(events(EXPORTER.export(dated, "zh"))) == 2


def test_an_event_keeps_its_identity_when_its_day_moves(dated: Report) -> None:
    before = set(events(EXPORTER.export(dated, "zh")))
    moved = replace(WINDOW, on=date(2016, 11, 1), title=Text("x", "某"))
    later = replace(dated, calendar=(moved, DAY), as_of=AS_OF + timedelta(days=30))
    assert set(events(EXPORTER.export(later, "en"))) == before
    assert set(events(EXPORTER.export(replace(dated, organisation="另一家"), "zh"))).isdisjoint(before)


def test_the_same_report_gives_the_same_bytes(dated: Report) -> None:
    assert EXPORTER.export(dated, "zh") == EXPORTER.export(dated, "zh")


def test_the_stamp_is_the_moment_of_the_report_not_of_a_clock(dated: Report) -> None:
    long_ago = replace(dated, as_of=datetime(1999, 12, 31, 23, 59, 59, 123456, tzinfo=UTC))
    for event in events(EXPORTER.export(long_ago, "zh")).values():
        assert event["DTSTAMP"].dt == datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_an_empty_calendar_is_one(report: Report) -> None:
    (calendar,) = Calendar.from_ical(EXPORTER.export(replace(report, calendar=()), "zh"), multiple=True)
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]


def test_no_line_is_longer_than_75_octets_and_each_is_whole(dated: Report) -> None:
    content = EXPORTER.export(dated, "zh")
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut in two


def test_foreign_text_stays_text() -> None:
    """Whatever stands in titles cannot begin a property of its own."""
    payloads = [i.ref for m in infested_report().assessment.measurements for i in m.failing]
    nasty = [*payloads, "a\r\nBEGIN:VEVENT\r\nUID:x", "BEGIN:VALARM", "\x00\x0b;,\\n\\", "\ud800"]
    milestones = tuple(
        replace(WINDOW, id=f"itss/x@{n}", title=Text(value, value), note=Text(value, value))
        for n, value in enumerate(nasty)
    )
    content = EXPORTER.export(replace(infested_report(), calendar=milestones), "zh")
    found = events(content)
    assert len(found) == len(nasty)
    assert all(len(event.walk("VALARM")) == 1 for event in found.values())


@given(st.text(max_size=400))
def test_any_line_is_folded_and_unfolded_whole(content: str) -> None:
    line = content.replace("\r", "").replace("\n", "").encode("utf-8", "replace").decode()
    wire = folded(line)
    assert wire.endswith(b"\r\n")
    assert all(len(part) <= 75 for part in wire.split(b"\r\n"))
    assert wire[:-2].replace(b"\r\n ", b"").decode() == line


SMALL = replace(sample_report(), calendar=(WINDOW,))


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1))
def test_any_title_comes_back_from_another_parser(title: str) -> None:
    report = replace(SMALL, calendar=(replace(DAY, title=Text(title, title)),))
    (event,) = events(EXPORTER.export(report, "zh")).values()
    assert str(event["SUMMARY"]) == title


@settings(deadline=None)
@given(st.dates(), st.none() | st.integers(0, 4000))
def test_any_day_can_be_told(on: date, length: int | None) -> None:
    last = min(on.toordinal() + length, date.max.toordinal()) if length is not None else None
    until = date.fromordinal(last) if last else None
    report = replace(SMALL, calendar=(replace(WINDOW, on=on, until=until),))
    (event,) = events(EXPORTER.export(report, "zh")).values()
    assert event["DTSTART"].dt == on
    if (until or on) < date.max:
        assert event["DTEND"].dt == (until or on) + timedelta(days=1)
