"""What exit codes and relationships mean, for `explain`."""

from collections.abc import Mapping
from typing import NamedTuple

from itss_bridge.model import Relationship, Text


class Page(NamedTuple):
    """What an exit code means, what leads to it, and what to do."""

    title: Text
    meaning: Text
    cause: Text | None = None
    fix: Text | None = None


EXIT: Mapping[int, Page] = {
    0: Page(Text("Done", "正常"), Text("The command did what it says.", "命令已按说明完成。")),
    1: Page(
        Text("A fault of itss-bridge", "程序缺陷"),
        Text(
            "Something happened that nobody foresaw. Nothing that was committed is lost.",
            "出现了未预见的情况；已提交的数据不受影响。",
        ),
        Text("A mistake of ours, or of a plugin.", "程序自身或某个插件存在缺陷。"),
        Text("Run it again with -v and report what it prints.", "加 -v 重新运行，并将输出反馈给维护方。"),
    ),
    2: Page(
        Text("Usage, configuration or a data file is wrong", "用法、配置或数据文件有误"),
        Text("Nothing was read or written.", "未读取、未写入任何数据。"),
        Text(
            "An option, itss-bridge.toml, a catalogue file or an attestation is not what its schema asks for, or the "
            "reference of a secret leads nowhere.",
            "选项、itss-bridge.toml、目录文件或声明文件不符合其规范，或密钥引用无法取得密钥。",
        ),
        Text(
            "The message names the option, or file and line: correct that. itss-bridge doctor looks at all of them.",
            "提示中已指明选项或文件及行号，请据此修改；itss-bridge doctor 可一次检查全部配置。",
        ),
    ),
    3: Page(
        Text("The gate is not met", "未达到设定的门槛"),
        Text(
            "assess --require asked for more than the evidence shows.",
            "assess --require 的要求高于证据所能证明的程度。",
        ),
        Text(
            "A rule of the level is not met, or lacks evidence: unknown never opens a gate.",
            "该级别有规则未满足或证据不足；证据不足绝不放行。",
        ),
        Text(
            "assess --json lists each rule with what was measured and what is needed; gap says what to close first.",
            "assess --json 逐条列出实测值与要求值；gap 给出优先弥补的差距。",
        ),
    ),
    4: Page(
        Text("Authentication or rights", "认证失败或权限不足"),
        Text("The tool refused the account or a table.", "来源系统拒绝了账号或某张表。"),
        Text(
            "A secret has expired or was changed, the account is locked, or a right to read is missing.",
            "密钥过期或已更换、账号被锁定，或缺少读取权限。",
        ),
        Text(
            "itss-bridge doctor names the stream; itss-bridge auth scopes writes the request to the administrator.",
            "itss-bridge doctor 指明是哪个数据流；itss-bridge auth scopes 生成致管理员的申请。",
        ),
    ),
    5: Page(
        Text("A source is unavailable or incomplete", "数据源不可用或不完整"),
        Text(
            "What was committed stays. What rests on the stream is undetermined until a later sync completes it.",
            "已提交的数据保留不变；在补采完整之前，凡依赖该数据流的结论一律为“证据不足”。",
        ),
        Text(
            "The tool did not answer, answered with something that is no data, or has records that we may not see.",
            "来源系统未应答，应答不是有效数据，或存在无权查看的记录。",
        ),
        Text(
            "status says which stream, and why; run sync again, it goes on from where it stopped.",
            "status 指明数据流及原因；重新运行 sync，将从中断处继续。",
        ),
    ),
    6: Page(
        Text("Integrity", "完整性受损"),
        Text("Stored evidence is not what was stored.", "存储的证据与写入时不一致。"),
        Text("Files were changed, removed or damaged after they were committed.", "文件在提交之后被改动、删除或损坏。"),
        Text("verify names each place; restore the folder from a backup.", "verify 会指出每一处；请从备份恢复。"),
    ),
    7: Page(
        Text("Locked", "工作区被占用"),
        Text("Another run is writing to the workspace.", "另一次运行正在写入该工作区。"),
        Text("Two schedules overlap, or somebody syncs by hand.", "两个定时任务重叠，或有人正在手动同步。"),
        Text(
            "Wait for it to end; a lock left by a killed run frees itself.",
            "请等待其结束；被强行终止的运行所留的锁会自动释放。",
        ),
    ),
    130: Page(
        Text("Interrupted", "被中断"),
        Text("What was committed stays.", "已提交的数据保留不变。"),
        Text("Ctrl-C, or the scheduler stopped the run.", "按下 Ctrl-C，或调度程序终止了运行。"),
        Text("Run it again: it goes on from there.", "再次运行即可从该处继续。"),
    ),
}

MEANING: Mapping[Relationship, Text] = {
    Relationship.EQUAL: Text(
        "Both ask the same. Reviewed, it carries conforming across in both directions.",
        "双方要求相同。经评审后，“符合”可双向传递。",
    ),
    Relationship.SUBSET: Text(
        "All that the source asks, the target asks too. A source that fails makes the target fail, once reviewed; "
        "one that conforms supports it in part.",
        "源条目的要求目标条目都有。经评审后，源条目不符合即目标条目不符合；源条目符合只提供部分支持。",
    ),
    Relationship.SUPERSET: Text(
        "The source asks all that the target asks. Reviewed, it carries conforming across.",
        "源条目涵盖目标条目的全部要求。经评审后可传递“符合”。",
    ),
    Relationship.INTERSECTS: Text(
        "Each asks something that the other does not. The target is partial at best.",
        "双方各有对方没有的要求。目标条目至多为“部分符合”。",
    ),
    Relationship.NONE: Text(
        "They share a word or a number and no requirement. Nothing is carried; the row says so, lest somebody map it.",
        "仅用词或编号相近，要求并无交集，不传递任何结论；保留此行以防误映射。",
    ),
}
