"""`explain`: what an id, a clause number or a word means."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.complete import completed

if TYPE_CHECKING:
    from rich.console import RenderableType


_THINGS = ("requirements", "metrics", "packs", "crosswalks", "frameworks", "streams", "codes")


@click.command(
    epilog="Examples: itss-bridge explain itss:prc-inc-a · itss-bridge explain iso20000-1 8.6.1 · "
    "itss-bridge explain kpi-sla · itss-bridge explain exit-5"
)
@click.argument("words", nargs=-1, required=True, metavar="ID…", shell_complete=completed(*_THINGS))
@common
def command(call: Call, words: tuple[str, ...]) -> None:
    """Say what ID is: a requirement, a clause number with its framework, a metric, check, pack, crosswalk, source.

    Also the words of the tool: statuses, verdicts, relationships, levels, streams and their states, exit-5.
    """
    from itss_bridge.catalogue.draft import sources
    from itss_bridge.cli import declared
    from itss_bridge.explain.ids import explain

    named, bridge = sources(declared.folders(call)), call.bridge() if declared.has_evidence(call) else None
    catalogue = bridge.catalogue if bridge else declared.catalogue(call)
    explanation = explain(" ".join(words), catalogue, named, declared.binding(call))
    if bridge and explanation["kind"] in {"requirement", "check", "rule"}:
        from itss_bridge.explain.finding import found, measured

        look = found if explanation["kind"] == "requirement" else measured
        explanation |= look(explanation["id"], bridge.report(call.as_of(bridge)))
    if call.as_json:
        print_json(explanation)
        return
    for part in view(explanation, declared.language(call)):
        console().print(part)


def view(explanation: Mapping[str, Any], language: str) -> "Iterator[RenderableType]":
    """An explanation for people: heading, facts, then a table for each list of things."""
    from rich.table import Table
    from rich.text import Text as Line

    from itss_bridge.cli.tables import plain

    kind = _label(explanation["kind"], language)
    yield Line(f"{kind} {plain(explanation['id'])} · {plain(explanation['title'][language])}", "bold")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    tables: list[tuple[str, list[dict[str, Any]]]] = []
    for name, value in explanation.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            tables.append((name, value))
        elif name not in {"kind", "id", "title"}:
            facts.add_row(Line(_label(name, language), "dim"), plain(_said(name, value, language)))
    yield facts
    for name, rows in tables:
        yield from _table(name, rows, language)


def _table(name: str, rows: list[dict[str, Any]], language: str) -> "Iterator[RenderableType]":
    from rich.text import Text as Line

    from itss_bridge.cli.tables import plain_table

    # the symbol says it in less space, and confidence would take a line of each row: --json has both
    left_out = {"relationship", "confidence"} if any("symbol" in row or "needed" in row for row in rows) else set()
    columns = {key: _label(key, language) for key in rows[0] if key not in left_out}
    yield Line(f"\n{_label(name, language)}", "bold")
    yield plain_table(
        list(columns.values()), [{columns[k]: _said(k, row[k], language) for k in columns} for row in rows]
    )


def _said(name: str, value: Any, language: str) -> str:
    """One value in one language."""
    if value is None:
        return ("to be confirmed", "待确认")[language == "zh"] if name == "clause" else "—"
    if isinstance(value, bool):
        return ("no", "yes")[value] if language == "en" else "否是"[value]
    if isinstance(value, dict):
        return str(value[language])
    if isinstance(value, str) and (name, value) in _VALUES:
        return _VALUES[name, value][language == "zh"]
    return ", ".join(value) if isinstance(value, list) else str(value)


def _label(name: str, language: str) -> str:
    """What people call a key of an explanation."""
    from itss_bridge.wording import HEAD

    if name in _LABELS:
        return _LABELS[name][language == "zh"]
    return HEAD[name][language] if name in HEAD else name


_LABELS = {
    "actor": ("By", "责任方"),
    "address": ("Address", "地址"),
    "brings": ("Brings if it conforms", "其符合时可传递"),
    "decides": ("Decides", "据以判定"),
    "disagreement": ("Packs disagree", "规则包之间的分歧"),
    "distance": ("Distance", "差距"),
    "exclusive": ("Not both", "互斥"),
    "path": ("Path: what reaches it by mappings", "路径：经映射传递而来"),
    "results": ("Measured", "实测结果"),
    "assessable": ("Assessable", "可评估"),
    "checks": ("Checks", "检查项"),
    "children": ("Below it", "下级条目"),
    "cause": ("Cause", "原因"),
    "change": ("Change", "变化"),
    "changes": ("From edition to edition", "版本变化"),
    "cited": ("Cited by", "被引用"),
    "clauses": ("Clause by edition", "各版本条款号"),
    "dated": ("Dated", "日期"),
    "definition": ("Definition", "定义"),
    "documents": ("Documented information", "成文信息"),
    "editions": ("Editions", "版本"),
    "exit code": ("Exit code", "退出码"),
    "field": ("Field", "字段"),
    "fields": ("Fields", "字段"),
    "fix": ("What to do", "处理办法"),
    "intent": ("Intent", "要求与查证"),
    "mappings": ("Mappings, read from here", "映射（自本条目读出）"),
    "meaning": ("Meaning", "含义"),
    "metrics": ("Measured by", "相关指标"),
    "moves": ("What may come next", "后续阶段"),
    "note": ("Note", "说明"),
    "numbers": ("Numbers confirmed", "已核实条款号"),
    "parameters": ("Arguments", "参数"),
    "parent": ("Part of", "上级条目"),
    "relationships": ("Relationships", "关系分布"),
    "requirements": ("Requirements", "对应条目"),
    "reviewed": ("Reviewed", "评审签署"),
    "rows": ("Rows", "行数"),
    "rules": ("Rules", "规则"),
    "sql": ("Query in", "查询语句所在"),
    "state of a stream": ("State of a stream", "数据流状态"),
    "stream": ("Stream", "数据流"),
    "streams": ("Streams", "数据流"),
    "summary": ("Summed up as", "汇总方式"),
    "symbol": ("⊂⊃", "⊂⊃"),
    "weight": ("What decides", "判定依据"),
    "unmapped": ("Left out of crosswalks", "不映射的理由"),
    "used_by": ("Used by", "用于"),
    "values": ("Words", "取值"),
    "varies": ("Differs from the rule to go by", "所偏离的规则"),
    "verdict": ("Verdict", "判定"),
    "when": ("When", "条件"),
    "word": ("Word", "术语"),
}
_VALUES = {
    ("review", "proposed"): ("proposed", "建议，待评审"),
    ("review", "reviewed"): ("reviewed", "已评审"),
    ("brings", "conforming"): ("conforming", "符合"),
    ("brings", "partial"): ("support", "部分支持"),
    ("kind", "document"): ("document", "文件"),
    ("kind", "record"): ("record", "记录"),
    ("state", "in-force"): ("in force", "现行"),
    ("state", "replaced"): ("replaced", "已被代替"),
    ("state", "published"): ("published", "已发布"),
    ("state", "draft"): ("draft", "草案"),
    ("summary", "ratio"): ("ratio", "比率"),
    ("summary", "count"): ("count", "计数"),
    ("summary", "mean"): ("mean", "平均值"),
    ("summary", "median"): ("median", "中位数"),
    ("summary", "p90"): ("90th percentile", "90 分位"),
    ("summary", "sum"): ("sum", "合计"),
    ("window", "event"): ("what happened in the period", "期内发生"),
    ("window", "period"): ("the period as a whole", "整个统计期"),
    ("window", "snapshot"): ("the end of the period", "期末时点"),
    ("authority", "primary"): ("the standard itself", "标准本身"),
    ("authority", "official"): ("its owner", "发布机构"),
    ("authority", "secondary"): ("somebody repeating it", "转述"),
    ("authority", "consultant"): ("a consultant", "咨询机构"),
    ("authority", "judgement"): ("judgement", "判断"),
}
