"""Where secrets come from, and how the way to a tool is encrypted. No secret's value is ever shown."""

import os
import shlex
import socket
import ssl
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from itss_bridge.bridge import Bridge
from itss_bridge.doctor.finding import Finding
from itss_bridge.errors import BridgeError, SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.workspace import FILE, Source, Workspace

SOON = timedelta(days=30)
"""A certificate that ends sooner is warned about."""

_SECONDS = 10.0
_HTTPS = 443
_LOOSE = stat.S_IRWXG | stat.S_IRWXO


def references(workspace: Workspace) -> Mapping[str, str]:
    """Every reference to a secret in itss-bridge.toml, by the place where it stands."""
    found = {f"sources.{name}": source.table.get("secret", "") for name, source in workspace.sources.items()}
    found |= {f"publish.{name}": str(table.get("secret", "")) for name, table in workspace.publish.items()}
    return {
        place: reference for place, reference in (found | {"privacy": workspace.privacy_key or ""}).items() if reference
    }


def secrets(bridge: Bridge) -> Iterator[Finding]:
    """Whether each reference leads to a secret, and who else may read it."""
    for place, reference in references(bridge.workspace).items():
        try:
            found = bridge.plugins.secret(reference) is not None
        except BridgeError as error:
            yield Finding.refused("secret", error, place)
            continue
        what = say("a secret from {source}", source=_source(reference))
        fix = say("use env:NAME, file:PATH, command:ARGS or keyring:SERVICE/USER")
        unknown = say("nothing knows this kind of secret reference")
        yield Finding("secret", "ok", what, place) if found else Finding("secret", "problem", unknown, place, fix=fix)
        if found:
            yield from _kept(reference, place)
    yield from _workspace_file(bridge.workspace)


def _source(reference: str) -> str:
    """The reference as far as it can be shown: of a command only the program, since people put anything into one."""
    kind, _, rest = reference.partition(":")
    return f"{kind}:{shlex.split(rest)[0]}" if kind == "command" else reference


def _kept(reference: str, place: str) -> Iterator[Finding]:
    kind, _, rest = reference.partition(":")
    path = Path(rest).expanduser()
    if kind == "file" and os.name == "posix" and (mode := path.stat().st_mode) & _LOOSE:
        what = say("other accounts of this machine may open {path} ({mode})", path=path, mode=stat.filemode(mode))
        yield Finding("secret", "warning", what, place, fix=say("chmod 600 {path}", path=path))


def _workspace_file(workspace: Workspace) -> Iterator[Finding]:
    """Commands stand in the file: whoever may write it, may have them run."""
    path = workspace.root / FILE
    if os.name == "posix" and path.stat().st_mode & stat.S_IWOTH:
        what, fix = say("every account of this machine may write {path}", path=path), say("chmod o-w {path}", path=path)
        yield Finding("secret", "warning", what, fix=fix)


def encrypted(source: Source, now: datetime) -> Iterator[Finding]:
    """Protocol and certificate that the tool's host shows; one connection, nothing is sent over it."""
    address = urlsplit(source.table.get("url", ""))
    if address.scheme != "https":
        yield Finding("tls", "ok", say("not encrypted; the session allows that on loopback only"))
        return
    bundle: str | None = source.table.get("ca_bundle")
    host = address.hostname or ""
    try:
        with (
            socket.create_connection((host, address.port or _HTTPS), timeout=_SECONDS) as plain,
            _trusting(bundle).wrap_socket(plain, server_hostname=host) as secured,
        ):
            yield from _shown(secured, bundle, now)
    except ssl.SSLCertVerificationError as error:
        what = say("the certificate is not accepted: {reason}", reason=error.verify_message)
        yield Finding("tls", "problem", what, fix=_mended(error.verify_message), code=SourceUnavailable.exit_code)
    except ssl.SSLError as error:
        what = say("no encrypted connection comes about: {reason}", reason=error.reason or error)
        yield Finding("tls", "problem", what, code=SourceUnavailable.exit_code)
    except OSError as error:
        yield Finding("tls", "unknown", say("the host cannot be reached"), cause=error.strerror or str(error))


def _trusting(bundle: str | None) -> ssl.SSLContext:
    """Trust what the session trusts."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    place = Path(bundle or DEFAULT_CA_BUNDLE_PATH)
    return ssl.create_default_context(
        cafile=None if place.is_dir() else place, capath=place if place.is_dir() else None
    )


def _shown(secured: ssl.SSLSocket, bundle: str | None, now: datetime) -> Iterator[Finding]:
    until = str((secured.getpeercert() or {}).get("notAfter", ""))
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
    told = say("{protocol}, certificate until {day}", protocol=secured.version(), day=f"{ends:%Y-%m-%d}")
    if bundle:
        told = say("{told}, trusted by {bundle}", told=told, bundle=bundle)
    fix = say("ask the tool's administrator when it will be renewed")
    yield Finding("tls", "ok", told) if ends - now > SOON else Finding("tls", "warning", told, fix=fix)


def _mended(reason: str) -> str:
    if "expired" in reason:
        return say("ask the tool's administrator to renew it; check this machine's date")
    if "mismatch" in reason or "not valid for" in reason:
        return say("check url of the source: the certificate belongs to another name")
    return say('if your organisation signs certificates itself, name its file: ca_bundle = "/path/ca.pem"')
