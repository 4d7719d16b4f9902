"""What the judging commands show to people: levels rule by rule, gaps, roadmap, changes, applicability."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Line

from itss_bridge import wording
from itss_bridge.applicability import Statement
from itss_bridge.cli.tables import COLOUR, MARK, plain
from itss_bridge.diagnosis import by_element, by_level
from itss_bridge.exporters.values import moment
from itss_bridge.model import (
    ChangedFinding,
    ChangedLevel,
    Changes,
    CheckResult,
    Gap,
    PackOutcome,
    Quarter,
    Report,
    Side,
    Status,
    Verdict,
)
from itss_bridge.shortfall import distance, next_step

_HEADS = {
    "applies": ("Applies", "适用"),
    "because": ("Justification", "理由"),
    "causes": ("Because of", "变化原因"),
    "clause": ("Clause", "条款"),
    "closes": ("Gap", "差距"),
    "confidence": ("Confidence", "可信度"),
    "distance": ("Distance", "差距"),
    "effort": ("Days", "人天"),
    "from": ("Before", "之前"),
    "level": ("Level", "级别"),
    "means": ("Met by", "实现方式"),
    "needed": ("Needed", "要求"),
    "next": ("Next action", "下一步措施"),
    "opens": ("Opens", "影响面"),
    "owner": ("Owner · due", "责任人 · 期限"),
    "rank": ("#", "序号"),
    "requirement": ("Requirement", "要求"),
    "rule": ("Rule", "规则"),
    "status": ("Status", "状态"),
    "to": ("After", "之后"),
    "value": ("Measured", "实测"),
    "verdict": ("Verdict", "判定"),
}
_OPEN_FIRST = (Verdict.NOT_MET, Verdict.UNDETERMINED, Verdict.MET)
_NUMBERS = {"rank", "effort", "opens"}
_BESIDE = ("shown beside, decides nothing", "仅供对照，不参与判定")


def table(names: Sequence[str], language: str) -> Table:
    """An empty table with these columns."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in names:
        made.add_column(_said(_HEADS[name], language), overflow="fold", justify="right" if name in _NUMBERS else "left")
    return made


def _said(pair: tuple[str, str], language: str) -> str:
    return pair[language == "zh"]


def _state(status: Status, words: Mapping[Status, Any], language: str) -> Line:
    return Line(f"{MARK[status]} {words[status][language]}", COLOUR[status])


def status(found: Status, measured: Status | None, language: str) -> Line:
    """A status, and what was measured where a person judged otherwise."""
    line = _state(found, wording.STATUS, language)
    if measured is not None:
        beside = _said((" (judged; measured: {})", "（人工判定；实测：{}）"), language)
        line.append(beside.format(wording.STATUS[measured][language]), "dim")
    return line


def reached_line(report: Report, language: str) -> Line:
    """The level that the evidence shows, beside the one aimed at."""
    reached, target = report.assessment.reached, report.target
    shown = wording.LEVEL[reached][language] if reached else _said(("none yet", "尚未达到任何级别"), language)
    aim = wording.LEVEL[target][language] if target else wording.PHRASE["no_target"][language]
    text = _said(
        ("ITSS level shown by the evidence: {} · target: {}", "证据所能证明的 ITSS 等级：{} · 目标：{}"), language
    )
    return Line(text.format(shown, aim), "bold")


def level_view(report: Report, level: int, language: str) -> Group:
    """One level, every rule of every pack: value, need, distance, window, source, confidence."""
    outcome = report.assessment.levels[level]
    head = Line(f"{wording.LEVEL[level][language]}  ", "bold")
    head.append_text(_state(outcome.status, wording.LEVEL_STATE, language))
    parts = [part for pack in outcome.packs if pack.rules for part in _pack(pack, language)]
    return Group(reached_line(report, language), head, Line(outcome.reason[language], "dim"), *parts)


def _pack(pack: PackOutcome, language: str) -> Iterable[RenderableType]:
    authority = wording.AUTHORITY[pack.pack.authority][language]
    beside = "" if pack.binding else f" · {_said(_BESIDE, language)}"
    yield Line(f"\n{pack.pack.title[language]} · {pack.pack.id} ({authority}){beside}", "bold")
    rules = table(["verdict", "rule", "value", "needed", "distance", "confidence"], language)
    for result in sorted(pack.rules, key=lambda r: _OPEN_FIRST.index(r.verdict)):
        rules.add_row(*_rule(result, language))
    yield rules
    if pack.waived:
        waived = ", ".join(result.check.id for result in pack.waived)
        yield Line(f"{_said(('Not asked here', '本组织不适用'), language)}: {waived}", "dim")


