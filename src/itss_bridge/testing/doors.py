"""Checks of the way in: who we are, and what happens when the tool refuses, is away, or says something else."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from itss_bridge.contracts import Connector, Identity
from itss_bridge.errors import AccessDenied, BridgeError, SourceUnavailable
from itss_bridge.testing.bench import CANARY, Bench, Reading, demand, some
from itss_bridge.testing.gate import DOWN, LOGIN_PAGE, NOTHING, Reply
from itss_bridge.testing.given import Given

_SHIFT = timedelta(hours=-7)
_MOST_FOR_CHECK = 2
_MOST_FOR_RIGHTS = 5
_LET_THROUGH = "let the errors of self.http pass: don't catch them, don't turn them into an empty answer"


class Doors(Given):
    """Check, refusals, failures, errors."""

    def test_check_says_who_we_are_and_when(self, still: Bench) -> None:
        identity = still.connector().check()
        demand(isinstance(identity, Identity), f"check() gave {identity!r}", "return an Identity")
        demand(
            isinstance(identity.account, str) and identity.account,
            f"the account is {identity.account!r}",
            "name the account as the tool does: reports say under whose rights was read",
        )
        demand(_is_zone(identity.time_zone), f"{identity.time_zone!r} is no time zone", "give its IANA name, or UTC")
        demand(
            _is_utc(identity.server_time),
            f"server_time is {identity.server_time!r}",
            "give an aware datetime in UTC: .astimezone(UTC)",
        )

    def test_check_takes_the_time_from_the_tool(self, still: Bench) -> None:
        server = still.server
        before = still.connector().check().server_time
        server.shift = _SHIFT
        try:
            shifted = still.connector().check().server_time - before
        finally:
            server.shift = timedelta(0)
        demand(
            abs(shifted - _SHIFT) < timedelta(minutes=1),
            f"the tool's Date moved by {_SHIFT}, server_time by {shifted}",
            "take server_time from the answer's Date header; if your tool tells its time in a body, waive this check",
        )

    def test_check_takes_two_requests_at_most(self, still: Bench) -> None:
        before = len(still.server.log)
        still.connector().check()
        taken = len(still.server.log) - before
        demand(
            taken <= _MOST_FOR_CHECK, f"check() took {taken} requests", "ask for the account, leave the rest to read()"
        )

    def test_what_the_account_could_write_is_told_in_a_few_requests(self, still: Bench) -> None:
        before = len(still.server.log)
        rights = still.connector().writable()
        taken = len(still.server.log) - before
        told = rights is None or (
            isinstance(rights, Mapping) and all(isinstance(text, str) for pair in rights.items() for text in pair)
        )
        demand(
            told, f"writable() gave {rights!r}", "name each right and say what it allows; None where you cannot tell"
        )
        demand(taken <= _MOST_FOR_RIGHTS, f"writable() took {taken} requests", "ask for the account's own rights only")

    def test_check_speaks_of_the_streams_it_gives(self, still: Bench) -> None:
        readable = still.connector().check().readable
        strange = readable.keys() - set(still.streams)
        demand(not strange, f"readable speaks of {some(strange)}", f"there are: {', '.join(still.streams)}")
        refused = {stream: reason for stream, reason in readable.items() if reason != ""}
        demand(
            not refused,
            f"readable has reasons against streams that truth() has: {refused}",
            "an empty text says that the stream may be read; a reason is a text",
        )

    def test_wrong_credentials_are_access_denied(self, still: Bench) -> None:
        still.only_with_a_server()
        for stream in still.streams:
            for name, outcome in _outcomes(still, still.denied(), stream).items():
                demand(
                    isinstance(outcome, AccessDenied),
                    f"{stream}: {name} with wrong credentials: {_told(outcome)}, not AccessDenied",
                    _LET_THROUGH,
                )

    def test_a_tool_that_cannot_be_reached_is_unavailable(self, still: Bench) -> None:
        still.only_with_a_server()
        for stream in still.streams:
            _demand_unavailable(_outcomes(still, still.unreachable(), stream), stream, "an unreachable tool")

    def test_a_tool_that_is_down_is_unavailable(self, still: Bench) -> None:
        for stream in still.streams:
            _demand_unavailable(_broken(still, DOWN, stream), stream, "a tool that is down (503)")

    def test_a_login_page_is_an_error_and_never_an_empty_stream(self, still: Bench) -> None:
        for stream in still.streams:
            _demand_unavailable(_broken(still, LOGIN_PAGE, stream), stream, "a login page with status 200")

    def test_an_answer_that_says_nothing_is_an_error(self, still: Bench) -> None:
        for stream in still.streams:
            for name, outcome in _broken(still, NOTHING, stream).items():
                demand(
                    isinstance(outcome, Exception),
                    f"{stream}: {name} where the tool answers {{}}: {_told(outcome)}",
                    "demand each part that you rely on: no .get() with a default for lists, totals and cursors",
                )

    def test_a_request_that_fails_on_the_way_fails_the_read(self, still: Bench) -> None:
        _demand_all_or_error(still, DOWN, "fails")

    def test_an_answer_without_content_on_the_way_fails_the_read(self, still: Bench) -> None:
        _demand_all_or_error(still, NOTHING, "is answered by {}")

    def test_errors_say_what_and_why_and_what_to_do(self, still: Bench) -> None:
        for stream in still.streams:
            for name, error in _errors(still, stream):
                demand(
                    isinstance(error, BridgeError) and error.what and error.cause and error.fix,
                    f"{stream}: {name}: {_told(error)} lacks a cause or what to do",
                    "raise AccessDenied or SourceUnavailable with cause= and fix=; don't wrap those of self.http",
                )

    def test_no_error_shows_the_secret(self, still: Bench) -> None:
        for stream in still.streams:
            for name, error in _errors(still, stream):
                told = " ".join(_everything_told(error))
                demand(CANARY not in told, f"{stream}: {name} shows the secret: {told}", "leave requests out of errors")


def _outcomes(bench: Bench, connector: Connector, stream: str) -> dict[str, object]:
    """What each call gave or raised; a count of None is left out, since it claims nothing."""
    outcomes = {name: _outcome(call) for name, call in bench.calls(connector, stream).items()}
    return {name: outcome for name, outcome in outcomes.items() if outcome is not None}


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it is, the check judges it
        return error


def _broken(bench: Bench, reply: Reply, stream: str) -> dict[str, object]:
    """What each call came to behind a gate that gives *reply*; also a read whose slices were cut while all was well."""
    cut = bench.connector()
    pieces = cut.slices(stream, None)
    with bench.server.broken(reply):
        found = _outcomes(bench, bench.connector(), stream)
        return found | {"read()": _outcome(lambda: bench.take(cut, pieces))}


def _errors(bench: Bench, stream: str) -> list[tuple[str, BaseException]]:
    """Every error that refusals and failures bring about."""
    found = [
        *_outcomes(bench, bench.unreachable(), stream).items(),
        *_broken(bench, DOWN, stream).items(),
        *_broken(bench, LOGIN_PAGE, stream).items(),
        *_broken(bench, Reply(401, b'{"error": {"message": "not authenticated"}}'), stream).items(),
    ]
    return [(name, outcome) for name, outcome in found if isinstance(outcome, BaseException)]


def _demand_unavailable(outcomes: dict[str, object], stream: str, what: str) -> None:
    for name, outcome in outcomes.items():
        demand(
            isinstance(outcome, SourceUnavailable),
            f"{stream}: {name} on {what}: {_told(outcome)}, not SourceUnavailable",
            _LET_THROUGH,
        )


def _demand_all_or_error(bench: Bench, reply: Reply, what: str) -> None:
    """Break one request of a read after the other: it ends in an error, or with all records for all that."""
    for stream in bench.streams:
        before = len(bench.server.log)
        bench.read(bench.connector(), stream)
        taken = len(bench.server.log) - before
        for number in sorted({0, 1, taken // 2, taken - 1} & set(range(taken))):
            connector = bench.connector()
            with bench.server.broken(reply, after=number, times=1):
                outcome = _outcome(partial(bench.read, connector, stream))
            demand(
                isinstance(outcome, Exception)
                or (isinstance(outcome, Reading) and outcome.ids == bench.full(stream).ids),
                f"{stream}: request {number + 1} of {taken} {what}, and read() keeps silent about it",
                "raise whenever an answer cannot be understood; less than there is must never look like all",
            )


def _told(outcome: object) -> str:
    if isinstance(outcome, BaseException):
        return f"{type(outcome).__name__}({outcome})"
    return "no error"


def _everything_told(error: BaseException | None) -> list[str]:
    """All texts of an error and of those it was made of."""
    told: list[str] = []
    while error is not None:
        told += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return told


def _is_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def _is_utc(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None and moment.utcoffset() == UTC.utcoffset(None)
