"""A synthetic quality and service management space (`QMS`) of the invented provider 晨星信息, flaws included.

The table is the whole data set. A row is `title | dates of its versions | what it is labelled with`; an indented line
goes on with the row above; `#` opens a section, whose pages lie under it. What a row is labelled with:

- `iso9001:5.2.1/2` the labels `iso9001-5-2-1` and `iso9001-5-2-2`; any other bare word is a label as it stands;
- `word@DATE` the label came only on that day, `-word@DATE` it was taken off that day;
- `!unapproved` never got the label `approved`, which a page otherwise has from two days after its first version;
- `!restricted` our account may not see the page; `!archived@DATE`, `!trashed@DATE` what became of it.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itss_bridge_playground.jira_issues import Issue, issues

SPACE_KEY = "QMS"
SPACE_NAME = "质量与服务管理体系"
AUTHORS = ("质量经理", "服务交付经理", "流程负责人", "运维主管", "知识管理员", "内审组长")
_NEVER = datetime.max.replace(tzinfo=UTC)

TABLE = """
晨星信息质量与服务管理体系 | 2014-09-22 2016-01-04 | !unapproved
# 01 手册与方针 | 2014-09-22
质量与服务管理手册 | 2014-10-08 2015-09-14 2016-03-21 | itss:cap-plan-b iso9001:4.3/4 iso9001:7.5.1
  iso20000-1:4.3/4 iso20000-1:7.5.1/4
质量方针与服务管理方针 | 2015-06-15 | iso9001:5.2.1/2 iso20000-1:5.2.1/2
信息安全方针 | 2015-08-10 | iso20000-1:8.7.3.1 iso27001:5.2
组织环境与相关方分析 | 2015-10-12 2016-09-19 | iso9001:4.1/2 iso20000-1:4.1/2
组织架构与岗位说明书 | 2015-07-01 2016-02-25 | itss:ppl-pos-a/b/c itss:ppl-pos-a-level-2
  itss:cap-plan-b itss:cap-plan-b-level-3 itss:cap-plan-d-level-2 iso9001:5.3 iso20000-1:5.3
最高管理者承诺与管理者代表任命书 | 2015-06-18 | iso9001:5.1.1/2 iso20000-1:5.1
2016 年度质量目标与服务目标分解表 | 2016-01-11 2016-07-08 | itss:cap-plan-c iso9001:6.2 iso20000-1:6.2.1/2
风险和机遇识别评价表 | 2015-11-20 2016-11-18 | iso9001:6.1 iso20000-1:6.1
服务目录 | 2015-06-22 2015-12-14 2016-05-17 | itss:cap-plan-a itss:cap-plan-a-level-3 itss:prc-slm-a
  iso20000-1:8.2.4 iso9001:8.2.2
Service Catalogue (English) | 2015-07-06 2016-05-18 | itss:prc-slm-a
# 02 程序文件 | 2014-09-22
成文信息控制程序 | 2015-06-25 2016-02-18 | iso9001:7.5.2/3 iso20000-1:7.5.2/3 iso27001:7.5.2/3
事件管理程序 | 2015-06-18 2016-03-10 | itss:prc-inc-a/b/c iso20000-1:8.6.1
重大事件升级与通报规定 | 2015-08-03 2016-03-15 | itss:prc-inc-c itss:prc-inc-a-level-2 iso20000-1:8.6.1
  itss:emg-esc
服务请求管理程序 | 2015-07-20 2016-03-10 | itss:prc-inc-a itss:res-desk-b iso20000-1:8.6.2
问题管理程序 | 2015-06-29 2016-01-26 | itss:prc-prb-a/b/c iso20000-1:8.6.3
变更管理程序 | 2015-06-19 2015-11-05 2016-04-12 | itss:prc-chg-a/b itss:prc-chg-a-level-2
  iso20000-1:8.5.1.1/2/3 iso9001:8.5.6 iso9001:6.3