def _rule(result: CheckResult, language: str) -> list[RenderableType]:
    origin = result.check.origin
    source = f"{', '.join(origin.source)} · {origin.confidence}"
    needed = wording.needed(result.check.criterion, _unit(result))
    title = Line(plain(result.check.title[language])).append(f"\n{result.check.id}", "dim")
    cells = (_value(result, language), needed[language], distance(result)[language], source)
    return [_verdict(result.verdict, language), title, *(Line(plain(cell)) for cell in cells)]


def _verdict(verdict: Verdict, language: str) -> Line:
    found = wording.VERDICT_STATUS[verdict]
    return Line(f"{MARK[found]} {wording.VERDICT[verdict][language]}", COLOUR[found])


def _unit(result: CheckResult) -> str:
    return result.measurement.unit if result.measurement else ""


def _value(result: CheckResult, language: str) -> str:
    """The value with its population, or why there is none."""
    measured = result.measurement
    if measured is None or measured.value is None:
        return wording.as_reason(result.reason)[language]
    return f"{wording.quantity(measured.value, measured.unit)[language]} (n={measured.n})"


def gap_view(report: Report, found: Sequence[Gap], language: str) -> Group:
    """Gaps in the order in which to close them."""
    if not found:
        return Group(reached_line(report, language), Line(wording.PHRASE["gap_none"][language]))
    columns = ["rank", "closes", "value", "needed", "distance", "opens", "effort", "owner", "next"]
    return Group(reached_line(report, language), _gaps(found, columns, language), _legend(found, language))


def _gaps(found: Iterable[Gap], columns: Sequence[str], language: str) -> Table:
    rows = table(columns, language)
    for gap in found:
        cells = _gap(gap, language)
        rows.add_row(*(cells[name] for name in columns))
    return rows


def _gap(gap: Gap, language: str) -> dict[str, RenderableType]:
    check, action = gap.result.check, gap.action
    title = Line(plain(check.title[language]))
    more = f" +{len(gap.also)}" if gap.also else ""
    title.append(f"\n{check.id}{more}", "dim")
    owner = f"{action.owner} · {action.due or ''}".strip(" ·") if action else ""
    cells = {
        "rank": str(gap.rank),
        "value": _value(gap.result, language),
        "needed": wording.needed(check.criterion, _unit(gap.result))[language],
        "distance": distance(gap.result)[language],
        "opens": _opens(gap),
        "effort": f"{gap.effort}{'?' if gap.assumed and not gap.earliest else ''}",
        "owner": owner or (f"≥ {gap.earliest}" if gap.earliest else "—"),
        "next": next_step(gap.result, action)[language],
    }
    return {"closes": title, **{name: Line(plain(cell)) for name, cell in cells.items()}}


def _opens(gap: Gap) -> str:
    """The number taken apart: clauses x frameworks x levels."""
    clauses = len(gap.requirements) + len(gap.reaches)
    return f"{gap.opens} = {clauses}×{len(gap.frameworks)}×{len(gap.levels)}" if gap.opens else "0"


def _legend(found: Sequence[Gap], language: str) -> Line:
    english = "Opens: clauses × frameworks × levels that wait for it, an empty factor counts as one."
    chinese = "影响面 = 等待其关闭的条款数 × 标准数 × 级别数，无者按一计。"
    if any(gap.assumed for gap in found):
        english += " Days with ? are assumed: nobody has stated them in actions.yaml."
        chinese += "带“?”的人天为默认估计，actions.yaml 中尚未填写。"
    return Line(_said((english, chinese), language), "dim")


def roadmap_view(report: Report, quarters: Sequence[Quarter], capacity: int, language: str) -> Group:
    """Quarter by quarter: what is closed, by whom, and which level is then free of gaps."""
    if not quarters:
        return gap_view(report, (), language)
    head = _said(("Improvement roadmap · {} person-days a quarter", "改进路线图 · 每季度 {} 人天"), language)
    parts: list[RenderableType] = [reached_line(report, language), *_diagnosis(report, language)]
    parts.append(Line(head.format(capacity), "bold"))
    for quarter in quarters:
        parts += _quarter(quarter, language)
    return Group(*parts, _legend([gap for q in quarters for gap in q.gaps], language))


