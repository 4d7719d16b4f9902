"""What a workbook rests on, in one digest."""

from hashlib import sha256

from itss_bridge.model import Report


def basis_digest(report: Report) -> str:
    """SHA-256 over the chain heads, one line per stream and source in order, and the digest of the catalogue."""
    heads = sorted(f"{state.source}\t{state.stream}\t{state.state}\t{state.head}\n" for state in report.streams)
    return sha256("".join([*heads, report.catalogue]).encode(errors="replace")).hexdigest()
