"""The dashboard: native charts over numbers that stand on the same sheet, what to close first, what comes next."""

from collections.abc import Sequence
from typing import Any, Final

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.findings import verdict_cell
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Sheet, lines, status, status_words, within
from itss_bridge.exporters.xlsx.styles import CHART_COLOUR
from itss_bridge.model import CheckResult, Status, Trend, Verdict
from itss_bridge.shortfall import distance
from itss_bridge.wording import HEAD, LEVEL, LEVEL_STATE, PHRASE, SHEET, VERDICT_STATUS
from itss_bridge.wording.workbook import BOOK

_WIDTHS = (34, 13, 13, 13, 13, 13, 13, 26)
_LAST = len(_WIDTHS) - 1
_PAGE_ROWS: Final = 33
_ROW: Final = 20
_MOST_RATES: Final = 14
_FIRST_FEW: Final = 5
_MOST_LINES: Final = 6
_LINE_COLOURS: Final = ("#24424F", "#2F7F93", "#C58B1B", "#C8574B", "#8E93B5", "#5FA883")
_KINDS: Final = frozenset({"ticket-metric", "record"})


def dashboard(book: Book, reading: Reading) -> None:
    """Charts on top, the numbers behind them below, then gaps and dates."""
    sheet = book.sheet("dashboard", _WIDTHS)
    sheet.merged(0, 0, _LAST, Cell(book.line(SHEET["dashboard"]), "title"))
    sheet.height(0, 30)
    rates = _rates(reading)
    trends = _trends(reading, rates)
    bands = 1 + bool(rates) + bool(trends)
    each = _PAGE_ROWS // max(bands, 2)  # all charts on the first page
    for row in range(1, bands * each + 1):
        sheet.row(row, [Cell("", "paragraph")])  # a row without a cell would lose its height
        sheet.height(row, _ROW)
    row = sheet.section(bands * each + 2, _LAST, book.line(BOOK["numbers"]))
    statuses, row = _statuses(sheet, reading, row)
    levels, row = _levels(sheet, reading, row + 1)
    figures, row = _figures(sheet, rates, row + 1) if rates else ((0, 0), row)
    months, row = _months(sheet, reading, trends, row + 1) if trends else ((0, 0), row)
    _top_gaps(sheet, reading, row + 1)
    _draw(sheet, statuses, levels, figures, each)
    if trends:
        _put(sheet, _lines(sheet, months, len(trends)), (2 * each + 1, 0), (1035, each))


def _draw(
    sheet: Sheet, statuses: tuple[int, int], levels: tuple[int, int], figures: tuple[int, int], each: int
) -> None:
    """Each chart reads the rows that were just written."""
    language = sheet.book.language
    colours = [CHART_COLOUR[found.value] for found in Status]
    chart = _stacked(sheet, statuses, colours, BOOK["chart_frameworks"][language])
    _put(sheet, chart, (1, 0), (515, each))
    colours = [CHART_COLOUR[VERDICT_STATUS[verdict].value] for verdict in Verdict]
    chart = _stacked(sheet, levels, colours, BOOK["chart_levels"][language])
    _put(sheet, chart, (1, 4), (515, each))
    if figures[1]:
        chart = _clustered(sheet, figures, BOOK["chart_kpi"][language])
        _put(sheet, chart, (each + 1, 0), (1035, each))


def _put(sheet: Sheet, chart: Any, place: tuple[int, int], size: tuple[int, int]) -> None:
    """A chart at *place* (row, column), as wide as *size* says in pixels and as high in rows."""
    width, rows = size
    chart.set_size({"width": width, "height": rows * _ROW * 96 // 72 - 12})
    sheet.raw.insert_chart(*place, chart, {"x_offset": 4 if place[1] else 0, "object_position": 2})


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
    names = {"reverse": True, "interval_unit": 1, "line": {"color": "#C9CED1"}, "major_tick_mark": "none"}
    chart.set_y_axis({**names, "num_font": {**font, "size": 8}})
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


def _trends(reading: Reading, rates: Sequence[CheckResult]) -> list[Trend]:
    """The months of the rates shown, those farthest from what is needed; a rate without any month is left out."""
    shown = [(rate.check.metric, rate.check.arguments) for rate in rates]
    told = {shown.index((t.metric, t.arguments)): t for t in reading.report.trends if (t.metric, t.arguments) in shown}
    known = [told[place] for place in sorted(told) if any(p.measurement.value is not None for p in told[place].points)]
    return known[:_MOST_LINES]


def _months(sheet: Sheet, reading: Reading, trends: Sequence[Trend], row: int) -> tuple[tuple[int, int], int]:
    """A row per month, a column per rate; nothing where nothing is known, for a line must not fall to zero there.

    The running month stands below, but is not drawn: returns head and last whole month, and the row after all.
    """
    language, head = sheet.book.language, row
    metrics = [reading.metric(trend.metric) for trend in trends]
    titles = [m.title[language] if m else t.metric for m, t in zip(metrics, trends, strict=True)]
    sheet.row(row, [Cell(BOOK["month"][language], "head"), *(Cell(title, "head") for title in titles)])
    last = head
    for points in zip(*(trend.points for trend in trends), strict=True):
        row += 1
        whole = points[0].whole
        month = f"{points[0].month}{'' if whole else BOOK['running'][language]}"
        values = [None if p.measurement.unknown else p.measurement.value for p in points]
        sheet.row(row, [Cell(month, "strong"), *(Cell(value, "number") for value in values)])
        last = row if whole else last
    return (head, last), row + 1


def _lines(sheet: Sheet, rows: tuple[int, int], count: int) -> Any:
    """A line per rate over the months."""
    chart = sheet.book.workbook.add_chart({"type": "line"})
    head, last = rows
    for column, colour in zip(range(1, count + 1), _LINE_COLOURS, strict=False):
        chart.add_series(
            {
                "name": [sheet.name, head, column],
                "categories": [sheet.name, head + 1, 0, last, 0],
                "values": [sheet.name, head + 1, column, last, column],
                "line": {"color": colour, "width": 2},
                "marker": {"type": "circle", "size": 4, "fill": {"color": colour}, "border": {"color": colour}},
            }
        )
    font = {"size": 9, "color": "#4C5A61"}
    chart.set_x_axis({"num_font": font, "line": {"color": "#C9CED1"}})
    chart.set_y_axis({"min": 0, "major_gridlines": _GRID, "num_font": font, "line": _NONE})
    chart.show_blanks_as("gap")
    return _titled(chart, BOOK["chart_trend"][sheet.book.language])


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