def _diagnosis(report: Report, language: str) -> Iterable[RenderableType]:
    """Where the organisation stands before it sets out."""
    levels, elements = Table.grid(padding=(0, 2)), Table.grid(padding=(0, 2))
    for level, (state, counts) in by_level(report).items():
        figures = "  ".join(f"{wording.VERDICT[verdict][language]} {n}" for verdict, n in sorted(counts.items()))
        levels.add_row(wording.LEVEL[level][language], _state(state, wording.LEVEL_STATE, language), figures)
    for element, statuses in by_element(report).items():
        marks = [Line(f"{wording.STATUS[s][language]} {statuses[s]}", COLOUR[s]) for s in Status if statuses[s]]
        elements.add_row(wording.element(element)[language], Line("  ").join(marks))
    yield Padding(levels, (1, 0, 0, 0))
    yield Padding(elements, (1, 0))


def _quarter(quarter: Quarter, language: str) -> list[RenderableType]:
    taken = _said(("{}/{} person-days", "{}/{} 人天"), language).format(quarter.days, quarter.capacity)
    line = Line(f"\n{quarter.year} Q{quarter.number} · {taken}", "bold")
    if quarter.days > quarter.capacity:
        line.append(_said((" · over capacity", " · 超出能力"), language), "red")
    if quarter.overdue:
        line.append(_said((" · {} overdue", " · 逾期 {} 项"), language).format(len(quarter.overdue)), "red")
    parts: list[RenderableType] = [line, _gaps(quarter.gaps, ["rank", "closes", "effort", "owner", "next"], language)]
    for level in quarter.reached:
        text = _said(("No gap is left for {}", "至此 {} 已无差距"), language)
        parts.append(Line(f"→ {text.format(wording.LEVEL[level][language])}", "green"))
    return parts


def changes_view(found: Changes, language: str) -> Group:
    """What changed, from which status to which, and why."""
    levels = [_level(level, language) for level in found.levels if level.before != level.after]
    rows = table(["clause", "requirement", "from", "to", "causes"], language)
    for one in found.findings:
        causes = ", ".join(wording.CAUSE[cause][language] for cause in one.causes)
        sides = (_side(side, language) for side in (one.before, one.after))
        rows.add_row(one.clause or "—", _named(one, language), *sides, Line(f"{causes}{_through(one)}"))
    none = Line(_said(("Nothing changed.", "无变化。"), language))
    notes = [Line(note[language], "dim") for note in found.notes]
    head = Line(f"{moment(found.since)} → {moment(found.until)}", "bold")
    return Group(head, *levels, rows if found.findings else none, *notes)


def _level(level: ChangedLevel, language: str) -> Line:
    line = Line(f"{wording.LEVEL[level.level][language]}: ")
    states = (level.before, level.after)
    shown = [_state(s, wording.LEVEL_STATE, language) if s else Line("—") for s in states]
    return line.append_text(shown[0]).append(" → ").append_text(shown[1])


def _named(one: ChangedFinding, language: str) -> Line:
    return Line(plain(one.title[language])).append(f"\n{one.requirement}", "dim")


def _side(side: Side | None, language: str) -> Line:
    return status(side.status, side.measured, language) if side else Line("—")


def _through(one: ChangedFinding) -> str:
    """The checks or requirements that brought the change."""
    names = [check.id for check in one.checks] or one.by
    return f"\n{', '.join(names)}" if names else ""


def applicability_view(report: Report, lines: Iterable[Statement], language: str) -> Group:
    """The statement of applicability."""
    rows = table(["clause", "requirement", "applies", "because", "means", "status"], language)
    for line in lines:
        means = "; ".join(f"{m.title[language]} ({m.state[language]})" for m in line.means)
        rows.add_row(
            line.clause or "—",
            Line(plain(line.title[language])).append(f"\n{line.requirement}", "dim"),
            _said(("no", "否"), language) if not line.applicable else _said(("yes", "是"), language),
            Line(plain(line.justification[language])),
            Line(plain(means or "—")),
            status(line.status, line.measured, language),
        )
    title = _said(("Statement of applicability", "适用性声明"), language)
    return Group(Padding(Line(f"{plain(report.organisation)} · {title}", "bold"), (1, 0, 0, 0)), rows)
