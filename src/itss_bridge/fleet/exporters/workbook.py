"""The portfolio as a workbook: what is not complete, the organisations, levels, benchmarks, the group's gaps."""

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Sheet, Shown
from itss_bridge.fleet.benchmarks import MONTHS, Benchmark
from itss_bridge.fleet.portfolio import Organisation, Portfolio
from itss_bridge.fleet.shared_gaps import SharedGap
from itss_bridge.fleet.told import Short
from itss_bridge.fleet.words import HEAD, PHRASE, STATE, phrase
from itss_bridge.messages import told
from itss_bridge.model import Status, Text, Verdict
from itss_bridge.wording import LEVEL, LEVEL_STATE, STATUS, STREAM_STATE, VERDICT, as_reason, other, stream, unit

SHEET: Final = {
    "overview": Text("Overview", "总览"),
    "unfinished": Text("Not complete", "不完整清单"),
    "organisations": Text("Organisations", "组织一览"),
    "levels": Text("Levels", "等级"),
    "benchmarks": Text("Benchmarks", "组织对标"),
    "values": Text("KPI values", "指标明细"),
    "gaps": Text("Shared gaps", "共性差距"),
}
_DIRECTION: Final = {"up": PHRASE["up"], "down": PHRASE["down"]}


def workbook(portfolio: Portfolio, language: str) -> bytes:
    """Seven sheets, *language* first. The same portfolio gives the same bytes: the file is dated by its day."""
    from xlsxwriter import Workbook

    content = io.BytesIO()
    raw = Workbook(content, {"constant_memory": True})
    raw.set_properties({"title": plain(portfolio.name)[:200], "created": _day(portfolio), "author": "itss-bridge"})
    first = "zh" if language.startswith("zh") else "en"
    marks = portfolio.name, portfolio.as_of, f"itss-bridge {portfolio.version}"
    book = Book(raw, [first, other(first)], marks)
    _overview(_sheet(book, "overview", (44, *[15] * 8)), portfolio)
    _unfinished(_sheet(book, "unfinished", (30, 24, 12, 18, 20, 60, 50)), portfolio)
    _organisations(
        _sheet(book, "organisations", (32, 24, 14, 12, 20, 20, *[13] * 6 * len(portfolio.frameworks))), portfolio
    )
    _levels(_sheet(book, "levels", (32, 24, 12, 20, 14, 11, 11, 11, 70)), portfolio)
    _benchmarks(_sheet(book, "benchmarks", (40, 14, 10, 16, 10, 10, 10, 12, 22, 12, 12, 12, 12, 22)), portfolio)
    _values(_sheet(book, "values", (40, 14, 10, 30, 24, 8, 13, 10, 12, 12, 14)), portfolio)
    _gaps(_sheet(book, "gaps", (6, 48, 34, 26, 12, 12, 13, 13, 13, 13, 10, 12, 12, 60, 60)), portfolio)
    raw.close()
    return content.getvalue()


def _day(portfolio: Portfolio) -> datetime:
    found = datetime.fromisoformat(portfolio.as_of)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _sheet(book: Book, name: str, widths: Sequence[float]) -> Sheet:
    title = SHEET[name][book.language]
    raw = book.workbook.add_worksheet(title)
    raw.set_paper(9)
    raw.set_landscape()
    raw.fit_to_pages(1, 0)
    raw.hide_gridlines(2)
    raw.set_footer(f"&C{title}&R&P / &N")
    return Sheet(book, raw, title, widths)


def _table(sheet: Sheet, row: int, heads: Sequence[Text], rows: Iterable[Sequence[Shown]], keep: int = 1) -> None:
    """Heads, rows, and what makes a long table usable: frozen, filtered and repeated heads."""
    last = _block(sheet, row, heads, rows)
    sheet.raw.freeze_panes(row + 1, keep)
    sheet.raw.autofilter(row, 0, max(last - 1, row), len(heads) - 1)
    sheet.raw.repeat_rows(row)


def _block(sheet: Sheet, row: int, heads: Sequence[Text], rows: Iterable[Sequence[Shown]]) -> int:
    """Heads and rows; returns the row after them."""
    sheet.row(row, [Cell(sheet.book.words(head), "head") for head in heads], least=34)
    for cells in rows:
        row += 1
        sheet.row(row, ["" if cell is None else cell for cell in cells])
    return row + 1


