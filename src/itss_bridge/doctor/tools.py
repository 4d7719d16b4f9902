"""What each tool says of our account: who we are, what we may read, what we might write, what time it is there."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from itss_bridge.bridge import Bridge
from itss_bridge.contracts import Connector, Identity
from itss_bridge.doctor.finding import Finding
from itss_bridge.errors import AccessDenied, BridgeError
from itss_bridge.messages import say
from itss_bridge.workspace import Source

_MOST_SKEW = 60.0
"""Seconds: beyond it, days and deadlines begin at another moment here than at the tool."""


def configured(bridge: Bridge, source: Source) -> Iterator[Finding]:
    """Whether the source's table is one that its connector takes; no tool is asked."""
    streams = bridge.connector(source).streams()
    yield Finding("account", "ok", say("configured; streams: {names}", names=", ".join(streams) or "–"))


def asked(bridge: Bridge, source: Source, now: datetime) -> Iterator[Finding]:
    """A few requests, all of which read."""
    connector = bridge.connector(source)
    identity = connector.check()
    account = say("signed in as {account}", account=identity.account or "?")
    yield Finding("account", "ok", account)
    yield from _readable(connector, identity)
    yield from _writable(connector, source)
    yield from _clock(bridge, identity, now)
    yield from _zone(bridge.workspace.time_zone, identity.time_zone)


def _readable(connector: Connector, identity: Identity) -> Iterator[Finding]:
    allowed = [stream for stream in connector.streams() if not identity.readable.get(stream)]
    if allowed:
        yield Finding("read", "ok", say("may be read: {names}", names=", ".join(allowed)))
    fix = say("`itss-bridge auth scopes` writes the request to the administrator")
    for stream, reason in identity.readable.items():
        if reason:
            what = say("{stream} may not be read", stream=stream)
            yield Finding("read", "problem", what, cause=reason, fix=fix, code=AccessDenied.exit_code)


def _writable(connector: Connector, source: Source) -> Iterator[Finding]:
    untold = say("whether the account could write cannot be told")
    try:
        rights = connector.writable()
    except BridgeError as error:
        yield Finding("write", "unknown", untold, cause=error.what)
        return
    if rights is None:
        yield Finding("write", "unknown", untold, fix=say("let the administrator confirm that it may only read"))
    elif rights:
        yield _could_write(rights, source)
    else:
        yield Finding("write", "ok", say("the account can change nothing"))


def _could_write(rights: Mapping[str, str], source: Source) -> Finding:
    named = "; ".join(f"{name}: {allows}" if allows != name else name for name, allows in rights.items())
    what = say("the account could write, though itss-bridge never does in a sync: {rights}", rights=named)
    fix = say("ask for an account that only reads: `itss-bridge auth scopes {source}`", source=source.name)
    return Finding("write", "warning", what, cause=say("a stolen secret would be worth more than it need be"), fix=fix)


def _clock(bridge: Bridge, identity: Identity, now: datetime) -> Iterator[Finding]:
    if bridge.workspace.follows_source_clock:
        yield Finding("clock", "ok", say("a replay: this machine's clock is not used"))
        return
    behind = (identity.server_time - now).total_seconds()
    told = say("{seconds} s from the tool's clock", seconds=f"{behind:+.0f}")
    fix = say("let this machine take its time from the network (NTP), or tell the tool's administrator")
    yield Finding("clock", "ok", told) if abs(behind) <= _MOST_SKEW else Finding("clock", "warning", told, fix=fix)


def _zone(ours: ZoneInfo, theirs: str) -> Iterator[Finding]:
    """What is read is in UTC, whatever the zone; only days in your own queries are read in the account's."""
    if theirs == str(ours):
        yield Finding("zone", "ok", say("the account lives in {zone}, as the workspace does", zone=theirs))
    elif theirs in {"", "UTC"}:
        # connectors say UTC where their tool does not tell
        yield Finding(
            "zone", "unknown", say("the tool names no zone of the account, or UTC; ours is {ours}", ours=ours)
        )
    else:
        what = say("the account lives in {theirs}, the workspace in {ours}", theirs=theirs, ours=ours)
        cause = say("days that your own queries name begin at another moment there; what is read is not affected")
        fix = say("set the account's time zone to {ours}, or name no days in queries", ours=ours)
        yield Finding("zone", "warning", what, cause=cause, fix=fix)
