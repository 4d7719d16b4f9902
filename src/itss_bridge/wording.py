"""The words that people read, in both languages, in one place: exporters and the command line say the same thing."""

from collections.abc import Mapping
from decimal import Decimal

from itss_bridge.model import Criterion, Relationship, Status, Text, Verdict

LANGUAGES = ("zh", "en")


def other(language: str) -> str:
    """The language to show second."""
    return "en" if language.startswith("zh") else "zh"


STATUS: Mapping[Status, Text] = {
    Status.CONFORMING: Text("Conforming", "符合"),
    Status.PARTIAL: Text("Partial", "部分符合"),
    Status.NONCONFORMING: Text("Nonconforming", "不符合"),
    Status.UNDETERMINED: Text("Undetermined", "证据不足"),
    Status.NOT_APPLICABLE: Text("Not applicable", "不适用"),
}

STATUS_LETTER: Mapping[Status, Text] = {
    Status.CONFORMING: Text("C", "符"),
    Status.PARTIAL: Text("P", "部"),
    Status.NONCONFORMING: Text("N", "否"),
    Status.UNDETERMINED: Text("U", "缺"),
    Status.NOT_APPLICABLE: Text("X", "免"),
}

STATUS_MEANING: Mapping[Status, Text] = {
    Status.CONFORMING: Text(
        "Every check that speaks to it is met, on complete evidence.", "有关检查项全部满足，且所依据的证据完整。"
    ),
    Status.PARTIAL: Text(
        "Met in part, or carried over by a mapping that nobody has reviewed or that covers only a part.",
        "仅部分满足；或由尚未评审、仅部分覆盖的映射传递而来。",
    ),
    Status.NONCONFORMING: Text(
        "At least one check on complete evidence is not met.", "在证据完整的前提下，至少一项检查未满足。"
    ),
    Status.UNDETERMINED: Text(
        "Evidence is missing or incomplete: nothing may be concluded.", "证据缺失或不完整，不得作出结论。"
    ),
    Status.NOT_APPLICABLE: Text("Taken out of the scope, with a reason.", "已说明理由并排除在范围之外。"),
}

LEVEL_STATE: Mapping[Status, Text] = {
    Status.CONFORMING: Text("Requirements met", "达到要求"),
    Status.PARTIAL: Text("Partly met", "部分达到"),
    Status.NONCONFORMING: Text("Not met", "未达到"),
    Status.UNDETERMINED: Text("Undetermined", "证据不足"),
    Status.NOT_APPLICABLE: Text("Not applicable", "不适用"),
}

VERDICT: Mapping[Verdict, Text] = {
    Verdict.MET: Text("Met", "满足"),
    Verdict.NOT_MET: Text("Not met", "未满足"),
    Verdict.UNDETERMINED: Text("Undetermined", "证据不足"),
}

VERDICT_STATUS: Mapping[Verdict, Status] = {
    Verdict.MET: Status.CONFORMING,
    Verdict.NOT_MET: Status.NONCONFORMING,
    Verdict.UNDETERMINED: Status.UNDETERMINED,
}

RELATIONSHIP: Mapping[Relationship, Text] = {
    Relationship.EQUAL: Text("equal to", "等同于"),
    Relationship.SUBSET: Text("subset of", "包含于"),
    Relationship.SUPERSET: Text("superset of", "包含"),
    Relationship.INTERSECTS: Text("intersects with", "部分重叠"),
    Relationship.NONE: Text("no relationship", "无关联"),
}

SYMBOL: Mapping[Relationship, str] = {
    Relationship.EQUAL: "≡",
    Relationship.SUBSET: "⊂",
    Relationship.SUPERSET: "⊃",
    Relationship.INTERSECTS: "∩",
    Relationship.NONE: "∅",
}

ELEMENT: Mapping[str, Text] = {
    "management": Text("Management", "能力管理"),
    "people": Text("People", "人员"),
    "process": Text("Process", "过程"),
    "technology": Text("Technology", "技术"),
    "resource": Text("Resource", "资源"),
}

