"""Errors that talk: what happened, where, why, and what to do. The class says who is at fault and the exit code."""

from typing import ClassVar


class BridgeError(Exception):
    """Something the user can act on; shown without a traceback.

    Args:
        what: one sentence, what went wrong.
        where: the file, address, stream or option concerned.
        cause: the likely reason.
        fix: what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", cause: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.cause = cause
        self.fix = fix

    def as_dict(self) -> dict[str, str]:
        """The four parts that are filled, for `--json`."""
        parts = {"what": self.what, "where": self.where, "cause": self.cause, "fix": self.fix}
        return {name: text for name, text in parts.items() if text}

    def __str__(self) -> str:
        """All filled parts on one line, for logs."""
        return " | ".join(self.as_dict().values())


class UsageError(BridgeError):
    """An option, a configuration or a data file is wrong."""

    exit_code = 2


class GateNotMet(BridgeError):
    """`assess --require` asked for more than the evidence shows."""

    exit_code = 3


class AccessDenied(BridgeError):
    """The tool refused the credentials or the rights."""

    exit_code = 4


class SourceUnavailable(BridgeError):
    """A tool cannot be reached, or what it answered cannot be taken as complete."""

    exit_code = 5


class IntegrityError(BridgeError):
    """Stored evidence is not what was stored."""

    exit_code = 6


class Locked(BridgeError):
    """Another run holds the workspace."""

    exit_code = 7
