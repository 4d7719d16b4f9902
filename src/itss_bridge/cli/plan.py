"""`plan`: what a sync would read, before anything is read."""

from typing import Any

import click

from itss_bridge.cli.call import Call, common, console, print_json

COLUMNS = ("source", "stream", "read", "at the tool", "held", "rows", "requests", "minutes", "reason")


@click.command(
    epilog="Examples: itss-bridge plan · itss-bridge plan --json",
    help="Say what a sync would read: rows, requests and minutes per stream. Asks the tools for counts only.",
)
@common
def command(call: Call) -> int:
    """Show the plan; end with the worst exit code of the sources that did not answer."""
    from itss_bridge.planning import planned

    rows, worst = planned(call.bridge())
    if call.as_json:
        print_json(rows)
    else:
        from itss_bridge.cli.tables import plain_table

        console().print(plain_table(list(COLUMNS), [shown(row) for row in rows]))
    return worst


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """For people: what is estimated says so."""
    shown = dict(row)
    if "exact" in row and row["at the tool"] is not None and not row["exact"]:
        shown["at the tool"] = f"about {row['at the tool']}"
    if row.get("at least"):
        shown |= {key: f"≥ {row[key]}" for key in ("rows", "requests", "minutes")}
    return shown
