"""The one guarded `requests.Session` through which connectors and client libraries reach a tool.

Whoever only names a session, as the contracts do, loads none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from itss_bridge.transport.answers import JsonResponse
    from itss_bridge.transport.credentials import Credentials
    from itss_bridge.transport.oauth import ClientCredentials, GrantedSession
    from itss_bridge.transport.origin import Origin
    from itss_bridge.transport.pacing import Gate, Limits, no_gate
    from itss_bridge.transport.session import GuardedSession

__all__ = [
    "ClientCredentials",
    "Credentials",
    "Gate",
    "GrantedSession",
    "GuardedSession",
    "JsonResponse",
    "Limits",
    "Origin",
    "no_gate",
]
_HOME = {
    "ClientCredentials": "oauth",
    "Credentials": "credentials",
    "Gate": "pacing",
    "GrantedSession": "oauth",
    "GuardedSession": "session",
    "JsonResponse": "answers",
    "Limits": "pacing",
    "Origin": "origin",
    "no_gate": "pacing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
