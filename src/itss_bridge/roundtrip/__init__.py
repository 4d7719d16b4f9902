"""A workbook that people filled in comes back: read, compared three ways, taken into the workspace's own files."""

from itss_bridge.roundtrip.compare import Line, compare, decided
from itss_bridge.roundtrip.entered import Entered
from itss_bridge.roundtrip.taking import Taking
from itss_bridge.roundtrip.workbook import Workbook, read_workbook

__all__ = ["Entered", "Line", "Taking", "Workbook", "compare", "decided", "read_workbook"]
