"""Executors that ship with the core: threads and processes of this machine, and a Dask cluster."""

from itss_bridge.executors.dask import Dask
from itss_bridge.executors.processes import Processes
from itss_bridge.executors.threads import Threads

__all__ = ["Dask", "Processes", "Threads"]
