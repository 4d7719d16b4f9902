"""Quantitative reports over the tickets of a moment: volume and backlog, capacity, causes, recurrence."""

from itss_bridge.analysis.capacity import Capacity, capacity
from itss_bridge.analysis.causes import Cause, causes
from itss_bridge.analysis.forecast import Forecast, forecast
from itss_bridge.analysis.recurrence import Recurrence, recurrences
from itss_bridge.analysis.tickets import Tickets
from itss_bridge.analysis.weeks import Week, weeks

__all__ = [
    "Capacity",
    "Cause",
    "Forecast",
    "Recurrence",
    "Tickets",
    "Week",
    "capacity",
    "causes",
    "forecast",
    "recurrences",
    "weeks",
]
