"""What statuses, relationships, streams, units and states are called, in both languages."""

from collections.abc import Mapping

from itss_bridge.model import Cause, Relationship, Status, Text, Verdict

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
    "configuration_audit": Text("Configuration audits", "配置审计"),
    "contract": Text("Contracts", "合同"),
    "financial_year": Text("Financial years", "会计年度"),
    "indicator": Text("Indicators", "指标"),
    "outage": Text("Outages", "中断"),
    "routine_class": Text("Routine classes", "常规事件类别"),
    "service_report": Text("Service reports", "服务报告"),
    "service_time": Text("Service times", "约定服务时间"),
    "spare": Text("Spares", "备件"),
    "support_group": Text("Support groups", "支持小组"),
}

BASIS: Mapping[str, Text] = {
    "checks": Text("own checks", "自身检查"),
    "mappings": Text("mappings", "映射传递"),
    "children": Text("sub-clauses", "下级条款"),
    "none": Text("no evidence", "无证据"),
    "scope": Text("scope decision", "范围决定"),
    "judgement": Text("a person's judgement", "人工判定"),
}

CAUSE: Mapping[Cause, Text] = {
    "evidence": Text("Evidence", "证据变化"),
    "time": Text("Time went by: windows moved, statements expired", "时间推移（统计期移动或声明到期）"),
    "catalogue": Text("What is asked changed", "评估依据变化"),
    "review": Text("A mapping was signed, or its signature fell", "映射评审签署变化"),
    "scope": Text("Scope or target level", "适用范围或目标等级变化"),
    "judgement": Text("A person's judgement", "人工判定"),
    "unknown": Text("Not shown by the reports", "报告中未体现"),
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
    "finish": Text("note that it is up to date", "补记发布状态"),
    "none": Text("nothing to do", "无需处理"),
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
    "yuan": Text("yuan", "元"),
}
