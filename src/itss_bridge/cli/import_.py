"""`import`: what people filled into an exported workbook comes back, shown first."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.talk import talk
from itss_bridge.errors import UsageError
from itss_bridge.messages import say, told

if TYPE_CHECKING:
    from rich.console import RenderableType

    from itss_bridge.roundtrip import Line

_COLOURS = {"taken": "green", "there": "dim", "kept": "dim", "conflict": "bold red", "invalid": "bold red"}
_HEADS = {
    "cell": ("Cell", "单元格"),
    "what": ("Check or requirement", "检查项或条目"),
    "field": ("Field", "字段"),
    "base": ("When exported", "导出时"),
    "workbook": ("In the workbook", "工作簿"),
    "workspace": ("Here now", "工作区现值"),
    "state": ("State", "处理"),
}


@click.command(
    "import",
    epilog="Examples: itss-bridge import matrix.xlsx · itss-bridge import matrix.xlsx --apply · "
    "itss-bridge import matrix.xlsx --apply --take workbook --role 质量负责人",
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply_it", is_flag=True, help="Take it; without it, only show what would be taken.")
@click.option(
    "--take",
    type=click.Choice(["workbook", "workspace"]),
    help="Who is right where both changed the same field differently.",
)
@click.option("--role", metavar="ROLE", default="", help="Who judges, where the workbook does not say.")
@common
def command(call: Call, file: Path, take: Any, role: str, *, apply_it: bool) -> int:
    """Take back what people filled into an exported workbook: judged status, owner, due date, effort, next action.

    Compares what was exported, what the workbook says, and what the workspace's files say now. Nothing is written
    without --apply, nor as long as a cell is invalid or a conflict undecided; that ends with 2.
    """
    from itss_bridge.roundtrip import Taking, compare, decided, read_workbook

    bridge = call.bridge()
    workbook = read_workbook(file)
    base = workbook.base
    _refuse_strangers(file, base["organisation"], bridge.workspace.organisation)
    day = bridge.workspace.day_of(call.as_of(bridge))
    taking = Taking(bridge, day)
    lines = decided(compare(base, workbook.entered, taking.present(base["gaps"]), day, role), take)
    stuck = [line for line in lines if line.state in {"conflict", "invalid"}]
    files = taking.take(lines, base["gaps"]) if apply_it and not stuck else ()
    if call.as_json:
        print_json(_shape(file, base["as_of"], lines, files, applied=apply_it and not stuck))
    else:
        console().print(_table(lines, call.lang(bridge)))
        click.echo("\n".join(map(str, files)), nl=bool(files))
        talk(_last_words(lines, applied=apply_it))
    return UsageError.exit_code if stuck else 0


def _refuse_strangers(file: Path, theirs: str, ours: str) -> None:
    from itss_bridge.exporters.foreign import plain

    if theirs != plain(ours):
        raise UsageError(
            say("the workbook belongs to another organisation"),
            where=str(file),
            cause=say("it was exported for {theirs}, this workspace is that of {ours}", theirs=theirs, ours=ours),
            fix=say("name its workspace with --workspace"),
        )


def _last_words(lines: "Sequence[Line]", *, applied: bool) -> str:
    count = {state: sum(line.state == state for line in lines) for state in _COLOURS}
    if count["invalid"]:
        return say("{n} cells are invalid: nothing is written until they are corrected", n=count["invalid"])
    if count["conflict"]:
        return say("{n} conflicts: nothing is written until --take says who is right", n=count["conflict"])
    if not count["taken"]:
        return say("there is nothing to take")
    if applied:
        return say("{n} fields were taken", n=count["taken"])
    return say("{n} fields would be taken; nothing was written, --apply does it", n=count["taken"])


def _shape(
    file: Path, exported: str, lines: "Sequence[Line]", files: Sequence[Path], *, applied: bool
) -> dict[str, Any]:
    """What `import --json` prints; its shape is `schemas/cli/import.json`."""
    return {
        "ok": not any(line.state in {"conflict", "invalid"} for line in lines),
        "applied": applied,
        "workbook": str(file),
        "exported": exported,
        "counts": {state: sum(line.state == state for line in lines) for state in _COLOURS},
        "lines": [
            {
                "kind": line.kind,
                "id": line.id,
                "field": line.field,
                "base": line.base,
                "workbook": line.workbook,
                "workspace": line.workspace,
                "state": line.state,
                "cell": line.where,
                "reason": line.reason,
            }
            for line in lines
        ],
        "files": [str(path) for path in files],
    }


def _table(lines: "Sequence[Line]", language: str) -> "RenderableType":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from itss_bridge.cli.tables import plain
    from itss_bridge.wording import STATUS
    from itss_bridge.wording.workbook import IMPORT_FIELD, IMPORT_STATE

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for pair in _HEADS.values():
        table.add_column(pair[language == "zh"], overflow="fold")
    names = {status.value: words[language] for status, words in STATUS.items()}
    for line in lines:
        values = (line.base, line.workbook, line.workspace)
        shown = (names.get(v, v) if line.field == "status" else v for v in values)
        state = IMPORT_STATE[line.state][language]
        reason = f"\n{told(line.reason, language)}" if line.reason else ""
        cells = (line.where, line.id, IMPORT_FIELD[line.field][language], *(value or "—" for value in shown))
        table.add_row(*(Text(plain(cell)) for cell in cells), Text(f"{state}{reason}", _COLOURS[line.state]))
    return table
