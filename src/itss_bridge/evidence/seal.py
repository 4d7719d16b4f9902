"""The seal beside a table holds digests of what no later commit covers: the newest commit, and Delta's own checkpoints.

It is written as `sha256sum` writes: inside `_delta_log`, `sha256sum --check ../_seal` says the same as we do.
"""

import hashlib
import os
import re
from pathlib import Path

SEAL = "_seal"
_LINE = re.compile(r"([0-9a-f]{64})  ([\w.-]+)\n")


def seal(log: Path) -> None:
    """Seal a table whose newest commit is the file *log*: after it is on disk, whole or not at all.

    A checkpoint never changes once it is there, so that its digest is taken over and not computed again; a change in
    between must not become ours.
    """
    path = log.parent.parent / SEAL
    known = read_seal(path) or {}
    digests = {log.name: sha256(log)}
    for file in sorted(log.parent.glob("*checkpoint*")):
        kept = known.get(file.name) if file.suffix == ".parquet" else None
        digests[file.name] = kept or sha256(file)
    draft = path.with_name(f"{SEAL}.new")
    with draft.open("w", encoding="ascii") as out:
        out.write(seal_text(digests))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)


def seal_text(digests: dict[str, str]) -> str:
    """SHA-256 by file name, as lines; the newest commit comes first."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def read_seal(path: Path) -> dict[str, str] | None:
    """SHA-256 by file name, the newest commit first; empty when there is no seal, None when it is not one."""
    try:
        text = path.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return {}
    lines = _LINE.findall(text)
    digests = {name: digest for digest, name in lines}
    return digests if digests and seal_text(digests) == text else None


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_to_disk(*paths: Path) -> None:
    """Force files and folders to disk: delta-rs leaves that to the operating system."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
