"""In which language the command line talks: help, errors and all that goes to stderr."""

import gettext
import os
from contextvars import ContextVar
from copy import copy
from importlib.util import find_spec
from pathlib import Path

import click

from itss_bridge.messages import PLUGINS, told, translations

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


def localised(command: click.Command) -> click.Command:
    """The command with its help in the language that is talked; the one given stays as it is."""
    said = copy(command)
    said.params = [copy(parameter) for parameter in command.params]
    said.help, said.epilog = (text and in_talk(text) for text in (command.help, command.epilog))
    if isinstance(said, click.Group):
        said.commands = {name: localised(member) for name, member in said.commands.items()}
    for parameter in said.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = in_talk(parameter.help)
    return said


def in_talk(text: str) -> str:
    """A literal of the command line's help in the language that is talked."""
    return translations(LANGUAGE.get()).gettext(text)
