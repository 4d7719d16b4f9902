"""Plugins: loaded one by one, named with their owner, refused when two claim one name; a stranger's whole plugin."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from itss_bridge.errors import UsageError
from itss_bridge.exporters import EXPORTERS
from itss_bridge.hookspecs import hookimpl
from itss_bridge.plugins import Plugins


class Point(EntryPoint):
    """An entry point whose plugin is at hand."""

    def load(self):
        return PLUGINS[self.value]()


PLUGINS: dict = {}


def point(name: str, load) -> Point:
    PLUGINS[name] = load
    return Point(name, name, "itss_bridge")


def module(**members) -> ModuleType:
    made = ModuleType("stranger")
    made.__dict__.update(members)
    return made


def test_the_core_plugs_itself_in_like_a_stranger() -> None:
    plugins = Plugins(points=[])
    assert set(plugins.exporters) >= {".xlsx", ".html", ".json", ".csv"}
    assert "files" in plugins.connectors
    assert "duckdb" in plugins.engines
    assert "threads" in plugins.executors
    assert [folder.owner for folder in plugins.catalogues] == ["itss-bridge"]


def test_a_plugin_that_breaks_on_import_is_named_and_left_out() -> None:
    def explode():
        raise ImportError("no module named gone")

    plugins = Plugins([point("broken", explode)])
    broken = next(p for p in plugins.loaded if p.name == "broken")
    assert "no module named gone" in broken.problem
    assert plugins.exporters


def test_an_unknown_hook_is_refused() -> None:
    @hookimpl
    def itss_bridge_exportres():
        return []

    plugins = Plugins([point("typo", lambda: module(itss_bridge_exportres=itss_bridge_exportres))])
    typo = next(p for p in plugins.loaded if p.name == "typo")
    assert "itss_bridge_exportres" in typo.problem


def test_two_plugins_with_one_name_are_refused_with_both_owners() -> None:
    @hookimpl
    def itss_bridge_exporters():
        return [EXPORTERS[0]]

    plugins = Plugins([point("second", lambda: module(itss_bridge_exporters=itss_bridge_exporters))])
    with pytest.raises(UsageError, match="two plugins provide") as caught:
        _ = plugins.exporters
    assert "itss-bridge and second" in caught.value.where


def test_a_plugin_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSS_BRIDGE_DISABLED_PLUGINS", "broken, other")
    assert [p.name for p in Plugins([point("broken", lambda: 1 / 0)]).loaded] == ["itss_bridge.builtin"]


def test_a_name_nobody_provides_is_answered_with_what_was_probably_meant() -> None:
    plugins = Plugins([point("broken", lambda: 1 / 0)])
    with pytest.raises(UsageError, match="no connector 'fils'") as caught:
        plugins.pick(plugins.connectors, "fils", "connector")
    assert "did you mean 'files'" in caught.value.fix
    assert "division by zero" in caught.value.cause


STRANGER = '''
"""A framework, a metric, a check and an export format, from outside."""
import json
from pathlib import Path

from itss_bridge.contracts import Exporter
from itss_bridge.hookspecs import hookimpl


class Lines(Exporter):
    name = "lines"
    suffix = ".lines"

    def export(self, report, language):
        rows = [f"{row.requirement} {row.status.value} {row.evidence}" for row in report.rows]
        return "\\n".join(rows).encode()


@hookimpl
def itss_bridge_exporters():
    return [Lines]


@hookimpl
def itss_bridge_catalogues():
    return [Path(__file__).parent / "acme_mappings"]
'''
FRAMEWORK = """
framework: acme
title: {en: House rules, zh: 内部规则}
editions: [{id: acme-1, name: {en: House rules 1, zh: 内部规则第一版}, status: in-force}]
source: [ACME]
confidence: high
requirements:
  - id: acme:certified-people
    title: {en: Certified people, zh: 持证人员}
    intent: {en: People hold certificates., zh: 人员持有证书。}
    element: people
    assessable: true
    clauses: {acme-1: '1'}
"""
METRIC = """
metric: acme-certificates
title: {en: Certificates, zh: 证书数}
definition: {en: Certificates on file., zh: 在册证书数量。}
unit: count
better: up
summary: count
window: snapshot
streams: [certificate]
source: [ACME]
confidence: high
population: SELECT id, ref, url, NULL AS excluded, awarded_at AS at FROM certificate
"""
CHECK = """
checks:
  - id: acme-has-certificates
    title: {en: There are certificates, zh: 有证书}
    kind: attestation
    metric: acme-certificates
    criterion: {operator: '>=', threshold: 2}
    requirements: [acme:certified-people]
    source: [ACME]
    confidence: high
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A distribution as an installer lays it down: a module, its data, and metadata with the entry point."""
    site = tmp_path / "site"
    for folder, name, text in (
        ("frameworks", "acme.yaml", FRAMEWORK),
        ("metrics", "acme-certificates.yaml", METRIC),
        ("checks", "acme.yaml", CHECK),
    ):
        (site / "acme_mappings" / folder).mkdir(parents=True)
        (site / "acme_mappings" / folder / name).write_text(text, "utf-8")
    (site / "acme_plugin.py").write_text(STRANGER, "utf-8")
    info = site / "acme_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[itss_bridge]\nacme = acme_plugin\n")
    return site


def test_a_strangers_framework_metric_and_format_show_up_without_any_change_to_the_core(
    stranger: Path, tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    (root / "attestations").mkdir(parents=True)
    (root / "itss-bridge.toml").write_text(
        '[workspace]\norganisation = "晨星信息"\n[sources.files]\nconnector = "files"\n', "utf-8"
    )
    rows = "id,scheme,awarded_at\n1,itss,2020-01-01\n2,iso9001,2020-01-01\n"
    (root / "attestations" / "certificate.csv").write_text(rows, "utf-8")
    paths = os.pathsep.join([str(stranger), *filter(None, sys.path)])

    def bridge(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "itss_bridge", *arguments, "-w", str(root)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths}
        )

    assert bridge("sync").returncode == 0
    shown = json.loads(bridge("matrix", "--json").stdout)
    row = next(r for r in shown["rows"] if r["requirement"] == "acme:certified-people")
    assert (row["status"], row["evidence"], row["clause"]) == ("conforming", 2, "1")
    assert json.loads(bridge("metric", "show", "acme-certificates", "--json").stdout)["value"] == 2
    assert bridge("export", str(root / "matrix.lines")).returncode == 0
    assert "acme:certified-people conforming 2" in (root / "matrix.lines").read_text("utf-8")
    assert "acme-plugin" in bridge("plugins").stdout
    assert len(STRANGER.strip().splitlines()) <= 40
