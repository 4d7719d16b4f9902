"""Bugs in what is read: lost, doubled, strange, dressed up."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from tests.planted.sound import Sound

from itss_bridge.contracts import Page, Slice

ALL = "test_a_full_read_gives_every_record_there_is"
ONLY = "test_a_full_read_gives_nothing_that_is_not_there"
ONCE = "test_no_record_is_given_twice"


class LosesTheLastPage(Sound):
    caught_by = (ALL, "test_the_first_sync_is_complete")

    def walk(self, stream, where):
        answers = list(super().walk(stream, where))
        yield from answers[: max(1, len(answers) - 1)]


class TakesAShortPageForTheLast(Sound):
    """Right as long as every row may be seen."""

    caught_by = ("test_what_is_hidden_is_not_given_and_said_to_be_hidden",)

    def walk(self, stream, where):
        for answer in super().walk(stream, where):
            yield answer
            if len(answer["tickets"]) < self.config["size"]:
                return


class OneRowTooFar(Sound):
    """Pages by offset, and steps over a row at each page's end."""

    caught_by = (ALL,)
    step = 1

    def walk(self, stream, where):
        offset = 0
        while True:
            answer = self.ask(stream, where, offset=offset)
            yield answer
            if answer["next"] is None:
                return
            offset += self.config["size"] + self.step


class OneRowTooShort(OneRowTooFar):
    caught_by = (ONCE,)
    step = -1


class OrderThatShifts(Sound):
    """Pages by offset through a listing that has no order of its own."""

    caught_by = (ALL, ONCE)
    numbers = itertools.count(1)

    def walk(self, stream, where):
        rows = [row for answer in super().walk(stream, where) for row in answer["tickets"]]
        for start in range(0, len(rows), self.config["size"]):
            turn = 5 * next(self.numbers) % len(rows)
            page = [*rows[turn:], *rows[:turn]][start : start + self.config["size"]]
            yield {"cut": len(page), "tickets": page, "next": None}


class LosesTies(Sound):
    """Walks by time of update, and asks for what came after the last one's."""

    caught_by = (ALL,)

    def walk(self, stream, where):
        rows = [row for answer in super().walk(stream, where) for row in answer["tickets"]]
        rows.sort(key=lambda row: row["updated"])
        size, last = self.config["size"], ""
        while page := [row for row in rows if row["updated"] > last][:size]:
            yield {"cut": len(page), "tickets": page, "next": None}
            last = page[-1]["updated"]


class PartsThatOverlap(Sound):
    caught_by = (ONCE,)

    def slices(self, stream, since):
        pieces = super().slices(stream, since)
        return [*pieces, pieces[-1]]


class PartThatIsMissing(Sound):
    caught_by = (ALL,)

    def parts(self, stream):
        return super().parts(stream)[:2]


class EveryKindIsAnIncident(Sound):
    caught_by = (ONLY,)

    def parts(self, stream):
        return ("a", "b", "c", "x")

    def walk(self, stream, where):
        yield from super().walk("problem" if where.get("part") == "x" else stream, where)


class IdsOfItsOwn(Sound):
    caught_by = (ONLY,)

    def record(self, row):
        return replace(super().record(row), id=f"desk-{row['id']}")


class NumbersForIds(Sound):
    caught_by = ("test_ids_and_references_are_texts",)

    def record(self, row):
        return replace(super().record(row), id=int(row["id"][1:]))


class BlanksAroundReferences(Sound):
    caught_by = ("test_ids_and_references_are_texts",)

    def record(self, row):
        return replace(super().record(row), ref=f"TCK {row['id']} ")


class AddressOfAnotherHost(Sound):
    caught_by = ("test_every_record_has_an_address_at_the_tool",)

    def record(self, row):
        return replace(super().record(row), url=f"https://desk.example/ticket/{row['id']}")


class NoAddress(Sound):
    caught_by = ("test_every_record_has_an_address_at_the_tool",)

    def record(self, row):
        return replace(super().record(row), url="")


class TimesWithoutZone(Sound):
    caught_by = ("test_changed_at_is_an_instant_in_utc",)

    def moment(self, text):
        return datetime.fromisoformat(text)


