"""`publish`: tickets of nonconformities, the report as a page, in the tools where people work."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json
from itss_bridge.cli.complete import completed

if TYPE_CHECKING:
    from itss_bridge.publish_page import PageStep

_MOST_LINES = 20


@click.command(
    "tickets",
    epilog="Examples: itss-bridge publish tickets --to jira · itss-bridge publish tickets --to jira --apply",
)
@click.option(
    "--to",
    "place",
    required=True,
    metavar="NAME",
    shell_complete=completed("places"),
    help="A [publish.NAME] table of itss-bridge.toml.",
)
@click.option(
    "--grade",
    "grades",
    multiple=True,
    type=click.Choice(["major", "minor", "observation"]),
    help="Only these; may be repeated.",
)
@click.option("--apply", "apply_it", is_flag=True, help="Make and change tickets; without it, only say which.")
@common
def tickets_command(call: Call, place: str, grades: tuple[str, ...], *, apply_it: bool) -> None:
    """One ticket for every open nonconformity; running it again makes no second one."""
    from itss_bridge.tracking import Tracking
    from itss_bridge.wording import DOING, phrase

    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    steps = Tracking(bridge).publish(report, place, apply=apply_it, grades=grades)
    if call.as_json:
        print_json([step.as_dict() for step in steps])
        return
    from itss_bridge.cli.tables import plain_table

    language = call.lang(bridge)
    rows = [
        {
            "nonconformity": step.nonconformity,
            "doing": DOING[step.doing][language],
            "ticket": step.ticket.ref if step.ticket else "",
            "state": step.ticket.state if step.ticket else "",
        }
        for step in steps
    ]
    console().print(plain_table(["nonconformity", "doing", "ticket", "state"], rows, language))
    if not apply_it and any(step.doing != "none" for step in steps):
        click.echo(phrase("dry_run")[language], err=True)


@click.command(
    "page",
    epilog="Examples: itss-bridge publish page --to confluence -o body.xml · "
    "itss-bridge publish page --to confluence --apply",
)
@click.option(
    "--to",
    "place",
    required=True,
    metavar="NAME",
    shell_complete=completed("places"),
    help="A [publish.NAME] table of itss-bridge.toml.",
)
@click.option("--apply", "apply_it", is_flag=True, help="Make or change the page; without it, only say how.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the page's body to this file too, to look at.",
)
@common
def page_command(call: Call, place: str, output: Path | None, *, apply_it: bool) -> None:
    """The report as one page, updated in place; the same report again changes nothing."""
    from itss_bridge.cli.export import write
    from itss_bridge.publish_page import PagePublishing

    bridge = call.bridge()
    publishing = PagePublishing(bridge, place, apply=apply_it)
    step = publishing.publish(bridge.report(call.as_of(bridge)))
    if output:
        write(output, step.sheet.body.encode())
    if call.as_json:
        print_json({"place": place, **step.as_dict()})
    else:
        _tell(step, call.lang(bridge))


def _tell(step: "PageStep", language: str) -> None:
    from itss_bridge.cli.tables import plain, plain_table
    from itss_bridge.wording import DOING, phrase

    told = step.as_dict()
    row = {
        "doing": DOING[step.doing][language],
        **{name: str(told[name] or "") for name in ("title", "version", "url")},
    }
    changed = {"changed": str(step.changed), "bytes": f"{told['bytes']:,}"}
    console().print(plain_table(["doing", "changed", "title", "version", "bytes", "url"], [row | changed], language))
    if step.doing == "update":
        lines = [plain(line) for line in step.diff()]
        click.echo("\n".join(lines[:_MOST_LINES]))
        if len(lines) > _MOST_LINES:
            click.echo(phrase("page_more", n=len(lines) - _MOST_LINES)[language])
    if step.touched and step.doing != "none":
        click.echo(phrase("page_touched")[language], err=True)
    if not step.applied and step.doing != "none":
        click.echo(phrase("dry_run")[language], err=True)


command = Commands(
    "publish",
    {
        "tickets": ("itss_bridge.cli.publish:tickets_command", "One ticket per nonconformity."),
        "page": ("itss_bridge.cli.publish:page_command", "The report as one page of a wiki."),
    },
    help="Send something to a tool: a dry run unless --apply is given.",
)
