"""The calendar for the terminal. What is not certain says so in words, not by colour alone."""

from collections.abc import Iterable, Sequence
from datetime import date

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from itss_bridge import wording
from itss_bridge.cli.tables import plain
from itss_bridge.lifecycle import Outlook, Position
from itss_bridge.model import Condition, Milestone, Report, Text

_STATE = {
    "ahead": (Text("ahead", "未到"), ""),
    "open": (Text("open", "进行中"), "green"),
    "overdue": (Text("OVERDUE", "已逾期"), "red"),
    "missing": (Text("no date", "无法推算"), "magenta"),
    "fulfilled": (Text("● fulfilled", "● 已满足"), "green"),
    "waiting": (Text("◔ waiting", "◔ 待满期"), "yellow"),
    "action": (Text("○ to be done", "○ 须落实"), "red"),
    "unknown": (Text("? unknown", "? 证据不足"), "magenta"),
    "valid": (Text("valid", "有效"), "green"),
    "suspended": (Text("SUSPENDED", "暂停"), "red"),
    "withdrawn": (Text("withdrawn", "撤销"), "red"),
    "expired": (Text("expired", "已到期"), "bright_black"),
}
_HEAD = {
    "certificate": Text("Certificate", "证书"),
    "system": Text("System", "体系"),
    "systems": Text("Systems", "体系"),
    "awarded": Text("Awarded", "颁证"),
    "expires": Text("Ends", "到期"),
    "surveillance": Text("Surveillance done", "已完成监督"),
    "state": Text("State", "状态"),
    "when": Text("When", "日期"),
    "what": Text("What", "事项"),
    "sure": Text("Sure", "确定性"),
    "why": Text("Why", "说明"),
    "level": Text("Level", "级别"),
    "condition": Text("Condition", "申报条件"),
    "since": Text("Since / from", "自 / 最早"),
    "actor": Text("By", "责任方"),
    "next": Text("Next", "下一阶段"),
    "if": Text("If", "条件"),
    "not_before": Text("Not before", "不早于"),
    "deadline": Text("Deadline", "截止"),
}
_SECTION = {
    "register": Text("Certificate register", "证书台账"),
    "position": Text("Where we stand", "所处阶段"),
    "dates": Text("Dates", "日程"),
    "levels": Text("Conditions for applying", "申报条件"),
}
_RATIO = {"what": 3, "condition": 3, "if": 3, "why": 5}
_WHOLE = {"when", "awarded", "expires", "since", "not_before", "deadline", "state", "sure", "level"}
_SURE = {True: Text("certain", "确定"), False: Text("to be confirmed", "待核实")}
_NOT_KNOWN = Text("not known", "未知")


def whole(report: Report, found: Outlook, shown: Sequence[Milestone], language: str) -> Group:
    """Register, position, dates, conditions: one screen after the other."""
    name = Text("Calendar of all systems", "多体系认证评估日历")[language]
    head = Line(f"\n{plain(report.organisation)} · {name} · {found.today}", style="bold")
    parts: list[RenderableType] = [head, register(found, language), positions(found, language, steps=False)]
    return Group(*parts, dates(shown, language), conditions(found.milestones, language))


def register(found: Outlook, language: str) -> Group:
    """The organisation's certificates."""
    table = _table(("certificate", "system", "level", "awarded", "expires", "surveillance", "state"), language)
    for c in found.certificates:
        days = ", ".join(map(str, c.surveillances))
        cells = (c.ref, c.scheme, c.level, _day(c.awarded), _day(c.expires), days)
        table.add_row(*map(plain, cells), _state(c.state(found.today), language))
    return Group(_section("register", language), table)


def positions(found: Outlook, language: str, *, steps: bool) -> Group:
    """Where the organisation stands; with *steps*, what may come next."""
    parts: list[RenderableType] = [_section("position", language)]
    for position in found.positions:
        name = position.state.title[language] if position.state else _NOT_KNOWN[language]
        since = f" · {position.since}" if position.since else ""
        note = plain(position.note[language])
        parts.append(Line.assemble(f"{position.cycle.id}  ", (name, "bold"), f"{since}  ", (note, "dim")))
        if steps and position.steps:
            parts.append(_steps(position, language))
    return Group(*parts)


def _steps(position: Position, language: str) -> Table:
    table = _table(("next", "actor", "if", "not_before", "deadline", "sure"), language)
    for step in position.steps:
        days = (_day(step.start), _day(step.end))
        sure = _SURE[step.certain][language] if any((step.start, step.end)) else ""
        table.add_row(step.target.title[language], step.actor[language], step.when[language], *days, sure)
    return table


def dates(shown: Iterable[Milestone], language: str) -> Group:
    """All dates in order; those that cannot be told come last, with the reason."""
    table = _table(("when", "systems", "what", "state", "sure", "why"), language)
    for m in shown:
        when = _day(m.on) + (f"\n– {m.until}" if m.until else "")
        sure = _SURE[m.certain][language] if m.on else ""
        systems = "\n".join(m.frameworks)
        table.add_row(when, systems, plain(m.title[language]), _state(m.state, language), sure, _dim(m.note, language))
    return Group(_section("dates", language), table)


def conditions(milestones: Iterable[Milestone], language: str) -> Group:
    """Condition by condition, for each level that can be applied for."""
    table = _table(("level", "condition", "state", "since", "sure", "why"), language)
    for milestone in milestones:
        label = milestone.id.rpartition("-")[2]
        for condition in milestone.conditions:
            table.add_row(wording.LEVEL[int(label)][language] if label else "", *_condition(condition, language))
            label = ""
        if milestone.conditions:
            table.add_section()
    return Group(_section("levels", language), table) if table.row_count else Group()


def _condition(condition: Condition, language: str) -> tuple[RenderableType, ...]:
    sure = _SURE[condition.certain][language]
    state = _state(condition.state, language)
    note = _dim(condition.note, language)
    return plain(condition.title[language]), state, _day(condition.on), sure, note


def _table(names: Sequence[str], language: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in names:
        wide = _RATIO.get(name)
        table.add_column(_HEAD[name][language], overflow="fold", ratio=wide, no_wrap=name in _WHOLE)
    table.expand = bool(_RATIO.keys() & set(names))
    return table


def _section(name: str, language: str) -> Line:
    return Line(f"\n{_SECTION[name][language]}", "bold")


def _state(name: str, language: str) -> Line:
    word, colour = _STATE[name]
    return Line(word[language], colour)


def _dim(note: Text, language: str) -> Line:
    return Line(plain(note[language]), "dim")


def _day(day: date | None) -> str:
    return str(day) if day else "—"
