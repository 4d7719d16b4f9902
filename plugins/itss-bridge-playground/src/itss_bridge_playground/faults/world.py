"""Records that are hidden, changed or gone, in all of a tool's answers at once, so that the answers agree."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import orjson

from itss_bridge_playground.faults.dialects import Part, Row, dialect, rows_of, set_rows
from itss_bridge_playground.faults.kind import Scene
from itss_bridge_playground.messages import Answer, Request

Change = Callable[[Request, Row], None]
_ALL = "1000000"


class World:
    """The tool without the records in `out`, and with *change* made to every record that it shows.

    Lists are cut into pages after records were left out, as if they had never been; counts follow. With *counted* the
    counts stay what they were, and pages are cut before: that is how access rules hide rows at ServiceNow.
    """

    def __init__(
        self,
        scene: Scene,
        out: Collection[str] = (),
        *,
        counted: bool = False,
        change: Change | None = None,
    ) -> None:
        self.scene = scene
        self.out = set(out)
        self.counted = counted
        self.change = change

    @property
    def gone(self) -> set[str]:
        """What cannot be seen in any answer."""
        return set() if self.counted else self.out

    def __call__(self, request: Request, answer: Answer) -> Answer:
        """The answer as it is in this world."""
        words = dialect(request)
        part = words.part(request)
        if answer.status >= 400:  # noqa: PLR2004
            return answer
        if words.name == "servicenow" and self.out and not self.counted and part in Part.DATA | Part.COUNT:
            self._cut_again(request, answer)
        elif part is Part.COUNT and self.out and not self.counted:
            answer.body["count"] -= len(self.out & set(self._found(request)))
        else:
            set_rows(
                request, answer, [row for row in rows_of(request, answer) if str(row.get(words.key)) not in self.out]
            )
        if self.change:
            for row in rows_of(request, answer):
                self.change(request, row)
        return answer

    def _cut_again(self, request: Request, answer: Answer) -> None:
        """ServiceNow pages by offset: what is left out moves all rows behind it."""
        query = {**request.query, "sysparm_offset": ["0"], "sysparm_limit": [_ALL]}
        path = request.path.replace("/stats/", "/table/")
        whole = replace(request, path=path, query=query)
        rows = [row for row in rows_of(whole, self.scene.ask(whole)) if row.get("sys_id") not in self.out]
        if path != request.path:
            answer.body = {"result": {"stats": {"count": str(len(rows))}}}
            return
        start, size = int(request.value("sysparm_offset", "0")), int(request.value("sysparm_limit", _ALL))
        answer.headers["X-Total-Count"] = str(len(rows))
        set_rows(request, answer, rows[start : start + size])

    def _found(self, request: Request) -> Sequence[str]:
        """Ids that Jira's search finds for the query of a count."""
        body: Row = {"jql": request.json()["jql"], "fields": ["id"], "maxResults": 5000}
        path = request.path.replace("approximate-count", "jql")
        found: list[str] = []
        while True:
            asked = replace(request, path=path, body=orjson.dumps(body))
            page = self.scene.ask(asked)
            found += [str(row["id"]) for row in rows_of(asked, page)]
            if not page.body.get("nextPageToken"):
                return found
            body["nextPageToken"] = page.body["nextPageToken"]


class Later(World):
    """A world that begins at the *turn*-th page of a list; until then everything is as the tool has it, or after it."""

    def __init__(self, scene: Scene, out: Collection[str], turn: int, *, appears: bool) -> None:
        super().__init__(scene, out)
        self._turn = turn
        self._appears = appears
        self._pages = 0

    @property
    def gone(self) -> set[str]:
        """What cannot be seen in any answer from now on."""
        return self.out if self._strikes() else set()

    def _strikes(self) -> bool:
        return (self._pages < self._turn) == self._appears

    def __call__(self, request: Request, answer: Answer) -> Answer:
        """The answer before or after the turn."""
        struck = self._strikes()
        self._pages += bool(Part.LIST & dialect(request).part(request))
        return super().__call__(request, answer) if struck else answer


def share(scene: Scene, fraction: float) -> set[str]:
    """That part of every stream, drawn by lot; at least one record of each."""
    lots = scene.lots()
    return {
        key
        for records in scene.streams()
        if records
        for key in lots.sample(sorted(records), max(1, int(len(records) * fraction)))
    }


def newest(scene: Scene) -> set[str]:
    """The record of every stream that changed last, one of those if they are several."""
    return {max(sorted(records), key=lambda key: records[key]) for records in scene.streams() if records}


def oldest_of_the_day(scene: Scene) -> set[str]:
    """The records that are first in order of key among those that changed in the last day: on an early page."""
    now = scene.clock.now
    recent = [[k for k, at in records.items() if (now - at).days < 1] for records in scene.streams()]
    return {min(keys) for keys in recent if keys}