发布管理程序 | 2014-11-17 | itss:prc-rel-a/b/c iso20000-1:8.5.3 iso9001:8.6
发布与部署管理程序（修订稿） | 2016-04-25 2016-05-20 | itss:prc-rel-a iso20000-1:8.5.3 approved@2016-05-24
  itss:prc-rel-b/c@2016-05-24 itss:prc-rel-c-level-2@2016-05-24
配置管理程序 | 2015-08-10 2016-02-02 | itss:prc-cfg-a/b iso20000-1:8.2.6 iso9001:8.5.2
配置审核作业指导书（讨论稿） | 2016-03-28 | itss:prc-cfg-c !unapproved
资产管理程序 | 2015-09-07 | iso20000-1:8.2.5 iso9001:8.5.3
服务级别管理程序 | 2015-07-13 2016-01-19 | itss:prc-slm-b/c/d iso20000-1:8.3.3 iso9001:8.2.3
服务报告管理程序 | 2015-07-27 2016-02-29 | itss:prc-rep-a/b iso20000-1:9.4
业务关系管理程序 | 2015-09-21 | itss:cap-do-b iso20000-1:8.3.2 iso9001:8.2.1
供应商管理程序 | 2015-08-24 2016-04-06 | iso20000-1:8.3.4.1 iso9001:8.4.1/2/3
信息安全管理程序 | 2015-08-17 2016-03-02 | itss:prc-sec-a/b itss:prc-sec-a-level-2 iso20000-1:8.7.3.1/2
  iso27001:6.1.2
信息安全事件处置规程 | 2016-05-11 | iso20000-1:8.7.3.3 itss:prc-sec-b itss:prc-sec-b-level-3 iso27001:a.5.26
服务连续性管理程序 | 2015-10-26 | iso20000-1:8.7.2 iso27001:a.5.29
服务可用性管理规定（送审稿） | 2016-04-29 | iso20000-1:8.7.1 !unapproved
容量与需求管理程序 | 2014-12-08 | iso20000-1:8.4.2/3
新服务及变更服务的策划与转换程序 | 2015-11-30 | iso20000-1:8.5.2.1/2/3 iso20000-1:8.2.2 iso9001:8.3.1/2/4/6
内部审核程序 | 2015-06-30 | itss:cap-plan-d iso9001:9.2 iso20000-1:9.2
管理评审程序 | 2015-06-30 | itss:cap-check-a iso9001:9.3.1 iso20000-1:9.3
不符合与纠正措施控制程序 | 2015-07-08 2016-04-19 | itss:cap-act-a/b iso9001:8.7 iso9001:10.2 iso20000-1:10.1
持续改进管理程序 | 2015-07-08 | itss:cap-act-a/d iso9001:10.1/3 iso20000-1:10.2
数据分析与绩效测量程序 | 2015-09-16 | itss:cap-check-c iso9001:9.1.1/3 iso20000-1:9.1
客户满意度调查管理办法 | 2015-07-22 2016-03-30 | itss:prc-inc-d itss:cap-check-b iso9001:9.1.2
监视和测量设备管理规定 | 2015-08-31 | iso9001:7.1.5 !archived@2016-02-15
# 03 管理制度 | 2014-09-22
服务台管理制度 | 2015-06-26 2016-02-16 | itss:res-desk-a/b/c itss:res-desk-c-level-2
知识库管理制度 | 2015-07-15 2016-04-08 | itss:res-kb-a/b/c/d iso9001:7.1.6 iso20000-1:7.6
  itss:res-kb-e@2016-05-13 itss:res-kb-e-level-3/2@2016-05-13
备品备件管理制度 | 2015-09-10 | itss:res-spare-a/c iso9001:8.5.4
运维工具管理规定 | 2015-10-19 2016-05-09 | itss:res-tool-a/b/c itss:res-tool-b-level-3
  itss:tec-detect-a iso9001:7.1.3
