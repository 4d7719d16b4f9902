"""The dashboard: native charts over numbers that stand on the same sheet, what to close first, what comes next."""

from collections.abc import Sequence
from typing import Any, Final

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.findings import verdict_cell
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Sheet, lines, status, status_words, within
from itss_bridge.exporters.xlsx.styles import CHART_COLOUR
from itss_bridge.model import CheckResult, Status, Verdict
from itss_bridge.shortfall import distance
from itss_bridge.wording import HEAD, LEVEL, LEVEL_STATE, PHRASE, SHEET, VERDICT_STATUS
from itss_bridge.wording.workbook import BOOK

_WIDTHS = (34, 13, 13, 13, 13, 13, 13, 26)
_LAST = len(_WIDTHS) - 1
_CHART_ROWS: Final = 16
_ROW: Final = 20
_MOST_RATES: Final = 14
_FIRST_FEW: Final = 5
_KINDS: Final = frozenset({"ticket-metric", "record"})


def dashboard(book: Book, reading: Reading) -> None:
    """Charts on top, the numbers behind them below, then gaps and dates."""
    sheet = book.sheet("dashboard", _WIDTHS)
    sheet.merged(0, 0, _LAST, Cell(book.line(SHEET["dashboard"]), "title"))
    sheet.height(0, 30)
    rates = _rates(reading)
    rows = 2 * _CHART_ROWS if rates else _CHART_ROWS
    for row in range(1, rows + 1):
        sheet.row(row, [Cell("", "paragraph")])  # a row without a cell would lose its height
        sheet.height(row, _ROW)
    row = sheet.section(rows + 2, _LAST, book.line(BOOK["numbers"]))
    statuses, row = _statuses(sheet, reading, row)
    levels, row = _levels(sheet, reading, row + 1)
    figures, row = _figures(sheet, rates, row + 1) if rates else ((0, 0), row)
    _top_gaps(sheet, reading, row + 1)
    _draw(sheet, statuses, levels, figures)


def _draw(sheet: Sheet, statuses: tuple[int, int], levels: tuple[int, int], figures: tuple[int, int]) -> None:
    """Each chart reads the rows that were just written."""
    language = sheet.book.language
    colours = [CHART_COLOUR[found.value] for found in Status]
    chart = _stacked(sheet, statuses, colours, BOOK["chart_frameworks"][language])
    _put(sheet, chart, 1, 0, 515)
    colours = [CHART_COLOUR[VERDICT_STATUS[verdict].value] for verdict in Verdict]
    chart = _stacked(sheet, levels, colours, BOOK["chart_levels"][language])
    _put(sheet, chart, 1, 4, 515)
    if figures[1]:
        chart = _clustered(sheet, figures, BOOK["chart_kpi"][language])
        _put(sheet, chart, _CHART_ROWS + 1, 0, 1035)


def _put(sheet: Sheet, chart: Any, row: int, column: int, width: int) -> None:
    height = _CHART_ROWS * _ROW * 96 // 72 - 12
    chart.set_size({"width": width, "height": height})
    sheet.raw.insert_chart(row, column, chart, {"x_offset": 4 if column else 0, "object_position": 2})


