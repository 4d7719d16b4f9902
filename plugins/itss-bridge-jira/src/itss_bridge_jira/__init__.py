"""Jira, in the cloud or in a data center, for itss-bridge."""

from collections.abc import Sequence

from itss_bridge.contracts import Connector, Publisher
from itss_bridge.hookspecs import hookimpl


@hookimpl
def itss_bridge_connectors() -> Sequence[type[Connector]]:
    """The Jira connector."""
    from itss_bridge_jira.connector import Jira

    return [Jira]


@hookimpl
def itss_bridge_publishers() -> Sequence[type[Publisher]]:
    """Nonconformities as Jira tickets."""
    from itss_bridge_jira.publisher import JiraTickets

    return [JiraTickets]
