"""Sentences with places to fill, in both languages."""

from collections.abc import Mapping

from itss_bridge.model import Text

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
        "In the median week of the last 12 weeks {people} people ended {each} tickets each; the backlog of {backlog} "
        "is {backlog_weeks} weeks of their work.",
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
    "left_out": Text("{n} left out: published by this tool, and no evidence", "另有 {n} 项由本工具发布，不计为证据"),
    "page_message": Text(
        "itss-bridge {version}: as of {as_of}, {n} lines changed", "itss-bridge {version}：截至 {as_of}，{n} 行有变化"
    ),
    "page_more": Text("… and {n} lines more", "……另有 {n} 行"),
    "page_touched": Text(
        "People have changed the page since it was last published; what they wrote is in its history.",
        "该页面自上次发布后被人工修改过；修改内容可在页面历史中查看。",
    ),
    "ticket_intro": Text("{id}: {grade}.", "编号 {id}：{grade}。"),
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
