"""A sound connector for the desk: the one that every planted bug is a bug of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

from itss_bridge.contracts import Connector, Count, Identity, Page, Record, Slice
from itss_bridge.errors import SourceUnavailable


class Sound(Connector):
    """Walks by id, in three parts when it reads all, as one piece when it reads what changed."""

    name = "desk"
    title = "Ticket desk"
    read_posts: ClassVar[Sequence[str]] = ("/count",)
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"team": {"type": "string"}, "size": {"type": "integer", "minimum": 1}},
        "required": ["team"],
        "additionalProperties": False,
    }

    def streams(self) -> Sequence[str]:
        return ("incident", "problem")

    def check(self) -> Identity:
        answer = self.http.get(f"{self.config['url']}/me")
        return Identity(
            self.part(answer.json(), "login"),
            self.part(answer.json(), "zone"),
            parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC),
        )

    def count(self, stream: str) -> Count | None:
        answer = self.http.post(f"{self.config['url']}/count", json={"kind": stream})
        return Count(self.part(answer.json(), "count"), exact=True)

    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        if since:
            return [Slice(stream, {"since": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")})]
        return [Slice(stream, {"part": part}) for part in self.parts(stream)]

    def parts(self, stream: str) -> Sequence[str]:
        return ("a", "b", "c") if stream == "incident" else ("x",)

    def read(self, piece: Slice) -> Iterator[Page]:
        for answer in self.walk(piece.stream, piece.where):
            yield self.page(piece, answer)

    def page(self, piece: Slice, answer: Mapping[str, Any]) -> Page:
        rows = self.part(answer, "tickets")
        return Page([self.record(row) for row in rows], hidden=self.part(answer, "cut") - len(rows))

    def census(self, stream: str) -> Iterator[str]:
        for answer in self.walk(stream, {}):
            yield from (row["id"] for row in self.part(answer, "tickets"))

    def walk(self, stream: str, where: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """All answers, each once; the desk says in `next` where to go on."""
        after = ""
        while True:
            answer = self.ask(stream, where, after=after)
            yield answer
            self.part(answer, "tickets")
            if "next" not in answer:
                raise SourceUnavailable("the desk does not say what comes next", cause="a cut answer", fix="try again")
            if answer["next"] is None:
                return
            after = answer["next"]

    def ask(self, stream: str, where: Mapping[str, Any], **turn: Any) -> Mapping[str, Any]:
        query = {"kind": stream, "limit": self.config.get("size", 7), **where, **turn}
        return self.http.get(f"{self.config['url']}/tickets", params=query).json()

    def record(self, row: Mapping[str, Any]) -> Record:
        return Record(
            id=row["id"],
            ref=f"TCK-{row['id']}",
            url=f"{self.config['url']}/ticket/{row['id']}",
            changed_at=self.moment(row["updated"]),
            data=self.data(row),
        )

    def data(self, row: Mapping[str, Any]) -> dict[str, Any]:
        owner = row["owner"]
        return {
            "state": row["state"] if row["kind"] == "incident" else {"new": "new"}.get(row["state"]),
            "priority": row["priority"],
            "assignee": owner["login"] if owner else None,
            "labels": sorted(row["tags"]),
        }

    def moment(self, text: str) -> datetime:
        """The desk writes UTC without saying so."""
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    @staticmethod
    def part(answer: Mapping[str, Any], name: str) -> Any:
        """What must be there: an answer without it is no empty one."""
        if not isinstance(answer, dict) or name not in answer:
            raise SourceUnavailable(f"the desk's answer has no {name!r}", cause="it is no answer", fix="check url")
        return answer[name]
