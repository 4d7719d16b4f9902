"""What `itss-bridge demo` starts: the playground, and a workspace that reads it."""

import shutil
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path

from itss_bridge_playground.playground import Playground

PORTS = (8730, 8731)
SECRETS = {"PLAYGROUND_PASSWORD": "playground", "PLAYGROUND_TOKEN": "playground"}


def demo_playground(now: datetime) -> Playground:
    """The playground on the ports that `itss-bridge-playground serve` uses too, or on free ones if those are taken."""
    try:
        return Playground(now, ports=PORTS)
    except OSError:
        return Playground(now)


def prepare(root: Path, playground: Playground) -> dict[str, str]:
    """Write workspace and attestations into *root*; returns the secrets that must be in the environment."""
    root.mkdir(parents=True, exist_ok=True)
    files_source = '\n[sources.files]\nconnector = "files"\n'
    (root / "itss-bridge.toml").write_text(playground.workspace_toml() + files_source, "utf-8")
    with as_file(files("itss_bridge_playground") / "data" / "attestations") as attestations:
        shutil.copytree(attestations, root / "attestations")
    return SECRETS