服务数据管理规定 | 2016-02-22 | itss:res-data
数据备份与恢复管理规定 | 2015-09-18 2016-03-22 | iso27001:a.8.13
特权账号管理规定（送审稿） | 2016-04-20 | iso27001:a.8.2 !unapproved
交付成果管理规定 | 2015-11-04 | itss:del-out itss-delivery
应急响应管理制度 | 2015-10-20 2016-04-26 | itss:emg-org/pol/grade/start itss-emergency
最终软件库管理规定（征求意见稿） | 2016-04-18 | itss:res-dsl !unapproved
人员培训管理制度 | 2015-07-03 2016-01-28 | itss:ppl-mgt-b itss:ppl-know-a/b/c itss:ppl-know-b-level-3
  iso9001:7.2/3 iso20000-1:7.2/3
绩效考核管理办法 | 2015-08-05 2016-01-28 | itss:ppl-mgt-c itss:ppl-mgt-c-level-3
人员能力与任职资格标准 | 2014-10-20 | itss:ppl-skill-a/b itss:ppl-skill-a-level-3 itss:ppl-exp-a/b
特殊环境作业资质与持证上岗规定 | 2015-12-16 | itss:ppl-skill-c
内外部沟通管理规定 | 2015-09-28 | iso9001:7.4 iso20000-1:7.4 itss:cap-do-b itss:cap-do-b-level-3
机房与办公环境管理规定 | 2015-08-12 | iso9001:7.1.4
薪酬与人员编制方案 | 2015-12-21 | itss:ppl-mgt-a !restricted
# 04 计划与方案 | 2014-09-22
2016 年度运维服务能力管理计划 | 2016-01-06 2016-06-21 | itss:cap-plan-c itss:cap-plan-c-level-3/2
  itss:cap-do-a itss:cap-do-a-level-3/2 iso20000-1:6.3 iso20000-1:8.1
2016 年度人员储备与招聘计划 | 2016-01-13 | itss:ppl-mgt-a itss:ppl-mgt-a-level-3 iso9001:7.1.1/2 iso20000-1:7.1
2016 年度培训计划 | 2016-01-13 2016-07-05 | itss:ppl-mgt-b itss:ppl-mgt-b-level-2
2016 年度内部审核计划 | 2016-02-08 | itss:cap-plan-d itss:cap-plan-d-level-3 iso9001:9.2 iso20000-1:9.2
运维技术研发规划（2015—2017） | 2015-06-24 | itss:tec-rnd-a/b itss:tec-rnd-a-level-3
核心业务系统应急预案 | 2015-10-28 2016-05-05 | itss:tec-resolve-b iso20000-1:8.7.2
  itss:emg-plan itss-emergency iso27001:a.5.30
重要信息系统风险评估报告 2015 | 2015-11-17 | itss:emg-risk
信息安全风险评估与处置报告 2015 | 2015-12-03 | itss:prc-sec-b iso27001:8.2/3
监控指标与告警阈值标准 | 2015-11-11 2016-08-15 | itss:tec-resolve-a itss:tec-detect-a/b itss:tec-detect-b-level-3
  itss:emg-mon
典型解决方案汇编 | 2015-12-08 2016-05-12 | itss:tec-resolve-b itss:tec-resolve-b-level-3
服务交付实施方案（通用版） | 2015-08-19 | itss:cap-do-a iso20000-1:8.2.1 iso9001:8.1 iso9001:8.5.1
政务云平台运维二期交付计划 | 2015-12-28 | itss:del-plan itss-delivery
例行操作计划与作业手册 | 2015-09-24 2016-03-07 | itss:del-routine
政务云数据库性能优化方案与效果评估 | 2016-03-29 | itss:del-optimise itss:del-out-o
网络架构调研评估报告（送审稿） | 2016-04-27 | itss:del-assess itss:del-out-a !unapproved
测试环境搭建与验证方法 | 2015-09-01 | itss:tec-resolve-c
# 05 记录与报告 | 2015-01-05
内部审核报告 2015 | 2015-11-27 | itss:cap-check-a itss:cap-check-a-level-3/2 iso9001:9.2 iso20000-1:9.2
  internal-audit-report
