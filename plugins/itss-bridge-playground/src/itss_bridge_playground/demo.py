"""What `itss-bridge demo` starts: the playground, and a workspace that reads it."""

import shutil
import socket
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

from itss_bridge_playground.playground import Playground
from itss_bridge_playground.server import LOOPBACK

PORTS = (8730, 8731)
SECRETS = {"PLAYGROUND_PASSWORD": "playground", "PLAYGROUND_TOKEN": "playground"}


def demo_playground(now: datetime) -> Playground:
    """The playground on the ports that `itss-bridge-playground serve` uses too, or on free ones if those are taken."""
    ports = PORTS if all(_free(port) for port in PORTS) else (0, 0)
    return Playground(now, ports=ports)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


def prepare(root: Path, playground: Playground) -> dict[str, str]:
    """Write workspace and attestations into *root*; returns the secrets that must be in the environment."""
    root.mkdir(parents=True, exist_ok=True)
    files_source = '\n[sources.files]\nconnector = "files"\n'
    (root / "itss-bridge.toml").write_text(playground.workspace_toml() + files_source, "utf-8")
    with as_file(files("itss_bridge_playground") / "data" / "attestations") as attestations:
        shutil.copytree(attestations, root / "attestations")
    return SECRETS
