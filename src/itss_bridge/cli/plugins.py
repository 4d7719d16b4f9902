"""`plugins`: what is plugged in."""

from dataclasses import asdict

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.talk import LANGUAGE


@click.command(epilog="Example: itss-bridge plugins --json")
@common
def command(call: Call) -> None:
    """Show what is plugged in: each plugin with its hooks, a broken one with the reason."""
    from itss_bridge.plugins import Plugins

    plugins = Plugins()
    if call.as_json:
        print_json(
            {
                "plugins": [asdict(p) for p in plugins.loaded],
                "connectors": list(plugins.connectors),
                "formats": list(plugins.exporters),
            }
        )
        return
    from itss_bridge.cli.tables import plain_table

    rows = [
        {
            "plugin": p.name,
            "distribution": f"{p.distribution} {p.version}".strip(),
            "hooks": p.problem or ", ".join(hook.removeprefix("itss_bridge_") for hook in p.hooks),
        }
        for p in plugins.loaded
    ]
    console().print(
        plain_table(
            ["plugin", "distribution", "hooks"], rows, LANGUAGE.get() if call.language is None else call.language
        )
    )
