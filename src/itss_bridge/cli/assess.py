"""`assess`: findings and levels."""

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.talk import talk
from itss_bridge.errors import GateNotMet
from itss_bridge.messages import say
from itss_bridge.model import LevelOutcome, Report, Status


@click.command(
    epilog="Examples: itss-bridge assess · itss-bridge assess --level 3 · "
    "itss-bridge assess --require itss-level-3 --as-of 2026-03-31",
    help="Judge every requirement and the four ITSS levels. With --require, ends with 3 when the gate is not met.",
)
@click.option("--require", metavar="itss-level-N", help="The level that must be reached.")
@click.option("--level", type=click.IntRange(1, 4), help="One level, every rule of every pack (4 is the lowest).")
@common
def command(call: Call, require: str | None, level: int | None) -> int:
    """Assess and show; the exit code is 3 when more is required than is there."""
    required = _level(require) if require else None
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    if call.as_json:
        from itss_bridge.cli.shapes import assessment_shape

        print_json(assessment_shape(report))
    else:
        _show(report, level, call.lang(bridge))
    if not required or report.assessment.levels[required].status is Status.CONFORMING:
        return 0
    problem = _not_met(report, report.assessment.levels[required])
    if not call.as_json:
        raise problem
    # stdout holds one document already
    talk(say("{what} | {where} | {cause} | {fix}", **problem.as_dict()))
    return problem.exit_code


def _show(report: Report, level: int | None, language: str) -> None:
    from itss_bridge.cli.tables import assessment_view
    from itss_bridge.cli.views import level_view, reached_line

    if level:
        console().print(level_view(report, level, language))
        return
    console().print(assessment_view(report, language))
    console().print(reached_line(report, language))
    for note in report.notes:
        console().print(note[language])


def _level(text: str) -> int:
    if text.removeprefix("itss-level-") in {"1", "2", "3", "4"}:
        return int(text[-1])
    raise click.BadParameter(say("say itss-level-4, -3, -2 or -1 (4 is the lowest)"), param_hint="--require")


def _not_met(report: Report, outcome: LevelOutcome) -> GateNotMet:
    return GateNotMet(
        say("ITSS level {level} is not shown by the evidence", level=outcome.level),
        where=f"{report.organisation}, {report.as_of:%Y-%m-%d}",
        cause=say("{reason}", reason=outcome.reason),
        fix=say(
            "itss-bridge gap --level {level} lists what stands between, the first thing to do at the top",
            level=outcome.level,
        ),
    )
