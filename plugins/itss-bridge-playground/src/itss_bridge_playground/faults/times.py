"""F5: times that tie, lag, lie, or are told in another zone."""

from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from itss_bridge_playground.faults.dialects import Part, Row, dialect, holder, rows_of
from itss_bridge_playground.faults.kind import EITHER, UNAVAILABLE, UNHARMED, Fault, Kind, Scene, Strikes
from itss_bridge_playground.faults.world import World, newest
from itss_bridge_playground.messages import Answer, Request

_RECORDS = Strikes(Part.RECORDS)
_KIRITIMATI, _BAKER = "Pacific/Kiritimati", "Etc/GMT+12"
_HOUR = timedelta(hours=1)


def _tied(scene: Scene) -> Fault:
    """Half of the records that changed in the last second are not there yet."""
    out: set[str] = set()
    for records in scene.streams():
        last = max(records.values())
        out |= set(sorted(key for key, at in records.items() if at == last)[::2])
    return World(scene, out)


def _late(scene: Scene) -> Fault:
    """The newest records are in no list yet, although their time has come a little ago."""
    return World(scene, newest(scene))


class _Zone:
    """The account's own time zone is another one, in what it is told and in what it is shown."""

    def __init__(self, scene: Scene, zone: str) -> None:
        self._zone = zone
        self._jira: Any = getattr(scene.tool, "jira", scene.tool)
        self._before = getattr(self._jira, "time_zone", None)
        if self._before:
            self._jira.time_zone = zone

    def __call__(self, request: Request, answer: Answer) -> Answer:
        bodies = rows_of(request, answer) or [answer.body]
        for body in bodies if dialect(request).part(request) is Part.WHO else ():
            for name in ("time_zone", "timeZone"):
                if isinstance(body, dict) and name in body:
                    body[name] = self._zone
        return answer

    def end(self) -> None:
        if self._before:
            self._jira.time_zone = self._before


def _stamped(told: dict[str, Any]) -> Any:
    """The newest record of each stream carries a time of its own, written as each tool writes it."""

    def play(scene: Scene) -> Fault:
        struck = newest(scene)

        def stamp(request: Request, answer: Answer) -> Answer:
            for row in rows_of(request, answer):
                if str(row.get(dialect(request).key)) in struck:
                    _put_time(request, row, told[dialect(request).name])
            return answer

        return stamp

    return play


def _put_time(request: Request, row: Row, value: Any) -> None:
    path = dialect(request).updated
    if (inner := holder(row, path)) is not None:
        inner[path[-1]] = value


def _clock(shift: timedelta) -> Any:
    def play(scene: Scene) -> Fault:
        def tell(_request: Request, answer: Answer) -> Answer:
            moment: datetime = scene.clock.now + shift
            answer.headers["Date"] = format_datetime(moment, usegmt=True)
            return answer

        return tell

    return play


_FUTURE = {
    "servicenow": "2999-01-01 00:00:00",
    "jira": "2999-01-01T00:00:00.000+0000",
    "confluence": "2999-01-01T00:00:00.000Z",
}
_NULL = dict.fromkeys(_FUTURE)
_EMPTY = dict.fromkeys(_FUTURE, "")
_WORDS = dict.fromkeys(_FUTURE, "yesterday")
_OLD = {
    "servicenow": "0001-01-01 00:00:00",
    "jira": "0001-01-01T00:00:00.000+1400",
    "confluence": "0001-01-01T00:00:00.000+14:00",
}

KINDS = (
    Kind("ties-on-the-cursor", "F5", "of records that changed in the same second, half come later", Strikes(),
         UNHARMED, _tied),
    Kind("late-indexed", "F5", "the newest record is not found yet", Strikes(), UNHARMED, _late),
    Kind("account-zone-plus-14", "F5", "the account lives in Kiritimati", Strikes(), UNHARMED,
         lambda scene: _Zone(scene, _KIRITIMATI)),
    Kind("account-zone-minus-12", "F5", "the account lives on Baker Island", Strikes(), UNHARMED,
         lambda scene: _Zone(scene, _BAKER)),
    Kind("future-timestamp", "F5", "a record was changed in 2999", _RECORDS, EITHER, _stamped(_FUTURE)),
    Kind("null-timestamp", "F5", "a record was changed at no time", _RECORDS, UNAVAILABLE, _stamped(_NULL)),
    Kind("empty-timestamp", "F5", "a record was changed at an empty text", _RECORDS, UNAVAILABLE, _stamped(_EMPTY)),
    Kind("timestamp-in-words", "F5", "a record was changed yesterday", _RECORDS, UNAVAILABLE, _stamped(_WORDS)),
    Kind("timestamp-out-of-range", "F5", "a record was changed before time began", _RECORDS, UNAVAILABLE,
         _stamped(_OLD)),
    Kind("server-clock-back", "F5", "the server's clock is an hour late", Strikes(), UNHARMED, _clock(-_HOUR)),
    Kind("server-clock-ahead", "F5", "the server's clock is a day ahead", Strikes(), UNHARMED, _clock(24 * _HOUR)),
)  # fmt: skip
