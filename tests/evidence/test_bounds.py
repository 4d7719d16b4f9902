"""How much of the machine reading may take: memory, threads, where it spills, and what it says when that is too little."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from itss_bridge.bridge import Bridge, as_problem
from itss_bridge.errors import UsageError
from itss_bridge.evidence.query import Bounds, connect

OWN = '[workspace]\norganisation = "晨星信息"\n[limits]\nmemory = "300MB"\nthreads = 1\nspill = "scratch"\n'
TOO_MUCH = "CREATE TABLE much AS SELECT md5(CAST(i AS VARCHAR)) AS text FROM range(3_000_000) AS r(i)"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch) -> None:
    for name in ("MEMORY", "THREADS", "SPILL"):
        monkeypatch.delenv(f"ITSS_BRIDGE_{name}", raising=False)


def setting(database, name):
    return database.execute(f"SELECT current_setting('{name}')").fetchone()[0]


def test_a_workspace_says_how_much_may_be_taken(tmp_path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(OWN, "utf-8")
    lake = Bridge(tmp_path).lake
    with closing(connect(lake.root, lake.table("incident").bounds)) as database:
        assert (setting(database, "memory_limit"), setting(database, "threads")) == ("286.1 MiB", 1)
        assert setting(database, "temp_directory").startswith(str(tmp_path / "scratch"))


def test_the_environment_goes_before(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ITSS_BRIDGE_MEMORY", "400MB")
    monkeypatch.setenv("ITSS_BRIDGE_THREADS", "2")
    monkeypatch.setenv("ITSS_BRIDGE_SPILL", str(tmp_path / "there"))
    with closing(connect(tmp_path, Bounds("300MB", 1, tmp_path / "here"))) as database:
        assert (setting(database, "memory_limit"), setting(database, "threads")) == ("381.4 MiB", 2)
        assert setting(database, "temp_directory").startswith(str(tmp_path / "there"))


def test_an_amount_that_is_none_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ITSS_BRIDGE_MEMORY", "plenty")
    with pytest.raises(UsageError, match="limits") as refused:
        connect(tmp_path)
    assert "ITSS_BRIDGE_MEMORY" in refused.value.where


def test_what_exceeds_the_memory_goes_to_disk_and_is_gone_afterwards(tmp_path) -> None:
    spill = tmp_path / "scratch"
    with closing(connect(tmp_path, Bounds("60MB", 2, spill))) as database:
        database.execute(TOO_MUCH)
        assert sum(file.stat().st_size for file in spill.rglob("*") if file.is_file()) > 10_000_000
        assert database.execute("SELECT count(DISTINCT text) FROM much").fetchone() == (3_000_000,)
    assert list(spill.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with closing(connect(tmp_path)) as database:
        own = setting(database, "temp_directory")
    for process in (ended.pid, os.getpid()):
        left = tmp_path / Path(own).name.replace(f"-{os.getpid()}-", f"-{process}-")
        left.mkdir()
        (left / "much.tmp").write_bytes(b"much")
    connect(tmp_path).close()
    assert [path.name.split("-")[-2] for path in tmp_path.iterdir()] == [str(os.getpid())]


def test_too_little_memory_and_no_room_to_spill_end_with_a_clear_word(tmp_path) -> None:
    with closing(connect(tmp_path, Bounds("60MB", 2))) as database:
        database.execute("SET max_temp_directory_size = '1MB'")
        with pytest.raises(duckdb.Error) as failed:
            database.execute(TOO_MUCH)
    problem = as_problem(failed.value)
    assert problem is not None
    assert "too little memory" in str(problem)
    assert "[limits] memory" in problem.fix


def test_a_disk_that_is_full_ends_with_a_clear_word(tmp_path) -> None:
    program = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom itss_bridge.bridge import as_problem\n"
        "from itss_bridge.evidence.query import Bounds, connect\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        f"database = connect(Path({str(tmp_path)!r}), Bounds('60MB', 2))\n"
        f"try:\n    database.execute({TOO_MUCH!r})\nexcept Exception as error:\n    print(as_problem(error) or repr(error))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert "too little memory, or too little room on disk" in ran.stdout


def test_another_failure_is_none_of_these() -> None:
    assert as_problem(duckdb.IOException("IO Error: No magic bytes found at end of file")) is None
