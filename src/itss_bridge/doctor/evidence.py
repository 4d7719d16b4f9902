"""The evidence lake: does it open, does its chain hold, who wrote it, is anybody writing to it."""

from collections.abc import Iterator

import pyarrow.parquet as pq

from itss_bridge.bridge import Bridge
from itss_bridge.doctor.finding import Finding
from itss_bridge.errors import IntegrityError, Locked
from itss_bridge.evidence import Lake
from itss_bridge.evidence.rows import StreamRows
from itss_bridge.messages import say


def sound(bridge: Bridge) -> Iterator[Finding]:
    """Nothing is looked at while another run writes: half of a commit would look like damage."""
    lake = bridge.lake
    if not lake.streams():
        fix = say("run `itss-bridge plan`, then `itss-bridge sync`")
        yield Finding("evidence", "ok", say("nothing has been collected yet"), fix=fix)
        return
    try:
        with bridge.workspace.lock():
            yield Finding("lock", "ok", say("no other run is writing"))
            yield from _verified(lake)
    except Locked as error:
        yield Finding("lock", "warning", error.what, cause=error.cause, fix=error.fix)
        yield Finding("evidence", "unknown", say("the evidence is looked at when nobody writes to it"))


def _verified(lake: Lake) -> Iterator[Finding]:
    damage = list(lake.verify(fast=True))
    fix = say("restore the folder from a backup; `itss-bridge verify` names every place")
    for place in damage:
        yield Finding("evidence", "problem", place.what, place.stream, place.where, fix, IntegrityError.exit_code)
    if damage:
        return
    yield Finding("evidence", "ok", say("{n} streams, every chain holds (fast check)", n=len(lake.heads())))
    if leftovers := len(list(lake.leftovers())):
        what, fix = say("{n} files that no commit names", n=leftovers), say("`itss-bridge evidence purge` deletes them")
        yield Finding("evidence", "warning", what, cause=say("an interrupted run left them"), fix=fix)
    for stream in lake.streams():
        yield from _written_by(lake, stream)


def _written_by(lake: Lake, stream: str) -> Iterator[Finding]:
    """Fields that the evidence has and we don't know come from a later release; those it lacks are read as empty."""
    files, known = lake.table(stream).files(), set(StreamRows.of(stream).types)
    if not files:
        return
    held = set(pq.read_schema(files[-1]).names)
    if later := sorted(held - known):
        what = say("fields that this release does not know: {names}", names=", ".join(later))
        fix = say("use the release that wrote it, or a later one")
        yield Finding("schema", "problem", what, stream, say("a later release wrote this evidence"), fix)
    elif new := sorted(known - held):
        what = say("an earlier release wrote it; without {names}", names=", ".join(new))
        yield Finding("schema", "ok", what, stream, fix=say("the next sync reads this stream anew"))
