"""The tool as the contract needs it: where it answers, what is true there, how to move it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from requests.auth import AuthBase

from itss_bridge.transport import Credentials


class StandIn(ABC):
    """A tool to try a connector on: a small server on loopback, a container, a folder of files.

    Made anew for each test that moves it; *folder* is an empty folder of its own. What it cannot do (`change`,
    `remove`, `hide`) is left as it is here: the checks that need it are skipped, and say so.
    """

    url: str = ""
    """Where it answers once started, `http://127.0.0.1:8000/path`; left empty by a connector that reads files."""

    secret: str = "secret"  # noqa: S105 - of a stand-in
    """What the tool accepts together with `credentials`."""

    config: Mapping[str, Any] = {}
    """The source's own keys, as in itss-bridge.toml; without `url`, which the contract adds."""

    streams: Mapping[str, Mapping[str, Any]] = {}
    """The source's `streams` tables."""

    people: Collection[str] = ()
    """Every name or id of a person at the tool, if you can say: lets the contract find people in the wrong fields."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def start(self) -> None:
        """Begin to answer, and set `url`."""

    @abstractmethod
    def stop(self) -> None:
        """End, and free the port."""

    @abstractmethod
    def truth(self) -> Mapping[str, Mapping[str, datetime]]:
        """What the account may see now: stream → id → when it was last changed, aware."""

    def credentials(self, secret: str) -> AuthBase:
        """What goes on each request; a bearer token unless you say otherwise."""
        return Credentials.bearer(secret)

    def change(self) -> None:
        """Let time pass, then add or change records; `truth` tells which. Records may vanish, too."""
        raise NotImplementedError

    def remove(self) -> None:
        """Take a few records away, fewer than a fifth; the dates of the others stay."""
        raise NotImplementedError

    def hide(self) -> None:
        """Withdraw the right to see a few records, which the tool goes on counting; `truth` no longer has them."""
        raise NotImplementedError
