"""One workspace in use: its plugins, catalogue, lake and sources, each made when first asked for."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from itss_bridge.catalogue import Catalogue, Signature, digest, limited, remembered, signed
from itss_bridge.contracts import CatalogueFolder, Connector, Engine, Identity, PagePublisher, TicketPublisher
from itss_bridge.data import stream_names
from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.bucket import bucket
from itss_bridge.evidence.privacy import pseudonymiser, workspace_key
from itss_bridge.evidence.query import too_little
from itss_bridge.forms import Form
from itss_bridge.interruption import SafePoints
from itss_bridge.judgements import Plan, judgements, plan
from itss_bridge.messages import say
from itss_bridge.model import Judgement, Metric, Report, Text
from itss_bridge.nonconformities import FOLDER, Register
from itss_bridge.outcomes import StreamOutcome
from itss_bridge.plugins import Plugins
from itss_bridge.report import report
from itss_bridge.sync import (
    SourceRun,
    Watcher,
    end_sources,
    source_clock,
    sync_source,
    system_clock,
)
from itss_bridge.transport import Gate, no_gate
from itss_bridge.workspace import FILE, Source, Workspace

if TYPE_CHECKING:
    from itss_bridge.evidence.purge import PurgePlan, Wanted


class Bridge:
    """What the command line, the demo and a fleet work with."""

    def __init__(self, root: Path, plugins: Plugins | None = None, gate: Gate = no_gate) -> None:
        """Open the workspace at *root*; UsageError when it is not one.

        *gate* is passed before each request to a tool, where other workspaces ask the same one.
        """
        self._gate = gate
        self.workspace = Workspace.open(root)
        self.plugins = plugins or Plugins()

    @cached_property
    def lake(self) -> Lake:
        """The evidence, in the workspace's folder or in the object store that it names."""
        table = self.workspace.remote_evidence
        store = bucket(table, self._resolved) if table else None
        return Lake(self.workspace.evidence, self.workspace.bounds, store)

    @cached_property
    def _signed_catalogue(self) -> tuple[Catalogue, tuple[Signature, ...]]:
        own = [CatalogueFolder(path, str(self.workspace.root / FILE)) for path in self.workspace.catalogues]
        catalogue = remembered([*self.plugins.catalogues, *own])
        self._refuse_unknown_names(catalogue)
        return signed(catalogue, self.workspace.signatures())

    @property
    def catalogue(self) -> Catalogue:
        """All frameworks, crosswalks, metrics, checks and levels, with this workspace's signatures."""
        return self._signed_catalogue[0]

    def _refuse_unknown_names(self, catalogue: Catalogue) -> None:
        """Names in itss-bridge.toml that nothing answers to are a typing error, never silently without effect."""
        where = str(self.workspace.root / FILE)
        for key, names, shelf in (
            ("workspace.frameworks", self.workspace.frameworks, catalogue.frameworks),
            ("workspace.calendar", (self.workspace.calendar,), catalogue.calendars),
            ("workspace.rule_packs", self.workspace.rule_packs, catalogue.packs),
            ("workspace.binding", self.workspace.binding, self.workspace.rule_packs),
            ("scope.not_applicable", self.workspace.not_applicable, catalogue.requirements),
        ):
            for name in names:
                if name not in shelf:
                    fix = say("there are: {names}", names=", ".join(list(shelf)[:12]))
                    raise UsageError(say("{key}: there is no {name!r}", key=key, name=name), where=where, fix=fix)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """People's own words on requirements; UsageError when a file of them is wrong."""
        assessable = {r.id for r in self.catalogue.requirements.values() if r.assessable}
        return judgements(self.workspace.judgement_files, assessable)

    @cached_property
    def planned(self) -> Plan:
        """Who closes which gap, until when; UsageError when a file of it is wrong."""
        return plan(self.workspace.action_files, {rule.id for rule in self.catalogue.rules})

    def now(self) -> datetime:
        """The moment a report speaks of when none is asked for.

        For a replay that is the whole minute after the tools' last answer: this machine's clock means nothing there.
        """
        last = self.lake.last_collected() if self.workspace.follows_source_clock else None
        if last is None:
            return datetime.now(UTC)
        return last.replace(second=0, microsecond=0) + timedelta(minutes=1)

    @contextmanager
    def engine(self, as_of: datetime, metrics: Collection[Metric] = ()) -> Iterator[Engine]:
        """The workspace's engine over the evidence of *as_of*, with its calendar; *metrics* will be held by it."""
        factory: Any = self.plugins.pick(self.plugins.engines, self.workspace.engine, say("engine"))
        calendar = self.catalogue.calendars.get(self.workspace.calendar)
        with closing(factory(self.lake, as_of, calendar, metrics)) as engine:
            yield engine

    def report(
        self, as_of: datetime | None = None, since: datetime | None = None, *, with_trends: bool = False
    ) -> Report:
        """The report as of a moment, the present one when None; with what changed *since* an earlier one, if asked.

        *with_trends* tells the metrics month by month too, which costs a query each.

        Raises:
            UsageError: *since* is not earlier.
        """
        moment = as_of or self.now()
        if since is None:
            return self._report(moment, with_trends=with_trends)
        if since >= moment:
            where = f"{since:%Y-%m-%d %H:%M} – {moment:%Y-%m-%d %H:%M} UTC"
            raise UsageError(say("the earlier moment is not earlier than the report's"), where=where)
        return self._compared(self._report(since), self._report(moment, with_trends=with_trends))

    def _compared(self, old: Report, new: Report) -> Report:
        from itss_bridge.changes import changes
        from itss_bridge.exporters.document import report_json

        return replace(new, changes=changes(report_json(old), report_json(new), one_workspace=True))

    def _report(self, moment: datetime, *, with_trends: bool = False) -> Report:
        shown = limited(self.catalogue, self.workspace.frameworks)
        asked = {rule.metric for rule in shown.rules}
        with self.engine(moment, metrics=[m for m in shown.metrics.values() if m.id in asked]) as engine:
            planned, judged = self.planned.actions, self.judgements
            tracked = Register(self.workspace.root / FOLDER).entries()
            files = (self._notes(), judged, planned, tracked)
            return report(self.workspace, shown, self.lake, engine, moment, *files, with_trends=with_trends)

    def _notes(self) -> tuple[Text, ...]:
        notes = [
            Text(
                f"The signature of {s.reviewer} under {s.crosswalk} no longer holds: its rows have changed since.",
                f"{s.reviewer} 对 {s.crosswalk} 的评审签署已失效：签署后映射内容有变更。",
            )
            for s in self._signed_catalogue[1]
        ]
        if self.workspace.follows_source_clock:
            notes.append(
                Text(
                    "Replay of recorded data: collection times are those of the tools' own clocks.",
                    "本报告为历史数据回放：采集时间取自工具自身的时钟。",
                )
            )
        return tuple(notes)

    def sign(self, crosswalk_id: str, reviewer: str, date: str) -> Path:
        """Write the organisation's signature under a crosswalk as it stands now; returns the file."""
        crosswalk = self.plugins.pick(self.catalogue.crosswalks, crosswalk_id, say("crosswalk"))
        path = self.workspace.root / "reviews" / f"{crosswalk.id}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(Signature(crosswalk.id, digest(crosswalk), reviewer, date).text(), "utf-8")
        del self._signed_catalogue
        return path

    def connector(self, source: Source) -> Connector:
        """The source's connector on its own guarded session; UsageError when its table is wrong."""
        from itss_bridge.sessions import session

        kind = self.plugins.pick(self.plugins.connectors, source.connector, say("connector"))
        own = dict(source.own_keys)
        self._refuse_wrong_keys(source, own, kind)
        if kind.reads_files:
            own["folder"] = str(self.workspace.root / own.get("folder", "attestations"))
        own |= {key: source.table[key] for key in ("titles", "url") if key in source.table}
        streams: dict[str, dict[str, Any]] = source.table.get("streams", {})
        return kind(own, session(source, kind, self._resolved, self._gate), streams)

    def _refuse_wrong_keys(self, source: Source, own: dict[str, Any], kind: type[Connector]) -> None:
        where = f"{self.workspace.root / FILE}: sources.{source.name}"
        misfit = Form(kind.config_schema).misfit(own)
        if misfit is not None:
            key = misfit.place or source.connector
            raise UsageError(say("{key}: {message}", key=key, message=misfit.message), where=where)
        needed = () if kind.reads_files else ("url", "secret")
        for key in needed:
            if key not in source.table:
                raise UsageError(
                    say("the source has no {key}", key=key), where=where, fix=say('add {key} = "…"', key=key)
                )

    def reads_files(self, source: Source) -> bool:
        """Whether the source has no server behind it."""
        return self.plugins.pick(self.plugins.connectors, source.connector, say("connector")).reads_files

    def publisher(self, place: str, *, apply: bool) -> tuple[TicketPublisher, str]:
        """The publisher of a `[publish.NAME]` table and the name of its source; it may write only when *apply*.

        Raises:
            UsageError: there is no such table, it is wrong, or it is one for pages.
        """
        found: tuple[TicketPublisher, str] = self._publisher(place, TicketPublisher, apply=apply)
        return found

    def page_publisher(self, place: str, *, apply: bool) -> tuple[PagePublisher, str]:
        """The same for a table whose publisher keeps pages."""
        found: tuple[PagePublisher, str] = self._publisher(place, PagePublisher, apply=apply)
        return found

    def _publisher(self, place: str, wanted: type, *, apply: bool) -> Any:
        from itss_bridge.sessions import session

        where = f"{self.workspace.root / FILE}: publish.{place}"
        table = dict(self.plugins.pick(dict(self.workspace.publish), place, say("place to publish to")))
        source = self.plugins.pick(self.workspace.sources, table.pop("source"), say("source"))
        kind = self.plugins.pick(self.plugins.publishers, table.pop("publisher", source.connector), say("publisher"))
        if not issubclass(kind, wanted):
            made = say("pages") if issubclass(kind, PagePublisher) else say("tickets")
            raise UsageError(
                say("what is published at {place!r} is {made}", place=place, made=made),
                where=where,
                fix=say("use `publish tickets` for nonconformities, `publish page` for the report"),
            )
        account: dict[str, Any] = {key: table.pop(key) for key in ("auth", "username", "secret") if key in table}
        misfit = Form(kind.config_schema).misfit(table)
        if misfit is not None:
            raise UsageError(
                say("{names}: {message}", names=misfit.place or place, message=misfit.message),
                where=where,
            )
        own = {key: value for key, value in source.table.items() if key not in {"secret", "streams"}}
        as_writer = Source(source.name, source.connector, {**source.table, **account})
        reader = self.plugins.pick(self.plugins.connectors, source.connector, say("connector"))
        writes = kind.writes if apply else ()
        return kind({**own, **table}, session(as_writer, reader, self._resolved, self._gate, writes)), source.name

    def _resolved(self, reference: str, where: str) -> str:
        secret = self.plugins.secret(reference)
        if secret is None:
            raise UsageError(
                say("nothing knows this kind of secret reference"),
                where=where,
                fix=say("use env:NAME, file:PATH, command:ARGS or keyring:SERVICE/USER"),
            )
        return secret

    def sync(
        self, watch: Watcher, only: Collection[str] = (), *, accept_removals: bool = False
    ) -> tuple[str, dict[str, dict[str, StreamOutcome]]]:
        """Sync all sources (or *only* some); returns the run's id and what happened to each stream.

        Raises:
            UsageError: a source is configured wrongly; nothing was read.
            Locked: another run is writing.
        """
        run = uuid4().hex[:12]
        ended = {} if only else self._end_sources(run, accept=accept_removals)
        sources = self._chosen(only)
        connectors = {name: self.connector(source) for name, source in sources.items()}
        for connector in connectors.values():
            connector.streams()  # a wrong stream table is found before the first request
        with self.writing():
            key = self._privacy_key()
            jobs = [
                SourceRun(
                    source=name,
                    connector=connector,
                    run=run,
                    pseudonym=pseudonymiser(key, name),
                    clock=self._clock(connector),
                    watch=watch,
                    workers=sources[name].table.get("in_flight", 4),
                    accept_removals=accept_removals,
                )
                # files last: in a replay they are collected at the moment that the tools' clocks have told
                for name, connector in sorted(connectors.items(), key=lambda c: c[1].reads_files)
            ]
            return run, {job.source: sync_source(job, self.lake) for job in jobs} | ended

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One writer at a time, on this machine by the workspace's lock, across machines by the lake's; else Locked."""
        with self.workspace.lock(), self.lake.lease():
            yield

    def _end_sources(self, run: str, *, accept: bool) -> dict[str, dict[str, StreamOutcome]]:
        """Whatever is wrong with the other sources: evidence of those that are not configured any more is stale."""
        last = self.lake.last_collected() if self.workspace.follows_source_clock else None
        with self.writing(), SafePoints():
            return end_sources(self.lake, self.workspace.sources, run=run, at=last or datetime.now(UTC), accept=accept)

    def purge(self, wanted: "Wanted", streams: Sequence[str], reason: str, *, apply: bool) -> "list[PurgePlan]":
        """Purge what is *wanted* from *streams* (all when empty), or only say what would be purged.

        Raises:
            UsageError: the record named is not there, or still live at its tool.
            IntegrityError: the evidence is damaged.
            Locked: another run is writing.
        """
        from itss_bridge.evidence.purge import purge

        with self.writing() if apply else nullcontext():
            return purge(self.lake, streams or stream_names(), wanted, reason, datetime.now(UTC), apply=apply)

    def pseudonyms(self, person: str) -> dict[str, str]:
        """By what pseudonym each source of the evidence knows a person, whom its tool calls *person*."""
        lasts = [self.lake.table(stream).last() for stream in self.lake.streams()]
        sources = sorted({source for last in lasts if last for source in last.sources})
        return {source: pseudonymiser(self._privacy_key(), source)(person) for source in sources}

    def _clock(self, connector: Connector) -> Callable[[Identity | None], datetime]:
        if not self.workspace.follows_source_clock:
            return system_clock
        if connector.reads_files:
            return lambda _: self.lake.last_collected() or datetime.now(UTC)
        return source_clock(self.now())

    def _chosen(self, only: Collection[str]) -> dict[str, Source]:
        sources = self.workspace.sources
        if not sources:
            raise UsageError(
                say("there are no sources"),
                where=str(self.workspace.root / FILE),
                fix=say("add a [sources.NAME] table"),
            )
        for name in only:
            self.plugins.pick(sources, name, say("source"))
        return {name: source for name, source in sources.items() if not only or name in only}

    def _privacy_key(self) -> bytes:
        reference = self.workspace.privacy_key
        if reference is None:
            return workspace_key(self.workspace.evidence)
        secret = self.plugins.secret(reference)
        if secret is None:
            raise UsageError(say("the pseudonym key cannot be found"), where=f"privacy.key = {reference!r}")
        return secret.encode()


def as_problem(error: BaseException) -> BridgeError | None:
    """The error as one to show without a traceback, or None when it is a bug of ours."""
    if isinstance(error, BridgeError):
        return error
    if isinstance(error, OSError):
        return UsageError(
            error.strerror or str(error),
            where=str(error.filename or ""),
            fix=say("check the path, its rights and free space"),
        )
    return too_little(error)
