"""What only the workbook says, in both languages."""

from collections.abc import Mapping

from itss_bridge.model import Text

BOOK: Mapping[str, Text] = {
    "asked": Text("What was asked", "评估依据"),
    "assumed": Text("{n} (assumed)", "{n}（假定）"),
    "calendar_note": Text("to be confirmed", "待确认"),
    "certain": Text("certain", "确定"),
    "chart_frameworks": Text("Requirements by status", "各标准条目的符合性"),
    "chart_kpi": Text("Rates: measured against needed (%)", "比率类指标：实测与要求（%）"),
    "chart_levels": Text("Rules that decide, by level", "各级判定规则满足情况"),
    "chart_trend": Text("Rates by month (%)", "比率类指标逐月走势（%）"),
    "contents": Text("Contents", "目录"),
    "digest": Text("Digest of this report's basis", "本报告依据的摘要值"),
    "digest_note": Text(
        "SHA-256 over the chain head of every stream (sheet “Sources”) and the digest of what was asked ({catalogue}). "
        "Two workbooks with the same digest rest on the same evidence and the same catalogue.",
        "对全部数据流的证据链头（见“证据来源”）与评估依据摘要值（{catalogue}）计算的 SHA-256。"
        "摘要值相同的两份工作簿，所依据的证据与评估依据完全相同。",
    ),
    "import_intro": Text(
        "Yellow cells are yours: judged status, reason, role, expiry; owner, due date, effort, next action. "
        "`itss-bridge import FILE` shows what would be taken, `--apply` takes it. Rows may be sorted, filtered or "
        "deleted, columns moved or added; the rest of the workbook is not read back.",
        "淡黄色单元格供填写：人工判定及其理由、角色、到期日；责任人、期限、工作量、下一步措施。"
        "用 `itss-bridge import 文件` 先看将采纳的内容，加 `--apply` 才写入。可以排序、筛选、删行、移动或增加列；"
        "其余内容不会被读回。",
    ),
    "input_date": Text("A day, such as 2026-03-31", "请填写日期，例如 2026-03-31"),
    "input_days": Text("Whole person-days, 0 or more", "请填写不小于 0 的整数人天"),
    "input_status": Text(
        "Choose from the list; leave empty where what was measured shall count", "请从列表选择；留空则以实测为准"
    ),
    "input_text": Text("A role, never a person's name", "请填写角色，不要填写姓名"),
    "kind_document": Text("document", "文件"),
    "kind_record": Text("record", "记录"),
    "listed": Text("{n} listed below", "下列 {n} 项"),
    "month": Text("Month", "月份"),
    "no_changes": Text("Nothing changed.", "无变化。"),
    "no_rows": Text("Nothing to show.", "无内容。"),
    "not_asked": Text(
        "Nobody asked what changed. `itss-bridge export matrix.xlsx --since 2025-12-31` compares with that day.",
        "本次导出未要求比较。使用 `itss-bridge export matrix.xlsx --since 2025-12-31` 可与该日比较。",
    ),
    "numbers": Text("The numbers behind the charts", "图表数据"),
    "orphan": Text("asked for by nothing", "无对应要求"),
    "reached_none": Text("none yet", "尚未达到任何级别"),
    "running": Text(" (running)", "（未满）"),
    "since": Text("From {since} to {until}", "自 {since} 至 {until}"),
    "top_gaps": Text("What to close first", "优先关闭的差距"),
    "next_dates": Text("What comes next", "近期日程"),
    "yours": Text("To be filled in", "供填写"),
    "unlinked": Text(
        "A sheet holds 65,000 links at most; further items show their address as text.",
        "单张工作表最多容纳 65,000 个链接，其后的条目以文字列出地址。",
    ),
}

MILESTONE_STATE: Mapping[str, Text] = {
    "ahead": Text("ahead", "未到"),
    "open": Text("open now", "进行中"),
    "overdue": Text("OVERDUE", "已逾期"),
    "missing": Text("no date", "无法推算"),
}

SAME: Mapping[str, Text] = {
    "same": Text("same", "相同"),
    "changed": Text("changed", "有变化"),
    "unknown": Text("not known", "无法确认"),
}

IMPORT_STATE: Mapping[str, Text] = {
    "taken": Text("to be taken", "将采纳"),
    "there": Text("already there", "已一致"),
    "kept": Text("kept: changed here since", "保留（工作区已另行修改）"),
    "conflict": Text("CONFLICT", "冲突"),
    "invalid": Text("INVALID", "无效"),
}

IMPORT_FIELD: Mapping[str, Text] = {
    "status": Text("Judged status", "人工判定"),
    "reason": Text("Reason", "判定理由"),
    "role": Text("Role", "判定人（角色）"),
    "expires": Text("Expires", "判定到期日"),
    "owner": Text("Owner", "责任人（角色）"),
    "due": Text("Due", "期限"),
    "effort": Text("Effort", "工作量（人天）"),
    "next_action": Text("Next action", "下一步措施"),
}
