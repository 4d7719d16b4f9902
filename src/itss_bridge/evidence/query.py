"""How DuckDB reads the lake: with how much of the machine, and which rows of a stream are current."""

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from platform import node
from typing import Any
from uuid import uuid4

import duckdb

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

_MEMORY, _THREADS, _SPILL = "ITSS_BRIDGE_MEMORY", "ITSS_BRIDGE_THREADS", "ITSS_BRIDGE_SPILL"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the machine one DuckDB may take; the environment decides over what a workspace says.

    *memory* is a number with a unit (`2GB`); beyond it data goes to files in the folder *spill*, that of the lake when
    None. *threads* is as many as there are processors when None.
    """

    memory: str = "2GB"
    threads: int | None = None
    spill: Path | None = None

    def settings(self, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
        """As DuckDB wants to be told, for a lake at *root*; each connection spills into a folder of its own."""
        threads = environment.get(_THREADS) or (str(self.threads) if self.threads else "")
        spill = Path(environment.get(_SPILL) or self.spill or root)
        return {
            "memory_limit": environment.get(_MEMORY) or self.memory,
            "temp_directory": str(spill / f"{_spilled()}{os.getpid()}-{uuid4().hex[:8]}"),
        } | ({"threads": threads} if threads else {})


DEFAULT = Bounds()


def connect(root: Path, bounds: Bounds = DEFAULT) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that may spill, never reaches for the network, and reads times as UTC.

    Raises:
        UsageError: the environment asks for an amount that is none.
    """
    settings = bounds.settings(root, os.environ)
    spill = Path(settings["temp_directory"]).parent
    if spill != root:
        spill.mkdir(parents=True, exist_ok=True)
    _tidy(spill)
    options: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "preserve_insertion_order": "false",
        # tables live as long as the connection: compacting them at every further one costs more than reading them
        "checkpoint_threshold": "1TB",
    }
    try:
        connection = duckdb.connect(config=options | settings)
    except duckdb.Error as error:
        raise UsageError(
            say("DuckDB cannot work with these limits"),
            where=f"{_MEMORY}, {_THREADS}",
            cause=str(error).splitlines()[0],
            fix=say("write an amount such as 2GB, and a number of threads such as 2"),
        ) from None
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def _spilled() -> str:
    """How the folders begin that processes of this machine spill into; DuckDB makes one when it needs it."""
    return f".spill-{node()}-"


def _tidy(spill: Path) -> None:
    """Remove what processes of this machine left behind that were killed while they spilled."""
    for left in spill.glob(f"{_spilled()}*-*"):
        number = left.name.removeprefix(_spilled()).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)):
            shutil.rmtree(left, ignore_errors=True)


def _runs(process: int) -> bool:
    if os.name == "nt":
        return True  # asking would end it there
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True


def too_little(error: BaseException) -> UsageError | None:
    """What to say when memory or the disk that DuckDB spills to was too small; None when it was something else."""
    full = isinstance(error, duckdb.IOException) and ".spill-" in str(error)
    if not (full or isinstance(error, duckdb.OutOfMemoryException)):
        return None
    return UsageError(
        say("there is too little memory, or too little room on disk, for this evidence"),
        cause=str(error).splitlines()[0],
        fix=say(
            "give it more with `[limits] memory` in itss-bridge.toml, or make room where it spills (`[limits] spill`)"
        ),
    )


def listed(files: Iterable[str]) -> str:
    """File names as SQL writes them in a list."""
    return ", ".join("'" + path.replace("'", "''") + "'" for path in files)


def current_sql(files: Iterable[str], *, end: str = "$end") -> str:
    """SQL of the newest version of each record collected before *end*, records that are gone left out.

    Every record has a date of change; a row without one was purged: it still hides the versions before it, and counts
    for nothing itself.

    Most records have one version. So what is superseded is told by the few records that have more, never by sorting all
    rows with all that they hold. Every file has the columns that this takes; of the others, later files may have gained
    some.
    """
    names, collected = listed(files), f"collected_at < {end}"
    return f"""
        WITH newest AS MATERIALIZED (
            SELECT source, id, max(batch) AS batch FROM read_parquet([{names}])
            WHERE {collected} GROUP BY ALL HAVING count(*) > 1
        )
        SELECT version.* FROM (
            SELECT * FROM read_parquet([{names}], union_by_name = true)
            WHERE {collected} AND NOT removed AND changed_at IS NOT NULL
        ) AS version
        ANTI JOIN newest
        ON version.source = newest.source AND version.id = newest.id AND version.batch < newest.batch
    """  # noqa: S608 - names of files are quoted, everything else is ours
