"""`evidence list|purge|compact|find-person`: the records, what need not be kept of them, and who is in them."""

import sys
from contextlib import nullcontext
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json, print_json_lines
from itss_bridge.cli.complete import completed
from itss_bridge.cli.talk import talk
from itss_bridge.errors import UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge

_REFS_SHOWN = 10
_SHOWN = ("id", "ref", "changed_at", "collected_at", "digest", "source")


@click.command("list", epilog="Example: itss-bridge evidence list incident --columns state,priority --json")
@click.argument("stream", shell_complete=completed("streams"))
@click.option("--columns", metavar="A,B", help="Further fields of the stream.")
@common
def list_command(call: Call, stream: str, columns: str | None) -> None:
    """Current records of STREAM, as of the moment asked for; one JSON object a line with --json."""
    from itss_bridge.evidence.missing import missing
    from itss_bridge.evidence.read import records

    bridge = call.bridge()
    wanted = (*_SHOWN, *(name.strip() for name in (columns or "").split(",") if name.strip()))
    as_of = call.as_of(bridge)
    rows = records(bridge.lake, _known(stream), as_of, wanted)
    for source, lacking in missing(bridge.lake.table(stream), as_of).items():
        talk(
            say(
                "{stream} of {source}: {records} more records were current then and have been purged since, "
                "the last on {day}",
                stream=stream,
                source=source,
                records=lacking.records,
                day=f"{lacking.at:%Y-%m-%d}",
            )
        )
    if call.as_json:
        print_json_lines(rows)
        return
    from itss_bridge.cli.tables import plain_table

    console().print(plain_table([name for name in wanted if name != "digest"], rows))


def _known(stream: str) -> str:
    from itss_bridge.data import stream_names

    if stream in stream_names():
        return stream
    raise UsageError(
        say("there is no stream {stream!r}", stream=stream),
        fix=say("there are: {names}", names=", ".join(stream_names())),
    )


@click.command("purge", epilog="Example: itss-bridge evidence purge --before 2023-01-01 --apply")
@click.option("--before", metavar="DATE", help="What ceased to be current before that day.")
@click.option("--retention", is_flag=True, help="What [privacy] retention_months of itss-bridge.toml does not keep.")
@click.option("--record", metavar="REF_OR_ID", help="All versions of a record that is gone at its tool.")
@click.option(
    "--stream",
    "streams",
    metavar="STREAM",
    multiple=True,
    shell_complete=completed("streams"),
    help="Only this stream; may be repeated.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why; kept in the chain for ever, so no names.")
@click.option("--apply", is_flag=True, help="Do it. Without it nothing is changed.")
@common
def purge_command(
    call: Call,
    before: str | None,
    record: str | None,
    streams: tuple[str, ...],
    reason: str,
    *,
    retention: bool,
    apply: bool,
) -> None:
    """Take old versions and gone records out of the evidence; salted digests stay. A dry run without --apply.

    Present numbers don't change. Reports as of a past moment that need what was purged say that they are incomplete.
    """
    if sum((before is not None, retention, record is not None)) != 1:
        raise click.UsageError(say("say what to purge by one of --before, --retention and --record"))
    from itss_bridge.evidence.purge import Wanted

    bridge = call.bridge()
    until, why = _cutoff(bridge, before) if before or retention else (None, "one record, by name")
    plans = bridge.purge(Wanted(until, record), [_known(name) for name in streams], reason or why, apply=apply)
    if call.as_json:
        print_json({"applied": apply, "reason": reason or why, "purged": [asdict(plan) for plan in plans]})
        return
    from itss_bridge.cli.tables import plain_table

    if plans:
        console().print(
            plain_table([field.name for field in fields(plans[0])], [asdict(plan) for plan in plans], call.lang(bridge))
        )
    talk(_outcome(sum(plan.rows for plan in plans), applied=apply))