LEVEL: Mapping[int, Text] = {
    4: Text("Level 4 · basic", "四级 · 基本级"),
    3: Text("Level 3 · expanded", "三级 · 拓展级"),
    2: Text("Level 2 · improved", "二级 · 改进（协同）级"),
    1: Text("Level 1 · enhanced", "一级 · 提升（量化）级"),
}

STREAM_STATE: Mapping[str, Text] = {
    "complete": Text("Complete", "完整"),
    "incomplete": Text("INCOMPLETE", "不完整"),
    "failed": Text("FAILED", "采集失败"),
    "running": Text("Not finished", "未采集完"),
}

STREAM: Mapping[str, Text] = {
    "attestation": Text("Attestations", "声明"),
    "certificate": Text("Certificates", "证书"),
    "change": Text("Changes", "变更"),
    "configuration_item": Text("Configuration items", "配置项"),
    "document": Text("Documents", "文件"),
    "incident": Text("Incidents", "事件"),
    "person": Text("People", "人员"),
    "problem": Text("Problems", "问题"),
    "project": Text("Projects", "项目"),
    "release": Text("Releases", "发布"),
    "request": Text("Service requests", "服务请求"),
    "sla": Text("SLA records", "服务级别记录"),
    "survey": Text("Satisfaction surveys", "满意度调查"),
}

BASIS: Mapping[str, Text] = {
    "checks": Text("own checks", "自身检查"),
    "mappings": Text("mappings", "映射传递"),
    "children": Text("sub-clauses", "下级条款"),
    "none": Text("no evidence", "无证据"),
    "scope": Text("scope decision", "范围决定"),
    "judgement": Text("a person's judgement", "人工判定"),
}

AUTHORITY: Mapping[str, Text] = {
    "official": Text("official", "官方"),
    "advisory": Text("advisory", "参考"),
}

REVIEW: Mapping[str, Text] = {
    "proposed": Text("proposed, not reviewed", "建议，待评审"),
    "reviewed": Text("reviewed", "已评审"),
}

KIND: Mapping[str, Text] = {
    "ticket-metric": Text("measured on tickets", "工单度量"),
    "document": Text("document", "成文信息"),
    "record": Text("record", "记录"),
    "attestation": Text("attestation", "声明"),
}

GRADE: Mapping[str, Text] = {
    "major": Text("major nonconformity", "严重不符合"),
    "minor": Text("minor nonconformity", "一般不符合"),
    "observation": Text("observation", "观察项"),
}

PROGRESS: Mapping[str, Text] = {
    "open": Text("open", "未处理"),
    "correcting": Text("being corrected", "整改中"),
    "corrected": Text("corrected, to be measured again", "已整改，待复测"),
    "closed": Text("closed", "已关闭"),
}

DOING: Mapping[str, Text] = {
    "create": Text("create", "新建"),
    "update": Text("update", "更新"),
    "none": Text("nothing to do", "无需处理"),
}

DOSSIER_HEAD: Mapping[str, Text] = {
    "id": Text("id", "编号"),
    "checklist": Text("checklist", "清单"),
    "title": Text("title", "名称"),
    "owner": Text("provided by", "提供部门"),
    "state": Text("state", "状态"),
    "reason": Text("remark", "说明"),
    "found": Text("where it is", "所在位置"),
    "requirements": Text("requirements", "对应要求"),
    "requirement": Text("requirement", "要求"),
    "clause": Text("clause", "条款"),
    "source": Text("source", "来源"),
    "confidence": Text("confidence", "可信度"),
}

DOCUMENT_STATE: Mapping[str, Text] = {
    "current": Text("current", "有效"),
    "approved": Text("approved, not in date", "已批准，超期未评审"),
    "present": Text("not approved", "未批准"),
    "missing": Text("missing", "缺失"),
    "unknown": Text("unknown", "无法确认"),
}

BETTER: Mapping[str, Text] = {
    "up": Text("higher is better", "越高越好"),
    "down": Text("lower is better", "越低越好"),
}

MEASURED: Mapping[str, Text] = {
    "measured": Text("Measured", "已测得"),
    "no-data": Text("No data", "无数据"),
    "unknown": Text("Undetermined", "证据不足"),
}

