"""One writer at a time across machines, and a store that cannot promise that is refused."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import orjson
import pytest

from itss_bridge.errors import Locked, UsageError
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.evidence.lease import NAME, lease

TERM = 1.0


@pytest.fixture
def lake(place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    monkeypatch.setenv("ITSS_BRIDGE_LEASE", str(TERM))
    return Bucket(place())


def held_by(lake: Bucket, host: str, process: int) -> None:
    lake.put(NAME, orjson.dumps({"host": host, "process": process, "run": "other"}))


def test_it_is_there_while_it_is_held_and_gone_afterwards(lake: Bucket) -> None:
    with lease(lake):
        assert orjson.loads(lake.read(NAME))["process"] == os.getpid()
    assert not lake.exists(NAME)


def test_it_outlasts_its_term_by_being_renewed_and_the_second_run_is_refused(lake: Bucket) -> None:
    with lease(lake):
        time.sleep(TERM * 1.5)
        with pytest.raises(Locked, match="another run is writing to this evidence") as caught, lease(lake):
            pass
        assert str(os.getpid()) in caught.value.cause
        assert caught.value.where == f"{lake.uri}/_lock"
    with lease(lake):
        pass


def test_a_holder_on_another_machine_that_does_not_renew_is_taken_for_dead_after_a_term(lake: Bucket) -> None:
    held_by(lake, "another-machine", 1)
    began = time.monotonic()
    with lease(lake):
        assert time.monotonic() - began >= TERM
        assert orjson.loads(lake.read(NAME))["host"] != "another-machine"


def test_a_holder_of_this_machine_that_was_killed_need_not_be_waited_for(
    lake: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setenv("ITSS_BRIDGE_LEASE", "600")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held_by(lake, socket.gethostname(), gone.pid)
    with lease(lake):
        assert orjson.loads(lake.read(NAME))["process"] == os.getpid()


def test_a_lock_that_is_no_lock_of_ours_is_taken_over_after_a_term(lake: Bucket) -> None:
    lake.put(NAME, b"\xff not ours")
    with lease(lake):
        assert orjson.loads(lake.read(NAME))["process"] == os.getpid()


def test_of_many_that_want_it_at_once_exactly_one_has_it(lake: Bucket) -> None:
    inside, most, done = 0, 0, []
    guard = threading.Lock()

    def one() -> None:
        nonlocal inside, most
        try:
            with lease(lake):
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(TERM * 2)
                with guard:
                    inside -= 1
            done.append("held")
        except Locked:
            done.append("refused")

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert sorted(set(done)) == ["held", "refused"]


def test_a_lease_that_was_lost_is_not_taken_away_from_its_new_holder(lake: Bucket) -> None:
    with lease(lake):
        held_by(lake, "another-machine", 1)
        time.sleep(TERM)
    assert orjson.loads(lake.read(NAME))["host"] == "another-machine"


def test_a_store_that_ignores_conditions_is_refused_before_anything_is_written(
    lake: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    conditional = Bucket.put_if
    monkeypatch.setattr(
        Bucket, "put_if", lambda self, name, content, mode: conditional(self, name, content, "overwrite")
    )
    with pytest.raises(UsageError, match="does not honour conditional writes") as caught, lease(lake):
        raise AssertionError("the lease was given")
    assert "If-None-Match" in caught.value.cause
