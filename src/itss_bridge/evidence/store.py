"""Where a lake's files lie: what the lake asks of a folder, and of an object store in its place.

A data file never changes once it is there, a commit neither; the seal alone is put again.
"""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

LOG = "_delta_log"
"""The folder in which Delta keeps a table's commits."""


class Put(NamedTuple):
    """A file that was put: SHA-256 and bytes, both taken before it left this machine."""

    digest: str
    size: int


class Store(ABC):
    """Files by name under one place. A name may lead through one folder: `_delta_log/00000000000000000000.json`."""

    uri: str
    options: Mapping[str, str]
    """What delta-rs opens the place with."""
    shared: bool
    """Whether other machines may write here at the same time."""

    @abstractmethod
    def under(self, folder: str) -> Self:
        """The place within this one that *folder* names."""

    @abstractmethod
    def where(self, name: str) -> str:
        """What people are told a file is called."""

    @abstractmethod
    def folders(self) -> list[str]:
        """The folders directly in here, sorted."""

    @abstractmethod
    def sizes(self, folder: str = "") -> dict[str, int]:
        """The files directly in here, or in a folder of it, with their bytes; sorted; nothing where nothing is."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def chunks(self, name: str) -> Iterator[bytes]:
        """What a file holds, piece by piece; FileNotFoundError."""

    @abstractmethod
    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to be read at will; FileNotFoundError."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Put a small file, whole or not at all, and lasting when this returns; it may be there already."""

    @abstractmethod
    def write(self, name: str, render: Callable[[BinaryIO], None]) -> Put:
        """Put what *render* writes, lasting when this returns."""

    @abstractmethod
    def delete(self, names: Iterable[str]) -> None:
        """Delete files for good; one that is gone already is no fault."""

    @abstractmethod
    def settle(self, *names: str) -> None:
        """Make lasting what another library has put here."""

    def read(self, name: str) -> bytes:
        """What a file holds; FileNotFoundError."""
        return b"".join(self.chunks(name))

    def digest(self, name: str) -> str:
        """SHA-256 of a file's bytes; FileNotFoundError."""
        digest = hashlib.sha256()
        for chunk in self.chunks(name):
            digest.update(chunk)
        return digest.hexdigest()


class Folder(Store):
    """A local folder. What is put is forced to disk before anything names it."""

    options: Mapping[str, str] = {}
    shared = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.uri = str(path)

    def under(self, folder: str) -> Self:
        return type(self)(self.path / folder)

    def where(self, name: str) -> str:
        return str(self.path / name)

    def folders(self) -> list[str]:
        return sorted(entry.name for entry in self.path.iterdir() if entry.is_dir()) if self.path.is_dir() else []

    def sizes(self, folder: str = "") -> dict[str, int]:
        path = self.path / folder
        if not path.is_dir():
            return {}
        with os.scandir(path) as entries:
            return dict(sorted((entry.name, entry.stat().st_size) for entry in entries if not entry.is_dir()))

    def exists(self, name: str) -> bool:
        return (self.path / name).exists()

    def chunks(self, name: str) -> Iterator[bytes]:
        with (self.path / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                yield chunk

    def opened(self, name: str) -> AbstractContextManager[BinaryIO]:
        return (self.path / name).open("rb")

    def put(self, name: str, content: bytes) -> None:
        path = self.path / name
        draft = path.with_name(f"{path.name}.new")
        self._written(draft, lambda file: file.write(content))
        draft.replace(path)

    def write(self, name: str, render: Callable[[BinaryIO], None]) -> Put:
        self.path.mkdir(parents=True, exist_ok=True)
        self._written(self.path / name, render)
        sync_to_disk(self.path)
        return Put(self.digest(name), (self.path / name).stat().st_size)

    def _written(self, path: Path, render: Callable[[BinaryIO], object]) -> None:
        with path.open("wb") as file:
            render(file)
            file.flush()
            os.fsync(file.fileno())

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            (self.path / name).unlink(missing_ok=True)
        if self.path.exists():
            sync_to_disk(self.path)

    def settle(self, *names: str) -> None:
        """Force the files and their folders to disk: delta-rs leaves that to the operating system."""
        paths = [self.path / name for name in names]
        sync_to_disk(*paths, *dict.fromkeys(path.parent for path in paths), self.path, self.path.parent)


def sync_to_disk(*paths: Path) -> None:
    """Force files and folders to disk."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
