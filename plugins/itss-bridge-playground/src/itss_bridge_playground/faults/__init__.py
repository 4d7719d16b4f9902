"""Faults that a network, a proxy, a tool or a sign-on page can produce, switchable by name, same seed, same fault."""

from itss_bridge_playground.faults import access, bodies, drift, network, paging, statuses, times
from itss_bridge_playground.faults.kind import End, Fault, Kind, Scene, Strikes

__all__ = ["FAULTS", "End", "Fault", "Kind", "Scene", "Strikes"]

_ROOMS = (network, statuses, bodies, paging, times, drift, access)

FAULTS: dict[str, Kind] = {kind.name: kind for room in _ROOMS for kind in room.KINDS}
