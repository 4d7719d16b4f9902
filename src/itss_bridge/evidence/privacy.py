"""People become keyed pseudonyms before anything is stored: countable, comparable, not readable."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path


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
    """The workspace's own key, made at first use, readable by its owner alone."""
    path = folder / ".pseudonym-key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()


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