UNIT: Mapping[str, Text] = {
    "%": Text("%", "%"),
    "min": Text("min", "分钟"),
    "h": Text("h", "小时"),
    "d": Text("d", "天"),
    "months": Text("months", "个月"),
    "years": Text("years", "年"),
    "count": Text("", "个"),
    "number": Text("", ""),
    "points": Text("points", "分"),
}

SHEET: Mapping[str, Text] = {
    "cover": Text("Cover", "封面"),
    "matrix": Text("Matrix", "符合性矩阵"),
    "findings": Text("Findings", "框架"),
    "metrics": Text("Metrics", "指标"),
    "evidence": Text("Evidence", "证据"),
    "levels": Text("Levels", "等级"),
    "crosswalk": Text("Crosswalk", "对照"),
    "reading": Text("How to read", "说明"),
}

HEAD: Mapping[str, Text] = {
    "approver": Text("Approved by", "批准"),
    "arguments": Text("Arguments", "参数"),
    "as_of": Text("As of", "截止时间"),
    "at": Text("Date", "日期"),
    "authority": Text("Authority", "效力"),
    "basis": Text("Basis", "依据"),
    "better": Text("Direction", "方向"),
    "binding": Text("Decides the level", "决定等级"),
    "check": Text("Check", "检查项"),
    "checks": Text("Checks", "检查情况"),
    "clause": Text("Clause", "条款号"),
    "clauses": Text("Clauses", "对应条款"),
    "collected": Text("Collected at", "采集时间"),
    "confidence": Text("Confidence", "可信度"),
    "contributes": Text("Contributes", "传递结果"),
    "crosswalk": Text("Crosswalk", "对照表"),
    "date": Text("Date", "日期"),
    "denominator": Text("Denominator", "分母"),
    "edition": Text("Edition", "版本"),
    "element": Text("Element", "要素"),
    "evidence": Text("Evidence", "证据数"),
    "excluded": Text("Exclusions", "剔除"),
    "expected": Text("Expected", "应有"),
    "failing": Text("Items not met", "未满足条目"),
    "framework": Text("Framework", "标准"),
    "from": Text("From", "起"),
    "head": Text("Chain head", "证据链头"),
    "id": Text("Id", "编号"),
    "item": Text("Ticket or document", "工单或文件"),
    "kind": Text("Kind", "类别"),
    "level": Text("Level", "等级"),
    "mean": Text("Mean", "平均值"),
    "measured": Text("Measured", "实测"),
    "median": Text("Median", "中位数"),
    "metric": Text("Metric", "指标"),
    "n": Text("Population (n)", "总体 (n)"),
    "name": Text("Name", "姓名"),
    "needed": Text("Needed", "要求"),
    "numerator": Text("Numerator", "分子"),
    "organisation": Text("Organisation", "组织"),
    "p90": Text("90th percentile", "90 分位"),
    "pack": Text("Rule pack", "规则包"),
    "preparer": Text("Prepared by", "编制"),
    "rationale": Text("Rationale", "理由"),
    "reason": Text("Reason", "原因"),
    "relationship": Text("Relationship", "关系"),
    "requirement": Text("Requirement", "要求条目"),
    "review": Text("Review", "评审状态"),
    "reviewer": Text("Reviewed by", "审核"),
    "reviewed_on": Text("Reviewed on", "评审日期"),
    "rule": Text("Rule", "规则"),
    "seen": Text("Seen", "实收"),
    "sign": Text("Signature", "签字"),
    "source": Text("Source", "出处"),
    "source_requirement": Text("From requirement", "源条目"),
    "source_status": Text("Its status", "源条目状态"),
    "source_system": Text("Source system", "来源系统"),
    "state": Text("State", "状态"),
    "status": Text("Status", "符合性"),
    "stream": Text("Stream", "数据流"),
    "strength": Text("Strength", "强度"),
    "target": Text("Target level", "目标等级"),
    "target_requirement": Text("To requirement", "目标条目"),
    "target_status": Text("Its status", "目标条目状态"),
    "title": Text("Title", "名称"),
    "title_other": Text("Title (second language)", "名称（另一语言）"),
    "to": Text("To (exclusive)", "止（不含）"),
    "unit": Text("Unit", "单位"),
    "value": Text("Value", "值"),
    "verdict": Text("Verdict", "判定"),
    "version": Text("Version", "软件版本"),
    "window": Text("Window", "统计期"),
}

