"""Run one command and say how it went, as JSON: seconds, processor seconds, peak memory in megabytes, exit code.

A process of its own, and a small one: what the kernel calls a child's peak begins with the size of whoever started it.
"""

import json
import os
import sys
import time


def main(output: str, *command: str) -> None:
    """Run *command*; what it says goes into the file *output*."""
    with open(output, "wb") as said:  # noqa: PTH123 - pathlib would be the larger part of this process
        started = time.perf_counter()
        files = [(os.POSIX_SPAWN_DUP2, said.fileno(), number) for number in (1, 2)]
        process = os.posix_spawn(command[0], command, os.environ, file_actions=files)
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    told = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024, "code": code}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
