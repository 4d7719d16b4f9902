"""From evidence to readiness: the certificate register, its dates, when to apply, and one calendar for all systems."""

from itss_bridge.lifecycle.conditions import Entry
from itss_bridge.lifecycle.gather import gather
from itss_bridge.lifecycle.known import Known
from itss_bridge.lifecycle.outlook import Outlook, outlook
from itss_bridge.lifecycle.position import Position, Step
from itss_bridge.lifecycle.register import Certificate, Statement

__all__ = ["Certificate", "Entry", "Known", "Outlook", "Position", "Statement", "Step", "gather", "outlook"]
