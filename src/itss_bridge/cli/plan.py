"""`plan`: what a sync would read, before anything is read."""

from typing import Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.messages import retold, say

COLUMNS = ("source", "stream", "read", "at the tool", "held", "rows", "requests", "minutes", "reason")


@click.command(
    epilog="Examples: itss-bridge plan · itss-bridge plan --json",
    help="Say what a sync would read: rows, requests and minutes per stream. Asks the tools for counts only.",
)
@common
def command(call: Call) -> int:
    """Show the plan; end with the worst exit code of the sources that did not answer."""
    from itss_bridge.planning import planned

    bridge = call.bridge()
    rows, worst = planned(bridge)
    if call.as_json:
        print_json(rows)
    else:
        from itss_bridge.cli.tables import plain_table

        language = call.lang(bridge)
        console().print(plain_table(list(COLUMNS), [shown(row, language) for row in rows], language))
    return worst


def shown(row: dict[str, Any], language: str) -> dict[str, Any]:
    """For people: what is estimated says so."""
    shown = row | {key: retold(row[key], language) for key in ("read", "reason") if row.get(key)}
    if "exact" in row and row["at the tool"] is not None and not row["exact"]:
        shown["at the tool"] = retold(say("about {count}", count=row["at the tool"]), language)
    if row.get("at least"):
        shown |= {key: f"≥ {row[key]}" for key in ("rows", "requests", "minutes")}
    return shown
