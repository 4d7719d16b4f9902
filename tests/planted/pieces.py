"""Bugs in slices, pages, count and census: what is shared, remembered, guessed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from tests.planted.sound import Sound

from itss_bridge.contracts import Count, Page, Slice


class TimesInSlices(Sound):
    caught_by = ("test_slices_are_plain_and_of_their_stream",)

    def slices(self, stream, since):
        return [
            Slice(stream, {**piece.where, "made": self.check().server_time}) for piece in super().slices(stream, since)
        ]

    def ask(self, stream, where, **turn):
        return super().ask(stream, {k: v for k, v in where.items() if k != "made"}, **turn)


class SlicesOfAnotherStream(Sound):
    caught_by = ("test_slices_are_plain_and_of_their_stream",)

    def slices(self, stream, since):
        return [Slice("ticket", piece.where) for piece in super().slices(stream, since)]

    def ask(self, stream, where, **turn):
        return super().ask("incident", where, **turn)


class SlicesAsAGenerator(Sound):
    caught_by = ("test_slices_are_plain_and_of_their_stream",)

    def slices(self, stream, since):
        return iter(super().slices(stream, since))


class RowsInsteadOfRecords(Sound):
    caught_by = ("test_a_read_yields_pages_of_records",)

    def read(self, piece):
        for answer in self.walk(piece.stream, piece.where):
            yield Page(answer["tickets"])


class ListsInsteadOfPages(Sound):
    caught_by = ("test_a_read_yields_pages_of_records",)

    def read(self, piece):
        for page in super().read(piece):
            yield list(page.records)


class LessThanNothingIsHidden(Sound):
    caught_by = ("test_a_read_yields_pages_of_records",)

    def page(self, piece, answer):
        page = super().page(piece, answer)
        return Page(page.records, hidden=len(page.records) - self.config["size"])


class AllInOneGo(Sound):
    caught_by = ("test_pages_come_one_by_one",)

    def read(self, piece):
        yield from list(super().read(piece))


class ForgetsWhatItHasGiven(Sound):
    """Leaves out what this instance gave before, to avoid doubles."""

    caught_by = ("test_a_slice_read_twice_gives_the_same",)

    def page(self, piece, answer):
        given = self.__dict__.setdefault("given", set())
        page = super().page(piece, answer)
        fresh = [record for record in page.records if record.id not in given]
        given.update(record.id for record in fresh)
        return Page(fresh, page.hidden)


class GoesOnFromTheLastSlice(Sound):
    """Each part begins after the greatest id that was read before."""

    caught_by = ("test_slices_can_be_read_in_any_order",)

    def read(self, piece):
        for page in super().read(piece):
            last = getattr(self, "last", "")
            fresh = [record for record in page.records if record.id > last]
            self.last = max([last, *(record.id for record in fresh)])
            yield Page(fresh, page.hidden)


class OneCursorForAll(Sound):
    """The cursor stands on the instance: threads take it out of each other's hands."""

    caught_by = ("test_slices_can_be_read_side_by_side",)

    def walk(self, stream, where):
        self.after = ""
        while self.after is not None:
            answer = self.ask(stream, where, after=self.after)
            yield answer
            self.after = self.part(answer, "next")


class SlicesByNumber(Sound):
    """`where` is a place in a list that only this instance has."""

    caught_by = ("test_a_slice_says_all_that_is_needed_to_read_it",)

    def slices(self, stream, since):
        self.pieces = [*getattr(self, "pieces", []), *super().slices(stream, since)]
        there = [n for n, piece in enumerate(self.pieces) if piece.stream == stream]
        return [Slice(stream, {"number": n}) for n in there]

    def read(self, piece):
        yield from super().read(self.pieces[piece.where["number"]])


class RemembersAcrossRuns(Sound):
    """What any instance ever gave is not given again."""

    caught_by = ("test_a_new_instance_gives_the_same",)
    given: ClassVar[set[str]] = set()

    def page(self, piece, answer):
        page = super().page(piece, answer)
        fresh = [record for record in page.records if record.id not in self.given]
        self.given.update(record.id for record in fresh)
        return Page(fresh, page.hidden)


class CountsOneMore(Sound):
    caught_by = ("test_count_is_the_number_of_records", "test_count_and_census_agree")

    def count(self, stream):
        return replace(super().count(stream), rows=super().count(stream).rows + 1)


class IsSureOfAPagesLength(Sound):
    caught_by = ("test_count_is_the_number_of_records",)

    def count(self, stream):
        return Count(len(self.ask(stream, {})["tickets"]), exact=True)


class CountsByWalking(Sound):
    caught_by = ("test_count_takes_one_request", "test_a_sync_without_change_takes_few_requests")

    def count(self, stream):
        return Count(sum(answer["cut"] for answer in self.walk(stream, {})), exact=True)


class CensusOfTheFirstPage(Sound):
    caught_by = ("test_the_census_names_every_record_once", "test_count_and_census_agree")

    def census(self, stream):
        yield from (row["id"] for row in self.ask(stream, {})["tickets"])


class CensusTwice(Sound):
    caught_by = ("test_the_census_names_every_record_once",)

    def census(self, stream):
        yield from super().census(stream)
        yield from super().census(stream)


class CensusOfReferences(Sound):
    caught_by = ("test_the_census_names_every_record_once",)

    def census(self, stream):
        return (f"TCK-{key}" for key in super().census(stream))


class CensusAtOnce(Sound):
    caught_by = ("test_the_census_gives_ids_one_by_one",)

    def census(self, stream) -> Iterator[str]:
        return list(super().census(stream))


class CensusOfRows(Sound):
    caught_by = ("test_the_census_gives_ids_one_by_one",)

    def census(self, stream):
        for answer in self.walk(stream, {}):
            yield from ((row["id"], row["updated"]) for row in answer["tickets"])


class CensusWithoutEnd(Sound):
    caught_by = ("test_the_census_names_every_record_once",)

    def census(self, stream):
        while True:
            yield from super().census(stream)


class PagesWithoutEnd(Sound):
    caught_by = ("test_a_full_read_gives_every_record_there_is",)

    def read(self, piece):
        yield from super().read(piece)
        while True:
            yield Page([])


class CensusEndsAtAnEmptyPage(Sound):
    """Right as long as no page is hidden whole."""

    caught_by = ("test_the_census_names_only_what_may_be_seen",)

    def census(self, stream):
        for part in self.parts(stream):
            for answer in self.walk(stream, {"part": part}):
                if not answer["tickets"]:
                    break
                yield from (row["id"] for row in answer["tickets"])
