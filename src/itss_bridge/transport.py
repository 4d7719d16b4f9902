"""The one guarded requests.Session (being written)."""

import requests


class GuardedSession(requests.Session):
    """Placeholder while the module is written."""