管理评审会议纪要 2015 | 2015-12-18 | itss:cap-check-a iso9001:9.3.2/3 iso20000-1:9.3 management-review-report
内部审核报告 2016 | 2016-11-25 | itss:cap-check-a iso9001:9.2 iso20000-1:9.2 internal-audit-report
管理评审会议纪要 2016 | 2016-12-16 | itss:cap-check-a iso9001:9.3.2/3 iso20000-1:9.3 management-review-report
2015 年度客户满意度调查报告 | 2016-01-22 | itss:cap-check-b iso9001:9.1.2
2016 年第一季度服务报告 | 2016-04-15 | itss:prc-slm-c itss:prc-slm-c-level-2 itss:cap-do-d iso20000-1:9.4
  itss:del-out-s
2016 年第二季度服务报告 | 2016-07-15 | itss:prc-slm-c iso20000-1:9.4
事件管理月报（2016 年 4 月） | 2016-05-04 | itss:prc-inc-e itss:cap-check-c
例行巡检月报（2016 年 3 月） | 2016-04-05 | itss:del-out-r
政务云平台交付实施记录 2016-Q1 | 2016-04-12 | itss:del-do itss-delivery
现场服务确认单汇编 2016-Q1 | 2016-04-08 | itss:del-onsite
交付检查报告 2016-Q1 | 2016-04-18 | itss:del-check
SLA 未达成与投诉分析及交付改进 2016-Q1 | 2016-04-22 | itss:del-act
问题管理统计分析报告（2016 上半年） | 2016-07-11 | itss:prc-prb-d itss:prc-prb-d-level-2
变更管理统计分析（2016 年 1—4 月） | 2016-05-16 | itss:prc-chg-c
指标未达成原因分析及能力改进计划 | 2016-02-26 2016-05-26 | itss:cap-act-c/d itss:cap-act-a-level-2
服务过程记录抽查表 2016-Q1 | 2016-04-11 | itss:cap-do-c
供应商年度评价记录 2014 | 2015-01-23 | itss:res-spare-b iso20000-1:8.3.4.1
供应商年度评价记录 2015 | 2016-06-03 | itss:res-spare-b iso20000-1:8.3.4.1
应急演练与培训记录 2015 | 2015-11-06 | iso20000-1:8.7.2 itss:emg-drill itss-emergency-training
核心数据库故障应急处置记录 2016-02 | 2016-02-24 | itss:emg-verify/start/dispatch/diag/recover
应急工作总结与年度评审报告 2015 | 2015-12-23 | itss:emg-sum/act itss-emergency-review
信息安全培训与意识宣贯记录 2016 | 2016-03-25 | iso27001:7.2/3
2015 年度岗位知识与技能核查记录 | 2015-12-22 | itss:ppl-know-b-level-2 itss:ppl-skill-a-level-2
运维人员履历及项目经历汇总表 | 2016-06-13 | itss:ppl-exp-a itss:ppl-exp-a-level-3
关于客户投诉的专项说明 | 2016-03-18 | iso9001:8.2.1 !restricted
# 06 模板 | 2015-01-05
服务级别协议模板 | 2015-07-13 2016-01-19 | itss:prc-slm-b itss:prc-slm-b-level-3 iso20000-1:8.3.3
服务报告模板 | 2015-07-27 | itss:prc-rep-c itss:prc-rep-a-level-3
变更申请单与回退方案模板 | 2015-11-05 | itss:prc-chg-a
合同与服务要求更改确认单 | 2015-10-09 | iso9001:8.2.4
旧版巡检记录表 | 2015-03-09 | !trashed@2016-05-12
# 07 知识库 | 2015-06-08
Oracle 归档日志写满导致数据库挂起的处理 | 2015-06-30 2016-02-03 | knowledge
Oracle 监听服务异常无法连接的排查步骤 | 2015-07-16 | knowledge
MySQL 主从同步延迟的定位与处理 | 2015-09-03 | knowledge
SQL Server 事务日志过大的收缩方法 | 2015-08-20 | knowledge
Tomcat 频繁 Full GC 的分析方法 | 2015-10-22 2016-06-14 | knowledge
WebLogic 数据源连接泄漏的处理 | 2015-11-12 | knowledge
Nginx 返回 502 的常见原因 | 2016-01-07 | knowledge
Linux 磁盘空间告警的清理规范 | 2015-07-09 2016-04-21 | knowledge
Linux 服务器负载过高的排查步骤 | 2015-08-27 | knowledge
AIX 文件系统扩容操作手册 | 2015-12-10 | knowledge itss:ppl-pos-c
Windows 域账号频繁锁定的排查 | 2015-07-23 | knowledge
Windows 补丁安装失败错误代码对照表 | 2015-09-17 | knowledge
域控时间不同步的修复方法 | 2016-02-19 | knowledge
Exchange 邮箱容量超限的处理 | 2015-08-06 | knowledge
Outlook 无法连接服务器的处理 | 2015-06-25 2015-12-03 | knowledge
How to reset an expired VPN certificate | 2015-10-15 | knowledge
VPN 拨入后无法访问内网的排查 | 2015-11-19 | knowledge
核心交换机 CPU 利用率过高的处理 | 2015-09-24 | knowledge
无线网络认证失败的常见原因 | 2015-10-29 | knowledge
防火墙策略开通的标准操作 | 2015-12-17 2016-05-19 | knowledge
DNS 解析异常的判断与处理 | 2016-01-14 | knowledge
负载均衡健康检查失败的处理 | 2016-03-03 | knowledge
存储链路切换告警的处理 | 2016-01-21 | knowledge
虚拟机快照过多导致性能下降的处理 | 2016-02-25 | knowledge
VMware 主机失联的应急处理 | 2015-12-24 | knowledge
备份任务失败代码速查 | 2016-03-17 | knowledge
打印服务队列堵塞的处理 | 2015-07-02 | knowledge
SAP 用户无法登录的处理 | 2016-04-14 | knowledge
SAP transport request stuck in the import queue | 2016-04-07 | knowledge
OA 流程无法提交的常见原因 | 2015-11-26 | knowledge
ERP 月结批处理超时的处理 | 2016-03-31 | knowledge
身份认证平台短信验证码收不到的处理 | 2016-04-28 | knowledge
机房空调高温告警的应急处置 | 2015-08-13 | knowledge
UPS 市电中断告警的处置流程 | 2015-09-30 | knowledge
服务器硬盘预警更换操作 | 2016-05-06 | knowledge
终端勒索病毒的隔离与处置 | 2016-05-23 | knowledge itss:prc-sec-b
Citrix session freezes after login | 2016-05-12 | knowledge
数据库锁等待告警的处理 | 2016-06-16 | knowledge
证书到期巡检与更换操作 | 2016-08-25 | knowledge
监控代理离线的处理 | 2016-05-30 | knowledge !unapproved
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version of a page."""

    number: int
    at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label and the half-open time [*since*, *until*) it stands on the page."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page through all time; *issues* are the tickets its body links to.

    *bodies* are what was saved as its versions through the interface, oldest first; a page without any tells a story of
    its own.
    """

    id: int
    title: str
    parent: int | None
    versions: tuple[Version, ...]
    marks: tuple[Mark, ...]
    issues: tuple[str, ...]
    archived_at: datetime
    trashed_at: datetime
    restricted: bool
    bodies: tuple[str, ...] = ()

    def status(self, moment: datetime) -> str | None:
        """What the page is at *moment*; None when it does not exist yet."""
        if moment < self.versions[0].at:
            return None
        if moment >= self.trashed_at:
            return "trashed"
        return "archived" if moment >= self.archived_at else "current"

    def saved(self, moment: datetime) -> list[Version]:
        """The versions there are at *moment*, oldest first."""
        return [version for version in self.versions if version.at <= moment]

    def labels(self, moment: datetime) -> list[str]:
        """The labels on the page at *moment*, sorted."""
        return sorted({mark.name for mark in self.marks if mark.since <= moment < mark.until})

    def body(self, moment: datetime) -> str:
        """The newest version in Confluence's storage format."""
        number = len(self.saved(moment))
        if self.bodies:
            return self.bodies[number - 1]
        links = "".join(f"<p>相关工单：{_jira_macro(key)}</p>" for key in self.issues)
        return f"<h1>{self.title}</h1><p>第 {number} 版。本文件由流程负责人维护，按年度评审。</p>{links}"


