"""Checks of how a connector behaves: towards the tool, the network, the terminal and the process it is a guest in."""

import logging
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from itss_bridge.testing.bench import CANARY, Bench, WatchedSession, demand, some
from itss_bridge.testing.given import Given

_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Manners(Given):
    """Read only, here only, quietly."""

    def test_it_only_reads(self, still: Bench) -> None:
        server, connector = still.server, still.connector()
        assert isinstance(connector.http, WatchedSession)
        before = len(server.log)
        still.everything(connector)
        asked = [(method, url.removeprefix(still.url)) for method, url in connector.http.asked]
        prefix = still.url.removeprefix(f"http://127.0.0.1:{server.port}")
        asked += [(line.method, line.path.removeprefix(prefix)) for line in server.log[before:]]
        posts = set(self.connector.read_posts)
        writes = {f"{m} {url}" for m, url in asked if m not in {"GET", "HEAD"} and not _may_post(m, url, posts)}
        demand(
            not writes,
            f"it asks for more than to read: {some(writes)}",
            "GET; a POST that only reads is named in read_posts, by its path below the source's url",
        )

    def test_it_talks_to_the_configured_place_only(self, still: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        connector, elsewhere = still.connector(), _watch_connections(monkeypatch, _ports(still))
        try:
            still.everything(connector)
        except Exception:
            if not elsewhere:
                raise
        demand(
            not elsewhere,
            f"it tried to reach {some(elsewhere)}",
            "ask through self.http, at the configured url; follow no address that an answer names",
        )

    def test_every_request_goes_through_its_session(self, still: Bench) -> None:
        server, connector = still.server, still.connector()
        before = len(server.log)
        still.everything(connector)
        arrived, made = len(server.log) - before, connector.http.requests_made
        demand(
            arrived == made,
            f"{arrived} requests reached the tool, {made} of them through self.http",
            "give self.http to the client library as its session: only there are limits, retries and the guard",
        )

    def test_it_prints_nothing(self, still: Bench, capfd: pytest.CaptureFixture[str]) -> None:
        capfd.readouterr()
        still.everything(still.connector())
        printed = capfd.readouterr()
        demand(
            not printed.out and not printed.err,
            f"it writes to the terminal: {(printed.out + printed.err)[:200]!r}",
            "use logging: what stands on standard output is for scripts",
        )

    def test_its_secret_is_nowhere_to_be_seen(self, still: Bench, caplog: pytest.LogCaptureFixture) -> None:
        still.only_with_a_server()
        connector = still.connector()
        with caplog.at_level(logging.DEBUG):
            identity = connector.check()
            readings = [still.read(connector, stream) for stream in still.streams]
        shown = {
            "a log line": caplog.text,
            "the identity": repr(identity),
            "a slice": repr([reading.pieces for reading in readings]),
            "a record": repr([reading.records for reading in readings]),
            "the connector": repr({k: v for k, v in vars(connector).items() if k != "http"}),
        }
        for place, text in shown.items():
            demand(CANARY not in text, f"the secret stands in {place}", "leave credentials to self.http, look at none")

    def test_it_leaves_the_process_as_it_found_it(self, still: Bench) -> None:
        before = _process()
        still.everything(still.connector())
        changed = [name for name, value in _process().items() if before[name] != value]
        demand(
            not changed,
            f"it changes {some(changed)} of the process it runs in",
            "other sources are read in the same process: set things on your own objects only",
        )


def _may_post(method: str, url: str, posts: set[str]) -> bool:
    return method == "POST" and url.partition("?")[0] in posts


def _ports(bench: Bench) -> frozenset[int]:
    return bench.gate.ports if bench.gate else frozenset()


def _watch_connections(monkeypatch: pytest.MonkeyPatch, ports: frozenset[int]) -> set[str]:
    """Stop connections to other places than these loopback ports; the set comes to hold where they should have gone."""
    elsewhere: set[str] = set()
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def watched(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not (address[1] in ports and address[0] in _HERE):
            elsewhere.add(f"{address[0]}:{address[1]}")
            raise ConnectionRefusedError("stopped by the contract")
        connect(self, address)

    def resolved(host: Any, *more: Any, **named: Any) -> Any:
        if host not in _HERE:
            elsewhere.add(str(host))
            raise socket.gaierror("stopped by the contract")
        return resolve(host, *more, **named)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return elsewhere


def _process() -> dict[str, object]:
    root = logging.getLogger()
    return {
        "the working folder": Path.cwd(),
        "the environment": dict(os.environ),
        "the root logger": (root.level, root.disabled, [h for h in root.handlers if type(h).__module__ == "logging"]),
        "the sockets' default timeout": socket.getdefaulttimeout(),
        "the file mode mask": _mask(),
    }


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
