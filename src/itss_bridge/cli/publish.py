"""`publish tickets`: one ticket per nonconformity, in the tool where people work."""

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json


@click.command(
    "tickets",
    epilog="Examples: itss-bridge publish tickets --to jira · itss-bridge publish tickets --to jira --apply",
)
@click.option("--to", "place", required=True, metavar="NAME", help="A [publish.NAME] table of itss-bridge.toml.")
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


command = Commands(
    "publish",
    {"tickets": ("itss_bridge.cli.publish:tickets_command", "One ticket per nonconformity.")},
    help="Send something to a tool: a dry run unless --apply is given.",
)
