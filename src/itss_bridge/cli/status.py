"""`status`: how far each stream of each source is to be trusted."""

import click

from itss_bridge.cli.call import Call, common, console, print_json


@click.command(epilog="Examples: itss-bridge status · itss-bridge status --as-of 2026-03-31 --json")
@common
def command(call: Call) -> None:
    """Say how far each stream of each source is to be trusted."""
    from dataclasses import asdict

    from itss_bridge.report import stream_states

    bridge = call.bridge()
    states = stream_states(bridge.lake, call.as_of(bridge))
    if call.as_json:
        print_json([asdict(state) for state in states])
        return
    from itss_bridge.cli.tables import status_table

    console().print(status_table(states, call.lang(bridge)))
