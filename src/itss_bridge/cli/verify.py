"""`verify`: is the evidence what was stored?"""

from dataclasses import asdict

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.errors import IntegrityError


@click.command(epilog="Examples: itss-bridge verify · itss-bridge verify --json")
@common
def command(call: Call) -> None:
    """Recompute every digest of the stored evidence. Ends with 6 when anything was changed, and says where."""
    lake = call.bridge().lake
    damage = list(lake.verify())
    heads = {} if damage else lake.heads()
    if call.as_json:
        print_json({"ok": not damage, "damage": [asdict(d) for d in damage], "heads": heads})
    for place in damage:
        click.echo(f"{place.stream}: {place.where}: {place.what}", err=True)
    if damage:
        raise IntegrityError(
            f"{len(damage)} places in the evidence are not what was stored",
            where=str(lake.root),
            cause="files were changed, removed or damaged after they were committed",
            fix="restore the folder from a backup; the lines above name each place",
        )
    if not call.as_json:
        for stream, head in heads.items():
            click.echo(f"{stream:<20} {head}")
