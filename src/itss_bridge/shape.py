"""What decides how a record is made, as two digests: while they stay the same, nothing need be read again."""

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from itss_bridge.contracts import Connector
from itss_bridge.evidence.ledger import canonical
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.model import Json


def shape(connector: Connector, stream: str, pseudonym: Callable[[str], str]) -> str:
    """`TOLD:ASKED`, where *asked* covers what the account may read, and the key of people's pseudonyms; one request."""
    return f"{told(connector, stream)}:{_digest([connector.shape(stream, ask=True), pseudonym('')])}"


def told(connector: Connector, stream: str) -> str:
    """The first half, which needs no request: the connector's release, its configuration, the stream's fields."""
    rows = StreamRows.of(stream)
    fields = [[field.name, str(field.type), field.name in rows.people] for field in rows.arrow]
    return _digest([connector.name, _release(connector), connector.shape(stream, ask=False), fields])


def _digest(parts: list[Json]) -> str:
    return hashlib.sha256(canonical(parts)).hexdigest()


def _release(connector: Connector) -> str:
    """The version of the distribution that is named as the connector's package is; empty where there is none."""
    try:
        return version(type(connector).__module__.partition(".")[0])
    except PackageNotFoundError:
        return ""
