"""A realistic finished report, built from model values alone, and a hypothesis strategy for odd ones.

The organisation, its tickets and all numbers are invented. `sample_report()` is what a year of work looks like:
most of it conforming, some gaps, one stream that did not arrive whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from hypothesis import strategies as st

from itss_bridge.model import (
    Assessment,
    Cell,
    Check,
    CheckResult,
    Criterion,
    Crosswalk,
    Edition,
    Finding,
    Framework,
    Item,
    LevelOutcome,
    Measurement,
    Metric,
    Origin,
    PackOutcome,
    Relationship,
    Report,
    Requirement,
    Row,
    RulePack,
    Status,
    StreamState,
    Support,
    Text,
    Unmapped,
    Verdict,
)
from itss_bridge.model import (
    Mapping as Mapped,
)

AS_OF = datetime(2016, 5, 31, 16, 0, tzinfo=UTC)
ORIGIN = Origin(("sample",), "high", "sample.yaml:1")

CHAPTERS = """\
cap|5|management|能力管理|Capability management
ppl|6|people|人员|People
res|7|resource|资源|Resources
tec|8|technology|技术|Technology
prc|9|process|过程|Process
"""

ITSS = """\
cap-plan|5.2|management|策划|Plan|服务目录;组织架构与制度;四要素指标体系;质量管理与内审机制|Service catalogue;Organisation and rules;Indicators of the four elements;Quality management and internal audit
cap-do|5.3|management|实施|Implement|实施计划;需方沟通机制;活动留痕;交付物质量|Implementation plans;Customer communication;Traceable records;Quality of deliverables
cap-check|5.4|management|检查|Check|体系定期评审;需方满意度调查;指标达成核查|Periodic review;Customer satisfaction;Attainment of indicators
cap-act|5.5|management|改进|Improve|改进机制;偏离分析;未达成指标调查;能力改进计划|Improvement mechanism;Analysis of departures;Missed indicators;Improvement plan
ppl-mgt|6.2|people|人员管理|Personnel management|人员储备;培训;绩效考核|Staff reserve;Training;Appraisal
ppl-pos|6.3|people|岗位结构|Post structure|管理岗;技术支持岗;操作岗|Management posts;Technical support posts;Operation posts
ppl-know|6.4|people|知识|Knowledge of staff|基础知识;专业知识;行业知识|Basic knowledge;Specialist knowledge;Sector knowledge
ppl-skill|6.5|people|技能|Skills|必备能力;从业资格;特殊资质|Abilities;Qualifications;Special licences
res-tool|7.2|resource|运维工具|O&M tools|监控工具;过程管理工具;专用工具|Monitoring tools;Process tools;Special tools
res-desk|7.3|resource|服务台|Service desk|沟通渠道;专人受理;监督考核|Contact channels;Named staff;Supervision
res-kb|7.5|resource|知识库|Knowledge base|问题与解法沉淀;共享可用;知识策略;增改查功能;生命周期管理|Known problems;Shared access;Strategy;Add, update, search;Life cycle
tec-detect|8.3|technology|与发现问题相关的技术|Problem-discovery technology|采集与监控;诊断与分析|Collection and monitoring;Diagnosis and analysis
tec-resolve|8.4|technology|与解决问题相关的技术|Problem-resolution technology|技术指标;方案与手册;测试环境|Technical indicators;Solutions and manuals;Test environment
prc-slm|9.2|process|服务级别管理|Service level management|服务目录;签署服务级别协议;达成率评估;评估后改进|Service catalogue;Signed SLAs;Attainment;Improvement after review
prc-rep|9.3|process|服务报告|Service reporting|编制至归档;报告计划;报告模板|Creation to archive;Reporting plan;Templates
prc-inc|9.4|process|事件管理|Incident management|受理至关闭;分类分级;升级机制;满意度调查;解决评估|Receipt to closure;Classification;Escalation;Satisfaction;Assessment of resolution
prc-prb|9.5|process|问题管理|Problem management|建立至关闭;分类与优先级;导入知识库;解决评估|Creation to closure;Priority;Into the knowledge base;Assessment of resolution
prc-cfg|9.6|process|配置管理|Configuration management|识别记录更新;配置数据库;配置项审核|Identify, record, update;Configuration database;Verification of items
prc-chg|9.7|process|变更管理|Change management|请求至回顾;类型与范围;变更统计|Request to review;Types and scope;Statistics
prc-rel|9.8|process|发布管理|Release management|规划至测试;类型与范围;回退方案;发布统计|Plan to test;Types and scope;Roll-back plan;Statistics
prc-sec|9.9|process|信息安全管理|Information security management|合规与需求;识别评估处置改进|Compliance and needs;Identify, assess, treat, improve
"""

ISO20000 = """\
4.1|理解组织及其环境|Understanding the organization and its context
4.3|确定服务管理体系的范围|Determining the scope of the service management system
5.1|领导作用和承诺|Leadership and commitment
5.2.1|制定服务管理方针|Establishing the service management policy
6.1|应对风险和机遇的措施|Actions to address risks and opportunities
6.2.1|建立目标|Establish objectives
6.3|策划服务管理体系|Plan the service management system
7.1|资源|Resources
7.2|能力|Competence
7.4|沟通|Communication
7.5.3|成文信息的控制|Control of documented information
7.6|知识|Knowledge
8.2.4|服务目录管理|Service catalogue management
8.2.6|配置管理|Configuration management
8.3.2|业务关系管理|Business relationship management
8.3.3|服务级别管理|Service level management
8.3.4|供方管理|Supplier management
8.4.3|容量管理|Capacity management
8.5.1.1|变更管理策略|Change management policy
8.5.1.2|变更管理的启动|Change management initiation
8.5.1.3|变更管理的活动|Change management activities
8.5.3|发布与部署管理|Release and deployment management
8.6.1|事件管理|Incident management
8.6.2|服务请求管理|Service request management
8.6.3|问题管理|Problem management
8.7.1|服务可用性管理|Service availability management
8.7.2|服务连续性管理|Service continuity management
8.7.3|信息安全管理|Information security management
9.1|监视、测量、分析和评价|Monitoring, measurement, analysis and evaluation
9.2|内部审核|Internal audit
9.3|管理评审|Management review
9.4|服务报告|Service reporting
10.1|不符合和纠正措施|Nonconformity and corrective action
10.2|持续改进|Continual improvement
"""

ISO9001 = """\
4.1|理解组织及其环境|Understanding the organization and its context
4.3|确定质量管理体系的范围|Determining the scope of the quality management system
5.1.2|以顾客为关注焦点|Customer focus
5.2.1|制定质量方针|Establishing the quality policy
6.1|应对风险和机遇的措施|Actions to address risks and opportunities
6.2|质量目标及其实现的策划|Quality objectives and planning to achieve them
7.1.2|人员|People
7.1.3|基础设施|Infrastructure
7.1.6|组织的知识|Organizational knowledge
7.2|能力|Competence
7.4|沟通|Communication
7.5.3|成文信息的控制|Control of documented information
8.2.1|顾客沟通|Customer communication
8.2.2|产品和服务要求的确定|Determining the requirements for products and services
8.3.6|设计和开发更改|Design and development changes
8.4.2|控制类型和程度|Type and extent of control
8.5.1|生产和服务提供的控制|Control of production and service provision
8.5.2|标识和可追溯性|Identification and traceability
8.5.6|更改控制|Control of changes
8.6|产品和服务的放行|Release of products and services
8.7|不合格输出的控制|Control of nonconforming outputs
9.1.2|顾客满意|Customer satisfaction
9.1.3|分析与评价|Analysis and evaluation
9.2|内部审核|Internal audit
9.3.2|管理评审输入|Management review inputs
10.2|不合格和纠正措施|Nonconformity and corrective action
10.3|持续改进|Continual improvement
"""

MAPPINGS = {
    "cap-plan": ("6.2.1 6.3 8.2.4", "6.2"),
    "cap-check": ("9.1 9.2 9.3", "9.1.2 9.1.3 9.2"),
    "cap-act": ("10.1 10.2", "10.2 10.3"),
    "ppl-mgt": ("7.1 7.2", "7.1.2 7.2"),
    "ppl-skill": ("7.2", "7.2"),
    "res-kb": ("7.6", "7.1.6"),
    "res-desk": ("8.3.2 8.6.2", "8.2.1"),
    "prc-slm": ("8.3.3 8.2.4", "8.2.2"),
    "prc-rep": ("9.4", "9.1.3"),
    "prc-inc": ("8.6.1", "8.7"),
    "prc-prb": ("8.6.3 10.1", "10.2"),
    "prc-cfg": ("8.2.6", "8.5.2"),
    "prc-chg": ("8.5.1.2 8.5.1.3", "8.5.6"),
    "prc-rel": ("8.5.3", "8.6"),
    "prc-sec": ("8.7.3", ""),
    "ppl-pos": ("", "7.4"),
}

RELATIONS = (Relationship.INTERSECTS, Relationship.SUBSET, Relationship.INTERSECTS, Relationship.SUPERSET)

METRICS = {
    "kpi-sla": ("SLA achievement rate", "服务级别达成率", "%", "up", "ratio", "sla"),
    "kpi-mttr": ("Mean time to resolve", "平均解决时间", "h", "down", "mean", "incident"),
    "kpi-res": ("Incident resolution rate", "事件解决率", "%", "up", "ratio", "incident"),
    "kpi-reopen": ("Reopen rate", "重开率", "%", "down", "ratio", "incident"),
    "kpi-chg-ok": ("Change success rate", "变更成功率", "%", "up", "ratio", "change"),
    "kpi-csat": ("Customer satisfaction", "需方满意度", "points", "up", "mean", "survey"),
    "doc-approved": (
        "Approved documents, reviewed within a year",
        "一年内评审过的已批准文件",
        "count",
        "up",
        "count",
        "document",
    ),
    "att-certified": ("Certified engineers", "持证工程师", "count", "up", "count", "certificate"),
}

VALUES = {
    "kpi-sla": (96.4, 86.2),
    "kpi-mttr": (14.25, 31.7),
    "kpi-res": (97.1, 91.3),
    "kpi-reopen": (2.8, 7.4),
    "kpi-chg-ok": (98.6, 95.1),
    "kpi-csat": (91.5, 82.0),
    "doc-approved": (3.0, 0.0),
    "att-certified": (17.0, 0.0),
}

CRITERIA = {
    "kpi-sla": (">=", "90", 6),
    "kpi-mttr": ("<=", "24", 6),
    "kpi-res": (">=", "95", 6),
    "kpi-reopen": ("<=", "5", 6),
    "kpi-chg-ok": (">=", "97.5", 12),
    "kpi-csat": (">=", "85", 12),
    "doc-approved": (">=", "1", 12),
    "att-certified": ("measured", None, None),
}


def sample_report(
    *,
    organisation: str = "晨星信息技术有限公司",
    copies: int = 1,
    checks: int = 24,
    failing: int = 6,
    ref: str = "INC{n:07d}",
    url: str = "https://acme.service-now.com/nav_to.do?uri=incident.do%3Fsys_id%3D{digest}",
    target: int | None = 3,
    whole: bool = False,
) -> Report:
    """A finished report.

    Args:
        organisation: the name on the cover.
        copies: how many times each framework's requirements are repeated, for size tests.
        checks: how many checks speak to requirements.
        failing: how many failing items each unmet check lists.
        ref: what tickets are called; `{n}` counts.
        url: where tickets are; `{digest}` is filled.
        target: the ITSS level aimed at.
        whole: whether every stream is complete.
    """
    frameworks = _frameworks(copies)
    results = [_result(n, failing, ref, url) for n in range(checks)]
    crosswalks = _crosswalks(frameworks)
    findings = _findings(frameworks, crosswalks, results)
    return Report(
        organisation=organisation,
        languages=("zh", "en"),
        time_zone="Asia/Shanghai",
        target=target,
        as_of=AS_OF,
        frameworks=frameworks,
        crosswalks=crosswalks,
        metrics={m: _metric(m) for m in METRICS},
        assessment=Assessment(
            AS_OF, findings, _levels(results), tuple(r.measurement for r in results if r.measurement)
        ),
        rows=tuple(_rows(frameworks, crosswalks, findings)),
        streams=_streams(whole=whole),
        version="0.1.0",
        notes=(
            Text(
                "Recorded incidents stand for the organisation's own.", "本样例以公开的历史事件记录代替组织自身数据。"
            ),
        ),
    )


def _frameworks(copies: int) -> tuple[Framework, ...]:
    itss = [r for n in range(copies) for r in _itss(n)]
    iso20000 = [r for n in range(copies) for r in _iso("iso20000-1", "iso20000-1-2018", ISO20000, n)]
    iso9001 = [r for n in range(copies) for r in _iso("iso9001", "iso9001-2015", ISO9001, n)]
    editions = (
        Edition("gbt28827.1-2022", Text("GB/T 28827.1-2022", "GB/T 28827.1-2022"), "in-force"),
        Edition("gbt28827.1-2012", Text("GB/T 28827.1-2012", "GB/T 28827.1-2012"), "replaced"),
    )
    return (
        Framework(
            "itss", Text("ITSS operation and maintenance", "ITSS 运行维护服务能力"), editions, tuple(itss), ORIGIN
        ),
        _iso_framework("iso20000-1", "ISO/IEC 20000-1", "iso20000-1-2018", iso20000),
        _iso_framework("iso9001", "ISO 9001", "iso9001-2015", iso9001),
    )


def _iso_framework(name: str, title: str, edition: str, requirements: list[Requirement]) -> Framework:
    year = edition[-4:]
    editions = (Edition(edition, Text(f"{title}:{year}", f"{title}:{year}"), "in-force"),)
    return Framework(name, Text(title, title), editions, tuple(requirements), ORIGIN)


def _itss(copy: int) -> Iterator[Requirement]:
    tail = f"-{copy}" if copy else ""
    for name, clause, element, zh, en in (line.split("|") for line in CHAPTERS.splitlines()):
        yield _node(f"{name}{tail}", None, Text(en, zh), element, clause, assessable=False)
    for line in ITSS.splitlines():
        name, clause, element, zh, en, zh_items, en_items = line.split("|")
        chapter = f"itss:{name.partition('-')[0]}{tail}"
        yield _node(f"{name}{tail}", chapter, Text(en, zh), element, clause, assessable=False)
        for letter, zh_item, en_item in zip("abcde", zh_items.split(";"), en_items.split(";"), strict=False):
            title, number = Text(en_item, zh_item), f"{clause} {letter})"
            yield _node(f"{name}{tail}-{letter}", f"itss:{name}{tail}", title, element, number, assessable=True)
    if not copy:
        yield _node("res-data", "itss:res", Text("Service data", "服务数据"), "resource", None, assessable=True)


def _node(
    name: str, parent: str | None, title: Text, element: str, clause: str | None, *, assessable: bool
) -> Requirement:
    clauses = {"gbt28827.1-2022": None, "gbt28827.1-2012": clause}
    return _requirement(f"itss:{name}", parent, title, element, clauses, assessable=assessable)


def _iso(framework: str, edition: str, table: str, copy: int) -> Iterator[Requirement]:
    tail = f"-{copy}" if copy else ""
    for line in table.splitlines():
        clause, zh, en = line.split("|")
        element = "people" if clause[:3] in {"7.2", "7.3"} else "process" if clause.startswith("8") else "management"
        yield _requirement(
            f"{framework}:{clause}{tail}", None, Text(en, zh), element, {edition: clause}, assessable=True
        )


def _requirement(
    name: str, parent: str | None, title: Text, element: str, clauses: Mapping[str, str | None], *, assessable: bool
) -> Requirement:
    intent = Text(f"Show that {title.en.lower()} is in place and works.", f"证明“{title.zh}”已建立并有效运行。")
    return Requirement(name, name.partition(":")[0], parent, title, intent, element, assessable, clauses, ORIGIN)


def _metric(name: str) -> Metric:
    en, zh, unit, better, summary, stream = METRICS[name]
    definition = Text(f"{en}, from the evidence alone.", f"{zh}，仅依据证据计算。")
    sql = "SELECT id, ref, url, met, excluded, at FROM population"
    return Metric(name, Text(en, zh), definition, unit, better, summary, "event", (stream,), (), sql, ORIGIN)


def _result(n: int, failing: int, ref: str, url: str) -> CheckResult:
    metric = list(METRICS)[n % len(METRICS)]
    title, unit = _metric(metric).title, METRICS[metric][2]
    operator, threshold, months = CRITERIA[metric]
    verdict = (Verdict.MET, Verdict.MET, Verdict.NOT_MET, Verdict.MET, Verdict.UNDETERMINED, Verdict.MET, Verdict.MET)[
        n % 7
    ]
    kind = "document" if metric.startswith("doc") else "attestation" if metric.startswith("att") else "ticket-metric"
    criterion = Criterion(operator, Decimal(threshold) if threshold else None, months)
    check = Check(f"{metric}-{n}", title, kind, metric, {}, criterion, (), None, ORIGIN)
    unknown = "problem stream is incomplete: 412 of 430 seen" if verdict is Verdict.UNDETERMINED else ""
    items = tuple(_item(n, i, ref, url) for i in range(failing)) if verdict is Verdict.NOT_MET else ()
    start = AS_OF - timedelta(days=30 * months) if months else None
    value = None if unknown else VALUES[metric][verdict is Verdict.NOT_MET]
    measured = Measurement(
        metric, {}, value, unit, 0 if unknown else 1200 + n, None if unknown else 1100.0 + n, 0 if unknown else 1200 + n,
        {"cancelled": 12, "duplicate": 3}, start, AS_OF, {"mean": 14.25, "median": 6.5, "p90": 41.75}, 1215, items, unknown,
    )  # fmt: skip
    reason = unknown or ("" if verdict is Verdict.MET else f"{value:g} misses {operator} {threshold or 1}")
    return CheckResult(check, verdict, measured, reason)


def _item(n: int, i: int, ref: str, url: str) -> Item:
    number = 10_000 + 97 * n + i
    digest = sha256(str(number).encode()).hexdigest()[:32]
    name = ref.format(n=number) if "{n" in ref else ref
    address = url.format(digest=digest) if "{digest}" in url else url
    return Item(digest, name, address, 12.5 + i, met=False, excluded=None, at=AS_OF - timedelta(days=i, hours=n))


def _crosswalks(frameworks: tuple[Framework, ...]) -> tuple[Crosswalk, ...]:
    ids = [r.id for r in frameworks[0].requirements if r.assessable]
    found = []
    for column, framework in enumerate(frameworks[1:]):
        mappings = tuple(m for i, name in enumerate(ids) for m in _mappings(i, name, framework.id, column))
        nothing = (Unmapped("itss:res-data", Text("No counterpart of its own.", "无单独对应条款。")),)
        title = Text(f"ITSS to {framework.title.en}", f"ITSS 与 {framework.title.zh} 对照")
        found.append(Crosswalk(f"itss--{framework.id}", "itss", framework.id, title, mappings, nothing, ORIGIN))
    return tuple(found)


def _mappings(index: int, name: str, framework: str, column: int) -> Iterator[Mapped]:
    parts = name.removeprefix("itss:").split("-")
    targets = MAPPINGS.get("-".join(parts[:2]), ("", ""))[column].split()
    for n, clause in enumerate(targets):
        relation = Relationship.NONE if "ppl-pos" in name else RELATIONS[(index + n) % 4]
        rationale = Text(
            "Both ask for the same activity and its record; only one asks for the statistics.",
            "双方都要求开展该活动并保留记录，但只有一方要求统计。",
        )
        tail = f"-{parts[2]}" if len(parts) == 4 else ""
        signed = ("reviewed", "quality manager", "2016-04-12") if index % 3 else ("proposed", "", "")
        yield Mapped(name, f"{framework}:{clause}{tail}", relation, 4 + (index + n) % 6, rationale, *signed, ORIGIN)


def _findings(
    frameworks: tuple[Framework, ...], crosswalks: tuple[Crosswalk, ...], results: list[CheckResult]
) -> dict[str, Finding]:
    findings: dict[str, Finding] = {}
    own = [r.id for r in frameworks[0].requirements if r.assessable]
    share = max(1, len(results) // max(1, len(own)))
    for i, name in enumerate(own):
        checks = (
            tuple(results[(i * share + k) % len(results)] for k in range(share + i % 2)) if results and i % 9 else ()
        )
        findings[name] = _own_finding(name, checks)
    for framework in frameworks[1:]:
        for n, requirement in enumerate(framework.requirements):
            findings[requirement.id] = _mapped_finding(requirement.id, n, crosswalks, findings)
    return findings


def _own_finding(name: str, checks: tuple[CheckResult, ...]) -> Finding:
    verdicts = {c.verdict for c in checks}
    if not checks:
        return Finding(
            name, Status.UNDETERMINED, "none", (), (), 0, Text("No check speaks to it.", "没有对应的检查项。")
        )
    if verdicts == {Verdict.MET}:
        status, reason = Status.CONFORMING, Text("All checks are met.", "检查项全部满足。")
    elif Verdict.UNDETERMINED in verdicts:
        status, reason = Status.UNDETERMINED, Text("A stream is incomplete.", "所依赖的数据流不完整。")
    elif Verdict.MET in verdicts:
        status, reason = Status.PARTIAL, Text("Some checks are not met.", "部分检查项未满足。")
    else:
        status, reason = Status.NONCONFORMING, Text("No check is met.", "检查项均未满足。")
    return Finding(name, status, "checks", checks, (), 40 * len(checks), reason)


def _mapped_finding(name: str, n: int, crosswalks: tuple[Crosswalk, ...], findings: dict[str, Finding]) -> Finding:
    if n % 11 == 10:
        return Finding(
            name,
            Status.NOT_APPLICABLE,
            "scope",
            (),
            (),
            0,
            Text("Out of scope: no such activity.", "不在范围内：无此类活动。"),
        )
    mappings = [m for c in crosswalks for m in c.mappings if m.target == name and m.relationship in RELATIONS]
    supports = tuple(_support(m, findings[m.source]) for m in mappings)
    if not supports:
        return Finding(
            name, Status.UNDETERMINED, "none", (), (), 0, Text("No evidence speaks to it.", "没有可用证据。")
        )
    given = {s.contributes for s in supports}
    carried = Status.CONFORMING in given and n % 3 > 0
    status = Status.CONFORMING if carried else given.pop() if len(given) == 1 else Status.PARTIAL
    return Finding(
        name,
        status,
        "mappings",
        (),
        supports,
        12 * len(supports),
        Text("Carried over by mappings.", "由映射传递而来。"),
    )


def _support(mapping: Mapped, finding: Finding) -> Support:
    carried = finding.status
    if carried is Status.CONFORMING and mapping.review == "proposed":
        carried = Status.PARTIAL
    return Support(mapping, mapping.source, finding.status, carried)


def _rows(
    frameworks: tuple[Framework, ...], crosswalks: tuple[Crosswalk, ...], findings: dict[str, Finding]
) -> Iterator[Row]:
    for framework in frameworks:
        for requirement in framework.requirements:
            if requirement.assessable:
                finding = findings[requirement.id]
                others = ((f.id, tuple(_cells(requirement.id, f.id, crosswalks, findings))) for f in frameworks)
                cells = {name: found for name, found in others if found and name != framework.id}
                yield Row(requirement.id, framework.clause(requirement), finding.status, cells, finding.evidence)


FLIPPED = {Relationship.SUBSET: Relationship.SUPERSET, Relationship.SUPERSET: Relationship.SUBSET}


def _cells(
    name: str, framework: str, crosswalks: tuple[Crosswalk, ...], findings: dict[str, Finding]
) -> Iterator[Cell]:
    for mapping in (m for c in crosswalks for m in c.mappings):
        if mapping.source == name and mapping.target.startswith(f"{framework}:"):
            status = findings[mapping.target].status
            yield Cell(mapping.target, mapping.relationship, mapping.strength, mapping.review, status)
        if mapping.target == name and mapping.source.startswith(f"{framework}:"):
            status = findings[mapping.source].status
            turned = FLIPPED.get(mapping.relationship, mapping.relationship)
            yield Cell(mapping.source, turned, mapping.strength, mapping.review, status)


def _levels(results: list[CheckResult]) -> dict[int, LevelOutcome]:
    official = RulePack(
        "itss-application-2020", Text("Application rules 2020", "2020 年申报规则"), "official", "2020", (), ORIGIN
    )
    advisory = RulePack(
        "consultant-002", Text("Numbers that consultants ask for", "咨询机构常用门槛"), "advisory", "2024", (), ORIGIN
    )
    states = {4: Status.CONFORMING, 3: Status.NONCONFORMING, 2: Status.UNDETERMINED, 1: Status.UNDETERMINED}
    reasons = {
        4: Text("All binding rules are met.", "约束性规则全部满足。"),
        3: Text("One binding rule is not met.", "有一项约束性规则未满足。"),
        2: Text("Level 3 comes first.", "须先达到三级。"),
        1: Text("Level 2 comes first.", "须先达到二级。"),
    }
    return {
        level: LevelOutcome(
            level,
            status,
            (
                PackOutcome(official, binding=True, rules=_rules(results, level, "op", 0, {4: 0}.get(level))),
                PackOutcome(advisory, binding=False, rules=_rules(results, level, "kpi", 2, None)),
            ),
            reasons[level],
        )
        for level, status in states.items()
    }


def _rules(results: list[CheckResult], level: int, name: str, start: int, only: int | None) -> tuple[CheckResult, ...]:
    picked = [results[only]] * 2 if results and only is not None else results[start : start + 4]
    return tuple(
        replace(r, check=replace(r.check, id=f"l{level}-{name}-{n}", level=level)) for n, r in enumerate(picked)
    )


def _streams(*, whole: bool) -> tuple[StreamState, ...]:
    head = sha256(b"head").hexdigest()
    at = AS_OF - timedelta(hours=13)
    short = (
        ("complete", 430, 430, "")
        if whole
        else ("incomplete", 430, 412, "18 rows are counted but not shown to this account")
    )
    down = ("complete", 64, 64, "") if whole else ("failed", None, 0, "the tool answered 503 four times")
    rows = [
        ("servicenow", "incident", "complete", 12_400, 12_400, ""),
        ("servicenow", "sla", "complete", 21_877, 21_877, ""),
        ("servicenow", "problem", *short),
        ("jira", "change", "complete", 930, 930, ""),
        ("jira", "release", *down),
        ("confluence", "document", "complete", 214, 214, ""),
        ("files", "certificate", "complete", 17, 17, ""),
    ]
    return tuple(
        StreamState(source, stream, state, expected, seen, at if seen else None, head if seen else "", reason)
        for source, stream, state, expected, seen, reason in rows
    )


def texts() -> st.SearchStrategy[str]:
    """Any text at all, control characters, halves of surrogate pairs and spreadsheet triggers included."""
    return st.one_of(
        st.text(max_size=40), st.sampled_from(["=1+1", "@x", "\ud800", "<b>", "\x00", "{{ 7*7 }}", "-1", "'"])
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Small reports with odd texts and numbers in every place that strangers can fill."""
    text = texts()
    report = sample_report(
        organisation=draw(text),
        checks=draw(st.integers(0, 4)),
        failing=draw(st.integers(0, 2)),
        target=draw(st.sampled_from([None, 4, 3, 2, 1])),
    )
    odd = draw(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)))
    word = draw(text)
    streams = tuple(replace(s, reason=draw(text), source=draw(text)) for s in report.streams)
    findings = {name: _odd_finding(f, odd, word) for name, f in report.assessment.findings.items()}
    measured = tuple(replace(m, value=odd, numerator=odd) for m in report.assessment.measurements)
    assessment = replace(report.assessment, findings=findings, measurements=measured)
    return replace(report, streams=streams, assessment=assessment, version=draw(text))


def _odd_finding(finding: Finding, odd: float | None, word: str) -> Finding:
    checks = tuple(
        replace(c, reason=word, measurement=replace(
            c.measurement, value=odd, failing=tuple(replace(i, ref=word, url=word) for i in c.measurement.failing)
        ) if c.measurement else None)
        for c in finding.checks
    )  # fmt: skip
    return replace(finding, checks=checks, reason=Text(word, word))
