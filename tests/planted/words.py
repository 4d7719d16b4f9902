"""Bugs in what a connector says of itself, and in how it comes in."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

from tests.planted.sound import Sound

from itss_bridge.contracts import Count, Identity, Right
from itss_bridge.errors import BridgeError, SourceUnavailable
from itss_bridge.model import Text

NONE_LEFT = {"cut": 0, "tickets": [], "next": None}


class NameOfTwoWords(Sound):
    name = "Ticket desk"
    caught_by = ("test_it_has_a_name_and_a_title",)


class PostsInOneText(Sound):
    read_posts = "/count"
    caught_by = ("test_its_settings_are_of_their_kinds",)


class OverlapInSeconds(Sound):
    overlap = 60
    caught_by = ("test_its_settings_are_of_their_kinds",)


class MisspeltSchema(Sound):
    config_schema: ClassVar = {**Sound.config_schema, "type": "objekt"}
    caught_by = ("test_its_config_schema_is_a_sound_json_schema",)


class DemandsWhatNobodyGives(Sound):
    config_schema: ClassVar = {**Sound.config_schema, "required": ["team", "queue"]}
    caught_by = ("test_the_configuration_under_test_passes_its_schema",)


class LetsEveryKeyPass(Sound):
    config_schema: ClassVar = {**Sound.config_schema, "additionalProperties": True}
    caught_by = ("test_a_key_it_does_not_know_is_refused",)


class AsksForTheToken(Sound):
    config_schema: ClassVar = {
        **Sound.config_schema,
        "properties": {**Sound.config_schema["properties"], "apiToken": {}},
    }
    caught_by = ("test_it_leaves_the_engines_keys_and_all_secrets_to_the_engine",)


class AsksForTheAddress(Sound):
    config_schema: ClassVar = {**Sound.config_schema, "properties": {**Sound.config_schema["properties"], "url": {}}}
    caught_by = ("test_it_leaves_the_engines_keys_and_all_secrets_to_the_engine",)


class StreamsOnlyOnce(Sound):
    caught_by = ("test_its_streams_are_known_and_always_the_same",)

    def streams(self):
        self.given, given = True, getattr(self, "given", False)
        return () if given else super().streams()


class AsksWhenItIsMade(Sound):
    caught_by = ("test_making_it_asks_nothing_of_the_tool",)

    def __init__(self, config, http, streams):
        super().__init__(config, http, streams)
        self.zone = http.get(f"{config['url']}/me").json()["zone"]


class EatsItsConfiguration(Sound):
    caught_by = ("test_it_leaves_its_configuration_as_it_was",)

    def ask(self, stream, where, **turn):
        self.config.pop("team", None)
        return super().ask(stream, where, **turn)


class ClockWithoutZone(Sound):
    caught_by = ("test_check_says_who_we_are_and_when",)

    def check(self):
        found = super().check()
        return Identity(found.account, found.time_zone, found.server_time.replace(tzinfo=None))


class Nobody(Sound):
    caught_by = ("test_check_says_who_we_are_and_when",)

    def check(self):
        found = super().check()
        return Identity("", found.time_zone, found.server_time)


class ZoneOfItsOwn(Sound):
    caught_by = ("test_check_says_who_we_are_and_when",)

    def check(self):
        found = super().check()
        return Identity(found.account, "Peking time", found.server_time)


class ClockOfThisMachine(Sound):
    caught_by = ("test_check_takes_the_time_from_the_tool",)

    def check(self):
        found = super().check()
        return Identity(found.account, found.time_zone, datetime.now(UTC))


class RightsInOneLanguage(Sound):
    caught_by = ("test_the_rights_it_needs_are_said_in_both_languages",)

    @staticmethod
    def rights(config):
        return [Right(Text("Role", "角色"), "reader", Text("Read tickets.", ""))]


class WritesUntold(Sound):
    """Says yes where it should say what."""

    caught_by = ("test_what_the_account_could_write_is_told_in_a_few_requests",)

    def writable(self):
        return True


class LooksForRightsEverywhere(Sound):
    caught_by = ("test_what_the_account_could_write_is_told_in_a_few_requests",)

    def writable(self):
        for _ in range(9):
            self.check()
        return {}


class CuriousCheck(Sound):
    caught_by = ("test_check_takes_two_requests_at_most",)

    def check(self):
        for stream in self.streams():
            self.count(stream)
        return super().check()


class SpeaksOfOthers(Sound):
    caught_by = ("test_check_speaks_of_the_streams_it_gives",)

    def check(self):
        found = super().check()
        return Identity(found.account, found.time_zone, found.server_time, {"change": ""})


class TakesAnEmptyTextForNo(Sound):
    caught_by = ("test_check_speaks_of_the_streams_it_gives",)

    def check(self):
        found = super().check()
        return Identity(found.account, found.time_zone, found.server_time, {"problem": None})


class TakesARefusalForAnEmptyCensus(Sound):
    caught_by = (
        "test_wrong_credentials_are_access_denied",
        "test_a_tool_that_cannot_be_reached_is_unavailable",
        "test_a_tool_that_is_down_is_unavailable",
        "test_a_login_page_is_an_error_and_never_an_empty_stream",
    )

    def census(self, stream):
        try:
            yield from super().census(stream)
        except BridgeError:
            return


class TakesALoginPageForAnEmptyList(Sound):
    caught_by = ("test_a_login_page_is_an_error_and_never_an_empty_stream",)

    def ask(self, stream, where, **turn):
        try:
            return super().ask(stream, where, **turn)
        except SourceUnavailable as error:
            if "503" in str(error):
                raise
            return NONE_LEFT


class TakesAnOutageForZero(Sound):
    caught_by = ("test_a_tool_that_is_down_is_unavailable",)

    def count(self, stream):
        try:
            return super().count(stream)
        except SourceUnavailable:
            return Count(0, exact=True)


class ErrorsOfItsOwn(Sound):
    caught_by = ("test_a_tool_that_cannot_be_reached_is_unavailable",)

    def ask(self, stream, where, **turn):
        try:
            return super().ask(stream, where, **turn)
        except SourceUnavailable as error:
            raise RuntimeError("desk failed") from error


class EveryPartMayBeMissing(Sound):
    caught_by = (
        "test_an_answer_that_says_nothing_is_an_error",
        "test_an_answer_without_content_on_the_way_fails_the_read",
    )

    def walk(self, stream, where):
        after = ""
        while after is not None:
            answer = self.ask(stream, where, after=after)
            yield {**NONE_LEFT, **answer}
            after = answer.get("next")


class GivesUpQuietly(Sound):
    caught_by = ("test_a_request_that_fails_on_the_way_fails_the_read",)

    def walk(self, stream, where):
        try:
            yield from super().walk(stream, where)
        except SourceUnavailable:
            return


class ErrorsOfOneWord(Sound):
    caught_by = ("test_errors_say_what_and_why_and_what_to_do",)

    def count(self, stream):
        try:
            return super().count(stream)
        except SourceUnavailable:
            raise SourceUnavailable("failed") from None


class ErrorsThatQuoteTheRequest(Sound):
    caught_by = ("test_no_error_shows_the_secret",)

    def check(self):
        try:
            return super().check()
        except BridgeError as error:
            sent = self.http._credentials(self.http.prepare_request(_request(self.config["url"])))
            raise type(error)(error.what, cause=str(dict(sent.headers)), fix=error.fix) from None


class DateFromAnotherAnswer(Sound):
    """Remembers the first answer's Date for good."""

    caught_by = ("test_check_takes_the_time_from_the_tool",)
    dates: ClassVar[list[str]] = []

    def check(self):
        found = super().check()
        self.dates.append(found.server_time.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        return Identity(found.account, found.time_zone, parsedate_to_datetime(self.dates[0]).astimezone(UTC))


def _request(url):
    from requests import Request

    return Request("GET", url)