PHRASE: Mapping[str, Text] = {
    "dossier": Text(
        "{organisation}: materials as of {as_of}, target {level}\n{counts}\n\n"
        "1-materials.csv   what is to be handed in, item by item, and where it is\n"
        "2-documents.csv   what the frameworks ask to be documented, against what there is\n"
        "3-matrix.xlsx     the conformance matrix\n"
        "4-report.html     the same to read, offline\n"
        "5-report.json     the same for programs; `itss-bridge verify --against` takes it\n\n"
        "Heads of the evidence that this rests on:",
        "{organisation}：申报材料（截至 {as_of}），目标级别：{level}\n{counts}\n\n"
        "1-materials.csv   申报材料清单：逐项状态与所在位置\n"
        "2-documents.csv   文件对照表：各标准要求的成文信息与现有文件\n"
        "3-matrix.xlsx     符合性矩阵\n"
        "4-report.html     可离线阅读的报告\n"
        "5-report.json     供程序使用的数据，可用于 `itss-bridge verify --against`\n\n"
        "所依据证据的链首摘要：",
    ),
    "capacity": Text(
        "In the median week of the last 12 weeks {people} people ended {each} tickets each; the backlog of {backlog} is "
        "{backlog_weeks} weeks of their work.",
        "近 12 周（中位周）{people} 人处理，人均 {each} 单；积压 {backlog} 单，约合 {backlog_weeks} 周工作量。",
    ),
    "forecast_smoothing": Text(
        "By exponential smoothing; on 8 weeks held back it was {error} off, “as last week” {naive_error}.",
        "采用指数平滑法；以最近 8 周回测，平均误差 {error}，“与上周相同”法为 {naive_error}。",
    ),
    "forecast_as-last-week": Text(
        "“As last week”: on 8 weeks held back nothing was better ({error} off).",
        "采用“与上周相同”法；以最近 8 周回测，没有更优的方法（平均误差 {error}）。",
    ),
    "sample_population": Text(
        "Drawn from {size} with seed {seed}; digest of the population: {digest}",
        "总体 {size} 项，随机种子 {seed}；总体摘要值：{digest}",
    ),
    "sample_incomplete": Text("The population is not known to be complete: {reason}", "总体完整性未得到确认：{reason}"),
    "dry_run": Text("Nothing was written; --apply does it.", "以上仅为预演，未作任何写入；加 --apply 执行。"),
    "ticket_intro": Text("{id}: {grade}.", "{id}：{grade}。"),
    "ticket_requirements": Text("Requirements: {named}", "涉及条款：{named}"),
    "ticket_items": Text("Items that fail, the first of them: {named}", "不满足的条目（部分）：{named}"),
    "ticket_closing": Text(
        "It is closed by a new measurement that is met, not by this ticket being done. Root cause and actions belong "
        "to the register of nonconformities.",
        "本项须经复测满足方可关闭，工单完成不等于关闭；原因分析与纠正措施请记入不符合项台账。",
    ),
    "absent": Text("not confirmed", "未确认"),
    "alarm_lead": Text(
        "{n} of {all} data streams are not complete. What rests on them is undetermined, whatever else looks good.",
        "{all} 个数据流中有 {n} 个不完整。凡依赖其数据的结论一律为“证据不足”，不论其他部分是否良好。",
    ),
    "alarm_none": Text(
        "Nothing has been collected: every result that needs evidence is undetermined.",
        "尚未采集任何数据：凡需证据的结论一律为“证据不足”。",
    ),
    "alarm_title": Text("Evidence is incomplete", "证据不完整"),
    "all_complete": Text("All {all} data streams are complete.", "全部 {all} 个数据流均已完整采集。"),
    "all_time": Text("all time", "不限期间"),
    "any_of_n": Text("measured (n ≥ {n})", "须有实测数据 (n ≥ {n})"),
    "assessed": Text("Assessed", "已评估"),
    "bars_lead": Text(
        "Counts of assessable requirements. Undetermined is not assessed; not applicable is left out of both bars.",
        "按可评估条目计数。“证据不足”视为未评估，“不适用”不计入两条进度。",
    ),
    "bridge": Text("Integrated conformance report", "一体化符合性报告"),
    "binding_no": Text("shown for comparison", "仅供对照"),
    "binding_yes": Text("decides", "据以判定"),
    "contents": Text("Contents", "目录"),
    "cut": Text("… (cut, sha256 {digest})", "……（已截断，sha256 {digest}）"),
    "decision": Text(
        "A tool's reading of the evidence, for internal audit and management review. It is no certificate.",
        "本报告为工具对证据的判读结果，供内部审核与管理评审使用，不构成认证结论。",
    ),
    "evidence_lead": Text(
        "Each check with its number, the population behind it and the items that were not met.",
        "逐项列出检查结果、所依据的总体及未满足的条目。",
    ),
    "filter": Text("Filter by status", "按状态筛选"),
    "frameworks": Text("Frameworks", "各标准概况"),
    "gap_none": Text("No gaps.", "无差距。"),
    "gap_rules": Text("Rules that stand between here and the target", "距目标等级尚未满足的规则"),
    "gap_requirements": Text("Requirements that are not conforming", "尚未符合的条目"),
    "gaps": Text("Gaps", "差距清单"),
    "gaps_lead": Text(
        "What has to be closed: nonconforming first, then partial, then what lacks evidence.",
        "待整改事项：先列不符合，再列部分符合，最后列证据不足。",
    ),
    "here": Text("target", "目标"),
    "items_more": Text(
        "{n} more in the evidence: itss-bridge metric show {metric} --population",
        "另有 {n} 条，见证据库：itss-bridge metric show {metric} --population",
    ),
    "last_months": Text("last {n} months", "近 {n} 个月"),
    "legend": Text("Legend", "图例"),
    "level_checks": Text("Rules of levels alone", "仅用于等级的规则"),
    "levels": Text("ITSS level", "ITSS 等级"),
    "levels_lead": Text(
        "Four rising steps: level 4 is the lowest, level 1 the highest; each step contains those below it.",
        "四级最低，一级最高，逐级上升；每一级都包含以下各级的要求。",
    ),
    "lowest": Text("lowest", "最低"),
    "highest": Text("highest", "最高"),
    "mapped_from": Text("Supported by mappings", "映射支持"),
    "matrix": Text("Conformance matrix", "符合性矩阵"),
    "matrix_lead": Text(
        "Each row is one requirement; each tile is a clause of another framework, with its relationship and its own "
        "status. Select a tile to see what it rests on.",
        "每行一条要求；每个色块是另一标准的对应条款，标明关系及其自身状态。点选色块可查看依据。",
    ),
    "no": Text("no", "否"),
    "no_checks": Text("No check of its own speaks to this requirement.", "没有直接对应的检查项。"),
    "no_data": Text("no data", "无数据"),
    "no_target": Text("none set", "未设定"),
    "none_mapped": Text("no mapped clause", "无对应条款"),
    "not_measured": Text("not measured", "未测得"),
    "numbers_lead": Text(
        "Number, numerator, denominator and failing items come from one and the same query.",
        "数值、分子、分母与未满足条目均出自同一查询。",
    ),
    "overview": Text("Overview", "总览"),
    "print": Text("Print", "打印"),
    "requirements": Text("Requirements", "逐条结果"),
    "requirements_lead": Text(
        "Each requirement with its checks and the mappings that support it.", "逐条列出检查结果及起支持作用的映射。"
    ),
    "rules": Text("{n} rules", "{n} 条规则"),
    "requirement_checks": Text("Checks of requirements", "条目检查"),
    "search": Text("Search id, clause or words", "搜索编号、条款或文字"),
    "shown": Text("shown", "显示"),
    "sign_off": Text("Sign-off", "签署"),
    "skip": Text("Skip to the content", "跳到正文"),
    "sources": Text("Evidence collected", "证据采集情况"),
    "sources_lead": Text(
        "How far each stream can be trusted. Expected is the tool's own count.",
        "各数据流的可信程度；“应有”为来源系统自身的计数。",
    ),
    "theme": Text("Light / dark", "明 / 暗"),
    "top": Text("Back to the top", "回到顶部"),
    "unmapped": Text("not mapped", "未映射"),
    "used_by": Text("Speaks to", "对应条目"),
    "yes": Text("yes", "是"),
}

