"""People become keyed pseudonyms before anything is stored: countable, comparable, not readable."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from itss_bridge.errors import IntegrityError
from itss_bridge.messages import say

KEY_BYTES = 32


def pseudonymiser(key: bytes, source: str) -> Callable[[str], str]:
    """From a tool's name for a person to `P-` and 16 hex digits: HMAC-SHA256 under *key*, separate for each source."""

    @lru_cache(maxsize=65536)
    def pseudonym(person: str) -> str:
        if not isinstance(person, str):
            raise TypeError(f"{person!r} is not text")
        digest = hmac.new(key, f"{source}\0{person}".encode(), hashlib.sha256).hexdigest()
        return f"P-{digest[:16]}"

    return pseudonym


def workspace_key(folder: Path) -> bytes:
    """The workspace's own key, made at first use, readable by its owner alone.

    Raises:
        IntegrityError: the key is not whole: with another one, everybody would become somebody else.
    """
    path = folder / ".pseudonym-key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write_whole(path, secrets.token_bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise IntegrityError(
            say("the pseudonym key is damaged"),
            where=str(path),
            cause=say("it has {there} bytes in place of {wanted}", there=len(key), wanted=KEY_BYTES),
            fix=say("restore it from a backup; a new key would make strangers of everybody who is in the evidence"),
        )
    return key


def _write_whole(path: Path, content: bytes) -> None:
    """The whole file or none: a key of which a part is on disk would be used by the next run."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


SALTED = "salted:"
"""What the digest of a purged row begins with: `salted:SALT:DIGEST`."""


def salted(digest: str) -> str:
    """What stays of a purged row: SHA-256 over a random salt and the row's digest, both as hexadecimal text.

    The salt stands beside it, so that whoever still has the original can prove that it was this one. Whoever has not
    must guess all that a record said, to the second, and row by row: no guess is good for two rows.
    """
    salt = secrets.token_hex(16)
    return f"{SALTED}{salt}:{_with_salt(salt, digest)}"


def proves(digest: str, kept: str) -> bool:
    """Whether a record with this *digest* is the one that a purge left *kept* of."""
    _, salt, rest = kept.split(":")
    return hmac.compare_digest(rest, _with_salt(salt, digest))


def _with_salt(salt: str, digest: str) -> str:
    return hashlib.sha256(f"{salt}{digest}".encode()).hexdigest()
