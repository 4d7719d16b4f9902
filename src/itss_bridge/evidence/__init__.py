"""The evidence lake: records as versions in Delta tables, chained by digests, readable as of any past moment."""

from itss_bridge.evidence.lake import Lake
from itss_bridge.evidence.ledger import Entry, SourceMark
from itss_bridge.evidence.rows import Stored, StreamRows
from itss_bridge.evidence.table import StreamTable

__all__ = ["Entry", "Lake", "SourceMark", "Stored", "StreamRows", "StreamTable"]
