"""ServiceNow for itss-bridge."""

from collections.abc import Sequence

from itss_bridge.contracts import Connector, Publisher
from itss_bridge.hookspecs import hookimpl


@hookimpl
def itss_bridge_connectors() -> Sequence[type[Connector]]:
    """The ServiceNow connector."""
    from itss_bridge_servicenow.connector import ServiceNow

    return [ServiceNow]


@hookimpl
def itss_bridge_publishers() -> Sequence[type[Publisher]]:
    """Nonconformities as ServiceNow tickets."""
    from itss_bridge_servicenow.publisher import ServiceNowTickets

    return [ServiceNowTickets]