READING: tuple[Text, ...] = (
    Text(
        "Start with the cover: a stream that is not complete makes everything that rests on it undetermined.",
        "先看封面：数据流不完整时，凡依赖其数据的结论一律为“证据不足”。",
    ),
    Text(
        "ITSS levels run from 4 (lowest) to 1 (highest). Official rule packs decide a level; advisory packs are shown "
        "beside them and decide only where they were made binding.",
        "ITSS 等级由四级（最低）到一级（最高）。等级由官方规则包判定；参考规则包并列展示，仅在被设为约束时参与判定。",
    ),
    Text(
        "A relationship reads from the row's requirement to the other clause: ⊂ means that the row lies inside it.",
        "关系由本行条目指向另一标准的条款：⊂ 表示本行条目包含于该条款。",
    ),
    Text(
        "Where several clauses are mapped, the cell takes the colour of the most cautious status; "
        "it is green only when all of them conform.",
        "一格对应多个条款时，颜色取其中最谨慎的状态；全部符合时才显示绿色。",
    ),
    Text(
        "Only reviewed mappings carry conformity across; a proposed one reaches partial at best.",
        "只有经过评审的映射才能传递“符合”；待评审的映射最多传递“部分符合”。",
    ),
    Text(
        "A clause number that could not be confirmed against the edition is left open, never guessed.",
        "未能对照标准版本确认的条款号一律留空，绝不猜测。",
    ),
    Text(
        "Time windows are half-open: the start belongs to them, the end does not.",
        "统计期为左闭右开区间：含起点，不含终点。",
    ),
    Text(
        "From the matrix, the evidence count leads to the checks, and each listed item to its ticket.",
        "由矩阵的证据数可跳至检查结果，再由所列条目跳至原始工单。",
    ),
)


