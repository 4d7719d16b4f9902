# ruff: noqa: E501 - one line a word, however long
"""The words of this tool beside its ids: states of streams, verdicts, levels, streams, and what each word means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from itss_bridge import wording
from itss_bridge.data import schema, stream_names
from itss_bridge.field_words import MEANING as FIELD_IN_CHINESE
from itss_bridge.model import Text, Verdict


@dataclass(frozen=True, slots=True)
class Meant:
    """One word, and what is to be known of it. *cause* and *fix* are there where it tells of something amiss."""

    kind: str
    id: str
    title: Text
    meaning: Text
    cause: Text | None = None
    fix: Text | None = None
    level: int | None = None
    stream: str = ""


STREAM_STATES: Mapping[str, tuple[Text, Text | None, Text | None]] = {
    "complete": (
        Text(
            "What is held provably equals what the tool has, so conclusions may rest on it.",
            "库中记录经证明与来源系统一致，可据此作出结论。",
        ),
        None,
        None,
    ),
    "incomplete": (
        Text(
            "Something is missing, and it is known how much: what rests on it is undetermined.",
            "已知有记录缺失及其数量；凡依赖它的结论一律为“证据不足”。",
        ),
        Text(
            "Rows that access rules hide; records that exist but never came; records that a purge has taken away.",
            "访问规则隐藏了部分记录；来源系统中存在而未采集到的记录；已被清除（purge）的记录。",
        ),
        Text(
            "See the reason in `itss-bridge status`; ask for the right to read (`itss-bridge auth scopes`), sync again.",
            "查看 `itss-bridge status` 中的原因；申请读取权限（`itss-bridge auth scopes`）后重新同步。",
        ),
    ),
    "failed": (
        Text(
            "The last sync could not read it: what rests on it is undetermined, older evidence or not.",
            "最近一次同步未能读取；无论是否存有旧证据，凡依赖它的结论一律为“证据不足”。",
        ),
        Text(
            "The tool was unavailable or refused us, its answers were no data, or the source is no longer configured.",
            "来源系统不可用或拒绝访问，其应答不是有效数据，或该数据源已不在配置中。",
        ),
        Text(
            "`itss-bridge doctor` finds out which; then sync again. A source that is gone for good is ended with "
            "`sync --accept-removals`.",
            "用 `itss-bridge doctor` 查明原因后重新同步；确已停用的数据源用 `sync --accept-removals` 结束。",
        ),
    ),
    "running": (
        Text("A read has begun and has not ended yet; nothing may rest on it.", "读取已开始但尚未完成，不得据此作出结论。"),
        Text("A sync is at work, or was interrupted.", "同步正在进行，或曾被中断。"),
        Text("Wait, or run `itss-bridge sync` again: it goes on from where it stopped.", "请等待，或再次运行 `itss-bridge sync`，从中断处继续。"),
    ),
}  # fmt: skip

_VERDICTS: Mapping[str, Text] = {
    Verdict.MET.value: Text(
        "The measured value satisfies the criterion, on complete evidence.", "证据完整，实测值达到判定准则。"
    ),
    Verdict.NOT_MET.value: Text(
        "The measured value does not satisfy the criterion, on complete evidence.", "证据完整，实测值未达到判定准则。"
    ),
}

_WORDS: Mapping[str, tuple[Text, Text]] = {
    "action": (Text("Action", "整改行动"), Text("What somebody is to do about one check, until when.", "针对某项检查，由谁在何时之前完成什么。")),
    "advisory": (Text("Advisory", "参考性"), Text("Rules that are measured and shown, and decide nothing unless the workspace makes them binding.", "参与度量并展示，但不决定结论；除非工作区将其设为约束规则。")),
    "catalogue": (Text("Catalogue", "目录"), Text("All frameworks, crosswalks, metrics, checks and rule packs: YAML and SQL in mappings/.", "全部标准框架、映射、指标、检查与规则包，即 mappings/ 下的 YAML 与 SQL。")),
    "check": (Text("Check", "检查项"), Text("A metric, a criterion, and the requirements and level that it speaks to.", "由指标、判定准则及其对应的条款与级别组成。")),
    "connector": (Text("Connector", "连接器"), Text("Reads one tool and judges nothing.", "读取一种来源系统，不作任何判断。")),
    "crosswalk": (Text("Crosswalk", "对照表"), Text("All mappings from one framework to another.", "一个标准框架到另一个标准框架的全部映射。")),
    "evidence": (Text("Evidence", "证据"), Text("A record once stored: digest, time of collection, run; never overwritten.", "入库后的记录：带摘要、采集时间与批次，永不覆盖。")),
    "finding": (Text("Finding", "评估结果"), Text("The result for one requirement: its status, and the checks and mappings behind it.", "针对某一条款的结果：其状态及所依据的检查与映射。")),
    "framework": (Text("Framework", "标准框架"), Text("A catalogue of requirements, such as itss, iso20000-1, iso9001.", "条款的集合，如 itss、iso20000-1、iso9001。")),
    "gap": (Text("Gap", "差距"), Text("A check that is not met or lacks evidence, and what its being met would open.", "未满足或证据不足的检查，以及满足后可带来的结果。")),
    "judgement": (Text("Judgement", "人工判定"), Text("A role's own word on one requirement, shown beside what was measured.", "某岗位对某一条款的人工结论，与实测结果并列展示。")),
    "level": (Text("Level", "级别"), Text("ITSS level 4 (lowest) to 1.", "ITSS 级别，四级最低，一级最高。")),
    "mapping": (Text("Mapping", "映射"), Text("One row from a source requirement to a target requirement: relationship, strength, rationale, review.", "从源条目到目标条目的一行对应关系：关系、强度、理由与评审状态。")),
    "mark": (Text("Mark", "完整性标记"), Text("How far one source's part of a stream is to be trusted, with counts and cursor.", "某数据源的某一数据流可信到何种程度，含数量与游标。")),
    "metric": (Text("Metric", "指标"), Text("A population query and how it is summed up.", "一条总体查询及其汇总方式。")),
    "nonconformity": (Text("Nonconformity", "不符合项"), Text("A failing check that is tracked until it is measured as met again.", "未满足且持续跟踪、直至重新度量为满足的检查项。")),
    "official": (Text("Official", "正式"), Text("Rules of the body that awards the level: they decide it.", "由级别评定机构发布的规则，据以判定级别。")),
    "population": (Text("Population", "总体"), Text("The rows that a metric looked at, each with its own verdict.", "某指标所考察的全部记录，逐条带有各自的判定。")),
    "record": (Text("Record", "记录"), Text("What a connector yields, unjudged.", "连接器读出的、未经判断的一条数据。")),
    "relationship": (Text("Relationship", "关系"), Text("How two requirements stand to each other: equal-to, subset-of, superset-of, intersects-with, no-relationship.", "两个条目之间的集合关系：equal-to、subset-of、superset-of、intersects-with、no-relationship。")),
    "requirement": (Text("Requirement", "条款"), Text("One node of a framework, with an id that no edition changes; clause numbers stand beside it, per edition.", "标准框架中的一个条目，编号不随版本变化；各版本的条款号另行列出。")),
    "rule pack": (Text("Rule pack", "规则包"), Text("Named, dated rules for levels; official ones decide, advisory ones stand beside.", "有名称、有日期的级别规则集：正式的据以判定，参考性的并列展示。")),
    "status": (Text("Status", "状态"), Text("What is concluded of one requirement: conforming, partial, nonconforming, undetermined, not-applicable.", "某一条款的结论：符合、部分符合、不符合、证据不足、不适用。")),
    "stream": (Text("Stream", "数据流"), Text("A canonical kind of record, such as incident.", "统一后的一类记录，如事件。")),
    "verdict": (Text("Verdict", "判定"), Text("What a check comes to: met, not_met, undetermined.", "检查的结果：met（满足）、not_met（未满足）、undetermined（证据不足）。")),
    "fleet": (Text("Fleet", "批量任务"), Text("Many workspaces run as one job; one that fails stops no other.", "多个工作区作为一个任务运行，其中一个失败不影响其他。")),
    "portfolio": (Text("Portfolio", "组合视图"), Text("What the organisations of a fleet show together: levels, counts, indicators compared, shared gaps.", "批量任务中各组织的汇总结果：等级、计数、指标对比与共性差距。")),
    "workspace": (Text("Workspace", "工作区"), Text("One organisation's folder: itss-bridge.toml, evidence, attestations, judgements and more.", "一个组织的文件夹：itss-bridge.toml、证据、声明、人工判定等。")),
}  # fmt: skip

_STREAM_IN_CHINESE: Mapping[str, str] = {
    "attestation": "工具无法证明、由组织自行声明的日期、事实与数值。",
    "certificate": "组织或个人的证书。",
    "change": "对服务或配置的变更，一单一行。",
    "configuration_audit": "一个配置项与实物的核对结果。",
    "configuration_item": "配置管理数据库中的一个配置项。",
    "contract": "与客户签订的一份服务合同，及是否续签。",
    "document": "一个页面或文件及其版本。",
    "financial_year": "一个已结会计年度的收入与研发投入。",
    "incident": "非计划的服务中断或质量下降，一单一行。",
    "indicator": "组织监控的一项关键指标及其采集方式。",
    "outage": "一项服务不可用的一段时间。",
    "person": "一名在岗人员，以假名保存。",
    "problem": "引发事件的原因，一单一行。",
    "project": "一个服务项目或合同。",
    "release": "投入运行的一次发布，一次一行。",
    "request": "对约定事项的请求，一单一行。",
    "routine_class": "组织列为常规的一类事件。",
    "service_report": "报告计划所要求的一份服务报告。",
    "service_time": "一项服务在一段时间（通常为一个月）内的约定服务时间。",
    "sla": "一张工单上一份协议的一次计时；一张工单可有多次。",
    "spare": "一个库存备件及其最近一次测试。",
    "support_group": "一个处理工单的小组及其所在的支持线。",
    "survey": "一份答卷，或一名受访客户。",
}

_PAST = {
    "State and assignment history, oldest first, as far as the tool gives it.": "状态与指派的变更历史，由旧到新，以工具所能提供者为限。",
}
"""Fields that no table to fill in has."""

_IN_CHINESE: Mapping[str, str] = {**FIELD_IN_CHINESE, **_PAST}


def shelf() -> dict[str, Meant]:
    """Every word by each name that it goes by; the most telling use of a name wins."""
    return {name: meant for meant in _all() for name in (meant.id, meant.title.zh)}


def _all() -> Iterator[Meant]:
    for word, (title, meaning) in _WORDS.items():
        yield Meant("word", word, title, meaning)
    for verdict, meaning in _VERDICTS.items():
        yield Meant("verdict", verdict, wording.VERDICT[Verdict(verdict)], meaning)
    for name in stream_names():
        about = Text(schema(f"streams/{name}")["description"], _STREAM_IN_CHINESE.get(name, wording.stream(name).zh))
        yield Meant("stream", name, wording.stream(name), about, stream=name)
    for state, (meaning, cause, fix) in STREAM_STATES.items():
        yield Meant("state of a stream", state, wording.STREAM_STATE[state], meaning, cause, fix)
    decides = Text(
        "Decided by the binding rule packs and all lower levels; unknown is never reached.",
        "由约束规则包及全部较低级别判定；证据不足绝不视为达到。",
    )
    for level, title in wording.LEVEL.items():
        yield Meant("level", f"itss-level-{level}", title, decides, level=level)


def fields(stream: str) -> list[dict[str, object]]:
    """The fields of a stream, what each means, and the words that it may have."""
    properties = schema(f"streams/{stream}")["properties"]
    return [
        {
            "field": name,
            "values": ", ".join(str(value) for value in rule.get("enum", ()) if value is not None),
            "meaning": {"en": about, "zh": _IN_CHINESE.get(about, about)},
        }
        for name, rule in properties.items()
        if (about := rule.get("description", name))
    ]
