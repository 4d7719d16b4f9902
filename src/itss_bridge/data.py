"""Where `mappings/` and `schemas/` lie: in the checkout when there is one, else inside the installed package."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parent.parent


def folder(name: str) -> Path:
    """The folder *name* (`mappings` or `schemas`); a checkout wins, so that an edit there is seen at once."""
    beside = _CHECKOUT / name
    if beside.is_dir() and (_CHECKOUT / "pyproject.toml").is_file():
        return beside
    return _PACKAGE / "_data" / name


@cache
def schema(name: str) -> dict[str, Any]:
    """A JSON Schema by its name: `framework`, `streams/incident`, `cli/matrix`."""
    found: dict[str, Any] = json.loads((folder("schemas") / f"{name}.json").read_text("utf-8"))
    return found


@cache
def stream_names() -> tuple[str, ...]:
    """All streams there is a schema for, sorted."""
    return tuple(sorted(path.stem for path in (folder("schemas") / "streams").glob("*.json")))
