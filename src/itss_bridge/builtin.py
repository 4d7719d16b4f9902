"""What the core plugs in itself, by the same hooks as strangers."""

from collections.abc import Sequence
from pathlib import Path

from itss_bridge.contracts import Connector, Engine, ExecutorFactory, Exporter
from itss_bridge.data import folder
from itss_bridge.hookspecs import hookimpl


@hookimpl
def itss_bridge_catalogues() -> Sequence[Path]:
    """The shipped `mappings/`."""
    return [folder("mappings")]


@hookimpl
def itss_bridge_connectors() -> Sequence[type[Connector]]:
    """Attestations in files."""
    from itss_bridge.files import Files

    return [Files]


@hookimpl
def itss_bridge_exporters() -> Sequence[type[Exporter]]:
    """All that `itss_bridge.exporters` has."""
    from itss_bridge.exporters import EXPORTERS

    return EXPORTERS


@hookimpl
def itss_bridge_engines() -> Sequence[type[Engine]]:
    """DuckDB, in this process."""
    from itss_bridge.metrics import DuckEngine

    return [DuckEngine]


@hookimpl
def itss_bridge_executors() -> Sequence[ExecutorFactory]:
    """Threads of this process, processes of this machine, a Dask cluster."""
    from itss_bridge.executors import Dask, Processes, Threads

    return [Threads(), Processes(), Dask()]


@hookimpl
def itss_bridge_secrets(reference: str) -> str | None:
    """`env:`, `file:`, `command:` and `keyring:`."""
    from itss_bridge.secrets import resolve

    return resolve(reference)
