"""What may stand in the way of a sync or a report, found out before it does: one line each, with cause and fix.

Nothing is changed, at the tools or here, but for a file of a few bytes that is written, forced to disk and deleted. A
check that breaks is a line of its own and stops no other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from itss_bridge.bridge import Bridge
from itss_bridge.doctor import access, calendars, evidence, machine, tools
from itss_bridge.doctor.finding import Finding, State, careful
from itss_bridge.messages import say
from itss_bridge.workspace import FILE, Source, Workspace

__all__ = ["Finding", "State", "examine", "exit_code"]


def examine(root: Path, *, offline: bool = False) -> Iterator[Finding]:
    """All findings about this machine and the workspace at *root*; *offline* leaves out what asks tools."""
    yield from careful("python", machine.python)
    yield from careful("packages", machine.packages)
    yield from careful("extras", machine.extras)
    yield from careful("plugins", machine.plugins)
    yield from careful("fonts", machine.fonts)
    bridge: list[Bridge] = []
    yield from careful("workspace", lambda: _opened(root, bridge))
    for one in bridge:
        yield from _workspace(one, offline=offline)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 without a problem, else the greatest of: 2 configuration, 4 rights, 5 unavailable, 6 integrity."""
    return max((finding.code for finding in findings if finding.state == "problem"), default=0)


def _opened(root: Path, bridge: list[Bridge]) -> Iterator[Finding]:
    """The workspace's file; *bridge* gets the workspace in use, when it can be opened."""
    workspace = Workspace.open(root)
    yield Finding("workspace", "ok", say("{file} is valid", file=root / FILE))
    if not workspace.sources:
        fix = say("name your tools in {file}, or let `itss-bridge init` write them", file=FILE)
        yield Finding("workspace", "warning", say("there are no sources"), fix=fix)
    bridge.append(Bridge(root))


def _workspace(bridge: Bridge, *, offline: bool) -> Iterator[Finding]:
    now = datetime.now(UTC)
    yield from careful("catalogue", lambda: _catalogue(bridge))
    yield from careful("disk", lambda: machine.disk(bridge.workspace))
    yield from careful("evidence", lambda: evidence.sound(bridge))
    yield from careful("calendar", lambda: calendars.covered(bridge, now))
    yield from careful("secret", lambda: access.secrets(bridge))
    for source in bridge.workspace.sources.values():
        # what cannot be asked is soon known: a doctor that repeats for minutes helps nobody
        impatient = replace(source, table={**source.table, "attempts": 1})
        yield from careful("account", partial(_source, bridge, impatient, None if offline else now), source.name)


def _source(bridge: Bridge, source: Source, now: datetime | None) -> Iterator[Finding]:
    """One source; without *now* nothing is asked."""
    if now is None or bridge.reads_files(source):
        yield from tools.configured(bridge, source)
    else:
        yield from careful("tls", partial(access.encrypted, source, now))
        yield from tools.asked(bridge, source, now)


def _catalogue(bridge: Bridge) -> Iterator[Finding]:
    catalogue = bridge.catalogue
    counts = {"requirements": len(catalogue.requirements), "metrics": len(catalogue.metrics)}
    yield Finding("catalogue", "ok", say("{requirements} requirements, {metrics} metrics", **counts))
