"""What a portfolio says to people, in both languages: heads, states and sentences."""

from collections.abc import Mapping

from itss_bridge.model import Text

STATE: Mapping[str, Text] = {
    "complete": Text("Complete", "完整"),
    "incomplete": Text("INCOMPLETE", "不完整"),
    "failed": Text("FAILED", "失败"),
    "never": Text("Never read", "从未采集"),
}

HEAD: Mapping[str, Text] = {
    "arguments": Text("Arguments", "参数"),
    "as_of": Text("As of", "截止时间"),
    "assessed": Text("Assessed", "已评估"),
    "assumed": Text("Effort assumed for", "人天为估计的组织数"),
    "best": Text("Best", "最好"),
    "better": Text("Better", "优的方向"),
    "calendar": Text("Calendar", "工作日历"),
    "cause": Text("Cause", "原因"),
    "conforming": Text("Conforming", "符合"),
    "denominator": Text("Denominator", "分母"),
    "effort": Text("Person-days", "人天"),
    "fix": Text("What to do", "处理办法"),
    "frameworks": Text("Frameworks", "涉及标准"),
    "gap": Text("Gap", "差距"),
    "group": Text("Group", "分组"),
    "holds": Text("Holds back", "影响等级"),
    "known": Text("Known (n)", "已知 (n)"),
    "level": Text("Level", "等级"),
    "lower": Text("Lower quartile", "下四分位"),
    "median": Text("Median", "中位数"),
    "metric": Text("KPI", "指标"),
    "missing": Text("To close first", "优先补齐"),
    "n": Text("Items (n)", "条目数 (n)"),
    "no_data": Text("No data", "无数据"),
    "not_met": Text("Not met in", "未满足的组织数"),
    "numerator": Text("Numerator", "分子"),
    "opens": Text("Opens", "影响面"),
    "organisation": Text("Organisation", "组织"),
    "organisations": Text("Organisations", "组织数"),
    "rank": Text("#", "名次"),
    "reached": Text("Level shown", "已证明等级"),
    "reason": Text("Reason", "原因"),
    "removed": Text("Removed", "移除"),
    "changed": Text("Changed", "变更"),
    "new": Text("New", "新增"),
    "source": Text("Source", "数据源"),
    "state": Text("Evidence", "证据"),
    "status": Text("Status", "状态"),
    "stream": Text("Stream", "数据流"),
    "streams": Text("Streams", "数据流"),
    "target": Text("Target", "目标"),
    "undetermined": Text("Unknown in", "证据不足的组织数"),
    "unit": Text("Unit", "单位"),
    "unknown": Text("Unknown", "未知"),
    "upper": Text("Upper quartile", "上四分位"),
    "value": Text("Value", "值"),
    "version": Text("Version", "软件版本"),
    "worst": Text("Worst", "最差"),
    "workspace": Text("Workspace", "工作区"),
}

PHRASE: Mapping[str, Text] = {
    "all_complete": Text(
        "The evidence of all {all} organisations is complete.", "全部 {all} 个组织的证据均已完整采集。"
    ),
    "benchmarks": Text("Benchmarks", "组织对标"),
    "benchmarks_lead": Text(
        "Each KPI over the last {months} months, only across organisations whose value is known. Quartiles are"
        " interpolated between values. Business time is compared only where the same calendar counts it.",
        "各指标取最近 {months} 个月，仅在取值已知的组织之间比较；四分位数在相邻取值间线性插值；"
        "按工作时间计算的指标只在同一工作日历内比较。",
    ),
    "decision": Text(
        "A tool's reading of the evidence of each organisation. It is no certificate.",
        "本表为工具对各组织证据的判读结果，不构成认证结论。",
    ),
    "failed": Text("Could not be judged", "无法评估"),
    "gaps": Text("Worst gaps across the group", "集团共性差距"),
    "gaps_lead": Text(
        "What is open in most organisations stands first; then what holds back most levels. Failed organisations are"
        " not among them.",
        "按涉及组织数排序，其次按所影响的等级数；无法评估的组织未计入。",
    ),
    "groups": Text("By group", "按分组"),
    "incomplete": Text(
        "{incomplete} of {all} organisations have evidence that is not complete; {failed} could not be judged at all."
        " What rests on missing evidence is undetermined, whatever else looks good.",
        "{all} 个组织中，{incomplete} 个证据不完整，{failed} 个无法评估。"
        "凡依赖缺失证据的结论一律为“证据不足”，不论其他部分是否良好。",
    ),
    "incomplete_title": Text("This portfolio is not complete", "本汇总不完整"),
    "level_line": Text("shown by {reached} of {all}", "{all} 个组织中 {reached} 个已证明"),
    "levels_lead": Text(
        "How many organisations show this level or a higher one by their evidence; level 4 is the lowest.",
        "证据能够证明达到该级或更高级别的组织数；四级为最低级。",
    ),
    "matrix": Text("Organisations by framework and level", "组织 × 标准 × 等级"),
    "matrix_lead": Text(
        "Conforming / assessed / applicable requirements. Undetermined is not assessed; not applicable is left out.",
        "符合 / 已评估 / 适用 的条目数。“证据不足”视为未评估，“不适用”不计入。",
    ),
    "more_gaps": Text("{n} more gaps are in the workbook and in the JSON.", "另有 {n} 项差距，见工作簿与 JSON。"),
    "more_rows": Text(
        "{n} more organisations with complete evidence are in the workbook and in the JSON.",
        "另有 {n} 个证据完整的组织，见工作簿与 JSON。",
    ),
    "no_evidence": Text("nothing has been collected", "尚未采集任何数据"),
    "no_group": Text("No group", "未分组"),
    "none": Text("none", "无"),
    "overview": Text("Overview", "总览"),
    "portfolio": Text("Portfolio of conformance", "集团符合性汇总"),
    "releases": Text(
        "Judged by different releases of itss-bridge: {names}. Bring all workers to one before comparing.",
        "各组织由不同版本的 itss-bridge 评估：{names}。比较之前请统一版本。",
    ),
    "up": Text("higher", "越高越好"),
    "down": Text("lower", "越低越好"),
    "unpursued": Text("not pursued", "未纳入"),
}


def phrase(name: str, **values: object) -> Text:
    """A sentence with its places filled; KeyError for an unknown name or a value left out."""
    text = PHRASE[name]
    return Text(text.en.format(**values), text.zh.format(**values))
