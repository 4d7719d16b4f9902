"""What a result lacks, in words: how far it is from what is needed, and what to do next about it."""

from decimal import Decimal

from itss_bridge.model import Action, CheckResult, Text, Verdict
from itss_bridge.wording import as_reason, needed, number, phrase

_SHOWN = 3
_LEAST_SHOWN = Decimal("0.005")
_NOUNS = {
    "%": Text("percentage points", "个百分点"),
    "min": Text("minutes", "分钟"),
    "h": Text("hours", "小时"),
    "d": Text("days", "天"),
    "months": Text("months", "个月"),
    "years": Text("years", "年"),
    "count": Text("", "个"),
    "points": Text("points", "分"),
    "yuan": Text("yuan", "元"),
    "document": Text("documents", "份文件"),
    "records": Text("records", "条记录"),
}


def distance(result: CheckResult) -> Text:
    """The distance in words: `3 more documents`, `4.2 percentage points to spare`; why there is none otherwise."""
    if result.distance is None:
        return phrase("no_data") if result.measurement else phrase("not_measured")
    if not result.distance:
        return _EXACT[result.verdict is Verdict.MET]
    below = result.check.criterion.operator in {"<=", "<"}
    missing, spare = (_ABOVE, _BELOW) if below else (_MORE, _SPARE)
    chosen = _OFF if result.check.criterion.operator == "==" else missing if result.distance < 0 else spare
    figure, noun = _amount(abs(result.distance), _noun(result))
    english, chinese = chosen.en.format(figure, noun.en), chosen.zh.format(figure, noun.zh)
    return Text(" ".join(english.split()), chinese.rstrip())


_EXACT = {
    True: Text("exactly what is needed", "恰好达到要求"),
    False: Text("exactly at the limit, which does not count", "恰为界值，不计为满足"),
}
_MORE = Text("{} more {}", "还差 {} {}")
_SPARE = Text("{} {} to spare", "高出要求 {} {}")
_ABOVE = Text("{} {} over the limit", "超出上限 {} {}")
_BELOW = Text("{} {} below the limit", "低于上限 {} {}")
_OFF = Text("off by {} {}", "相差 {} {}")


def _noun(result: CheckResult) -> Text:
    if result.check.criterion.operator == "measured":
        return _NOUNS["records"]
    unit = result.measurement.unit if result.measurement else ""
    if unit == "count" and result.check.kind == "document":
        return _NOUNS["document"]
    return _NOUNS.get(unit, Text("", ""))


def _amount(size: Decimal, noun: Text) -> tuple[str, Text]:
    if size == 1:
        noun = Text(noun.en.removesuffix("s"), noun.zh)
    return number(size) if size >= _LEAST_SHOWN else "< 0.01", noun


def next_step(result: CheckResult, action: Action | None = None) -> Text:
    """What to do next: what the organisation has planned, else what follows from the result itself."""
    if action and action.next_action:
        return Text(action.next_action, action.next_action)
    if result.verdict is Verdict.UNDETERMINED:
        return _evidence(result)
    return _document(result) if result.check.kind == "document" else _number(result)


def _evidence(result: CheckResult) -> Text:
    unknown = result.measurement.unknown if result.measurement else result.reason
    topic = result.check.arguments.get("topic")
    if unknown:
        return Text(f"Complete the evidence: {unknown}", f"先补齐证据（{as_reason(unknown).zh}）")
    if topic:
        return Text(f"State “{topic}” in the attestations", f"在声明表中填写“{topic}”")
    return Text("Record it: the window holds no data", "开始留存记录：统计期内无数据")


def _document(result: CheckResult) -> Text:
    label, drafts = result.check.arguments.get("label", ""), _named(result)
    if drafts and result.check.criterion.months:
        return Text(
            f"Review it anew and have it approved: {drafts} ({label})", f"重新评审并批准：{drafts}（标签 {label}）"
        )
    if drafts:
        return Text(f"Have it approved: {drafts} ({label})", f"完成审批：{drafts}（标签 {label}）")
    return Text(f"Write it, have it approved, label it {label}", f"编制并批准该文件，加注标签 {label}")


def _number(result: CheckResult) -> Text:
    unit = result.measurement.unit if result.measurement else ""
    wanted, tickets = needed(result.check.criterion, unit), _named(result)
    if tickets:
        return Text(f"Bring it to {wanted.en}; look first at {tickets}", f"提升至 {wanted.zh}；先核查 {tickets}")
    return Text(f"Bring it to {wanted.en}", f"达到 {wanted.zh}")


def _named(result: CheckResult) -> str:
    items = result.measurement.failing if result.measurement else ()
    names = ", ".join(item.ref for item in items[:_SHOWN])
    return f"{names} …" if len(items) > _SHOWN else names
