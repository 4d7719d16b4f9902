"""`init`: a new workspace, by five questions or by flags."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.cli.talk import talk
from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.messages import say
from itss_bridge.model import Text

if TYPE_CHECKING:
    from itss_bridge.contracts import Connector
    from itss_bridge.plugins import Plugins

_LANGUAGES = {"zh": ["zh", "en"], "en": ["en", "zh"]}
_TARGETS = [f"itss-level-{level}" for level in (4, 3, 2, 1)]


@click.command(
    epilog="Examples: itss-bridge init · "
    "itss-bridge init . --organisation 晨星信息 --target itss-level-3 --tool servicenow --tool jira"
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--organisation", metavar="NAME", help="Whose conformance it is about.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="The language that leads in reports (default: zh).")
@click.option("--time-zone", metavar="ZONE", help="The zone in which days begin (default: Asia/Shanghai).")
@click.option("--target", metavar="LEVEL", help="The ITSS level aimed at; 4 is the lowest (default: itss-level-3).")
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="NAME",
    shell_complete=completed("connectors"),
    help="A connector to write a table for (servicenow, jira, confluence …); may be repeated.",
)
@common
def command(call: Call, folder: Path, tools: Sequence[str], **given: str | None) -> None:
    """Make a workspace in FOLDER: an itss-bridge.toml to fill in, and a place for attestations.

    On a terminal and without --organisation it asks five things. It never asks for a secret.
    """
    from itss_bridge.plugins import Plugins
    from itss_bridge.workspace import FILE

    path = folder / FILE
    if path.exists():
        what, fix = say("there is a workspace already"), say("edit it, or choose another folder")
        raise UsageError(what, where=str(path), fix=fix)
    plugins = Plugins()
    asks = given["organisation"] is None and sys.stdin.isatty()
    answers = {name: given[name] or _DEFAULTS[name] for name in _DEFAULTS} | {"tools": list(tools)}
    if asks:
        answers = _asked(answers, list(_connectors(plugins)), call.language)
    elif given["organisation"] is None:
        raise UsageError(say("nobody said whose workspace it is"), fix=say("--organisation NAME"))
    _write(path, _text(answers, plugins))
    if call.as_json:
        print_json({"workspace": str(folder), "file": str(path), "sources": ["files", *answers["tools"]]})
        return
    click.echo(str(path))
    place = "" if folder == Path() else f" -w {folder}"
    if answers["tools"]:
        talk(say("next: correct addresses and accounts in {file}, then `itss-bridge doctor{w}`", file=path, w=place))
    else:
        talk(say("next: name your tools in {file}, then `itss-bridge doctor{w}`", file=path, w=place))


_DEFAULTS = {"organisation": "", "language": "zh", "time_zone": "Asia/Shanghai", "target": "itss-level-3"}


def _connectors(plugins: "Plugins") -> "dict[str, type[Connector]]":
    """Connectors that have a server behind them, by name."""
    return {name: kind for name, kind in plugins.connectors.items() if not kind.reads_files}


_QUESTIONS: Mapping[str, Text] = {
    "organisation": Text("Organisation", "组织名称"),
    "language": Text("Language of reports, zh or en", "报告首选语言（zh 或 en）"),
    "time_zone": Text("Time zone in which days begin", "时区（以此划分每日起止）"),
    "target": Text("Target level, itss-level-4 (lowest) to -1", "目标级别，itss-level-4（最低）至 itss-level-1"),
    "tools": Text("Tools to read, parted by commas: {names}", "要读取的工具，逗号分隔：{names}"),
}  # fmt: skip


def _asked(answers: Mapping[str, Any], known: Sequence[str], language: str | None) -> dict[str, Any]:
    """Five questions, in both languages unless one was chosen; an answer that cannot be is asked for again."""

    def ask(name: str, check: Callable[[str], Any], default: str | None) -> Any:
        text = _QUESTIONS[name]
        prompt = getattr(text, language) if language else f"{text.zh} / {text.en}"
        return click.prompt(prompt.format(names=", ".join(known)), default=default, value_proc=check, err=True)

    return {
        "organisation": ask("organisation", _filled, None),
        "language": ask("language", _among(list(_LANGUAGES)), answers["language"]),
        "time_zone": ask("time_zone", _zone, answers["time_zone"]),
        "target": ask("target", _among(_TARGETS), answers["target"]),
        "tools": ask("tools", _several(known), ",".join(answers["tools"]) or "-"),
    }


def _filled(text: str) -> str:
    if not text.strip():
        raise click.UsageError(say("a name is needed"))
    return text.strip()


def _among(choices: Sequence[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise click.UsageError(say("choose among: {names}", names=", ".join(choices)))
        return text

    return check


def _several(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Names parted by commas; `-` for none."""

    def check(text: str) -> list[str]:
        names = [name for part in text.replace("，", ",").split(",") if (name := part.strip()) not in {"", "-"}]
        return [_among(known)(name) for name in dict.fromkeys(names)]

    return check


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise click.UsageError(say("use an IANA name such as Asia/Shanghai")) from None


