"""`gap`: what is not met, ranked by what closing it opens; the improvement roadmap."""

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.messages import say
from itss_bridge.model import Gap, Quarter, Report


@click.command(
    epilog="Examples: itss-bridge gap · itss-bridge gap --level 3 --json · itss-bridge gap --roadmap --capacity 40"
)
@click.option("--level", type=click.IntRange(1, 4), help="Only what stands between here and this level (4 is lowest).")
@click.option(
    "--roadmap", "as_roadmap", is_flag=True, help="By quarter: by due date, else by rank, within the capacity."
)
@click.option("--capacity", type=click.IntRange(1), metavar="DAYS", help="Person-days a quarter, for the roadmap.")
@common
def command(call: Call, level: int | None, capacity: int | None, *, as_roadmap: bool) -> None:
    """Show what is not met, the gap to close first at the top.

    Checks that fail for one reason are one gap. Owner, due date, effort and next action stand in actions.yaml.
    """
    from itss_bridge.gaps import ASSUMED_CAPACITY, gaps, roadmap

    if capacity and not as_roadmap:
        raise click.UsageError(say("--capacity belongs to --roadmap"))
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    planned = bridge.planned
    found = gaps(report.assessment, report.crosswalks, planned.actions, report.target, level)
    if not as_roadmap:
        _show(call, report, found, call.lang(bridge))
        return
    room = capacity or planned.capacity or ASSUMED_CAPACITY
    quarters = roadmap(found, bridge.workspace.day_of(report.as_of), room)
    _show_roadmap(call, report, level or report.target, room, quarters, call.lang(bridge))


def _show(call: Call, report: Report, found: tuple[Gap, ...], language: str) -> None:
    if call.as_json:
        from itss_bridge.exporters.steering import gap_json

        print_json([gap_json(gap) for gap in found])
        return
    from itss_bridge.cli.views import gap_view

    console().print(gap_view(report, found, language))


def _show_roadmap(
    call: Call, report: Report, target: int | None, capacity: int, quarters: tuple[Quarter, ...], language: str
) -> None:
    if call.as_json:
        from itss_bridge.cli.shapes import roadmap_shape

        print_json(roadmap_shape(report, target, capacity, quarters))
        return
    from itss_bridge.cli.views import roadmap_view

    console().print(roadmap_view(report, quarters, capacity, language))
