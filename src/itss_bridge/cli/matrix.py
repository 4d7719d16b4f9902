"""`matrix`: the conformance matrix, the statement of applicability, and what changed between two moments."""

import click
from click.core import ParameterSource

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Json, Report


@click.group(
    invoke_without_command=True,
    epilog="Examples: itss-bridge matrix · itss-bridge matrix --as-of 2026-03-31 --lang en · "
    "itss-bridge matrix --json · itss-bridge matrix --applicability --framework iso27001 · "
    "itss-bridge matrix diff --from 2026-01-01 --to 2026-03-31",
)
@click.option("--applicability", is_flag=True, help="The statement of applicability: every requirement, and why.")
@click.option(
    "--framework",
    metavar="ID",
    default="",
    shell_complete=completed("frameworks"),
    help="Of this framework only, with --applicability.",
)
@common
@click.pass_context
def command(context: click.Context, call: Call, framework: str, *, applicability: bool) -> None:
    """Show the conformance matrix across all frameworks."""
    if context.invoked_subcommand:
        _refuse_lost_options(context)
        return
    if framework and not applicability:
        raise click.UsageError(say("--framework belongs to --applicability"))
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    if applicability:
        _state(call, report, framework, call.lang(bridge))
    else:
        _show(call, report, call.lang(bridge))


def _refuse_lost_options(context: click.Context) -> None:
    given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(
            say("write the options after {invoked_subcommand!r}", invoked_subcommand=context.invoked_subcommand)
        )


def _show(call: Call, report: Report, language: str) -> None:
    if call.as_json:
        from itss_bridge.exporters.document import matrix_json

        print_json(matrix_json(report))
        return
    from itss_bridge.cli.tables import matrix_view

    console().print(matrix_view(report, language))


def _state(call: Call, report: Report, framework: str, language: str) -> None:
    from itss_bridge.applicability import applicability

    names = [f.id for f in report.frameworks]
    if framework and framework not in names:
        raise UsageError(
            say("there is no framework {framework!r}", framework=framework),
            fix=say("there are: {names}", names=", ".join(names)),
        )
    lines = applicability(report, framework)
    if call.as_json:
        from itss_bridge.cli.shapes import statement_shape

        print_json([statement_shape(line) for line in lines])
        return
    from itss_bridge.cli.views import applicability_view

    console().print(applicability_view(report, lines, language))


@command.command(
    epilog="Examples: itss-bridge matrix diff --from 2026-01-01 --to 2026-03-31 · "
    "itss-bridge matrix diff january.json march.json --json"
)
@click.argument("reports", nargs=-1, metavar="[OLD.json NEW.json]", type=click.Path(dir_okay=False))
@click.option("--from", "start", metavar="DATE", help="The earlier moment of this workspace.")
@click.option("--to", "end", metavar="DATE", help="The later moment; the present when left out.")
@common
def diff(call: Call, reports: tuple[str, ...], start: str | None, end: str | None) -> None:
    """Say which status changed, and whether by evidence, by what is asked, or by people's judgement.

    Compares two moments of the workspace, or two files that `export x.json` or `assess --json` wrote.
    """
    from itss_bridge.changes import changes

    if bool(reports) == bool(start) or len(reports) not in {0, 2} or (reports and end):
        raise click.UsageError(say("say --from DATE [--to DATE], or name two files"))
    if call.as_of_text:
        raise click.UsageError(say("--as-of means nothing here; say --to"))
    old, new = _files(*reports) if reports else _moments(call, start or "", end)
    found = changes(old, new, one_workspace=not reports)
    if call.as_json:
        from itss_bridge.exporters.changed import changes_json

        print_json(changes_json(found))
        return
    from itss_bridge.cli.declared import language
    from itss_bridge.cli.views import changes_view

    console().print(changes_view(found, language(call)))


def _moments(call: Call, start: str, end: str | None) -> tuple[Json, Json]:
    from itss_bridge.cli.shapes import assessment_shape

    bridge = call.bridge()
    earlier = bridge.workspace.moment(start)
    later = bridge.workspace.moment(end) if end else bridge.now()
    if later < earlier:
        raise click.UsageError(say("--from lies after --to"))
    return assessment_shape(bridge.report(earlier)), assessment_shape(bridge.report(later))


def _files(old: str, new: str) -> tuple[Json, Json]:
    from itss_bridge.reports import read_report

    return read_report(old), read_report(new)
