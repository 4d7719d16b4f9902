"""Checks with the engine around the connector: what a workspace would come to hold."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itss_bridge.contracts import Connector, Identity
from itss_bridge.evidence import Lake
from itss_bridge.evidence.read import records
from itss_bridge.outcomes import StreamOutcome
from itss_bridge.sync import SourceRun, sync_source
from itss_bridge.testing.bench import Bench, demand, some
from itss_bridge.testing.gate import DOWN
from itss_bridge.testing.given import Given

_SOURCE = "contract"
_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
_SEE_ABOVE = "mend what the other checks find first; this one puts them together"


class Whole(Given):
    """Syncs, one after the other."""

    @pytest.fixture
    def lake(self, tmp_path: Path) -> Lake:
        """An evidence lake with nothing in it."""
        return Lake(tmp_path / "evidence")

    def test_the_first_sync_is_complete(self, bench: Bench, lake: Lake) -> None:
        _demand_complete(bench, _sync(bench.connector(), lake), lake, "the first sync")

    def test_a_sync_without_change_brings_nothing_new(self, bench: Bench, lake: Lake) -> None:
        _sync(bench.connector(), lake)
        for stream, outcome in _sync(bench.connector(), lake).items():
            news = outcome.new + outcome.changed + outcome.removed
            demand(
                outcome.state == "complete" and news == 0,
                f"{stream}: nothing changed, and the second sync says {outcome.state}, {outcome.new} new, "
                f"{outcome.changed} changed, {outcome.removed} removed. {outcome.reason}",
                "give the same record in the same words: sort what has no order, leave out what the moment decides",
            )

    def test_a_sync_without_change_takes_few_requests(self, bench: Bench, lake: Lake) -> None:
        bench.only_with_a_server()
        _sync(bench.connector(), lake)
        for stream, outcome in _sync(bench.connector(), lake).items():
            demand(
                outcome.requests <= self.few_requests,
                f"{stream}: nothing changed, and the second sync took {outcome.requests} requests",
                f"{self.few_requests} should do: ask for what changed and for the total; few_requests if it takes more",
            )

    def test_a_sync_after_a_change_holds_what_the_tool_holds(self, bench: Bench, lake: Lake) -> None:
        _sync(bench.connector(), lake)
        bench.changed(bench.stand_in.change, "change")
        outcomes = _sync(bench.connector(), lake, accept_removals=True)
        _demand_complete(bench, outcomes, lake, "a sync after a change")

    def test_a_sync_after_a_removal_holds_no_more_than_the_tool(self, bench: Bench, lake: Lake) -> None:
        _sync(bench.connector(), lake)
        bench.changed(bench.stand_in.remove, "remove")
        _demand_complete(bench, _sync(bench.connector(), lake), lake, "a sync after a removal")

    def test_hidden_records_make_a_sync_incomplete(self, bench: Bench, lake: Lake) -> None:
        hidden = bench.changed(bench.stand_in.hide, "hide")
        for stream, outcome in _sync(bench.connector(), lake).items():
            due = len(hidden[stream][0]) - len(hidden[stream][1]) if stream in hidden else 0
            demand(
                (outcome.state, outcome.hidden) == ("incomplete" if due else "complete", due),
                f"{stream}: {due} records are hidden; the sync says {outcome.state}, {outcome.hidden} hidden. "
                f"{outcome.reason}",
                "count with what is hidden, name in the census what may be seen, and report the rest in Page.hidden",
            )

    def test_a_sync_that_fails_says_so_and_the_next_one_completes(self, bench: Bench, lake: Lake) -> None:
        server, connector = bench.server, bench.connector()
        _sync(bench.connector(), lake)
        with ExitStack() as failing:
            failing.enter_context(server.broken(DOWN))
            states = {stream: outcome.state for stream, outcome in _sync(connector, lake).items()}
        demand(
            set(states.values()) <= {"failed"}, f"while the tool was down the streams were {states}", "let errors pass"
        )
        _demand_complete(bench, _sync(connector, lake), lake, "the sync after a failure, by the same instance")


def _sync(connector: Connector, lake: Lake, *, accept_removals: bool = False) -> Mapping[str, StreamOutcome]:
    job = SourceRun(
        source=_SOURCE,
        connector=connector,
        run="contract",
        pseudonym=str,
        clock=_clock,
        watch=lambda *_progress: None,
        accept_removals=accept_removals,
    )
    return sync_source(job, lake)


def _clock(identity: Identity | None) -> datetime:
    return identity.server_time if identity else datetime.now(UTC)


def _demand_complete(bench: Bench, outcomes: Mapping[str, StreamOutcome], lake: Lake, what: str) -> None:
    for stream, outcome in outcomes.items():
        demand(outcome.state == "complete", f"{stream}: {what} is {outcome.state}: {outcome.reason}", _SEE_ABOVE)
        rows = records(lake, stream, _END_OF_TIME, ["id", "changed_at"])
        held, truth = {row["id"]: row["changed_at"] for row in rows}, bench.truth(stream)
        differing = {key for key in held.keys() | truth.keys() if held.get(key) != truth.get(key)}
        demand(
            not differing,
            f"{stream}: after {what} the evidence differs from the tool in {len(differing)} records: {some(differing)}",
            _SEE_ABOVE,
        )