def _text(answers: Mapping[str, Any], plugins: "Plugins") -> str:
    languages = _LANGUAGES[answers["language"]]
    values = {"languages": languages, **{name: answers[name] for name in ("organisation", "time_zone", "target")}}
    notes = {name: text[languages[0]] for name, text in _NOTES.items()}
    head = _HEAD.format(**notes, **{name: json.dumps(value, ensure_ascii=False) for name, value in values.items()})
    pick, known = plugins.pick, _connectors(plugins)
    tables = [_source(pick(known, name, say("connector")).name) for name in answers["tools"]]
    return "\n".join([head, *(tables or [_COMMENTED])])


def _source(connector: str) -> str:
    """A table to correct."""
    lines = [f"[sources.{connector}]", f'connector = "{connector}"', *_OWN.get(connector, _UNKNOWN).splitlines()]
    return "\n".join([*lines, ""])


def _write(path: Path, text: str) -> None:
    """Write the file; take it away again when it is not valid after all."""
    from itss_bridge.workspace import Workspace

    (path.parent / "attestations").mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    try:
        Workspace.open(path.parent)
    except BridgeError:
        path.unlink()
        raise


_HEAD = """\
[workspace]
organisation = {organisation}
languages = {languages}
time_zone = {time_zone}
target = {target}
frameworks = ["itss", "iso20000-1", "iso9001"]     # {others}
rule_packs = ["itss-application-2020", "consultant-002"]
binding = ["itss-application-2020"]

# {files}
[sources.files]
connector = "files"

# {secrets}
"""
_NOTES = {
    "others": Text('and "iso27001", where you pursue it', '如需对应信息安全管理体系，可加 "iso27001"'),
    "files": Text(
        "Files in attestations/: certificate.csv, person.xlsx, project.csv …; "
        "`itss-bridge template STREAM` makes an empty one",
        "attestations/ 中的文件：certificate.csv、person.xlsx 等；`itss-bridge template STREAM` 可生成空表",
    ),
    "secrets": Text(
        "Secrets never stand in this file; they are referred to: "
        "env:NAME, file:PATH, command:ARGS, keyring:SERVICE/USER",
        "此文件中绝不写入密钥，只写引用：env:NAME、file:PATH、command:ARGS、keyring:SERVICE/USER",
    ),
}
_OWN = {
    "servicenow": """\
url = "https://example.service-now.com"
username = "bridge"
secret = "env:SN_PASSWORD"
""",
    "jira": """\
url = "https://example.atlassian.net"
username = "bridge@example.com"
secret = "env:JIRA_TOKEN"
[sources.jira.streams.change]
jql = "project = OPS AND issuetype = Change"
""",
    "confluence": """\
url = "https://example.atlassian.net"
username = "bridge@example.com"
secret = "env:CONFLUENCE_TOKEN"
spaces = ["QMS"]
""",
}
_UNKNOWN = """\
url = "https://example.com"
secret = "env:TOKEN"
"""
_COMMENTED = (
    "\n".join(
        line
        for name, own in _OWN.items()
        for line in (f"# [sources.{name}]", f'# connector = "{name}"', *(f"# {one}" for one in own.splitlines()), "#")
    ).removesuffix("\n#")
    + "\n"
)
