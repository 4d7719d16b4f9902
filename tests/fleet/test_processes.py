"""Worker processes end with whoever started them, however that ended."""

import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

STARTS = """
import os, time
from itss_bridge.executors import Processes

if __name__ == "__main__":
    with Processes()({"workers": "2"}) as pool:
        working = {future.result() for future in [pool.submit(os.getpid) for _ in range(8)]}
        pool.submit(time.sleep, 120)
        print(*working, flush=True)
        os.kill(os.getpid(), 9)
"""


def test_no_worker_outlives_a_fleet_that_was_killed(tmp_path) -> None:
    (tmp_path / "starts.py").write_text(STARTS, "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(tmp_path / "starts.py")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == -9, ran.stderr
    workers = {int(number) for number in ran.stdout.split()}
    assert workers
    until = time.monotonic() + 20
    while any(running(number) for number in workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [number for number in workers if running(number)]


def running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
