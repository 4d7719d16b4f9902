"""`sync`: read all sources, keep what they have, prove that it is all of it."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.cli.talk import talk
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge


@click.command(
    epilog="Examples: itss-bridge sync · itss-bridge sync --source jira --json · itss-bridge sync --log json",
    help="Read all sources and keep what they have as evidence. Ends with 5 when any stream is not complete.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    shell_complete=completed("sources"),
    help="Only this source; may be repeated.",
)
@click.option("--accept-removals", is_flag=True, help="Accept that a source, or a fifth of a stream, is gone.")
@click.option(
    "--log", type=click.Choice(["json"]), help="Tell on stderr how it goes, in lines of JSON, for schedulers."
)
@common
def command(call: Call, sources: tuple[str, ...], log: str | None, *, accept_removals: bool) -> int:
    """Sync, show the outcome, return the exit code."""
    from itss_bridge.cli.log import JsonLog
    from itss_bridge.outcomes import exit_code, summary

    bridge = call.bridge()
    lines = JsonLog() if log else None
    with lines or progress(quiet=call.as_json) as watch:
        run, outcomes = bridge.sync(watch, sources, accept_removals=accept_removals)
    _read_tickets(bridge)
    if lines:
        lines.ended(run, outcomes, exit_code(outcomes))
    if call.as_json:
        print_json(summary(run, outcomes))
    else:
        from itss_bridge.cli.tables import sync_table

        console().print(sync_table(outcomes, call.lang(bridge)))
    return exit_code(outcomes)


def _read_tickets(bridge: "Bridge") -> None:
    """Take over how far the tickets of nonconformities are; a tool that does not tell spoils no evidence."""
    from itss_bridge.tracking import Tracking

    for read in Tracking(bridge).read_tickets(bridge.now()):
        if read.problem:
            talk(say("tickets at {source} were not read: {problem}", source=read.source, problem=read.problem))


def progress(*, quiet: bool = False) -> Any:
    """A context that gives a watcher: a progress bar per stream on stderr, or nothing where nobody looks."""
    error = console(err=True)
    if quiet or not error.is_terminal:
        return nullcontext(_silent)
    from itss_bridge.cli.bars import Bars

    return Bars(error)


def _silent(source: str, stream: str, read: int, expected: int | None) -> None:
    """Draw nothing."""
