"""Executors that ship with the core."""

from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor


class Threads:
    """Threads of this process: the default."""

    name = "threads"

    def __call__(self, options: Mapping[str, str]) -> Executor:
        """A pool; option `workers` is how many threads (4 unless said otherwise)."""
        return ThreadPoolExecutor(max_workers=int(options.get("workers", "4")), thread_name_prefix="itss-bridge")
