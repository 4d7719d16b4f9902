"""What every command has in common: its options, and how it is found."""

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from gettext import gettext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.talk import in_talk, localised
from itss_bridge.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from itss_bridge.bridge import Bridge


class Commands(click.Group):
    """A group that imports a command when it is called, and shows commands in the order of the work."""

    def __init__(self, name: str, table: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(name, **options)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All commands, in order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now, with its help in the language that is talked."""
        return localised(self.original(cmd_name)) if cmd_name in self.table else None

    def original(self, name: str) -> click.Command:
        """The command as it is written; KeyError when there is none."""
        module, _, attribute = self.table[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute or "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say what was probably meant when there is no such command."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.table, n=1)
            known = say("there are: {names}", names=", ".join(self.table))
            hint = say("did you mean {name!r}?", name=near[0]) if near else known
            raise click.UsageError(say("there is no command {name!r}; {hint}", name=args[0], hint=hint), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table of commands, without importing any."""
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, in_talk(summary)) for name, (_, summary) in self.table.items()])


@dataclass(frozen=True, slots=True)
class Call:
    """One command's common options."""

    workspace: Path
    as_json: bool
    language: str | None
    as_of_text: str | None
    verbose: bool

    def bridge(self) -> "Bridge":
        """The workspace, opened."""
        from itss_bridge.bridge import Bridge

        return Bridge(self.workspace)

    def as_of(self, bridge: "Bridge") -> datetime:
        """The moment to speak of."""
        return bridge.workspace.moment(self.as_of_text) if self.as_of_text else bridge.now()

    def lang(self, bridge: "Bridge | None" = None) -> str:
        """`zh` or `en`: asked for, else the workspace's first language, else Chinese."""
        return self.language or (bridge.workspace.languages[0] if bridge else "zh")


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the common options; it receives them as its first argument, a `Call`."""

    @click.option(
        "--workspace",
        "-w",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        show_default="here",
        help="The workspace folder.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Data for scripts on stdout.")
    @click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of what is shown.")
    @click.option("--as-of", metavar="DATE", help="Speak of that day's end (2026-03-31) or of that moment.")
    @click.option("-v", "--verbose", is_flag=True, help="More talk; a traceback for a bug.")
    @functools.wraps(function)
    def wrapper(
        *args: Any,
        workspace: Path,
        as_json: bool,
        lang: str | None,
        as_of: str | None,
        verbose: bool,
        **options: Any,
    ) -> Any:
        return function(Call(workspace, as_json, lang, as_of, verbose), *args, **options)

    return wrapper


def print_json(data: Any) -> None:
    """One JSON document."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True, default=_plain) + "\n")


def print_json_lines(rows: Iterable[Any]) -> None:
    """One JSON document a line, keys in the given order."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def console(*, err: bool = False) -> "Console":
    """A console for tables; plain and unbroken lines where stdout is no terminal."""
    from rich.console import Console

    file = sys.stderr if err else sys.stdout
    return Console(file=file, highlight=False, markup=False, emoji=False, width=None if file.isatty() else 120)