def stream(name: str) -> Text:
    """What people call a stream; a stream of a plugin keeps its own name."""
    return STREAM.get(name, Text(name, name))


def unit(name: str) -> Text:
    """The unit as printed after a number; one that is not listed keeps its own name."""
    return UNIT.get(name, Text(name, name))


def element(name: str) -> Text:
    """What people call an element; one that is not listed keeps its own name."""
    return ELEMENT.get(name, Text(name, name))


def number(value: float | Decimal) -> str:
    """At most two decimals, no trailing zeros, thousands separated by commas."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float | None, unit_name: str) -> Text:
    """A number with its unit, or "no data"."""
    if value is None:
        return PHRASE["no_data"]
    label = unit(unit_name)
    return Text(f"{number(value)} {label.en}".rstrip(), f"{number(value)} {label.zh}".rstrip())


def needed(criterion: Criterion, unit_name: str) -> Text:
    """A criterion for people: `≥ 90 % · last 6 months`."""
    period = PHRASE["all_time"] if criterion.months is None else phrase("last_months", n=criterion.months)
    if criterion.operator == "measured":
        least = phrase("any_of_n", n=number(1 if criterion.threshold is None else criterion.threshold))
    else:
        sign = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}[criterion.operator]
        value = quantity(None if criterion.threshold is None else float(criterion.threshold), unit_name)
        least = Text(f"{sign} {value.en}", f"{sign} {value.zh}")
    return Text(f"{least.en} · {period.en}", f"{least.zh} · {period.zh}")


def phrase(name: str, **values: object) -> Text:
    """A phrase with its places filled; KeyError for an unknown name or a value left out."""
    text = PHRASE[name]
    return Text(text.en.format(**values), text.zh.format(**values))
