"""In which language the command line talks: help, errors and all that goes to stderr."""

import gettext
import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from copy import copy
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path
from unicodedata import east_asian_width

import click

from itss_bridge.messages import PLUGINS, say, told, translations

LANGUAGE: ContextVar[str] = ContextVar("LANGUAGE", default="en")


def speak(language: str) -> None:
    """Talk in *language* from now on, click's own words included: those go by gettext's domain and environment."""
    LANGUAGE.set(language)
    spec = find_spec(PLUGINS)
    gettext.bindtextdomain(PLUGINS, str(Path(spec.origin if spec and spec.origin else "").parent / "locale"))
    gettext.textdomain(PLUGINS)
    os.environ["LANGUAGE"] = language


def talk(message: str) -> None:
    """One line to stderr."""
    click.echo(told(message, LANGUAGE.get()), err=True)


class Complaint(click.ClickException):
    """A mistake of whoever runs a command, told in their language."""

    def format_message(self) -> str:
        """The message as it is shown."""
        return str(told(self.message, LANGUAGE.get()))


def localised(command: click.Command) -> click.Command:
    """The command with its help in the language that is talked; the one given stays as it is."""
    said = copy(command)
    said._help_option = None  # noqa: SLF001 - click keeps it in the language that was talked when it was first asked for
    if LANGUAGE.get() == "zh":
        said.context_class = _ChineseContext
        said.options_metavar = in_talk(command.options_metavar or "") if command.options_metavar else None
    said.params = [copy(parameter) for parameter in command.params]
    # Python 3.13 takes indents off docstrings, earlier ones leave them to whoever reads them
    said.help, said.epilog = (text and in_talk(cleandoc(text)) for text in (command.help, command.epilog))
    if isinstance(said, click.Group):
        said.commands = {name: localised(member) for name, member in said.commands.items()}
        said.subcommand_metavar = in_talk(said.subcommand_metavar)
    for parameter in said.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = in_talk(parameter.help)
            if isinstance(parameter.show_default, str):
                parameter.show_default = in_talk(parameter.show_default)
    return said


def in_talk(text: str) -> str:
    """A literal of the command line's help in the language that is talked."""
    return translations(LANGUAGE.get()).gettext(text)


METAVARS = (say("[OPTIONS]"), say("COMMAND [ARGS]..."), say("COMMAND1 [ARGS]... [COMMAND2 [ARGS]...]..."))
"""What click writes into every usage line."""

_SECOND_HALF = "\ue000"
"""Stands behind each character that is two columns wide while lines are filled: click counts characters."""


class _ChineseHelp(click.HelpFormatter):
    """Help whose columns and lines fit although a Chinese character takes two columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, gettext.gettext("Usage:") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{heading}：\n")

    def write_text(self, text: str) -> None:
        super().write_text(_widened(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(_widened(name), _widened(text)) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        text = re.sub(rf"\n +{_SECOND_HALF}*(?=\n)", "", super().getvalue()).replace(_SECOND_HALF, "")
        # no line begins with a mark that ends something
        return re.sub(r"(\n *)([，。；：、！？）”])", r"\2\1", text)


class _ChineseContext(click.Context):
    formatter_class = _ChineseHelp


def _widened(text: str) -> str:
    return "".join(c + _SECOND_HALF if east_asian_width(c) in "WF" else c for c in text)
