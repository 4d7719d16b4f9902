"""The words of the packs for internal audit and management review."""

from collections.abc import Mapping

from itss_bridge.model import Text

WORD: Mapping[str, Text] = {
    "management_title": Text(
        "Management review: {organisation}, as of {as_of}", "管理评审输入：{organisation}（截至 {as_of}）"
    ),
    "audit_title": Text(
        "Internal audit: {organisation}, as of {as_of}", "内部审核检查表：{organisation}（截至 {as_of}）"
    ),
    "ours": Text(
        "The selection of inputs is ours; check it against your own copies of the standards.",
        "输入项由本工具汇总整理，请对照本单位持有的标准文本核对是否齐全。",
    ),
    "decisions": Text("Decisions of earlier reviews", "以往管理评审决议的落实情况"),
    "evidence": Text("The evidence this rests on", "所依据证据的完整性"),
    "readiness": Text("Conformity", "符合性总体情况"),
    "levels": Text("ITSS levels", "ITSS 级别达成情况"),
    "customers": Text("Feedback of customers", "顾客（需方）反馈"),
    "performance": Text("Performance of services", "服务绩效"),
    "nonconformities": Text("Nonconformities and corrective actions", "不符合与纠正措施"),
    "gaps": Text("Gaps that open most when closed", "优先改进项"),
    "documents": Text("Documents that are missing, not approved or not in date", "缺失、未批准或超期未评审的文件"),
    "dates": Text("Dates ahead", "近期重要日期"),
    "minutes": Text("Minutes and decisions", "会议记录与决议"),
    "notes": Text("To keep in mind", "说明"),
    "checklist": Text("Checklist: {framework}", "检查表：{framework}"),
    "none": Text("None.", "无。"),
    "overdue": Text("overdue", "已逾期"),
    "done": Text("done", "已完成"),
    "open": Text("open", "进行中"),
    "id": Text("id", "编号"),
    "decision": Text("decision", "决议事项"),
    "owner": Text("owner", "责任岗位"),
    "due": Text("due", "完成期限"),
    "state": Text("state", "状态"),
    "framework": Text("framework", "标准"),
    "stream": Text("records", "数据"),
    "source": Text("source", "来源"),
    "held": Text("held / expected", "实有/应有"),
    "reason": Text("reason", "说明"),
    "level": Text("level", "级别"),
    "metric": Text("metric", "指标"),
    "value": Text("value", "数值"),
    "n": Text("of", "样本量"),
    "window": Text("window", "统计期"),
    "clause": Text("clause", "条款"),
    "requirement": Text("requirement", "要求"),
    "status": Text("status", "状态"),
    "records": Text("evidence", "证据数"),
    "failing": Text("items that fail", "不满足的条目"),
    "seen": Text("evidence seen by the auditor", "审核员查阅的证据"),
    "finding": Text("finding (conforming / minor / major / observation)", "审核发现（符合/一般/严重/观察）"),
    "grade": Text("grade", "等级"),
    "progress": Text("progress", "进展"),
    "title": Text("title", "名称"),
    "opens": Text("opens", "影响面"),
    "next": Text("next action", "下一步"),
    "document": Text("document or record", "文件或记录"),
    "date": Text("date", "日期"),
    "attendees": Text("Attendees (roles):", "参加人员（岗位）："),
    "held_on": Text("Held on:", "评审日期："),
    "conclusion": Text("Conclusion on suitability, adequacy and effectiveness:", "体系适宜性、充分性和有效性结论："),
}


def word(name: str, language: str, **values: object) -> str:
    """One of the words in *language*, with its places filled; KeyError for an unknown name."""
    text = WORD[name][language]
    return text.format(**values) if values else text
