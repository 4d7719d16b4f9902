"""The seal beside a table holds digests of what no later commit covers: the newest commit, and Delta's own checkpoints.

It is written as `sha256sum` writes: inside `_delta_log`, `sha256sum --check ../_seal` says the same as we do.
"""

import re

from itss_bridge.evidence.store import LOG, Store

SEAL = "_seal"
_LINE = re.compile(r"([0-9a-f]{64})  ([\w.-]+)\n")


def seal(table: Store, commit: str) -> None:
    """Seal a table whose newest commit is the file *commit*: after it is lasting, whole or not at all.

    A checkpoint never changes once it is there, so that its digest is taken over and not computed again; a change in
    between must not become ours.
    """
    known = read_seal(table) or {}
    digests = {commit.rsplit("/", 1)[-1]: table.digest(commit)}
    for name in table.sizes(LOG):
        if "checkpoint" in name:
            kept = known.get(name) if name.endswith(".parquet") else None
            digests[name] = kept or table.digest(f"{LOG}/{name}")
    table.put(SEAL, seal_text(digests).encode("ascii"))


def seal_text(digests: dict[str, str]) -> str:
    """SHA-256 by file name, as lines; the newest commit comes first."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def read_seal(table: Store) -> dict[str, str] | None:
    """SHA-256 by file name, the newest commit first; empty when there is no seal, None when it is not one."""
    try:
        text = table.read(SEAL).decode("ascii", "replace")
    except FileNotFoundError:
        return {}
    lines = _LINE.findall(text)
    digests = {name: digest for digest, name in lines}
    return digests if digests and seal_text(digests) == text else None
