"""Checks of what comes later: what changed since, what was removed, what is hidden."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest

from itss_bridge.contracts import Connector
from itss_bridge.testing.bench import Bench, demand, some
from itss_bridge.testing.given import Given

_FAR_FUTURE = datetime(2999, 1, 1, tzinfo=UTC)
_ELSEWHERE = timezone(timedelta(hours=8))


class Moving(Given):
    """Reads after the first."""

    def test_a_later_read_gives_all_that_changed(self, bench: Bench) -> None:
        connector, since = _after_a_first_read(bench)
        for stream, (before, after) in bench.changed(bench.stand_in.change, "change").items():
            changed = {key for key, at in after.items() if before.get(key) != at}
            missing = changed - bench.read(connector, stream, since).ids.keys()
            demand(
                not missing,
                f"{stream}: {len(missing)} of {len(changed)} records that changed since {since} were not read: "
                f"{some(missing)}",
                "select by the time of update, at or after `since`, as the API reads times (zone, format); "
                "an instance that read before must not answer from memory",
            )

    def test_a_later_read_gives_only_what_changed(self, bench: Bench) -> None:
        connector, since = _after_a_first_read(bench)
        for stream, (_, after) in bench.changed(bench.stand_in.change, "change").items():
            old = [key for key in bench.read(connector, stream, since).ids if key in after and after[key] < since]
            demand(
                not old,
                f"{stream}: {len(old)} records were read although they did not change since {since}: {some(old)}",
                "pass `since` on to the tool. If the tool cannot tell what changed, waive this check with the reason",
            )

    def test_a_later_read_gives_records_as_they_are_now(self, bench: Bench) -> None:
        connector, since = _after_a_first_read(bench)
        for stream in bench.changed(bench.stand_in.change, "change"):
            now = set(bench.read(bench.connector(), stream).content)
            stale = [record for record in bench.read(connector, stream, since).content if record not in now]
            demand(
                not stale,
                f"{stream}: read by the same instance after a change, and out of date: {some(stale[:1])}",
                "keep no records on self",
            )

    def test_a_full_read_sees_what_changed(self, bench: Bench) -> None:
        connector, _ = _after_a_first_read(bench)
        for stream, (_, after) in bench.changed(bench.stand_in.change, "change").items():
            again = bench.read(connector, stream)
            times = {record.id: record.changed_at for record in again.records}
            differing = {key for key in after.keys() | times.keys() if after.get(key) != times.get(key)}
            demand(
                not differing,
                f"{stream}: a full read after a change differs from the truth in {some(differing)}",
                "keep no pages, ids or slices on self",
            )

    def test_count_and_census_see_what_changed(self, bench: Bench) -> None:
        connector, _ = _after_a_first_read(bench)
        for stream, (_, after) in bench.changed(bench.stand_in.change, "change").items():
            _demand_counted(bench, connector, stream, after, "a change")

    def test_what_changed_at_that_very_moment_is_given(self, still: Bench) -> None:
        for stream in still.streams:
            truth = still.truth(stream)
            moment = max(truth.values(), default=_FAR_FUTURE)
            due = {key for key, at in truth.items() if at == moment}
            missing = due - still.read(still.connector(), stream, moment).ids.keys()
            demand(
                not missing,
                f"{stream}: {some(missing)} changed at {moment}, and a read since that moment leaves it out",
                "`since` is inclusive: >=, not >; and cut nothing off its seconds but towards the past",
            )

    def test_the_moment_is_the_same_in_every_time_zone(self, still: Bench) -> None:
        for stream in still.streams:
            moment = _middle(still.truth(stream))
            one = still.read(still.connector(), stream, moment).ids
            other = still.read(still.connector(), stream, moment.astimezone(_ELSEWHERE)).ids
            demand(
                one == other,
                f"{stream}: {len(one)} records since {moment}, {len(other)} since {moment.astimezone(_ELSEWHERE)}",
                "turn `since` into the zone that the API reads: since.astimezone(UTC)",
            )

    def test_the_far_future_holds_nothing(self, still: Bench) -> None:
        for stream in still.streams:
            found = still.read(still.connector(), stream, _FAR_FUTURE).ids
            demand(
                not found,
                f"{stream}: {len(found)} records changed since {_FAR_FUTURE:%Y}, says the connector",
                "pass `since` on to the tool. If the tool cannot tell what changed, waive this check with the reason",
            )

    def test_what_was_removed_is_gone_everywhere(self, bench: Bench) -> None:
        connector, _ = _after_a_first_read(bench)
        for stream, (before, after) in bench.changed(bench.stand_in.remove, "remove").items():
            ghosts = bench.read(connector, stream).ids.keys() & (before.keys() - after.keys())
            demand(
                not ghosts,
                f"{stream}: {some(ghosts)} is gone, and still read",
                "read the tool, not what was read before",
            )
            _demand_counted(bench, connector, stream, after, "a removal")

    def test_what_is_hidden_is_not_given_and_said_to_be_hidden(self, bench: Bench) -> None:
        bench.streams  # noqa: B018 - found while all is still visible
        for stream, (before, after) in bench.changed(bench.stand_in.hide, "hide").items():
            connector = bench.connector()
            reading = bench.read(connector, stream)
            lost = after.keys() - reading.ids.keys()
            demand(
                not lost,
                f"{stream}: with {len(before) - len(after)} rows hidden, {len(lost)} others are lost: {some(lost)}",
                "a page with fewer rows than asked for, even none, need not be the last: go on until the tool says so",
            )
            due = len(before) - len(after)
            demand(
                reading.hidden == due,
                f"{stream}: {due} rows were counted and not shown, the pages say {reading.hidden}",
                "yield Page(records, hidden=rows the tool counted for this page - rows it showed)",
            )

    def test_the_census_names_only_what_may_be_seen(self, bench: Bench) -> None:
        bench.streams  # noqa: B018 - as above
        for stream, (_, after) in bench.changed(bench.stand_in.hide, "hide").items():
            named = bench.census(bench.connector(), stream)
            differing = set(named) ^ after.keys()
            demand(
                not differing,
                f"{stream}: with rows hidden, the census differs from what may be seen in {some(differing)}",
                "name every id that the tool shows, past pages that are hidden whole, and no others",
            )


def _after_a_first_read(bench: Bench) -> tuple[Connector, datetime]:
    """A connector that has read everything, and where its next read begins, as the engine reckons it."""
    connector = bench.connector()
    server_time = connector.check().server_time
    for stream in bench.streams:
        bench.read(connector, stream)
        connector.count(stream)
        bench.census(connector, stream)
    if not isinstance(server_time, datetime) or server_time.tzinfo is None:
        pytest.fail("server_time is not an aware datetime", pytrace=False)
    return connector, server_time - bench.kind.overlap


def _middle(truth: Mapping[str, datetime]) -> datetime:
    """A moment with records on both sides of it."""
    return sorted(truth.values())[len(truth) // 2] if truth else _FAR_FUTURE


def _demand_counted(bench: Bench, connector: Connector, stream: str, truth: Mapping[str, datetime], what: str) -> None:
    counted, named = connector.count(stream), bench.census(connector, stream)
    demand(
        counted is None or not counted.exact or counted.rows == len(truth),
        f"{stream}: after {what} there are {len(truth)} records, count() is sure of {counted and counted.rows}",
        "ask the tool each time",
    )
    differing = set(named) ^ truth.keys()
    demand(
        not differing, f"{stream}: after {what} the census is wrong about {some(differing)}", "ask the tool each time"
    )
