"""The hooks a plugin may implement, all of them optional; entry-point group `itss_bridge`. Each returns a list."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from itss_bridge.contracts import Connector, Engine, ExecutorFactory, Exporter, Publisher

hookspec = pluggy.HookspecMarker("itss_bridge")
hookimpl = pluggy.HookimplMarker("itss_bridge")


@hookspec
def itss_bridge_connectors() -> "Sequence[type[Connector]]":
    """Connector classes, each with a name of its own."""
    raise AssertionError


@hookspec
def itss_bridge_exporters() -> "Sequence[type[Exporter]]":
    """Exporter classes, each with a suffix of its own."""
    raise AssertionError


@hookspec
def itss_bridge_publishers() -> "Sequence[type[Publisher]]":
    """Publisher classes."""
    raise AssertionError


@hookspec
def itss_bridge_catalogues() -> Sequence[Path]:
    """Folders shaped like `mappings/`: frameworks, crosswalks, metrics, checks, levels."""
    raise AssertionError


@hookspec(firstresult=True)
def itss_bridge_secrets(reference: str) -> str | None:  # noqa: ARG001 - its name is the contract
    """The secret behind a reference such as `env:NAME`, or None to let the next plugin try."""
    raise AssertionError


@hookspec
def itss_bridge_executors() -> "Sequence[ExecutorFactory]":
    """Named executors for fleets."""
    raise AssertionError


@hookspec
def itss_bridge_engines() -> "Sequence[type[Engine]]":
    """Where population queries run."""
    raise AssertionError
