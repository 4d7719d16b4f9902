"""The one guarded `requests.Session` through which connectors and client libraries reach a tool."""

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
