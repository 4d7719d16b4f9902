"""Archives that are the same for the same content: no clock, no rights of whoever runs us."""

import io
import zipfile
from collections.abc import Iterable

_DAY_ONE = (1980, 1, 1, 0, 0, 0)


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip archive of *files*, name and content, in their order."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packing:
        for name, content in files:
            info = zipfile.ZipInfo(name, _DAY_ONE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            packing.writestr(info, content)
    return archive.getvalue()


def repacked(archive: bytes) -> bytes:
    """The same files in the same order, with nothing left of when and where they were packed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed_before:
        return packed((name, packed_before.read(name)) for name in packed_before.namelist())
