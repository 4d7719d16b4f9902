"""What `metric show` and `metric history` show on a screen: one measurement, its parts, its months."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from itss_bridge import wording
from itss_bridge.cli.tables import plain
from itss_bridge.model import Metric, Text

_HEADS = {
    "arguments": Text("Arguments", "参数"),
    "unit": Text("Unit", "单位"),
    "from": Text("From", "起"),
    "to": Text("To (exclusive)", "止（不含）"),
    "mean": Text("Mean", "平均值"),
    "calendar": Text("Business time by", "工作时间日历"),
    "ref": Text("Reference", "编号"),
    "met": Text("Met", "满足"),
    "at": Text("Date", "日期"),
    "month": Text("Month", "月份"),
    "priority": Text("Priority", "优先级"),
    "service": Text("Service", "服务"),
    "value": Text("Value", "指标值"),
    "n": Text("n", "样本数"),
    "numerator": Text("Numerator", "分子"),
    "denominator": Text("Denominator", "分母"),
    "excluded": Text("Left out", "不计入"),
    "median": Text("Median", "中位数"),
    "p90": Text("90 %", "90 分位"),
    "unknown": Text("Why unknown", "不能判定的原因"),
}
_NUMBERS = ("n", "numerator", "denominator", "excluded", "median", "p90")
_NOT_GIVEN = Text("not given", "未填写")
_YES, _NO = Text("yes", "是"), Text("no", "否")
_ALL = Text("all", "合计")
_RUNNING = Text("so far", "截至目前")
_AS_KNOWN = Text("as known at each month's end", "按各月末当时掌握的证据")
_AS_OF_NOW = Text("by the evidence held now", "按当前掌握的证据")
_CALENDAR = Text("business time by {}", "工作时间日历：{}")


def measured_view(metric: Metric, shape: Mapping[str, Any], language: str) -> Group:
    """One measurement, with its parts and its population where they were asked for."""
    shown: list[RenderableType] = [Line(f"{metric.title[language]} · {metric.id}", "bold"), _facts(shape, language)]
    if shape.get("parts"):
        table = _table((shape["by"],), language)
        _add_parts(table, shape, metric.unit, language)
        shown.append(table)
    if shape.get("population"):
        shown.append(_population(shape["population"], language))
    return Group(*shown)


def _facts(shape: Mapping[str, Any], language: str) -> Table:
    facts = Table.grid(padding=(0, 2))
    for name in (name for name in shape if name in _HEADS):
        facts.add_row(Line(_HEADS[name][language], "bold"), plain(_fact(name, shape[name], language)))
    return facts


def _fact(name: str, value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{part}: {held}" for part, held in value.items()) or "–"
    if name == "unknown":
        return wording.as_reason(value)[language] or "–"
    return "–" if value in {None, ""} else str(value)


def _population(items: Iterable[Mapping[str, Any]], language: str) -> Table:
    names = ("ref", "value", "met", "excluded", "at")
    table = Table(*(_HEADS[name][language] for name in names), box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for item in items:
        told = {None: "", True: _YES[language], False: _NO[language]}[item["met"]]
        table.add_row(*("" if v is None else plain(str(v)) for v in ({**item, "met": told}[name] for name in names)))
    return table


def history_view(metric: Metric, shape: Mapping[str, Any], language: str) -> Group:
    """Month after month, each with its parts where they were asked for."""
    by = shape["by"]
    table = _table(("month", by) if by else ("month",), language)
    for month in shape["months"]:
        name = month["month"] if month["whole"] else f"{month['month']} ({_RUNNING[language]})"
        table.add_row(name, *((_ALL[language],) if by else ()), *_numbers(month, metric.unit, language))
        if by:
            _add_parts(table, month | {"by": by}, metric.unit, language, before=("",))
            table.add_section()
    return Group(Line(f"{metric.title[language]} · {metric.id}", "bold"), Line(_told_by(shape, language)), table)


def _told_by(shape: Mapping[str, Any], language: str) -> str:
    known = _AS_KNOWN if shape["as_known"] else _AS_OF_NOW
    calendar = [_CALENDAR[language].format(shape["calendar"])] if shape["calendar"] else []
    return " · ".join([shape["time_zone"], known[language], *calendar])


def _table(first: Iterable[str], language: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in (*first, "value", *_NUMBERS, "unknown"):
        justify = "right" if name in {"value", *_NUMBERS} else "left"
        table.add_column(_HEADS[name][language], justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _add_parts(
    table: Table, shape: Mapping[str, Any], unit: str, language: str, *, before: tuple[str, ...] = ()
) -> None:
    for part in shape["parts"]:
        name = _NOT_GIVEN[language] if part["part"] is None else plain(str(part["part"]))
        table.add_row(*before, name, *_numbers(part, unit, language))


def _numbers(shape: Mapping[str, Any], unit: str, language: str) -> list[str]:
    values = {**shape, "excluded": sum(shape["excluded"].values())}
    value = "?" if shape["unknown"] else wording.quantity(shape["value"], unit)[language]
    figures = ("" if values[name] is None else wording.number(values[name]) for name in _NUMBERS)
    return [value, *figures, plain(wording.as_reason(shape["unknown"])[language])]
