"""`auth scopes`: the request for rights, as text to paste."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, Commands, common, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.errors import UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.contracts import Connector, Right

COMMANDS = {"scopes": ("itss_bridge.cli.auth:scopes", "The rights that each source needs, as a request in zh and en.")}
command = Commands("auth", COMMANDS, help="Write the request for rights to a tool's administrator.")


@click.command(
    epilog="Examples: itss-bridge auth scopes · itss-bridge auth scopes jira --lang zh · "
    "itss-bridge auth scopes confluence --deployment data-center",
    help="Write the request to the administrator of SOURCE (a source of the workspace, or a connector; left out: all "
    "sources). Markdown, in Chinese and English; nothing is asked of the tool.",
)
@click.argument("source", required=False, shell_complete=completed("sources", "connectors"))
@click.option("--deployment", metavar="WHICH", help="Where a connector knows several: cloud, data-center.")
@common
def scopes(call: Call, source: str | None, deployment: str | None) -> None:
    """Print one request for each source."""
    requests = [
        (name, kind, {**table, **({"deployment": _known(kind, deployment)} if deployment else {})})
        for name, (kind, table) in _chosen(call, source).items()
    ]
    if call.as_json:
        print_json([_shape(name, kind, table) for name, kind, table in requests])
        return
    languages = [call.language] if call.language else ["zh", "en"]
    texts = [_request(kind, table, language) for _, kind, table in requests for language in languages]
    click.echo("\n".join(texts).rstrip())


def _chosen(call: Call, source: str | None) -> "Mapping[str, tuple[type[Connector], Mapping[str, Any]]]":
    """Sources of the workspace that have a server, or a connector with nothing configured, by name."""
    from itss_bridge.cli.declared import has_workspace
    from itss_bridge.plugins import Plugins
    from itss_bridge.workspace import Workspace

    plugins = Plugins()
    tools = {name: kind for name, kind in plugins.connectors.items() if not kind.reads_files}
    tables = Workspace.open(call.workspace).sources if has_workspace(call) else {}
    known: dict[str, tuple[type[Connector], Mapping[str, Any]]] = {name: (kind, {}) for name, kind in tools.items()}
    own = {name: (tools[one.connector], one.table) for name, one in tables.items() if one.connector in tools}
    if source is not None:
        return {source: plugins.pick({**known, **own}, source, say("source or connector"))}
    if not own:
        fix = say("name a connector: {names}", names=", ".join(known))
        raise UsageError(say("there is no source with a server here"), where=str(call.workspace), fix=fix)
    return own


def _known(kind: "type[Connector]", deployment: str) -> str:
    choices = kind.config_schema.get("properties", {}).get("deployment", {}).get("enum", [])
    if deployment not in choices:
        fix = say("there are: {names}", names=", ".join(choices)) if choices else say("leave --deployment out")
        raise UsageError(say("{title} knows no deployment {name!r}", title=kind.title, name=deployment), fix=fix)
    return deployment


def _shape(name: str, kind: "type[Connector]", table: Mapping[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    rights = [asdict(right) | {"streams": list(right.streams)} for right in kind.rights(table)]
    texts = {language: _request(kind, table, language) for language in ("zh", "en")}
    return {"source": name, "connector": kind.name, "address": table.get("url", ""), "rights": rights, "text": texts}


def _request(kind: "type[Connector]", table: Mapping[str, Any], language: str) -> str:
    """The whole request as Markdown."""
    words = _WORDS[language]
    address = f" <{table['url']}>" if "url" in table else ""
    lines = [f"## {words['title'].format(tool=kind.title)}{address}", "", words["why"].format(tool=kind.title), ""]
    lines += [_line(right, language) for right in kind.rights(table)] or [words["nothing"]]
    if read := list(_read(table, language)):
        lines += ["", words["read"], "", *read]
    return "\n".join([*lines, "", words["end"], ""])


def _line(right: "Right", language: str) -> str:
    from itss_bridge import wording

    streams = [wording.stream(name) for name in right.streams]
    names: Sequence[str] = [name.zh if language == "zh" else name.en for name in streams]
    kind, purpose = (getattr(text, language) for text in (right.kind, right.purpose))
    if language == "zh":
        return f"- {kind} `{right.name}`{'（' + '、'.join(names) + '）' if names else ''}：{purpose}"
    return f"- {kind} `{right.name}`{' (' + ', '.join(names) + ')' if names else ''}: {purpose}"


def _read(table: Mapping[str, Any], language: str) -> Iterator[str]:
    """Which tickets are read, in the tool's own query language."""
    from itss_bridge import wording

    for name, own in table.get("streams", {}).items():
        for key in ("jql", "query"):
            if own.get(key):
                yield f"- {getattr(wording.stream(name), language)}: `{own[key]}`"


_WORDS = {
    "zh": {
        "title": "申请：{tool} 只读账号",
        "why": "我们用 itss-bridge 从 {tool} 读取工单与体系文件，作为 ITSS、ISO/IEC 20000-1、ISO 9001 符合性评估的"
        "证据。"
        "该工具只读取，不写入；默认不读取描述、评论、姓名与邮箱，人员以假名保存。请为其开设一个专用账号，仅授予以下最小权限：",
        "nothing": "- 该连接器未声明所需权限，请参阅其说明文档。",
        "read": "所读取的范围：",
        "end": "除上述权限外请勿授予其他权限，尤其是写入权限；`itss-bridge doctor` 会对多余的写入权限给出警告。",
    },
    "en": {
        "title": "Request: an account for {tool} that only reads",
        "why": "We use itss-bridge to read tickets and documents from {tool} as evidence for ITSS, ISO/IEC 20000-1 and "
        "ISO 9001. It reads and writes nothing; descriptions, comments, names and e-mails are left out unless asked "
        "for, and people are kept by pseudonym. Please make an account of its own with these rights and no others:",
        "nothing": "- This connector does not declare what it needs; see its documentation.",
        "read": "What is read:",
        "end": "Please grant nothing beyond that, least of all rights to write: `itss-bridge doctor` warns of those.",
    },
}
