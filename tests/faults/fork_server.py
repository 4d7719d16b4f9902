"""Runs of a sync that begin at once, all imports done: each line of stdin is a folder and after how many seconds to kill.

Answers with a line each: the exit code, −9 when the kill met the run before its end.
"""

import os
import signal
import sys
import time
from pathlib import Path

from itss_bridge.bridge import Bridge
from itss_bridge.outcomes import exit_code
from itss_bridge.plugins import Plugins


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def sync(root: Path, plugins: Plugins) -> int:
    _, outcomes = Bridge(root, plugins).sync(quiet)
    return exit_code(outcomes)


def killed_after(seconds: float, child: int) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    plugins = Plugins()
    assert plugins.connectors  # imported here, once
    for line in sys.stdin:
        root, seconds = line.rsplit(maxsplit=1)
        child = os.fork()
        if not child:
            try:
                os._exit(sync(Path(root), plugins))
            finally:
                os._exit(1)
        sys.stdout.write(f"{killed_after(float(seconds), child)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
