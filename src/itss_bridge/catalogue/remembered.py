"""The catalogue read once for many workspaces of one process, while no file of it changes."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from itss_bridge.catalogue.load import KINDS, Catalogue, load
from itss_bridge.contracts import CatalogueFolder

_Seen = tuple[Path, int, int]
_one_reads = Lock()


def remembered(folders: Iterable[CatalogueFolder]) -> Catalogue:
    """What `load` gives, and raises; a fleet's workspaces share it but for those with catalogues of their own."""
    places = tuple(folders)
    with _one_reads:
        return _read(places, tuple(_seen(places)))


@lru_cache(maxsize=4)
def _read(places: tuple[CatalogueFolder, ...], _files: tuple[_Seen, ...]) -> Catalogue:
    return load(places)


def _seen(places: Sequence[CatalogueFolder]) -> Iterable[_Seen]:
    for place in places:
        for kind in KINDS:
            for path in sorted((place.path / kind).glob("*.yaml")):
                about = path.stat()
                yield path, about.st_mtime_ns, about.st_size