def _overview(sheet: Sheet, portfolio: Portfolio) -> None:
    book, last = sheet.book, 8
    sheet.merged(0, 0, last, Cell(portfolio.name, "organisation"))
    sheet.height(0, 42)
    sheet.merged(1, 0, last, Cell(f"{book.line(PHRASE['portfolio'])} · {portfolio.as_of}", "subtitle"))
    sheet.height(1, 22)
    row = sheet.paragraph(2, last, book.words(PHRASE["decision"]))
    row = sheet.paragraph(row, last, book.words(_completeness(portfolio)), _mood(portfolio))
    if len(portfolio.releases) > 1:
        row = sheet.paragraph(row, last, book.words(phrase("releases", names=", ".join(portfolio.releases))), "alarm")
    row = sheet.section(row + 1, last, book.line(PHRASE["groups"]))
    groups = ((name, of) for name, of in portfolio.groups)
    row = _block(sheet, row, _group_heads(portfolio), [_group(portfolio, name, of, book) for name, of in groups])
    row = sheet.section(row + 1, last, book.line(HEAD["level"]))
    states = [LEVEL_STATE[status] for status in Status]
    levels: list[list[Shown]] = [[_level_name(t.level, book), t.reached, *t.states.values()] for t in portfolio.levels]
    row = _block(sheet, row, [HEAD["level"], HEAD["reached"], *states], levels)
    row = sheet.section(row + 1, last, book.line(HEAD["frameworks"]))
    totals: list[list[Shown]] = [
        [Cell(t.title[book.language], "strong"), t.organisations, *t.counts.values()] for t in portfolio.frameworks
    ]
    _block(sheet, row, [HEAD["frameworks"], HEAD["organisations"], *(STATUS[s] for s in Status)], totals)
    sheet.raw.activate()


def _completeness(portfolio: Portfolio) -> Text:
    counts = {state: len(portfolio.of(state)) for state in ("incomplete", "failed")}
    return phrase("incomplete" if any(counts.values()) else "all_complete", all=len(portfolio.organisations), **counts)


def _mood(portfolio: Portfolio) -> str:
    return "calm" if len(portfolio.of("complete")) == len(portfolio.organisations) else "alarm"


def _group_heads(portfolio: Portfolio) -> list[Text]:
    states = [STATE[name] for name in ("complete", "incomplete", "failed")]
    return [HEAD["group"], HEAD["organisations"], *states, *(LEVEL[t.level] for t in portfolio.levels)]


def _group(portfolio: Portfolio, name: str, of: Sequence[Organisation], book: Book) -> list[Shown]:
    states = [sum(o.state == state for o in of) for state in ("complete", "incomplete", "failed")]
    shown = [sum(o.reached is not None and o.reached <= total.level for o in of) for total in portfolio.levels]
    return [Cell(name or book.line(PHRASE["no_group"]), "strong"), len(of), *states, *shown]


def _unfinished(sheet: Sheet, portfolio: Portfolio) -> None:
    names = ("organisation", "workspace", "state", "source", "stream", "reason", "fix")
    rows = [row for o in portfolio.organisations if o.state != "complete" for row in _lacks(o, sheet.book)]
    _table(sheet, 0, [HEAD[name] for name in names], rows)


def _lacks(organisation: Organisation, book: Book) -> Iterable[Sequence[Shown]]:
    head: list[Shown] = [organisation.name, organisation.workspace, _state(organisation, book)]
    if organisation.standing is None:
        parts = {name: str(told(text, book.language)) for name, text in organisation.error.items()}
        why = " | ".join(text for name, text in parts.items() if name != "fix")
        yield [*head, "", "", why, parts.get("fix", "")]
        return
    if not organisation.standing.streams and not organisation.standing.short:
        yield [*head, "", "", PHRASE["no_evidence"][book.language], ""]
    for short in organisation.standing.short:
        yield [*head, short.source, _stream(short, book), as_reason(short.reason)[book.language], ""]


def _stream(short: Short, book: Book) -> str:
    found = (STATE if short.state == "never" else STREAM_STATE)[short.state][book.language]
    return f"{stream(short.stream)[book.language]} · {found}" if short.stream else found


def _state(organisation: Organisation, book: Book) -> Cell:
    return Cell(STATE[organisation.state][book.language], organisation.state)


def _organisations(sheet: Sheet, portfolio: Portfolio) -> None:
    """One row an organisation: counts by framework and status."""
    book = sheet.book
    heads = [HEAD[name] for name in ("organisation", "workspace", "group", "state", "target", "reached")]
    for total in portfolio.frameworks:
        names = (HEAD["assessed"], *(STATUS[status] for status in Status))
        heads += [Text(*[f"{total.framework}\n{name[book.language]}"] * 2) for name in names]
    rows = [_organisation(o, portfolio, book) for o in portfolio.organisations]
    _table(sheet, 0, heads, rows)


def _organisation(organisation: Organisation, portfolio: Portfolio, book: Book) -> list[Shown]:
    named: list[Shown] = [Cell(organisation.name, "strong"), organisation.workspace, organisation.group]
    standing = organisation.standing
    target = _level_name(standing.target, book) if standing and standing.target else "—"
    reached = _level_name(organisation.reached, book) if organisation.reached else PHRASE["none"][book.language]
    row: list[Shown] = [*named, _state(organisation, book), target if standing else "?", reached if standing else "?"]
    for total in portfolio.frameworks:
        counts = organisation.framework(total.framework)
        row += [counts.assessed, *counts.counts.values()] if counts else ["?" if standing is None else "—"] * 6
    return row


def _level_name(level: int, book: Book) -> str:
    return LEVEL[level][book.language] if level in LEVEL else str(level)


