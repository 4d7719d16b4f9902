"""`nonconformity list|open|close`: the register of what fails and is tracked until it is measured as met again."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json

if TYPE_CHECKING:
    from itss_bridge.model import Nonconformity
    from itss_bridge.nonconformities import Entry


@click.command(
    "list", epilog="Examples: itss-bridge nonconformity list · itss-bridge nonconformity list --as-of 2026-03-31 --json"
)
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@common
def list_command(call: Call, *, everything: bool) -> None:
    """The register: grade, progress, due date, ticket, and what was last measured."""
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    rows = [one for one in report.nonconformities if everything or one.progress != "closed"]
    if call.as_json:
        from itss_bridge.exporters.steering import nonconformity_json

        print_json([nonconformity_json(one) for one in rows])
        return
    language = call.lang(bridge)
    _print(language, _shown(rows, language))


def _shown(rows: Iterable["Nonconformity"], language: str) -> Iterator[dict[str, Any]]:
    from itss_bridge.wording import GRADE, PROGRESS

    for one in rows:
        yield {
            "nonconformity": one.id,
            "grade": GRADE[one.grade][language],
            "progress": PROGRESS[one.progress][language],
            "due": one.due or "",
            "ticket": f"{one.ticket.ref} {one.ticket.state}" if one.ticket else "",
            "title": one.title[language],
            "reason": one.reason[language],
        }


@click.command("open", epilog="Examples: itss-bridge nonconformity open · itss-bridge nonconformity open --apply")
@click.option("--apply", "apply_it", is_flag=True, help="Write the files; without it, only say which.")
@common
def open_command(call: Call, *, apply_it: bool) -> None:
    """Begin to track what fails and nobody tracks yet: one file each under nonconformities/."""
    from itss_bridge.tracking import Tracking

    bridge = call.bridge()
    new = Tracking(bridge).open(bridge.report(call.as_of(bridge)), apply=apply_it)
    _say(call, new, applied=apply_it)


@click.command("close", epilog="Example: itss-bridge nonconformity close NC-2026-003")
@click.argument("ids", nargs=-1, required=True)
@common
def close_command(call: Call, ids: tuple[str, ...]) -> None:
    """Close by a new measurement; ends with 3 when the check is still not met, or lacks evidence."""
    from itss_bridge.tracking import Tracking

    bridge = call.bridge()
    closed = Tracking(bridge).close(bridge.report(call.as_of(bridge)), ids)
    _say(call, closed, applied=True)


def _say(call: Call, entries: "Iterable[Entry]", *, applied: bool) -> None:
    from itss_bridge.wording import GRADE, phrase

    if call.as_json:
        print_json([asdict(entry) | {"applied": applied} for entry in entries])
        return
    language = call.lang()
    rows = [
        {"nonconformity": e.id, "grade": GRADE[e.grade][language], "due": e.due or "", "subject": e.subject}
        for e in entries
    ]
    _print(language, rows)
    if rows and not applied:
        click.echo(phrase("dry_run")[language], err=True)


def _print(language: str, rows: Iterable[dict[str, Any]]) -> None:
    from itss_bridge.cli.tables import plain_table

    listed = list(rows)
    console().print(plain_table(list(listed[0]) if listed else ["nonconformity"], listed, language))


command = Commands(
    "nonconformity",
    {
        "list": ("itss_bridge.cli.nonconformity:list_command", "The register, with what was last measured."),
        "open": ("itss_bridge.cli.nonconformity:open_command", "Begin to track what fails."),
        "close": ("itss_bridge.cli.nonconformity:close_command", "Close what is measured as met again."),
    },
    help="Track what fails until it is measured as met again.",
)
