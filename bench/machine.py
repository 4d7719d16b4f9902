"""What a benchmark was measured on, and how fast that was at the hour."""

import os
import platform
import time
from datetime import date
from typing import Any

import duckdb


def machine() -> dict[str, Any]:
    """Day, processor, cores, memory, releases of Python and DuckDB, DuckDB's memory limit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": date.today().isoformat(),  # noqa: DTZ011 - the day where it was measured
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "limit": os.environ.get("ITSS_BRIDGE_MEMORY", "2GB"),
    }


def pace() -> float:
    """Seconds that this machine takes just now for twenty million additions in plain Python, on one core.

    Who shares a host with others gets more of it at one hour than at another; this tells the hours apart.
    """
    started, total = time.perf_counter(), 0
    for number in range(20_000_000):
        total += number
    return time.perf_counter() - started
