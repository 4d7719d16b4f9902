"""Secrets: where they come from, how they stay out of sight, how they are taken out of texts."""

import base64
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, quote_plus

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

MASK = "********"
COMMAND_SECONDS = 30.0
_SHORTEST_REDACTED = 4
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


class Secret:
    """A text that shows itself only when asked by name: `str`, `repr` and formatting give a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; keep the result out of anything that is stored, logged or shown."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: resolve its reference where it is used")


def revealed(secret: "str | Secret") -> str:
    """The text of a secret that may come plain or wrapped."""
    return secret.reveal() if isinstance(secret, Secret) else secret


def redact(text: str, secrets: Iterable[str]) -> str:
    """*text* without the *secrets*, whether they stand there plain, URL-encoded or in base64.

    Secrets of fewer than four characters are left: masking them would wreck every text and hide nothing.
    """
    for form in sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(secret: str) -> Iterable[str]:
    if len(secret) < _SHORTEST_REDACTED:
        return ()
    encoded = base64.b64encode(secret.encode()).decode()
    percent = {quote(secret, safe=""), quote(secret), quote_plus(secret), quote(encoded, safe="")}
    lower = {_ESCAPE.sub(lambda found: found[0].lower(), text) for text in percent}
    return {secret, encoded, encoded.rstrip("="), *percent, *lower}


def resolve(reference: str) -> str | None:
    """The secret behind a reference; None when it is of a kind that only a plugin may know.

    Args:
        reference: `env:NAME`, `file:PATH`, `command:ARGS` (no shell), or `keyring:SERVICE/USER`.

    Raises:
        UsageError: the place cannot be read, or what stands there is empty or more than one line.
    """
    kind, colon, place = reference.partition(":")
    source = _SOURCES.get(kind)
    return _one_line(source(place), reference) if source and colon else None


def _one_line(text: str, where: str) -> str:
    secret = text.removesuffix("\n").removesuffix("\r")
    if secret and secret.isprintable():
        return secret
    what = (
        say("the secret is empty") if not secret else say("the secret holds a line break or another control character")
    )
    raise UsageError(what, where=where, fix=say("store the secret alone, on one line"))


def _from_environment(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        fix = say("export {name} before the run, or name another variable", name=name)
        raise UsageError(say("the environment variable is not set"), where=f"env:{name}", fix=fix) from None


def _from_file(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        cause = error.strerror or "" if isinstance(error, OSError) else say("it is not UTF-8 text")
        fix = say("check the path and its permissions")
        raise UsageError(say("the secret's file cannot be read"), where=f"file:{path}", cause=cause, fix=fix) from None


def _from_command(line: str) -> str:
    fix = say("run the command by hand: it must print the secret, and nothing else, within 30 seconds")
    try:
        done = subprocess.run(  # noqa: S603 - the workspace's owner names the program; no shell is involved
            shlex.split(line), capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=COMMAND_SECONDS
        )
        return done.stdout.decode()
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        # its output stays unsaid: half of it may be the secret
        raise UsageError(
            say("the secret's command failed"), where=f"command:{line}", cause=_failure(error), fix=fix
        ) from None


def _failure(error: Exception) -> str:
    match error:
        case subprocess.CalledProcessError():
            return say("it ended with status {status}", status=error.returncode)
        case subprocess.TimeoutExpired():
            return say("it took longer than {seconds:g} seconds", seconds=COMMAND_SECONDS)
        case OSError():
            return error.strerror or say("it cannot be started")
        case _:
            return say("the command line or its output cannot be understood")


def _from_keyring(place: str) -> str:
    where = f"keyring:{place}"
    service, slash, user = place.rpartition("/")
    if not (service and slash and user):
        raise UsageError(
            say("a keyring reference names a service and a user"), where=where, fix=say("keyring:SERVICE/USER")
        )
    try:
        keyring = import_module("keyring")
    except ImportError:
        fix = say("install the package keyring, or use env:, file: or command:")
        raise UsageError(say("no keyring is installed here"), where=where, fix=fix) from None
    try:
        found = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - every backend has exceptions of its own
        cause = say(
            "the keyring's backend failed ({error_kind}); servers and containers often have none",
            error_kind=type(error).__name__,
        )
        fix = say("unlock it, or use env:, file: or command:")
        raise UsageError(say("the keyring cannot be read"), where=where, cause=cause, fix=fix) from None
    if found is None:
        fix = say("store it with: keyring set {service} {user}", service=service, user=user)
        raise UsageError(say("the keyring holds no such secret"), where=where, fix=fix)
    return str(found)


_SOURCES: dict[str, Callable[[str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "command": _from_command,
    "keyring": _from_keyring,
}
