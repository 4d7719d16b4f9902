"""`matrix`: the conformance matrix."""

import click

from itss_bridge.cli.call import Call, common, console, print_json


@click.command(
    epilog="Examples: itss-bridge matrix · itss-bridge matrix --as-of 2026-03-31 --lang en · itss-bridge matrix --json"
)
@common
def command(call: Call) -> None:
    """Show the conformance matrix across all frameworks."""
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    if call.as_json:
        from itss_bridge.exporters.document import matrix_json

        print_json(matrix_json(report))
        return
    from itss_bridge.cli.tables import matrix_view

    console().print(matrix_view(report, call.lang(bridge)))