class TimesOfTheAccount(Sound):
    """Right, but not in UTC."""

    caught_by = ("test_changed_at_is_an_instant_in_utc",)

    def moment(self, text):
        return super().moment(text).astimezone(timezone(timedelta(hours=8)))


class ReadsUtcAsLocal(Sound):
    caught_by = ("test_changed_at_is_when_the_tool_says_it_changed",)

    def moment(self, text):
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


class DaysInsteadOfTimes(Sound):
    caught_by = ("test_changed_at_is_when_the_tool_says_it_changed",)

    def moment(self, text):
        return super().moment(text).replace(hour=0)


class TimesToCome(Sound):
    caught_by = ("test_nothing_was_changed_after_the_tools_own_now",)

    def moment(self, text):
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Los_Angeles")).astimezone(UTC)


class FieldOfItsOwn(Sound):
    caught_by = ("test_data_has_only_fields_of_its_stream",)

    def data(self, row):
        return super().data(row) | {"team": "ops"}


class StateAsTheToolSaysIt(Sound):
    caught_by = ("test_values_fit_the_schema_of_their_stream", "test_every_record_can_be_stored")

    def data(self, row):
        return super().data(row) | {"state": row["state"].title()}


class HistoryInAnotherShape(Sound):
    caught_by = ("test_values_fit_the_schema_of_their_stream",)

    def data(self, row):
        return super().data(row) | {"history": [{"when": row["updated"], "what": "state"}]}


class OpenedWithoutZone(Sound):
    caught_by = ("test_every_record_can_be_stored",)

    def data(self, row):
        return super().data(row) | {"opened_at": row["updated"]}


class PseudonymsOfItsOwn(Sound):
    caught_by = ("test_people_are_given_as_the_tool_names_them",)

    def data(self, row):
        return super().data(row) | {"assignee": "P-0123456789abcdef"}


class PeopleAsObjects(Sound):
    caught_by = ("test_people_are_given_as_the_tool_names_them",)

    def data(self, row):
        return super().data(row) | {"assignee": row["owner"]}


class PeopleAsTextOfObjects(Sound):
    caught_by = ("test_people_are_given_as_the_tool_names_them",)

    def data(self, row):
        return super().data(row) | {"assignee": str(row["owner"])}


class NobodyHasAName(Sound):
    caught_by = ("test_people_are_given_as_the_tool_names_them",)

    def data(self, row):
        return super().data(row) | {"assignee": (row["owner"] or {"login": ""})["login"]}


class FirstNamesOnly(Sound):
    caught_by = ("test_people_are_given_as_the_tool_names_them",)

    def data(self, row):
        return super().data(row) | {"assignee": row["owner"] and row["owner"]["login"].split(".")[0]}


class NamesAmongLabels(Sound):
    caught_by = ("test_people_stand_only_in_fields_for_people",)

    def data(self, row):
        data = super().data(row)
        return data | {"labels": [*data["labels"], *filter(None, [data["assignee"]])]}


class FillsOnePageAgainAndAgain(Sound):
    caught_by = ("test_a_record_stays_as_it_was_given",)

    def read(self, piece):
        records = []
        for answer in self.walk(piece.stream, piece.where):
            page = self.page(piece, answer)
            records[:] = page.records
            yield Page(records, page.hidden)


class ExpectsTooMuch(Sound):
    caught_by = ("test_a_slice_holds_as_many_records_as_it_expects",)

    def slices(self, stream, since):
        total = self.count(stream).rows
        return [Slice(stream, piece.where, total) for piece in super().slices(stream, since)]


class KeepsQuietAboutHiddenRows(Sound):
    caught_by = ("test_what_is_hidden_is_not_given_and_said_to_be_hidden",)

    def page(self, piece, answer):
        return Page(super().page(piece, answer).records)


class HidesWhatIsHidden(KeepsQuietAboutHiddenRows):
    """Counts what it sees, so that nothing seems to be missing."""

    caught_by = ("test_hidden_records_make_a_sync_incomplete",)

    def count(self, stream):
        return replace(super().count(stream), rows=sum(1 for _ in self.census(stream)))
