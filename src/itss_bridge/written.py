"""Files that are written whole or not at all, and the formats that their names stand for."""

import os
from collections.abc import Iterable
from pathlib import Path

from itss_bridge.errors import UsageError
from itss_bridge.messages import say


def suffix(file: Path, known: Iterable[str]) -> str:
    """The longest known suffix that the file's name ends with, or is, else its last one."""
    named = f".{file.name}" if "." in file.name else file.name
    fitting = [s for s in known if named.endswith(s)]
    return max(fitting, key=len, default=file.suffix or file.name)


def write(file: Path, content: bytes) -> None:
    """The whole file or nothing: written beside it, forced to disk, then renamed over it."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        cause = error.strerror or str(error)
        raise UsageError(
            say("the file cannot be written"),
            where=str(file),
            cause=cause,
            fix=say("check the folder and its rights"),
        ) from None
