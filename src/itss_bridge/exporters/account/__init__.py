"""The self-assessment as plain texts in one language: what the Word template and the printed page are filled from."""

from itss_bridge.exporters.account.told import account

__all__ = ["account"]
