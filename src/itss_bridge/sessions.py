"""The guarded session of each source: where it may go, as whom, and what it may do there."""

from collections.abc import Callable, Collection
from typing import Any

from itss_bridge.contracts import Connector
from itss_bridge.errors import UsageError
from itss_bridge.interruption import stopping
from itss_bridge.messages import say
from itss_bridge.transport import ClientCredentials, Credentials, Gate, GrantedSession, GuardedSession, Limits, no_gate
from itss_bridge.workspace import Source

_NOWHERE = "https://nowhere.invalid"


def session(
    source: Source,
    kind: type[Connector],
    resolved: Callable[[str, str], str],
    gate: Gate = no_gate,
    writes: Collection[tuple[str, str]] = (),
) -> GuardedSession:
    """The session for a source that connectors of *kind* read.

    Args:
        source: its address, its account, its limits.
        kind: tells what may be POSTed only to read, and where the vendor gives tokens.
        resolved: gives the secret behind a reference, whose place in itss-bridge.toml is told, too.
        gate: passed before each request.
        writes: the writes, method and path, that are allowed besides.

    Raises:
        UsageError: there is no such secret, or nothing says where tokens come from.
    """
    if kind.reads_files:
        return GuardedSession(_NOWHERE)
    table, secret = source.table, resolved(source.table["secret"], f"sources.{source.name}.secret")
    options: dict[str, Any] = {
        "limits": Limits(**{key: table[key] for key in ("in_flight", "attempts") if key in table}),
        "ca_bundle": table.get("ca_bundle"),
        "cancelled": stopping.is_set,
    }
    rights: dict[str, Any] = {"read_posts": kind.read_posts, "writes": writes}
    if source.auth == "oauth-client-credentials":
        scope = table.get("scope", "")
        grant = ClientCredentials(_token_url(source, kind), table["username"], secret, scope=scope, **options)
        return GrantedSession(table["url"], grant, gate=gate, **rights, **options)
    basic = source.auth == "basic"
    credentials = Credentials.basic(table["username"], secret) if basic else Credentials.bearer(secret)
    return GuardedSession(table["url"], credentials=credentials, gate=gate, **rights, **options)


def _token_url(source: Source, kind: type[Connector]) -> str:
    """The configured token endpoint, else the one that the vendor documents at the tool's own address."""
    documented = kind.token_endpoint(source.table)
    configured: str = source.table.get("token_url", "")
    if configured or documented.startswith("/"):
        return configured or source.table["url"].rstrip("/") + documented
    raise UsageError(
        say("the source does not say where its OAuth client gets a token"),
        where=f"sources.{source.name}",
        cause=say("this tool's tokens come from another address, and a client's secret goes to a configured one only"),
        fix=say('add token_url = "{documented}"', documented=documented or "https://…"),
    )
