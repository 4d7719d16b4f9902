"""The records of one answer side by side: a list per field in place of a mapping per record, many times as fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Self, overload

from itss_bridge.contracts import Record
from itss_bridge.model import Json


@dataclass(frozen=True, slots=True)
class Columns(Sequence[Record]):
    """What a connector that reads many records at once may put into a `Page`; for everybody else a list of records.

    Every column has one value for each record, in the same order. What stands in them is said at `Record`.
    """

    id: Sequence[str]
    ref: Sequence[str]
    url: Sequence[str]
    changed_at: Sequence[datetime]
    data: Mapping[str, Sequence[Json]]

    @classmethod
    def of(cls, records: Sequence[Record]) -> Self:
        """Any records in this shape."""
        if isinstance(records, cls):
            return records
        contents = [record.data for record in records]
        names = dict.fromkeys(chain.from_iterable(contents))
        return cls(
            id=[record.id for record in records],
            ref=[record.ref for record in records],
            url=[record.url for record in records],
            changed_at=[record.changed_at for record in records],
            data={name: [content.get(name) for content in contents] for name in names},
        )

    def __len__(self) -> int:
        return len(self.id)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        data = {name: column[place] for name, column in self.data.items()}
        return Record(self.id[place], self.ref[place], self.url[place], self.changed_at[place], data)
