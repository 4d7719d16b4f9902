"""F6: the tool's configuration or contents change under the bridge."""

from collections.abc import Callable
from typing import Any

from itss_bridge_playground.faults.dialects import Part, Path, Row, dialect, holder, rows_of
from itss_bridge_playground.faults.kind import EITHER, UNAVAILABLE, UNHARMED, Fault, Kind, Scene, Strikes
from itss_bridge_playground.faults.world import Change, World, share
from itss_bridge_playground.messages import Answer, Request

_RECORDS = Strikes(Part.RECORDS)
_MORE_THAN_A_FIFTH = 0.3
_A_FEW = 0.05


def _changed(change: Callable[[Request, Row], None]) -> Callable[[Scene], Fault]:
    """Every record is shown with *change* made to it."""

    def play(_scene: Scene) -> Fault:
        def show(request: Request, answer: Answer) -> Answer:
            for row in rows_of(request, answer):
                change(request, row)
            return answer

        return show

    return play


def _extra(new: Callable[[Row, str], None]) -> Change:
    def change(request: Request, row: Row) -> None:
        path: Path = dialect(request).extra
        if (inner := holder(row, path)) is not None:
            new(inner, path[-1])

    return change


def _renamed(inner: Row, name: str) -> None:
    inner[f"u_{name}"] = inner.pop(name)


def _retyped(inner: Row, name: str) -> None:
    inner[name] = [{"value": inner[name]}]


def _removed(inner: Row, name: str) -> None:
    del inner[name]


def _without_key(request: Request, row: Row) -> None:
    row.pop(dialect(request).key, None)


def _status(which: str) -> Change:
    def change(request: Request, row: Row) -> None:
        path = dialect(request).state
        if (inner := holder(row, path)) is not None:
            inner[path[-1]] = getattr(dialect(request), which)

    return change


def _moved(request: Request, row: Row) -> None:
    name = dialect(request).ref
    if name in row:
        row[name] = f"NEW-{row[name]}"


def _same_ref(request: Request, row: Row) -> None:
    name = dialect(request).ref
    if name in row:
        row[name] = "INC0000001"


def _gone(fraction: float, *, counted: bool = False) -> Callable[[Scene], Fault]:
    return lambda scene: World(scene, share(scene, fraction), counted=counted and scene.tool.name == "servicenow")


def _same_id(_scene: Scene) -> Fault:
    """The second record of every page carries the id of the first one."""

    def clash(request: Request, answer: Answer) -> Answer:
        rows, key = rows_of(request, answer), dialect(request).key
        if len(rows) > 1 and key in rows[0]:
            rows[1][key] = rows[0][key]
        return answer

    return clash


def _lasting(name: str, about: str, play: Callable[[Scene], Fault], **more: Any) -> Kind:
    return Kind(
        name, "F6", about, more.pop("strikes", _RECORDS), more.pop("ends", UNHARMED), play, lasting=True, **more
    )


KINDS = (
    _lasting("field-removed", "a field that the bridge reads is no longer there", _changed(_extra(_removed))),
    _lasting("field-renamed", "a field that the bridge reads has another name", _changed(_extra(_renamed))),
    _lasting("field-retyped", "a field that the bridge reads has another type",
         _changed(_extra(_retyped)), ends=EITHER),
    Kind("key-removed", "F6", "records have no id", _RECORDS, UNAVAILABLE, _changed(_without_key)),
    _lasting("new-status", "records have a status that nobody knows", _changed(_status("strange_state")), ends=EITHER),
    _lasting("translated-status", "statuses are shown in another language", _changed(_status("translated_state")),
             ends=EITHER),
    _lasting("key-moved", "records have another number than before", _changed(_moved)),
    _lasting("duplicate-number", "records share one number", _changed(_same_ref)),
    Kind("duplicate-id", "F6", "two records carry the same id", Strikes(Part.DATA), EITHER, _same_id),
    _lasting("few-deleted", "a few records are no longer there", _gone(_A_FEW), strikes=Strikes()),
    _lasting("many-deleted", "more than a fifth of the records are no longer there", _gone(_MORE_THAN_A_FIFTH),
             strikes=Strikes(), ends=UNAVAILABLE),
    Kind("permission-narrowed", "F6", "more than a fifth of the records may no longer be seen", Strikes(), UNAVAILABLE,
         _gone(_MORE_THAN_A_FIFTH, counted=True)),
)  # fmt: skip
