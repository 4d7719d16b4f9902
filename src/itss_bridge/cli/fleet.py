"""`fleet`: many workspaces run as one job, and what they come to together."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from itss_bridge.cli.call import Commands, console, print_json
from itss_bridge.errors import GateNotMet, UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.fleet import Done, Fleet, Member, Portfolio

_ENDS = (
    "Ends with 5 when any workspace failed or is not complete, with 6 when evidence is damaged, with 1 for a bug; "
    "each row has the exit code that its workspace alone would have ended with."
)


@dataclass(frozen=True, slots=True)
class FleetCall:
    """One fleet command's common options."""

    fleet: "Fleet"
    as_json: bool
    language: str
    as_of: str
    options: Mapping[str, str]
    now: datetime

    def run(self, deed: Literal["plan", "sync", "judge"], files: Mapping[str, Sequence[str]]) -> "list[_Row]":
        """Do it to every workspace; *files* are to be written with each one's own report, by workspace."""
        from itss_bridge.contracts import Allowed
        from itss_bridge.fleet import Task, run
        from itss_bridge.plugins import Plugins

        fleet, plugins = self.fleet, Plugins()
        about = (deed, self.now.isoformat(), self.as_of)
        tasks = [
            Task(m.workspace, str(m.root), *about, tuple(files.get(m.workspace, ())), self.language)
            for m in fleet.members
        ]
        factory = plugins.pick(plugins.executors, self.options.get("executor", "threads"), say("executor"))
        options = {name: self.options[name] for name in ("workers", "scheduler") if name in self.options}
        with _progress(len(tasks), quiet=self.as_json) as watch:
            done = run(tasks, factory, options, Allowed(fleet.in_flight, fleet.origins), watch)
        return list(zip(fleet.members, done, strict=True))

    def portfolio(self, files: Mapping[str, Sequence[str]] | None = None) -> "Portfolio":
        """Judge all workspaces and put together what they tell."""
        from itss_bridge.fleet.portfolio import Organisation, portfolio

        rows = self.run("judge", files or {})
        found = [Organisation(m.workspace, m.group, d.told, d.error, d.exit_code) for m, d in rows]
        return portfolio(self.fleet.name, self.as_of or f"{self.now:%Y-%m-%dT%H:%M:%SZ}", found)


_Row = tuple["Member", "Done"]


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the fleet's options; it receives them as its first argument, a `FleetCall`."""

    @click.argument("place", metavar="FLEET", type=click.Path(path_type=Path))
    @click.option("--executor", metavar="NAME", help="threads (default), processes, dask, or a plugin's.")
    @click.option("--workers", type=click.IntRange(1), help="How many threads or processes.")
    @click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster that is there: tcp://host:8786.")
    @click.option("--json", "as_json", is_flag=True, help="Data for scripts on stdout.")
    @click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of what is shown.")
    @click.option("--as-of", metavar="DATE", help="Speak of that day's end (2026-03-31) or of that moment.")
    @click.option("-v", "--verbose", is_flag=True, help="More talk; a traceback for a bug.")
    @functools.wraps(function)
    def wrapper(
        *args: Any,
        place: Path,
        as_json: bool,
        lang: str | None,
        as_of: str | None,
        verbose: bool,  # noqa: ARG001 - `run` looks for it itself
        executor: str | None,
        workers: int | None,
        scheduler: str | None,
        **options: Any,
    ) -> Any:
        from itss_bridge.fleet import open_fleet

        fleet = open_fleet(place)
        given = {"executor": executor, "workers": workers, "scheduler": scheduler}
        chosen = {**fleet.options, **{name: str(value) for name, value in given.items() if value is not None}}
        if scheduler and chosen.get("executor", "threads") in {"threads", "processes"}:
            raise click.UsageError(say("--scheduler belongs to --executor dask"))
        call = FleetCall(fleet, as_json, lang or "", _moment(as_of), chosen, datetime.now(UTC))
        return function(call, *args, **options)

    return wrapper


def _moment(text: str | None) -> str:
    """The moment as written, when it is one: a typing error is the fleet's, not each workspace's."""
    if text is None:
        return ""
    for read in (date.fromisoformat, datetime.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return text
    raise UsageError(
        say("{text!r} is not a date", text=text), fix=say("write 2026-03-31, or 2026-03-31T18:00:00+08:00")
    )


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[["Done"], None]]:
    """One bar on stderr for the whole fleet; nothing where nobody looks."""
    error = console(err=True)
    if quiet or not error.is_terminal:
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=error, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, advance=1, description=done.workspace)


@click.command(epilog=f"Example: itss-bridge fleet plan clients --executor processes. {_ENDS}")
@_options
def plan(call: FleetCall) -> int:
    """Say what a sync of every workspace of FLEET would read. Asks the tools for counts only."""
    from itss_bridge.cli.fleet_tables import plan_table
    from itss_bridge.fleet import exit_code

    rows = call.run("plan", {})
    if call.as_json:
        print_json(_document(call, rows, "plan"))
    else:
        console().print(plan_table(rows, call.language or "zh"))
    return exit_code(done.exit_code for _, done in rows)


@click.command(epilog=f"Example: itss-bridge fleet sync clients --executor dask --scheduler tcp://host:8786. {_ENDS}")
@_options
def sync(call: FleetCall) -> int:
    """Read all sources of every workspace of FLEET; one that fails stops no other."""
    from itss_bridge.cli.fleet_tables import sync_table
    from itss_bridge.fleet import exit_code

    rows = call.run("sync", {})
    if call.as_json:
        print_json(_document(call, rows, "sync") | {"ok": not any(done.exit_code for _, done in rows)})
    else:
        console().print(sync_table(rows, call.language or "zh"))
    return exit_code(done.exit_code for _, done in rows)