def pages(seed: int) -> tuple[Page, ...]:
    """All pages of the space, parents before children; the same for the same *seed*."""
    tickets = issues(seed)
    found: list[Page] = []
    section: int | None = None
    for row in _rows():
        opens = row[0].startswith("# ")
        home = found[0].id if found else None
        found.append(_page(len(found), row, home if opens else section, tickets, seed))
        section = found[-1].id if opens else section
    return tuple(found)


def _rows() -> Iterator[list[str]]:
    for line in TABLE.strip().replace("\n  ", " ").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        yield cells if not line.startswith("# ") else [*cells, "!unapproved"]


def _page(place: int, row: Sequence[str], parent: int | None, tickets: Sequence[Issue], seed: int) -> Page:
    title, dates, words = row[0].removeprefix("# "), row[1].split(), row[2].split()
    chance = random.Random(f"{seed}:{title}")  # noqa: S311 - a replay, nothing secret
    versions = tuple(
        Version(number, _day(date) + timedelta(seconds=chance.randrange(3600, 36000)), chance.choice(AUTHORS))
        for number, date in enumerate(dates, 1)
    )
    return Page(
        id=1_081_345 + place * 4096 + chance.randrange(4096),
        title=title,
        parent=parent,
        versions=versions,
        marks=tuple(_marks(words, versions[0].at)),
        issues=_linked(words, [ticket for ticket in tickets if ticket.created < versions[0].at], chance),
        archived_at=_fate(words, "!archived"),
        trashed_at=_fate(words, "!trashed"),
        restricted="!restricted" in words,
    )


