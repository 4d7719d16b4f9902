"""Tables for the terminal. Foreign text is plain text, control characters made visible; colour never stands alone."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from itss_bridge import wording
from itss_bridge.model import (
    Framework,
    LevelOutcome,
    Metric,
    PackOutcome,
    Relationship,
    Report,
    Row,
    Status,
    StreamState,
    Verdict,
)
from itss_bridge.outcomes import StreamOutcome

COLOUR = {
    Status.CONFORMING: "green",
    Status.PARTIAL: "yellow",
    Status.NONCONFORMING: "red",
    Status.UNDETERMINED: "magenta",
    Status.NOT_APPLICABLE: "bright_black",
}
MARK = {
    Status.CONFORMING: "●",
    Status.PARTIAL: "◐",
    Status.NONCONFORMING: "○",
    Status.UNDETERMINED: "?",
    Status.NOT_APPLICABLE: "–",
}
_STATE_COLOUR = {"complete": "green", "incomplete": "red", "failed": "red", "running": "yellow"}
_HEADS = {
    "clause": ("Clause", "条款"),
    "requirement": ("Requirement", "要求"),
    "status": ("Status", "状态"),
    "evidence": ("Evidence", "证据数"),
    "source": ("Source", "数据源"),
    "stream": ("Stream", "数据流"),
    "state": ("State", "状态"),
    "expected": ("Expected", "应有"),
    "seen": ("Held", "实有"),
    "new": ("New", "新增"),
    "changed": ("Changed", "变更"),
    "removed": ("Removed", "移除"),
    "requests": ("Requests", "请求数"),
    "seconds": ("Seconds", "秒"),
    "reason": ("Reason", "原因"),
    "collected": ("Collected", "采集时间"),
    "level": ("Level", "级别"),
    "pack": ("Rule pack", "规则包"),
    "met": ("Met", "满足"),
    "not_met": ("Not met", "不满足"),
    "unknown": ("Unknown", "证据不足"),
    "metric": ("Metric", "指标"),
    "unit": ("Unit", "单位"),
    "definition": ("Definition", "定义"),
    "element": ("Element", "要素"),
    "quarter": ("Quarter", "季度"),
    "incomplete": ("Incomplete", "不完整的数据"),
    "start": ("Week from", "周（起始日）"),
    "week": ("Week from", "周（起始日）"),
    "opened": ("Opened", "新开"),
    "ended": ("Ended", "解决"),
    "backlog": ("Backlog", "积压"),
    "likely": ("80 % between", "80% 区间"),
    "people": ("People needed", "所需人数"),
    "name": ("Cause", "原因"),
    "count": ("Count", "数量"),
    "share": ("Share %", "占比 %"),
    "cumulative": ("Cumulative %", "累计 %"),
    "vital": ("Vital few", "关键少数"),
    "item": ("Item", "配置项"),
    "category": ("Category", "类别"),
    "tickets": ("Tickets", "工单数"),
    "days": ("Days between", "间隔天数（中位）"),
    "newest": ("Newest", "最近一次"),
    "document": ("Document", "文件或记录"),
    "found": ("Found", "已有文件"),
    "stratum": ("Stratum", "分层"),
    "ref": ("Reference", "编号"),
    "url": ("Address", "链接"),
    "nonconformity": ("Nonconformity", "不符合项"),
    "grade": ("Grade", "等级"),
    "progress": ("Progress", "进展"),
    "due": ("Due", "整改期限"),
    "ticket": ("Ticket", "工单"),
    "title": ("Title", "名称"),
    "subject": ("Check", "检查项"),
    "doing": ("To do", "处理"),
    "version": ("Version", "版本"),
    "bytes": ("Bytes", "字节数"),
    "read": ("Read", "读取范围"),
    "at the tool": ("At the tool", "工具中"),
    "held": ("Held", "已有"),
    "rows": ("Rows", "行数"),
    "minutes": ("Minutes", "分钟"),
    "records": ("Records", "记录数"),
    "versions": ("Versions", "版本数"),
    "files": ("Files", "文件数"),
    "into": ("Into", "合并为"),
    "since": ("Since", "自"),
    "until": ("Until", "至"),
    "field": ("Field", "字段"),
    "pseudonym": ("Pseudonym", "假名"),
    "refs": ("References", "编号"),
    "plugin": ("Plugin", "插件"),
    "distribution": ("Distribution", "发行包"),
    "hooks": ("Hooks", "提供的功能"),
    "rules": ("Rules", "规则数"),
    "statement": ("Statement", "说明"),
}


def plain(text: str) -> str:
    """Foreign text without power over the terminal: control and direction characters are shown, not obeyed."""
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cf"} else f"\\u{ord(c):04x}" for c in text)


def _head(name: str, language: str) -> str:
    return _HEADS[name][1 if language == "zh" else 0]


def _table(names: Sequence[str], language: str, **options: Any) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", **options)
    numbers = {
        "expected",
        "seen",
        "new",
        "changed",
        "removed",
        "requests",
        "seconds",
        "evidence",
        "met",
        "not_met",
        "unknown",
    }
    for name in names:
        table.add_column(_head(name, language), justify="right" if name in numbers else "left", overflow="fold")
    return table


def _status(status: Status, language: str) -> Line:
    return Line(f"{MARK[status]} {wording.STATUS[status][language]}", style=COLOUR[status])


def matrix_view(report: Report, language: str) -> Group:
    """The matrix: readiness at the top, one line per requirement, a legend below."""
    others = [f for f in report.frameworks if f.id != "itss"]
    table = _table(["clause", "requirement", "status", "evidence"], language, row_styles=["", ""])
    for framework in others:
        table.add_column(framework.id, overflow="fold")
    shown, parent = "itss", ""
    for row in report.rows:
        requirement = report.requirement(row.requirement)
        framework = report.framework_of(row.requirement)
        if framework.id != shown:
            shown = framework.id
            _heading(table, "", _unreached(framework, language), len(others))
        if requirement.parent and requirement.parent != parent:
            parent = requirement.parent
            heading = report.requirement(parent)
            _heading(table, framework.clause(heading) or "", heading.title[language], len(others))
        table.add_row(*_matrix_line(report, row, others, language))
    return Group(_title(report, language), readiness(report, language), table, _legend(language))


def _heading(table: Table, clause: str, title: str, others: int) -> None:
    if table.row_count:
        table.add_section()
    table.add_row(Line(clause, "bold"), Line(title, "bold"), "", "", *[""] * others)


def _unreached(framework: Framework, language: str) -> str:
    name = framework.title[language]
    return f"{name} · 未被 ITSS 条款覆盖" if language == "zh" else f"{name} · not reached by any ITSS item"


def _matrix_line(report: Report, row: Row, others: Sequence[Framework], language: str) -> list[RenderableType]:
    requirement = report.requirement(row.requirement)
    cells: list[RenderableType] = []
    for framework in others:
        line = Line()
        for cell in row.cells.get(framework.id, ()):
            clause = framework.clause(report.requirement(cell.requirement)) or cell.requirement
            symbol, unrelated = wording.SYMBOL[cell.relationship], cell.relationship is Relationship.NONE
            mark, colour = ("", "bright_black") if unrelated else (MARK[cell.status], COLOUR[cell.status])
            line.append(f"{symbol}{clause}{mark} ", colour)
        cells.append(line)
    title = plain(requirement.title[language])
    return [row.clause or "—", title, _status(row.status, language), str(row.evidence), *cells]


def _title(report: Report, language: str) -> Line:
    day = report.as_of.astimezone(_zone(report)).strftime("%Y-%m-%d %H:%M")
    name = "符合性矩阵" if language == "zh" else "Conformance matrix"
    return Line(f"\n{plain(report.organisation)} · {name} · {day} {report.time_zone}", style="bold")


def _zone(report: Report) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(report.time_zone)


def readiness(report: Report, language: str, width: int = 28) -> Group:
    """A bar per framework: how many requirements have each status, as counts, never as one percentage."""
    table = Table.grid(padding=(0, 2))
    for framework in report.frameworks:
        counts = report.counts(framework.id)
        total = sum(counts.values()) or 1
        bar = Line()
        for status, count in counts.items():
            bar.append(MARK[status] * round(width * count / total), COLOUR[status])
        figures = Line("  ").join(Line(f"{wording.STATUS[s][language]} {n}", COLOUR[s]) for s, n in counts.items() if n)
        table.add_row(Line(framework.id, "bold"), bar, figures)
    return Group(Padding(table, (1, 0, 0, 0)))


def _legend(language: str) -> Line:
    marks = "  ".join(f"{MARK[s]} {wording.STATUS[s][language]}" for s in Status)
    relations = "  ".join(f"{wording.SYMBOL[r]} {wording.RELATIONSHIP[r][language]}" for r in wording.SYMBOL)
    return Line(f"{marks}    {relations}\n", style="dim")


def assessment_view(report: Report, language: str) -> Group:
    """Readiness, levels pack by pack, and every requirement that does not conform with its reason."""
    levels = _table(["level", "state", "pack", "met", "not_met", "unknown"], language)
    for outcome in report.assessment.levels.values():
        _level_lines(levels, outcome, language)
    open_findings = _table(["clause", "requirement", "status", "reason"], language)
    for framework in report.frameworks:
        for finding in report.findings(framework.id):
            if finding.status not in {Status.CONFORMING, Status.NOT_APPLICABLE}:
                requirement = report.requirement(finding.requirement)
                clause = f"{framework.id} {framework.clause(requirement) or '—'}"
                line = (clause, plain(requirement.title[language]), _status(finding.status, language))
                open_findings.add_row(*line, Line(plain(finding.reason[language])))
    return Group(_title(report, language), readiness(report, language), levels, open_findings)


def _level_lines(table: Table, outcome: LevelOutcome, language: str) -> None:
    label = wording.LEVEL[outcome.level][language]
    state = Line(f"{MARK[outcome.status]} {wording.LEVEL_STATE[outcome.status][language]}", COLOUR[outcome.status])
    for pack in outcome.packs:
        if pack.rules:
            table.add_row(label, state, _pack(pack, language), *(str(n) for n in _verdicts(pack)))
            label, state = "", Line()
    table.add_section()


def _pack(pack: PackOutcome, language: str) -> str:
    authority = wording.AUTHORITY[pack.pack.authority][language]
    return f"{pack.pack.id} ({authority})"


def _verdicts(pack: PackOutcome) -> tuple[int, int, int]:
    verdicts = [rule.verdict for rule in pack.rules]
    return verdicts.count(Verdict.MET), verdicts.count(Verdict.NOT_MET), verdicts.count(Verdict.UNDETERMINED)


def sync_table(outcomes: Mapping[str, Mapping[str, StreamOutcome]], language: str) -> Table:
    """What a sync did to each stream."""
    names = [
        "source",
        "stream",
        "state",
        "expected",
        "seen",
        "new",
        "changed",
        "removed",
        "requests",
        "seconds",
        "reason",
    ]
    table = _table(names, language)
    for source, streams in outcomes.items():
        for stream, o in streams.items():
            state = Line(wording.STREAM_STATE[o.state][language], _STATE_COLOUR[o.state])
            expected = "?" if o.expected is None else str(o.expected)
            numbers = (expected, o.seen, o.new, o.changed, o.removed, o.requests, f"{o.seconds:.2f}")
            told = (
                wording.phrase("left_out", n=o.left_out) if o.left_out and not o.reason else wording.as_reason(o.reason)
            )
            table.add_row(source, _stream(stream, language), state, *map(str, numbers), plain(told[language]))
    return table


def status_table(states: Iterable[StreamState], language: str) -> Table:
    """How far each stream of each source is to be trusted."""
    table = _table(["source", "stream", "state", "expected", "seen", "collected", "reason"], language)
    for s in states:
        state = Line(wording.STREAM_STATE[s.state][language], _STATE_COLOUR[s.state])
        at = f"{s.collected_at:%Y-%m-%d %H:%MZ}" if s.collected_at else ""
        expected = "?" if s.expected is None else str(s.expected)
        reason = plain(wording.as_reason(s.reason)[language])
        table.add_row(s.source, _stream(s.stream, language), state, expected, str(s.seen), at, reason)
    return table


def _stream(stream: str, language: str) -> str:
    return wording.STREAM[stream][language] if stream in wording.STREAM else stream


def metric_table(metrics: Iterable[Metric], language: str) -> Table:
    """All metrics."""
    table = _table(["metric", "requirement", "unit", "definition"], language)
    for metric in metrics:
        table.add_row(metric.id, metric.title[language], metric.unit, metric.definition[language])
    return table


def catalogue_table(frameworks: Iterable[Framework], language: str) -> Table:
    """Every requirement, indented by its place in the tree."""
    table = _table(["clause", "requirement", "element"], language)
    for framework in frameworks:
        table.add_section()
        table.add_row(Line(framework.id, "bold"), Line(framework.title[language], "bold"), "")
        for r in framework.requirements:
            style = "" if r.assessable else "bold"
            title = Line(f"{r.title[language]}  ({r.id})", style)
            table.add_row(framework.clause(r) or "—", title, wording.ELEMENT[r.element][language])
    return table


def plain_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], language: str = "") -> Table:
    """Any rows, as they are; the columns' names in *language* where there is one and they have words of their own."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(_head(name, language) if language and name in _HEADS else name, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(name) is None else plain(str(row[name])) for name in columns))
    return table
