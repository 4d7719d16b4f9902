"""Bugs that show at the second read, in company, or only to who looks over the connector's shoulder."""

import itertools
import logging
import os
import sys
from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

import requests
from tests.planted.sound import Sound

from itss_bridge.contracts import Page, Slice
from itss_bridge.errors import BridgeError, SourceUnavailable

MOMENT = "test_what_changed_at_that_very_moment_is_given"


class NewOnesOnly(Sound):
    """Asks for what is new since, not for what changed."""

    caught_by = ("test_a_later_read_gives_all_that_changed", "test_a_sync_after_a_change_holds_what_the_tool_holds")

    def page(self, piece, answer):
        page = super().page(piece, answer)
        new = [r for r in page.records if "since" not in piece.where or r.data["state"] == "new"]
        return Page(new, page.hidden)


class IgnoresSince(Sound):
    caught_by = (
        "test_a_later_read_gives_only_what_changed",
        "test_the_far_future_holds_nothing",
        "test_a_sync_without_change_takes_few_requests",
    )

    def slices(self, stream, since):
        return super().slices(stream, None)


class SinceWithoutItsMoment(Sound):
    caught_by = (MOMENT,)

    def slices(self, stream, since):
        return super().slices(stream, since and since + timedelta(seconds=1))


class SinceInTheAccountsZone(Sound):
    caught_by = (MOMENT,)

    def slices(self, stream, since):
        return super().slices(stream, since and since + timedelta(hours=8))


class SinceAsItIsWritten(Sound):
    caught_by = ("test_the_moment_is_the_same_in_every_time_zone",)

    def slices(self, stream, since):
        if since is None:
            return super().slices(stream, None)
        return [Slice(stream, {"since": since.strftime("%Y-%m-%dT%H:%M:%S")})]


class TheFutureIsEverything(Sound):
    caught_by = ("test_the_far_future_holds_nothing",)

    def slices(self, stream, since):
        return super().slices(stream, None if since and since > self.check().server_time else since)


class KeepsRecords(Sound):
    caught_by = ("test_a_later_read_gives_records_as_they_are_now",)

    def record(self, row):
        return self.__dict__.setdefault("records", {}).setdefault(row["id"], super().record(row))


class KeepsAnswers(Sound):
    caught_by = ("test_a_full_read_sees_what_changed", "test_what_was_removed_is_gone_everywhere")

    def ask(self, stream, where, **turn):
        kept = self.__dict__.setdefault("answers", {})
        key = repr((stream, where, turn))
        if key not in kept:
            kept[key] = super().ask(stream, where, **turn)
        return kept[key]


class KeepsTheCount(Sound):
    caught_by = ("test_count_and_census_see_what_changed",)

    def count(self, stream):
        kept = self.__dict__.setdefault("counts", {})
        return kept.setdefault(stream, super().count(stream))


class CensusOfAllThatEverWas(Sound):
    caught_by = ("test_what_was_removed_is_gone_everywhere", "test_a_sync_after_a_removal_holds_no_more_than_the_tool")
    ever: ClassVar[dict[str, set[str]]] = {}

    def census(self, stream):
        ever = self.ever.setdefault(stream, set())
        ever.update(super().census(stream))
        yield from sorted(ever)


class MarksAsSeen(Sound):
    caught_by = ("test_it_only_reads",)

    def page(self, piece, answer):
        with suppress(BridgeError):
            self.http.post(f"{self.config['url']}/seen", json={"ids": [row["id"] for row in answer["tickets"]]})
        return super().page(piece, answer)


class WritesBesideTheSession(Sound):
    caught_by = ("test_it_only_reads", "test_every_request_goes_through_its_session")

    def check(self):
        requests.delete(f"{self.config['url']}/lock", timeout=5)
        return super().check()


class CallsHome(Sound):
    caught_by = ("test_it_talks_to_the_configured_place_only",)

    def check(self):
        with suppress(requests.RequestException):
            requests.get("http://home.invalid/count", timeout=5)
        return super().check()


class CallsANeighbour(Sound):
    caught_by = ("test_it_talks_to_the_configured_place_only",)

    def check(self):
        with suppress(requests.RequestException):
            requests.get("http://127.0.0.1:9/", timeout=5)
        return super().check()


class SessionOfItsOwn(Sound):
    caught_by = ("test_every_request_goes_through_its_session",)

    def check(self):
        requests.get(f"{self.config['url']}/me", timeout=5)
        return super().check()


class Talks(Sound):
    caught_by = ("test_it_prints_nothing",)

    def page(self, piece, answer):
        sys.stdout.write(f"reading {piece}\n")
        return super().page(piece, answer)


class LogsHeaders(Sound):
    caught_by = ("test_its_secret_is_nowhere_to_be_seen",)

    def check(self):
        logging.getLogger("desk").debug("key %s", self.http._credentials.secrets)
        return super().check()


class KeepsTheKey(Sound):
    caught_by = ("test_its_secret_is_nowhere_to_be_seen",)

    def __init__(self, config, http, streams):
        super().__init__(config, http, streams)
        (self.key,) = http._credentials.secrets


class ChangesTheEnvironment(Sound):
    caught_by = ("test_it_leaves_the_process_as_it_found_it",)
    numbers = itertools.count()

    def check(self):
        os.environ["DESK_RUN"] = str(next(self.numbers))
        return super().check()


class NeverTheSameTwice(Sound):
    caught_by = ("test_a_sync_without_change_brings_nothing_new",)
    overlap = timedelta(days=1)
    numbers = itertools.count()

    def data(self, row):
        return super().data(row) | {"tool_state": f"seen {next(self.numbers)}"}


class OneFailureIsForEver(Sound):
    caught_by = ("test_a_sync_that_fails_says_so_and_the_next_one_completes",)

    def check(self):
        if getattr(self, "failed", False):
            raise SourceUnavailable("it failed before", cause="memory", fix="none")
        self.failed = True
        found = super().check()
        self.failed = False
        return found


class OneAnswerForAllRuns(Sound):
    """Keeps the first count of all instances: right until something changes."""

    caught_by = ("test_count_and_census_see_what_changed",)
    kept: ClassVar[dict[str, object]] = {}

    def count(self, stream):
        return self.kept.setdefault(stream, super().count(stream))
