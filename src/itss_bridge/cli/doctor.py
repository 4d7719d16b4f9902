"""`doctor`: what may stand in the way, before it does."""

from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json

if TYPE_CHECKING:
    from rich.text import Text as Line

    from itss_bridge.doctor import Finding


@click.command(
    epilog="Examples: itss-bridge doctor · itss-bridge doctor --offline --json",
    help="Check Python, disk, evidence, calendars, secrets, and what each tool says of the account. Changes nothing.",
)
@click.option("--offline", is_flag=True, help="Leave out what asks the tools.")
@common
def command(call: Call, *, offline: bool) -> int:
    """Show all findings as they come; end with the code of the worst problem."""
    from itss_bridge.doctor import examine, exit_code

    language, findings = _language(call), []
    for finding in examine(call.workspace, offline=offline):
        findings.append(finding)
        if not call.as_json:
            console().print(_line(finding, language), soft_wrap=True)
    code = exit_code(findings)
    if call.as_json:
        print_json({"ok": code == 0, "exit_code": code, "findings": [_shape(one, language) for one in findings]})
    return code


def _language(call: Call) -> str:
    """As everywhere; where the workspace is what is broken, the language of the talk."""
    from itss_bridge.cli.declared import language
    from itss_bridge.cli.talk import LANGUAGE
    from itss_bridge.errors import BridgeError

    try:
        return language(call)
    except BridgeError:
        return LANGUAGE.get()


def _shape(finding: "Finding", language: str) -> dict[str, Any]:
    from itss_bridge.messages import told

    texts = {name: str(told(getattr(finding, name), language)) for name in ("what", "cause", "fix")}
    return {"check": finding.check, "about": finding.about, "state": finding.state, **texts}


def _line(finding: "Finding", language: str) -> "Line":
    """State, what was looked at, what was found; cause and fix below it."""
    from rich.text import Text as Line

    from itss_bridge.cli.tables import plain

    shape = _shape(finding, language)
    state, colour = _STATE[finding.state][language == "zh"], _COLOUR[finding.state]
    about = " ".join(filter(None, [_CHECK.get(finding.check, (finding.check,) * 2)[language == "zh"], finding.about]))
    line = Line(f"{_MARK[finding.state]} {state}  ", colour)
    line.append(plain(about), "bold").append(f"  {plain(shape['what'])}")
    for name in ("cause", "fix"):
        if shape[name]:
            line.append(f"\n    {_PART[name][language == 'zh']}  {plain(shape[name])}", "dim")
    return line


_MARK = {"ok": "✓", "warning": "!", "problem": "✗", "unknown": "?"}
_COLOUR = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "magenta"}
_STATE = {
    "ok": ("ok", "正常"),
    "warning": ("warning", "注意"),
    "problem": ("problem", "问题"),
    "unknown": ("cannot be told", "无法判断"),
}
_PART = {"cause": ("cause", "原因"), "fix": ("fix", "处理")}
_CHECK = {
    "account": ("account", "账号"),
    "calendar": ("calendar", "工作日历"),
    "catalogue": ("catalogue", "条款与指标目录"),
    "clock": ("clock", "时钟"),
    "disk": ("disk", "磁盘"),
    "evidence": ("evidence", "证据库"),
    "extras": ("extras", "可选组件"),
    "fonts": ("fonts", "字体"),
    "lock": ("lock", "占用锁"),
    "packages": ("packages", "依赖包"),
    "plugins": ("plugins", "插件"),
    "python": ("Python", "Python"),
    "read": ("rights to read", "读取权限"),
    "schema": ("fields", "字段"),
    "secret": ("secret", "密钥"),
    "tls": ("encryption", "传输加密"),
    "workspace": ("workspace", "工作区"),
    "write": ("rights to write", "写入权限"),
    "zone": ("time zone", "时区"),
}
