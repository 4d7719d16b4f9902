"""What a connector's author inherits to have the connector tried: `ConnectorContract`, against a `StandIn` of the tool.

For tests only: it needs pytest, which itss-bridge itself does not.
"""

from itss_bridge.testing.contract import ConnectorContract
from itss_bridge.testing.stand_in import StandIn

__all__ = ["ConnectorContract", "StandIn"]
