"""One evidence set, many standards: ITSS × ISO/IEC 20000-1 × ISO 9001 in one conformance matrix."""

__version__ = "0.1.0"
