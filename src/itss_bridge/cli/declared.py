"""What is declared here: the workspace's catalogue when there is a workspace, else the shipped one with all plugins."""

from pathlib import Path

from itss_bridge.catalogue import Catalogue, load
from itss_bridge.cli.call import Call
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.plugins import Plugins
from itss_bridge.workspace import FILE, Workspace


def folders(call: Call) -> list[CatalogueFolder]:
    """All catalogue folders, the core's first, the workspace's own last."""
    own = Workspace.open(call.workspace).catalogues if has_workspace(call) else ()
    return [*Plugins().catalogues, *(CatalogueFolder(path, str(call.workspace / FILE)) for path in own)]


def catalogue(call: Call) -> Catalogue:
    """The resolved catalogue, with the workspace's signatures."""
    return call.bridge().catalogue if has_workspace(call) else load(folders(call))


def binding(call: Call) -> tuple[str, ...] | None:
    """The packs that decide in the workspace, None where there is no workspace."""
    return Workspace.open(call.workspace).binding if has_workspace(call) else None


def has_evidence(call: Call) -> bool:
    """Whether there is a workspace here in which something was collected."""
    return has_workspace(call) and bool(call.bridge().lake.streams())


def language(call: Call) -> str:
    """The language asked for, else the workspace's first, else Chinese."""
    return call.language or (Workspace.open(call.workspace).languages[0] if has_workspace(call) else call.lang())


def has_workspace(call: Call) -> bool:
    """A folder that was named must be one; here there may be none."""
    return call.workspace != Path() or (call.workspace / FILE).exists()