def _document(call: FleetCall, rows: "list[_Row]", deed: str) -> dict[str, Any]:
    """The fleet, and by workspace what came of it: `plan` or `sync` as those commands print it, or an error."""
    return {
        "fleet": call.fleet.name,
        "workspaces": {
            member.workspace: {
                "group": member.group,
                "exit_code": done.exit_code,
                "error": dict(done.error) or None,
                deed: done.told,
            }
            for member, done in rows
        },
    }


@click.command(epilog=f"Example: itss-bridge fleet assess clients --require itss-level-3 --as-of 2026-03-31. {_ENDS}")
@click.option("--require", metavar="itss-level-N", help="The level that every organisation must reach.")
@_options
def assess(call: FleetCall, require: str | None) -> int:
    """Judge every organisation of FLEET. With --require, ends with 3 when one has not reached the level."""
    from itss_bridge.fleet import exit_code

    required = _level(require) if require else None
    portfolio = call.portfolio()
    missed = [o.workspace for o in portfolio.organisations if required and not (o.reached or 9) <= required]
    if call.as_json:
        print_json(_assessment(portfolio) | {"require": required, "missed": sorted(missed)})
    else:
        from itss_bridge.cli.fleet_tables import levels_view

        console().print(levels_view(portfolio, call.language or "zh"))
    if missed:
        _say_missed(required or 0, missed)
    return exit_code(_codes(portfolio), gate_met=not missed)


def _level(text: str) -> int:
    if text.removeprefix("itss-level-") in {"1", "2", "3", "4"}:
        return int(text[-1])
    raise click.BadParameter(say("say itss-level-4, -3, -2 or -1 (4 is the lowest)"), param_hint="--require")


def _say_missed(required: int, missed: Sequence[str]) -> None:
    from itss_bridge.cli.talk import talk

    names = ", ".join(missed)
    what = say(
        "ITSS level {level} is not shown by {n} organisations: {names}", level=required, n=len(missed), names=names
    )
    talk(GateNotMet(what).what)


def _assessment(portfolio: "Portfolio") -> dict[str, Any]:
    from itss_bridge.fleet.exporters.document import completeness_json, organisation_json

    return {
        "fleet": portfolio.name,
        "as_of": portfolio.as_of,
        "completeness": completeness_json(portfolio),
        "organisations": {o.workspace: organisation_json(o) for o in portfolio.organisations},
    }


def _codes(portfolio: "Portfolio") -> list[int]:
    """Incomplete evidence judged is still incomplete: the portfolio is not whole."""
    return [o.exit_code or 5 * (o.state != "complete") for o in portfolio.organisations]


@click.command(epilog=f"Example: itss-bridge fleet matrix clients --as-of 2026-03-31 --json. {_ENDS}")
@_options
def matrix(call: FleetCall) -> int:
    """Show the portfolio of FLEET: organisation by framework by level, benchmarks, the worst gaps of the group."""
    from itss_bridge.fleet import exit_code

    portfolio = call.portfolio()
    if call.as_json:
        from itss_bridge.fleet.exporters.document import portfolio_json

        print_json(portfolio_json(portfolio))
    else:
        from itss_bridge.cli.fleet_tables import portfolio_view

        console().print(portfolio_view(portfolio, call.language or "zh"))
    return exit_code(_codes(portfolio))


@click.command(
    epilog="Examples: itss-bridge fleet export clients portfolio.xlsx portfolio.html · "
    f"itss-bridge fleet export clients portfolio.json --each 'out/{{workspace}}.xlsx'. {_ENDS}"
)
@_options
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--each",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Also each workspace's own report; {workspace} and {organisation} stand for their names.",
)
def export(call: FleetCall, files: tuple[Path, ...], patterns: tuple[str, ...]) -> int:
    """Write the portfolio of FLEET to FILES: .xlsx .html .json .csv."""
    from itss_bridge.fleet import exit_code
    from itss_bridge.fleet.exporters import EXPORTERS
    from itss_bridge.fleet.naming import each_named
    from itss_bridge.written import suffix, write

    if not files and not patterns:
        raise click.UsageError(say("name a file, or --each"))
    exporters = [EXPORTERS.get(suffix(file, EXPORTERS)) for file in files]
    if None in exporters:
        raise UsageError(
            say("there is no such format for a portfolio"),
            where=str(files[exporters.index(None)]),
            fix=say("there are: {names}", names=", ".join(EXPORTERS)),
        )
    each = each_named(call.fleet, patterns)
    portfolio = call.portfolio(each)
    for file, exporter in zip(files, exporters, strict=True):
        if exporter:
            write(file, exporter(portfolio, call.language or "zh"))
    written = [*map(str, files), *(f for o in portfolio.organisations if o.standing for f in each.get(o.workspace, ()))]
    if call.as_json:
        print_json(written)
    else:
        click.echo("\n".join(written))
    return exit_code(_codes(portfolio))


command = Commands(
    "fleet",
    {
        "plan": ("itss_bridge.cli.fleet:plan", "Say what a sync of every workspace would read."),
        "sync": ("itss_bridge.cli.fleet:sync", "Read all sources of every workspace."),
        "assess": ("itss_bridge.cli.fleet:assess", "Judge every organisation; a gate with --require."),
        "matrix": ("itss_bridge.cli.fleet:matrix", "Show the portfolio, benchmarks and the group's worst gaps."),
        "export": ("itss_bridge.cli.fleet:export", "Write the portfolio to files, and each report with --each."),
    },
    help="Run many workspaces as one job. FLEET is a folder of workspaces, or a fleet.toml that names them.",
)
