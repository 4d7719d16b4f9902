"""What an internal audit and a management review work from, with room for what they add."""

from itss_bridge.exporters.review.audit import internal_audit
from itss_bridge.exporters.review.management import management_review

__all__ = ["internal_audit", "management_review"]
