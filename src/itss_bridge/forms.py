"""Whether data has the form that a JSON Schema asks for: a quick judge says yes, a patient one what is wrong.

The patient one is loaded only when there is something to complain of.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from itss_bridge.data import schema

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


@dataclass(frozen=True, slots=True)
class Misfit:
    """One place in data that breaks a rule of its schema: the keys that lead there, the rule's name, what stands there.

    *message* is one English sentence, as the patient judge puts it.
    """

    keys: tuple[str | int, ...]
    rule: str
    value: Any
    message: str

    @property
    def place(self) -> str:
        """The keys as people write them, empty for the whole."""
        return ".".join(map(str, self.keys))


class Form:
    """What one JSON Schema (2020-12) asks for."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked

    @cached_property
    def _quick(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(dict(self._asked))

    def fits(self, data: Any) -> bool:
        """Whether there is nothing to complain of, a hundred times sooner than `misfits`, which tells what there is."""
        try:
            return self._quick.is_valid(data)
        except (TypeError, ValueError):  # it knows neither TOML's dates nor all that Python takes for a pattern
            return next(self._errors(data), None) is None

    def misfits(self, data: Any) -> Iterator[Misfit]:
        """Everything in which *data* does not fit."""
        return map(_told, self._errors(data))

    def misfit(self, data: Any) -> Misfit | None:
        """That which explains best why *data* does not fit; None when it does."""
        if self.fits(data):
            return None
        from jsonschema.exceptions import best_match

        worst = best_match(self._errors(data))
        return None if worst is None else _told(worst)

    def _errors(self, data: Any) -> Iterator["ValidationError"]:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self._asked).iter_errors(data)


@cache
def form(name: str) -> Form:
    """The form of the schema with this name: `framework`, `workspace`, `streams/incident`."""
    return Form(schema(name))


def _told(error: "ValidationError") -> Misfit:
    return Misfit(tuple(error.absolute_path), str(error.validator), error.instance, error.message)
