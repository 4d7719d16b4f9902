"""One thing that the doctor found, and how a check is run so that it can break alone."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.messages import say

State: TypeAlias = Literal["ok", "warning", "problem", "unknown"]
"""`unknown` is what cannot be told here: no reason to worry, and none to rest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. *about* is the source or stream concerned, *code* the exit code that a problem leads to."""

    check: str
    state: State
    what: str
    about: str = ""
    cause: str = ""
    fix: str = ""
    code: int = UsageError.exit_code

    @classmethod
    def refused(cls, check: str, error: BridgeError, about: str = "") -> Self:
        """The problem that an error of ours tells of."""
        where = say("{what} ({where})", what=error.what, where=error.where) if error.where else error.what
        return cls(check, "problem", where, about, error.cause, error.fix, error.exit_code)


def careful(check: str, look: Callable[[], Iterable[Finding]], about: str = "") -> Iterator[Finding]:
    """What *look* finds, up to where it breaks; that is a finding too. Lines without *about* get it."""
    try:
        for finding in look():
            yield finding if finding.about or not about else replace(finding, about=about)
    except BridgeError as error:
        yield Finding.refused(check, error, about)
    except OSError as error:
        fix = say("check the path, its rights and free space")
        yield Finding(check, "problem", error.strerror or str(error), about, str(error.filename or ""), fix)
    except Exception as error:  # noqa: BLE001 - whatever is broken here, the other checks go on
        what = say("this check broke: {kind}: {error}", kind=type(error).__name__, error=error)
        yield Finding(check, "problem", what, about, fix=say("report this; the other checks went on"), code=1)
