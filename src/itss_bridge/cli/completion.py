"""`completion`: the script that teaches a shell our commands, options and ids."""

import click

from itss_bridge.cli.call import Call, common, print_json

VARIABLE = "_ITSS_BRIDGE_COMPLETE"


@click.command(
    epilog='Examples: eval "$(itss-bridge completion bash)" · itss-bridge completion fish > '
    "~/.config/fish/completions/itss-bridge.fish",
    help="Print a script for SHELL that completes commands, options and ids; put the eval line into its start-up file.",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
def command(call: Call, shell: str) -> None:
    """Print click's own script."""
    from click.shell_completion import BashComplete, get_completion_class

    from itss_bridge.cli import itss_bridge

    kind = get_completion_class(shell)
    assert kind is not None
    maker = kind(itss_bridge, {}, "itss-bridge", VARIABLE)
    # click would run bash to see whether it is recent: the one here need not be the one that reads the script
    text = maker.source_template % maker.source_vars() if isinstance(maker, BashComplete) else maker.source()
    if call.as_json:
        print_json({"shell": shell, "script": text})
    else:
        click.echo(text)
