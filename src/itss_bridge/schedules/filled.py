"""Templates whose places are written `@NAME@`: shell, YAML and Python have uses of their own for braces and dollars."""

import re
import shlex
from collections.abc import Mapping

quoted = shlex.quote
_PLACE = re.compile(r"@([A-Z_0-9]+)@")


def filled(template: str, values: Mapping[str, str]) -> str:
    """*template* with its places filled, each once: values are not looked into. KeyError for a place without value."""
    return _PLACE.sub(lambda place: values[place[1]], template)