def _linked(words: Sequence[str], earlier: Sequence[Issue], chance: random.Random) -> tuple[str, ...]:
    """Tickets a page links to: an article names a recent problem behind it, other documents any tickets or none."""
    if "knowledge" in words:
        problems = [ticket.key for ticket in earlier if ticket.kind == "Problem"]
        return tuple(problems[-1 - chance.randrange(3) :][:1])
    return tuple(chance.choice(earlier).key for _ in range(chance.randrange(3))) if earlier else ()


def _marks(words: Sequence[str], created: datetime) -> Iterator[Mark]:
    off = {name[1:]: _day(day) for name, _, day in (w.partition("@") for w in words) if name.startswith("-")}
    plain = [word for word in words if word[0] not in "!-"]
    if "!unapproved" not in words and not any(word.startswith("approved") for word in plain):
        plain.append(f"approved@{(created + timedelta(days=2)).date()}")
    for word in plain:
        names, _, day = word.partition("@")
        for name in _spread(names):
            yield Mark(name, max(_day(day), created) if day else created, off.get(name, _NEVER))


def _spread(names: str) -> list[str]:
    """`iso9001:5.2.1/2` as the labels of both requirements."""
    head, first, rest = re.fullmatch(r"(.*?)([^-.:/]*)((?:/.*)?)", names).groups()  # type: ignore[union-attr]
    return [re.sub(r"[:.]", "-", head + last) for last in (first, *rest.split("/")[1:])]


def _fate(words: Sequence[str], name: str) -> datetime:
    days = [word.partition("@")[2] for word in words if word.startswith(name)]
    return _day(days[0]) if days else _NEVER


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _jira_macro(key: str) -> str:
    return f'<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">{key}</ac:parameter></ac:structured-macro>'