def _levels(sheet: Sheet, portfolio: Portfolio) -> None:
    names = [HEAD[name] for name in ("organisation", "workspace", "state", "level", "status")]
    heads = [*names, *(VERDICT[verdict] for verdict in Verdict), HEAD["missing"]]
    rows = [row for o in portfolio.organisations for row in _level_rows(o, sheet.book)]
    _table(sheet, 0, heads, rows)


def _level_rows(organisation: Organisation, book: Book) -> Iterable[Sequence[Shown]]:
    named: list[Shown] = [organisation.name, organisation.workspace, _state(organisation, book)]
    if organisation.standing is None:
        yield [*named, "?", "?", "?", "?", "?", ""]
        return
    for counts in organisation.standing.levels:
        state = Cell(LEVEL_STATE[counts.state][book.language], counts.state.value)
        missing = "\n".join(missing.title[book.language] for missing in counts.missing)
        yield [*named, _level_name(counts.level, book), state, *counts.verdicts.values(), missing]


def _benchmarks(sheet: Sheet, portfolio: Portfolio) -> None:
    row = sheet.paragraph(0, 13, sheet.book.words(phrase("benchmarks_lead", months=MONTHS)))
    about = ("metric", "calendar", "unit", "better", "known", "unknown", "no_data")
    names = (*about, "best", "organisation", "lower", "median", "upper", "worst", "organisation")
    _table(sheet, row, [HEAD[n] for n in names], [_benchmark(b, portfolio, sheet.book) for b in portfolio.benchmarks])


def _benchmark(found: Benchmark, portfolio: Portfolio, book: Book) -> list[Shown]:
    counts = (len(found.places), len(found.unknown), len(found.no_data))
    about: list[Shown] = [*_metric(found, book), _DIRECTION[found.better][book.language], *counts]
    if found.best is None or found.worst is None:
        return [*about, *["—"] * 7]
    names = {o.workspace: o.name for o in portfolio.organisations}
    middle = (found.lower, found.median, found.upper)
    best, worst = ((place.value, names[place.workspace]) for place in (found.best, found.worst))
    return [*about, *best, *middle, *worst]


def _metric(found: Benchmark, book: Book) -> list[Shown]:
    return [
        Cell(f"{found.title[book.language]} ({found.metric})", "strong"),
        found.calendar,
        unit(found.unit)[book.language],
    ]


def _values(sheet: Sheet, portfolio: Portfolio) -> None:
    """Every organisation's value of every KPI; an unknown one is a word, never a number."""
    names = (
        "metric",
        "calendar",
        "unit",
        "organisation",
        "workspace",
        "rank",
        "value",
        "n",
        "numerator",
        "denominator",
    )
    heads = [*(HEAD[name] for name in names), HEAD["status"]]
    organisations = {o.workspace: o.name for o in portfolio.organisations}
    rows = (row for found in portfolio.benchmarks for row in _places(found, organisations, sheet.book))
    _table(sheet, 0, heads, rows)


def _places(found: Benchmark, names: dict[str, str], book: Book) -> Iterable[Sequence[Shown]]:
    about = _metric(found, book)
    for p in found.places:
        yield [*about, names[p.workspace], p.workspace, p.rank, p.value, p.n, p.numerator, p.denominator, ""]
    for state, workspaces in (("no_data", found.no_data), ("unknown", found.unknown)):
        for workspace in workspaces:
            yield [*about, names[workspace], workspace, *[""] * 5, Cell(HEAD[state][book.language], "undetermined")]


def _gaps(sheet: Sheet, portfolio: Portfolio) -> None:
    levels = [total.level for total in portfolio.levels]
    row = sheet.paragraph(0, 12, sheet.book.words(PHRASE["gaps_lead"]))
    before = [HEAD[name] for name in ("rank", "gap", "metric", "frameworks", "not_met", "undetermined")]
    after = [HEAD[name] for name in ("opens", "effort", "assumed")]
    lists = [Text(f"{HEAD[n].en} …", f"{HEAD[n].zh}：名单") for n in ("not_met", "undetermined")]
    held = [Text(f"{HEAD['holds'].en}: {LEVEL[n].en}", f"{HEAD['holds'].zh}：{LEVEL[n].zh}") for n in levels]
    rows = [_gap(gap, levels, sheet.book) for gap in portfolio.gaps]
    _table(sheet, row, [*before, *held, *after, *lists], rows, keep=2)


def _gap(gap: SharedGap, levels: Sequence[int], book: Book) -> list[Shown]:
    title = Cell(f"{gap.title[book.language]}\n{gap.check}", "strong")
    asked = ", ".join([gap.metric, *(f"{name}={value}" for name, value in sorted(gap.arguments.items()))])
    counts = (len(gap.not_met), len(gap.undetermined), *(gap.holds.get(level, 0) for level in levels))
    who = (", ".join(gap.not_met), ", ".join(gap.undetermined))
    return [gap.rank, title, asked, ", ".join(gap.frameworks), *counts, gap.opens, gap.effort, gap.assumed, *who]
