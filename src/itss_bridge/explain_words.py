"""What exit codes and relationships mean, for `explain`."""

from collections.abc import Mapping

from itss_bridge.model import Relationship, Text

EXIT: Mapping[int, tuple[Text, Text]] = {
    0: (Text("Done", "正常"), Text("The command did what it says.", "命令已按说明完成。")),
    1: (
        Text("A fault of itss-bridge", "程序缺陷"),
        Text("Run it again with -v and report what it prints.", "加 -v 重新运行，并将输出反馈给维护方。"),
    ),
    2: (
        Text("Usage, configuration or a data file is wrong", "用法、配置或数据文件有误"),
        Text(
            "The message names the option, or file and line. Nothing was read or written.",
            "提示中已指明选项或文件及行号；未读取、未写入任何数据。",
        ),
    ),
    3: (
        Text("The gate is not met", "未达到设定的门槛"),
        Text(
            "assess --require asked for more than the evidence shows; assess --json lists each rule with what was "
            "measured and what is needed.",
            "assess --require 的要求高于证据所能证明的程度；assess --json 逐条列出实测值与要求值。",
        ),
    ),
    4: (
        Text("Authentication or rights", "认证失败或权限不足"),
        Text(
            "The tool refused the account or a table. Check the secret that the source refers to, and the account's "
            "rights to read.",
            "来源系统拒绝了账号或某张表。请核对所引用的密钥以及该账号的读取权限。",
        ),
    ),
    5: (
        Text("A source is unavailable or incomplete", "数据源不可用或不完整"),
        Text(
            "What was committed stays; status says which stream is not complete and why. What rests on it is "
            "undetermined until a later sync completes it.",
            "已提交的数据保留不变；status 指明哪个数据流不完整及原因。在补采完整之前，凡依赖它的结论一律为“证据不足”。",
        ),
    ),
    6: (
        Text("Integrity", "完整性受损"),
        Text(
            "Stored evidence is not what was stored. verify names each place; restore the folder from a backup.",
            "存储的证据与写入时不一致。verify 会指出每一处；请从备份恢复。",
        ),
    ),
    7: (
        Text("Locked", "工作区被占用"),
        Text(
            "Another run is writing to the workspace. Wait for it; a lock left by a killed run frees itself.",
            "另一次运行正在写入该工作区，请等待其结束；被强行终止的运行所留的锁会自动释放。",
        ),
    ),
    130: (
        Text("Interrupted", "被中断"),
        Text("What was committed stays; the next run goes on from there.", "已提交的数据保留，下次运行从该处继续。"),
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
