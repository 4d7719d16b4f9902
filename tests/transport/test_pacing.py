"""When the session asks again, how long it waits, and when it gives up."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.errors import SourceUnavailable
from itss_bridge.transport import Limits
from itss_bridge.transport.pacing import LONGEST_OWN_PAUSE, Backoff, seconds_asked

seconds = st.floats(0, 1e12) | st.none()


@given(
    limits=st.builds(Limits, attempts=st.integers(1, 40), budget_seconds=st.floats(0, 1000), in_flight=st.just(1)),
    asked=st.lists(seconds, min_size=50, max_size=50),
    first=st.sampled_from([0.5, 2.0]),
    jitter=st.floats(0.7, 1.3),
)
def test_pauses_never_exceed_the_budget_nor_the_number_of_attempts(limits, asked, first, jitter):
    backoff = Backoff(limits, lambda: jitter)
    pauses = []
    while (pause := backoff.next_pause(first, asked[len(pauses)])) is not None:
        assert pause >= 0
        pauses.append(pause)
    assert len(pauses) < limits.attempts
    assert sum(pauses) <= limits.budget_seconds * (1 + 1e-9)
    assert backoff.attempts == len(pauses) + 1


@given(attempts=st.integers(2, 30), first=st.sampled_from([0.5, 2.0]))
def test_own_pauses_double_up_to_a_cap_and_never_shrink(attempts, first):
    backoff = Backoff(Limits(attempts=attempts, budget_seconds=1e9), lambda: 1.0)
    pauses = [backoff.next_pause(first, None) for _ in range(attempts - 1)]
    assert pauses[0] == first
    assert pauses == sorted(pauses)
    assert max(pauses) <= LONGEST_OWN_PAUSE
    assert all(later in (2 * sooner, LONGEST_OWN_PAUSE) for sooner, later in pairwise(pauses))


@given(asked=st.floats(0.001, 200), first=st.sampled_from([0.5, 2.0]))
def test_a_wish_within_the_budget_is_kept_to_the_second(asked, first):
    assert Backoff(Limits()).next_pause(first, asked) == asked


@given(st.text() | st.sampled_from(["nan", "inf", "-5", "1e400", "Wed, 99 Foo 2026", "2026-13-01", "\u0663"]))
def test_any_header_value_is_read_without_a_crash(text):
    wish = seconds_asked({"Retry-After": text, "X-RateLimit-Reset": text, "Date": text}, lambda: datetime.now(UTC))
    assert wish is None or wish >= 0


def wishes(clock):
    in_ninety = clock.start + timedelta(seconds=90)
    date = format_datetime(in_ninety, usegmt=True)
    hour_off = format_datetime(clock.start - timedelta(hours=1), usegmt=True)
    return {
        "seconds": ({"Retry-After": "17"}, 17),
        "fraction": ({"Retry-After": "1.5"}, 1.5),
        "date": ({"Retry-After": date}, 90),
        "date by the tool's own clock": ({"Retry-After": date, "Date": hour_off}, 3690),
        "past date": ({"Retry-After": hour_off}, 0),
        "absurd": ({"Retry-After": "1000000000"}, 1e9),
        "nonsense": ({"Retry-After": "soon"}, None),
        "reset as ISO 8601": ({"X-RateLimit-Reset": in_ninety.strftime("%Y-%m-%dT%H:%MZ")}, 60),
        "reset in seconds since 1970": ({"X-RateLimit-Reset": f"{in_ninety.timestamp():.0f}"}, 90),
        "reset as a number of seconds": ({"X-RateLimit-Reset": "30"}, 30),
        "both": ({"Retry-After": "5", "X-RateLimit-Reset": "30"}, 5),
        "neither": ({}, None),
    }


def test_every_form_of_asking_to_wait_is_understood(clock):
    for name, (headers, expected) in wishes(clock).items():
        asked = seconds_asked(headers, clock.wall)
        assert asked == (expected if expected is None else pytest.approx(expected)), name


@pytest.mark.parametrize(
    "case",
    [
        (429, {"Retry-After": "7"}, 7, 7),
        (429, {"Retry-After": "Mon, 23 Nov 2026 12:00:40 GMT"}, 40, 40),
        (429, {"Retry-After": "0"}, 1.4, 2.6),
        (429, {}, 1.4, 2.6),
        (429, {"Retry-After": "1000000000"}, 300, 300),
        (503, {"Retry-After": "3"}, 3, 3),
        (502, {}, 0.35, 0.65),
        (503, {}, 0.35, 0.65),
        (504, {}, 0.35, 0.65),
    ],
)
def test_a_busy_tool_is_asked_again_after_the_right_pause(server, http, reply, clock, case):
    status, headers, least, most = case
    server.answers(reply({}, status, headers), reply({"n": 1}))
    assert http.get(server.origin).json() == {"n": 1}
    assert len(server.arrived) == http.requests_made == 2
    assert least - 1e-6 <= clock.slept <= most + 1e-6


@pytest.mark.parametrize("status", [429, 503])
def test_it_gives_up_after_the_last_attempt_and_says_so(server, http, reply, clock, status):
    server.answers(reply({"error": {"message": "Rate limit exceeded"}}, status, {"Retry-After": "2"}))
    with pytest.raises(SourceUnavailable, match="Rate limit exceeded; gave up after 5 attempts and 8 s") as caught:
        http.get(f"{server.origin}/x")
    assert caught.value.exit_code == 5
    assert caught.value.where == f"GET {server.origin}/x"
    assert len(server.arrived) == 5
    assert clock.slept == pytest.approx(8)


def test_an_absurd_wish_ends_with_the_budget(server, connect, reply, clock):
    server.answers(reply({}, 429, {"Retry-After": "86400"}))
    with pytest.raises(SourceUnavailable, match="gave up after 2 attempts") as caught:
        connect(limits=Limits(budget_seconds=20)).get(server.origin)
    assert clock.slept == pytest.approx(20)
    assert "86,400 s" in caught.value.cause


def test_a_read_post_is_repeated_with_its_body(server, connect, reply):
    server.answers(reply({}, 503), reply({}))
    connect(read_posts=["/search"]).post(f"{server.origin}/search", json={"jql": "x"})
    assert [arrived.body for arrived in server.arrived] == [b'{"jql": "x"}'] * 2


def test_a_broken_transfer_is_repeated(server, http, reply):
    server.answers(reply(b'{"a": 1', length=500), reply({"a": 1}))
    assert http.get(server.origin).json() == {"a": 1}


def test_a_transfer_that_always_breaks_is_refused(server, http, reply):
    server.answers(reply(b'{"a": 1}', length=500))
    with pytest.raises(SourceUnavailable, match="broke off; gave up after 5 attempts"):
        http.get(server.origin)


def test_a_refused_connection_is_tried_again_then_reported(connect, clock):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    http = connect(f"http://127.0.0.1:{port}")
    with pytest.raises(SourceUnavailable, match="no connection: refused or unreachable; gave up after 5 attempts"):
        http.get(f"http://127.0.0.1:{port}/x?q=1")
    assert 0.7 * 7.5 <= clock.slept <= 1.3 * 7.5


def test_a_connection_that_is_cut_without_an_answer_is_reported(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: [listener.accept()[0].close() for _ in range(2)])
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(SourceUnavailable, match="broke off"):
            connect(url, limits=Limits(attempts=2)).get(url)


@pytest.mark.parametrize("answer", [{"hang": 0.4}, {"body": {"a": "x" * 500}, "drip": 0.2}])
def test_a_tool_that_does_not_answer_in_time_is_reported(server, connect, reply, answer):
    server.answers(reply(**answer))
    http = connect(limits=Limits(read_seconds=0.05, attempts=2))
    with pytest.raises(SourceUnavailable, match="no answer within the time limit; gave up after 2 attempts"):
        http.get(server.origin)


def test_a_body_that_drips_for_ever_does_not_hold_the_run(server, connect, reply):
    server.answers(reply({"a": "x" * 5000}, drip=0.01))
    http = connect(now=time.monotonic, limits=Limits(budget_seconds=0.1, attempts=1))
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="too slowly"):
        http.get(server.origin)
    assert time.monotonic() - began < 2


def test_one_refusal_for_too_many_requests_makes_all_threads_wait(server, connect, reply):
    refused, retried = Event(), []

    def answer(arrived):
        if not refused.is_set():
            refused.set()
            return reply({}, 429, {"Retry-After": "0.3"})
        retried.append(time.monotonic())
        return reply({})

    server.echo = answer
    http = connect(sleep=time.sleep, now=time.monotonic)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(http.get, server.origin)
        refused.wait(5)
        time.sleep(0.05)
        began = time.monotonic()
        others = [pool.submit(http.get, server.origin) for _ in range(3)]
        assert all(asked.result().ok for asked in [first, *others])
    assert len(retried) == 4
    assert min(retried) - began >= 0.15


def test_a_run_that_is_cancelled_stops_waiting_within_half_a_second(server, connect, reply, clock):
    server.answers(reply({}, 503, {"Retry-After": "200"}))
    http = connect(cancelled=lambda: clock.slept >= 3)
    with pytest.raises(SourceUnavailable, match="stopped before the tool answered"):
        http.get(server.origin)
    assert clock.slept == pytest.approx(3)
    assert http.requests_made == 1


def test_a_sleep_that_does_nothing_does_not_spin(server, connect, reply):
    server.answers(reply({}, 429, {"Retry-After": "200"}), reply({}))
    naps = []
    connect(sleep=naps.append, now=time.monotonic).get(server.origin)
    assert sum(naps) == pytest.approx(200, abs=1)
