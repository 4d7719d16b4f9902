"""The one place a session may talk to: scheme, host and port."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

_PORTS = {"http": 80, "https": 443}
_NUMBER_AT_END = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)\.?")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a tool; *path* is where it stands below them (`/jira`), empty at the root."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """The origin of a configured address. International host names are refused unless in their xn-- form.

        Raises:
            UsageError: not an absolute http(s) address, or one that could mean another place than it seems to.
        """
        if fault := _fault(url):
            what, fix = fault
            raise UsageError(what, where="url", fix=fix)
        parts = urlsplit(url)
        return cls(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.path.rstrip("/"))

    def holds(self, url: str) -> bool:
        """Whether a request to *url* stays here. Reads the address the way requests itself does when it connects."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return False
        here = (self.scheme, self.host, self.port)
        return (parts.scheme, parts.hostname, port) == here and "@" not in parts.netloc

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def _fault(url: str) -> tuple[str, str] | None:
    """What is wrong with an address and what to write instead. Never quotes it: it may hold a password."""
    parts = _parts(url)
    if parts is None:
        fix = say("write it as https://tool.example.org, an international name in its xn-- form")
        return say("the address is not a plain http or https address"), fix
    if "@" in parts.netloc:
        return say("the address carries a user name or password"), say("give them as username and secret")
    if not _means_itself(parts.hostname or ""):
        fix = say("write the host's name, or its address in the usual four numbers")
        return say("the host is an address in disguise, or one at which no tool can be"), fix
    if parts.query or parts.fragment:
        return say("the address has a query or a fragment"), say("end it after the host or the context path")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        what = say("plain http would show credentials and evidence to the network")
        return what, say("use https; http is for loopback only")
    return None


def _parts(url: str) -> SplitResult | None:
    """The address taken apart; None when host, port or scheme are not plain ones."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in _PORTS and parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
    except ValueError:
        return None
    return parts if plain and url.isprintable() and " " not in url else None


def _means_itself(host: str) -> bool:
    """False for short, decimal, octal and hexadecimal addresses, and for those where clouds keep their credentials."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return not _NUMBER_AT_END.fullmatch(host)
    return not (address.is_link_local or address.is_unspecified or getattr(address, "ipv4_mapped", None))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