def _stacked(sheet: Sheet, rows: tuple[int, int], colours: Sequence[str], title: str) -> Any:
    """Bars of counts, one part per column; the heads of the columns name the parts."""
    chart = sheet.book.workbook.add_chart({"type": "bar", "subtype": "stacked"})
    head, last = rows
    for column, colour in enumerate(colours, start=1):
        chart.add_series(
            {
                "name": [sheet.name, head, column],
                "categories": [sheet.name, head + 1, 0, last, 0],
                "values": [sheet.name, head + 1, column, last, column],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    return _styled(chart, title)


def _clustered(sheet: Sheet, rows: tuple[int, int], title: str) -> Any:
    """What was measured beside what is needed."""
    chart = sheet.book.workbook.add_chart({"type": "bar"})
    head, last = rows
    for column, colour in ((1, "#2F7F93"), (2, "#C9CED1")):
        chart.add_series(
            {
                "name": [sheet.name, head, column],
                "categories": [sheet.name, head + 1, 0, last, 0],
                "values": [sheet.name, head + 1, column, last, column],
                "fill": {"color": colour},
                "gap": 80,
                "overlap": -5,
            }
        )
    return _styled(chart, title)


_NONE: Final = {"none": True}
_GRID: Final = {"visible": True, "line": {"color": "#E6E9EB", "width": 0.75}}


def _styled(chart: Any, title: str) -> Any:
    """A bar chart read from the top, on quiet lines."""
    font = {"size": 9, "color": "#4C5A61"}
    chart.set_y_axis({"reverse": True, "num_font": font, "line": {"color": "#C9CED1"}, "major_tick_mark": "none"})
    chart.set_x_axis(
        {"major_gridlines": _GRID, "num_font": font, "line": _NONE, "num_format": "0", "label_position": "high"}
    )
    return _titled(chart, title)


def _titled(chart: Any, title: str) -> Any:
    chart.set_title({"name": title, "name_font": {"size": 11, "bold": True, "color": "#17303B"}, "overlay": False})
    chart.set_legend({"position": "bottom", "font": {"size": 9, "color": "#4C5A61"}})
    chart.set_chartarea({"border": {"color": "#D5DADD"}})
    return chart


def _statuses(sheet: Sheet, reading: Reading, row: int) -> tuple[tuple[int, int], int]:
    """Counts per framework and status; returns head and last row, and the row after."""
    book, head = sheet.book, row
    heads = [Cell(book.line(HEAD["framework"]), "head"), *(status_words(found, book) for found in Status)]
    sheet.row(row, heads)
    for framework in reading.ordered:
        row += 1
        counts = reading.report.counts(framework.id).values()
        sheet.row(row, [Cell(framework.title[book.language], "strong"), *(Cell(n, "whole") for n in counts)])
    return (head, row), row + 1


def _levels(sheet: Sheet, reading: Reading, row: int) -> tuple[tuple[int, int], int]:
    """How many deciding rules of each level are met, not met, undetermined."""
    book, head = sheet.book, row
    heads = [verdict_cell(verdict, book) for verdict in Verdict]
    sheet.row(row, [Cell(book.line(HEAD["level"]), "head"), *heads, Cell(book.line(HEAD["state"]), "head")])
    for level, outcome in sorted(reading.report.assessment.levels.items(), reverse=True):
        row += 1
        verdicts = [rule.result.verdict for rule in reading.rules if rule.level == level and rule.pack.binding]
        counts = [Cell(verdicts.count(verdict), "whole") for verdict in Verdict]
        state = status(outcome.status, LEVEL_STATE[outcome.status][book.language])
        sheet.row(row, [Cell(LEVEL[level][book.language], "strong"), *counts, state])
    return (head, row), row + 1


def _rates(reading: Reading) -> list[CheckResult]:
    """Rates that a check asks for, each metric once, the farthest from what is needed first."""
    found: dict[str, CheckResult] = {}
    for entry in reading.entries.values():
        result = entry.result
        measured, asked = result.measurement, result.check.criterion
        if (
            result.check.kind in _KINDS
            and measured
            and measured.unit == "%"
            and measured.value is not None
            and asked.threshold is not None
        ):
            known = found.get(result.check.metric)
            if known is None or (result.distance or 0) < (known.distance or 0):
                found[result.check.metric] = result
    ordered = sorted(found.values(), key=lambda r: (r.distance or 0, r.check.id))
    return ordered[:_MOST_RATES]


def _figures(sheet: Sheet, rates: Sequence[CheckResult], row: int) -> tuple[tuple[int, int], int]:
    """Measured and needed of each rate, with its population and distance."""
    book, head = sheet.book, row
    sheet.heads(row, ("metric", "measured", "needed", "verdict", "n", "numerator", "denominator", "distance"))
    for result in rates:
        row += 1
        measured, threshold = result.measurement, result.check.criterion.threshold
        assert measured is not None, "only what was measured is a rate"
        assert threshold is not None, "only what is asked for is one"
        sheet.row(
            row,
            [
                result.check.title[book.language],
                Cell(measured.value, "number"),
                Cell(float(threshold), "number"),
                verdict_cell(result.verdict, book),
                Cell(measured.n, "whole"),
                Cell(measured.numerator),
                Cell(measured.denominator, "whole"),
                distance(result)[book.language],
            ],
        )
    return (head, row), row + 1


def _top_gaps(sheet: Sheet, reading: Reading, row: int) -> None:
    """The first gaps, and the dates that come next."""
    book, language = sheet.book, sheet.book.language
    row = sheet.section(row, _LAST, book.line(BOOK["top_gaps"]))
    for gap in reading.report.gaps[:_FIRST_FEW]:
        sheet.write(row, 0, Cell(gap.result.check.title[language], "link", within(SHEET["gaps"][language], 0)))
        sheet.write(row, 1, verdict_cell(gap.result.verdict, book))
        sheet.merged(row, 2, _LAST, distance(gap.result)[language])
        sheet.height(row, 14 * lines(gap.result.check.title[language], _WIDTHS[0]) + 4)
        row += 1
    if not reading.report.gaps:
        row = sheet.paragraph(row, _LAST, book.line(PHRASE["gap_none"]))
    row = sheet.section(row + 1, _LAST, book.line(BOOK["next_dates"]))
    dated = [m for m in reading.report.calendar if m.on and m.state != "missing"]
    for milestone in dated[:_FIRST_FEW]:
        sheet.write(row, 0, Cell(milestone.title[language], "link", within(SHEET["calendar"][language], 0)))
        sheet.write(row, 1, milestone.on)
        sheet.write(row, 2, Cell(milestone.until))
        sheet.write(row, 3, BOOK["certain" if milestone.certain else "calendar_note"][language])
        sheet.merged(row, 4, _LAST, Cell(", ".join(milestone.frameworks).upper(), "small"))
        sheet.height(row, 14 * lines(milestone.title[language], _WIDTHS[0]) + 4)
        row += 1
