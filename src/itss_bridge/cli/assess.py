"""`assess`: findings and levels."""

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.errors import GateNotMet
from itss_bridge.model import LevelOutcome, Report, Status


@click.command(
    epilog="Examples: itss-bridge assess · itss-bridge assess --require itss-level-3 --as-of 2026-03-31",
    help="Judge every requirement and the four ITSS levels. With --require, ends with 3 when the gate is not met.",
)
@click.option("--require", metavar="itss-level-N", help="The level that must be reached.")
@common
def command(call: Call, require: str | None) -> None:
    """Assess and show; raise GateNotMet when more is required than is there."""
    level = _level(require) if require else None
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    if call.as_json:
        from itss_bridge.exporters.document import assessment_json

        print_json(assessment_json(report))
    else:
        from itss_bridge.cli.tables import assessment_view

        console().print(assessment_view(report, call.lang(bridge)))
    if level:
        _gate(report, report.assessment.levels[level])


def _level(text: str) -> int:
    if text.removeprefix("itss-level-") in {"1", "2", "3", "4"}:
        return int(text[-1])
    raise click.BadParameter("say itss-level-4, -3, -2 or -1 (4 is the lowest)", param_hint="--require")


def _gate(report: Report, outcome: LevelOutcome) -> None:
    if outcome.status is Status.CONFORMING:
        return
    raise GateNotMet(
        f"ITSS level {outcome.level} is not shown by the evidence",
        where=f"{report.organisation}, {report.as_of:%Y-%m-%d}",
        cause=outcome.reason.en,
        fix="itss-bridge assess --json lists each rule with what was measured and what is needed",
    )