def _cutoff(bridge: "Bridge", before: str | None) -> tuple[datetime, str]:
    """The moment before which nothing is kept that has ceased to be current, and where that comes from."""
    if before is not None:
        return bridge.workspace.start_of(before), f"everything that ceased to be current before {before}"
    from itss_bridge.metrics import months_before

    months = bridge.workspace.retention_months
    if months is None:
        raise UsageError(
            say("the workspace has no retention"),
            where=str(bridge.workspace.root / "itss-bridge.toml"),
            fix=say("add [privacy] retention_months = …, or use --before DATE"),
        )
    return months_before(bridge.now(), months), f"retention of {months} months"


@click.command("compact", epilog="Example: itss-bridge evidence compact --apply")
@click.option("--stream", "streams", metavar="STREAM", multiple=True, help="Only this stream; may be repeated.")
@click.option("--apply", is_flag=True, help="Do it. Without it nothing is changed.")
@common
def compact_command(call: Call, streams: tuple[str, ...], *, apply: bool) -> None:
    """Write many small files of the evidence as few large ones, and delete the old. A dry run without --apply.

    No record changes, at no moment; the chain says which file took the place of which, and verify proves each row.
    """
    from itss_bridge.evidence.compact import compact

    bridge = call.bridge()
    wanted = [_known(name) for name in streams] or bridge.lake.streams()
    with bridge.writing() if apply else nullcontext():
        plans = compact(bridge.lake, wanted, datetime.now(UTC), apply=apply)
    if call.as_json:
        print_json({"applied": apply, "compacted": [asdict(plan) for plan in plans]})
        return
    from itss_bridge.cli.tables import plain_table

    if plans:
        console().print(
            plain_table([field.name for field in fields(plans[0])], [asdict(plan) for plan in plans], call.lang(bridge))
        )
    talk(_compacted(sum(plan.files for plan in plans), applied=apply))


def _compacted(files: int, *, applied: bool) -> str:
    if not files:
        return say("nothing to compact")
    if applied:
        return say("{files} files were written as few; no record changed", files=files)
    return say("{files} files would be written as few; --apply does it", files=files)


def _outcome(rows: int, *, applied: bool) -> str:
    if not rows:
        return say("nothing to purge")
    if applied:
        return say("{rows} versions purged; `itss-bridge verify` still proves all the rest", rows=rows)
    return say("{rows} versions would be purged; --apply does it, and nothing brings them back", rows=rows)


@click.command("find-person", epilog="Example: itss-bridge evidence find-person 7f3a9c1e --json")
@click.argument("name")
@common
def find_person_command(call: Call, name: str) -> None:
    """Where a person occurs. NAME is what the tool calls them: an account id, a user name; `-` reads it from stdin.

    The evidence knows people by pseudonym only, another one for each source; this computes them and looks them up.
    """
    from itss_bridge.evidence.person import occurrences

    bridge = call.bridge()
    pseudonyms = bridge.pseudonyms(sys.stdin.readline().strip() if name == "-" else name)
    found = list(occurrences(bridge.lake, pseudonyms))
    if call.as_json:
        print_json({"pseudonyms": pseudonyms, "occurrences": [asdict(one) for one in found]})
        return
    from itss_bridge.cli.tables import plain_table

    shown = ("source", "pseudonym", "stream", "field", "records", "versions", "refs")
    rows = [asdict(one) | {"pseudonym": pseudonyms[one.source], "refs": _some(one.refs)} for one in found]
    if rows:
        console().print(plain_table(list(shown), rows, call.lang(bridge)))
    else:
        talk(say("no evidence names this person; pseudonyms looked for: {pseudonyms}", pseudonyms=pseudonyms))


def _some(refs: tuple[str, ...]) -> str:
    """The first few; --json has all."""
    return ", ".join(refs[:_REFS_SHOWN]) + (f" … {len(refs)} in all" if len(refs) > _REFS_SHOWN else "")


command = Commands(
    "evidence",
    {
        "list": ("itss_bridge.cli.evidence:list_command", "Current records of one stream."),
        "purge": ("itss_bridge.cli.evidence:purge_command", "Take out old versions and gone records."),
        "compact": ("itss_bridge.cli.evidence:compact_command", "Write many small files as few large ones."),
        "find-person": ("itss_bridge.cli.evidence:find_person_command", "Where a person occurs, by pseudonym."),
    },
    help="Look at the records kept as evidence; purge what need not be kept.",
)
