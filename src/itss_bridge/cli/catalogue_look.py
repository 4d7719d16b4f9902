"""`catalogue show|diff`: an entry as it stands in its file, and what changed between two catalogues."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from difflib import get_close_matches, unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli import declared
from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.errors import UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.catalogue.diff import Difference


@click.command(
    "show", epilog="Examples: itss-bridge catalogue show itss:prc-inc-a · itss-bridge catalogue show kpi-sla"
)
@click.argument("name", metavar="ID", shell_complete=completed("requirements", "metrics"))
@click.argument("target", required=False)
@common
def show_command(call: Call, name: str, target: str | None) -> None:
    """An entry as it stands in its file, with file and line. A mapping is named by its two requirements."""
    from itss_bridge.catalogue.excerpt import excerpt, places

    shelf = places(declared.catalogue(call))
    wanted = f"{name} → {target}" if target else name
    if wanted not in shelf:
        near = get_close_matches(wanted, shelf, n=3, cutoff=0.5)
        fix = (
            say("did you mean {names}?", names=" or ".join(near))
            if near
            else say("itss-bridge catalogue list names all requirements")
        )
        raise UsageError(say("nothing in the catalogue is called {wanted!r}", wanted=wanted), fix=fix)
    entry = excerpt(shelf[wanted][0], wanted, shelf[wanted][1])
    if call.as_json:
        print_json(asdict(entry))
    else:
        console().print(f"{entry.file}:{entry.line}", style="bold", soft_wrap=True)
        click.echo(entry.text)


@click.command("diff", epilog="Example: itss-bridge catalogue diff mappings-2025 mappings")
@click.argument("old", type=click.Path(path_type=Path, exists=True))
@click.argument("new", type=click.Path(path_type=Path, exists=True))
@common
def diff_command(call: Call, old: Path, new: Path) -> None:
    """What changed from OLD to NEW: two folders shaped like mappings/, or two files of one kind."""
    from itss_bridge.catalogue.diff import diff

    found = diff(old, new)
    if call.as_json:
        print_json([difference.as_json() for difference in found])
        return
    words = _WORDS[declared.language(call)]
    for difference in found:
        click.echo("\n".join(_told(difference, words)))
    click.echo(_counted(found, words), err=True)


_WORDS = {
    "en": {"added": "added", "removed": "removed", "changed": "changed", "none": "nothing has changed"},
    "zh": {"added": "新增", "removed": "删除", "changed": "变更", "none": "没有变更"},
}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def _counted(found: Iterable["Difference"], words: dict[str, str]) -> str:
    changes = [difference.change for difference in found]
    return " · ".join(f"{words[c]} {changes.count(c)}" for c in _SIGNS if c in changes) or words["none"]


def _told(difference: "Difference", words: dict[str, str]) -> Iterator[str]:
    yield f"{_SIGNS[difference.change]} {words[difference.change]} {difference.kind} {difference.id}"
    for name, (before, after) in difference.fields.items():
        if name == "population":
            lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
            yield from (f"    {line}" for line in list(lines)[2:])
        else:
            yield f"    {name}: {_short(before)} → {_short(after)}"


def _short(value: Any) -> str:
    return "—" if value is None else str(value)
