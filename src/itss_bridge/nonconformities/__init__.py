"""The register of nonconformities: opened by a check that fails, closed only by one that is measured as met again."""

from itss_bridge.nonconformities.judging import (
    DUE_DAYS,
    Failure,
    closing,
    drafted,
    failures,
    progress,
    results,
    same,
    shown,
)
from itss_bridge.nonconformities.register import FOLDER, Closing, Entry, Register

__all__ = [
    "DUE_DAYS",
    "FOLDER",
    "Closing",
    "Entry",
    "Failure",
    "Register",
    "closing",
    "drafted",
    "failures",
    "progress",
    "results",
    "same",
    "shown",
]
