"""`verify`: is the evidence what was stored, and is it still the evidence of an earlier report?"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.cli.talk import talk
from itss_bridge.errors import IntegrityError, UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.evidence import Lake
    from itss_bridge.evidence.table import Damage


@click.command(
    epilog="Examples: itss-bridge verify · itss-bridge verify --fast · itss-bridge verify --against audit-2026-03.json",
    help="Recompute every digest of the stored evidence. Ends with 6 when anything was changed, and says where.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REPORT",
    help="An earlier .json export: every chain head that it names must still be in the chain.",
)
@click.option("--fast", is_flag=True, help="Chain, log and sizes only; what is inside the data files is not looked at.")
@common
def command(call: Call, against: Path | None, *, fast: bool) -> int:
    """Verify, and compare with an earlier report."""
    lake = call.bridge().lake
    named = _heads_of(against) if against else {}
    damage, leftovers = _damage(lake, quiet=call.as_json or fast, fast=fast), []
    if not damage:
        damage = list(_forgotten(lake, named))
        leftovers = list(lake.leftovers())
    heads = {} if damage else lake.heads()
    for path in leftovers:
        talk(say("{path}: no commit names this file; an interrupted purge or sync left it", path=path))
    if leftovers:
        talk(say("these count for nothing, and may hold what was purged: `evidence purge` deletes them"))
    for place in damage:
        talk(say("{stream}: {where}: {what}", stream=place.stream, where=place.where, what=place.what))
    mode = "fast" if fast else "full"
    if call.as_json:
        places = [asdict(place) for place in damage]
        print_json({"ok": not damage, "mode": mode, "damage": places, "leftovers": leftovers, "heads": heads})
        return IntegrityError.exit_code if damage else 0
    if damage:
        raise _not_what_was_stored(lake, len(damage))
    for stream, head in heads.items():
        click.echo(f"{stream:<20} {head}")
    talk(_SAID[mode])
    return 0


_SAID = {
    "full": say("full: the chain, every commit and every byte of every data file are what was stored"),
    "fast": say(
        "fast: the chain and every commit are what was stored, all data files are there with their sizes; "
        "what is inside them was not read"
    ),
}


def _damage(lake: "Lake", *, quiet: bool, fast: bool) -> "list[Damage]":
    """All damage, with a bar per stream where somebody looks."""
    from itss_bridge.cli.sync import progress

    with progress(quiet=quiet) as bars:
        return list(lake.verify(lambda stream, done, total: bars("verify", stream, done, total), fast=fast))


def _not_what_was_stored(lake: "Lake", places: int) -> IntegrityError:
    return IntegrityError(
        say("{places} places in the evidence are not what was stored", places=places),
        where=lake.where,
        cause=say("files were changed, removed or damaged after they were committed"),
        fix=say("restore the folder from a backup; the lines above name each place"),
    )


def _heads_of(report: Path) -> dict[str, str]:
    """Stream and chain head, as an exported report names them."""
    try:
        streams = json.loads(report.read_text("utf-8"))["streams"]
        return {state["stream"]: state["head"] for state in streams}
    except OSError as error:
        raise UsageError(say("the report cannot be read"), where=str(report), cause=error.strerror or "") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            say("this is not a report of ours"),
            where=str(report),
            fix=say("name a file made by `itss-bridge export NAME.json`"),
        ) from None


def _forgotten(lake: "Lake", named: dict[str, str]) -> "Iterator[Damage]":
    """Heads of the report that the chain no longer has: the evidence was replaced by an older or another one."""
    from itss_bridge.evidence.table import Damage

    for stream, head in named.items():
        table = lake.table(stream)
        if all(entry.head != head for entry in table.entries()):
            yield Damage(
                stream, str(table.path), say("the chain has no commit {head}…, which the report names", head=head[:16])
            )
