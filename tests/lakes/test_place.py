"""How a workspace names its bucket: references only, https, a key of its own; and what is said when it cannot be used."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.lakes.conftest import ACCESS_KEY, SECRET, Server

from itss_bridge.bridge import Bridge
from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.evidence import Lake
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.workspace import Workspace

HEAD = '[workspace]\norganisation = "晨星信息"\n[privacy]\nkey = "env:LAKE_PRIVACY_KEY"\n[evidence]\n'
WHOLE = 'uri = "s3://evidence/one"\nendpoint = "{}"\naccess_key = "env:LAKE_ACCESS_KEY"\nsecret = "env:LAKE_SECRET"\n'


def written(root: Path, evidence: str, head: str = HEAD) -> Path:
    root.mkdir(exist_ok=True)
    (root / "itss-bridge.toml").write_text(head + evidence, "utf-8")
    return root


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('access_key = "LTAI-something"\nsecret = "env:S"', "this is not a reference"),
        ('access_key = "env:A"\nsecret = "wJalr-very-secret"', "this is not a reference"),
        ('access_key = "env:A"', "'secret' is a dependency of 'access_key'"),
        ('secret_key = "wJalr-very-secret"', "looks like a secret"),
        ('session_token = "wJalr-very-secret"', "looks like a secret"),
        ('path_style = "yes"', "path_style"),
    ],
)
def test_a_credential_in_the_file_is_refused_and_not_shown(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        Workspace.open(written(tmp_path, f'uri = "s3://evidence/one"\n{line}\n'))
    assert "very-secret" not in str(caught.value)
    assert "LTAI" not in str(caught.value)


@pytest.mark.parametrize("uri", ["http://evidence/one", "s3://", "s3://evidence/../other", "evidence"])
def test_what_names_no_bucket_is_refused(tmp_path: Path, uri: str) -> None:
    with pytest.raises(UsageError, match=r"evidence\.uri"):
        Workspace.open(written(tmp_path, f'uri = "{uri}"\n'))


def test_a_shared_lake_without_a_key_of_its_own_is_refused(tmp_path: Path) -> None:
    head = '[workspace]\norganisation = "晨星信息"\n[evidence]\n'
    with pytest.raises(UsageError, match="needs a pseudonym key") as caught:
        Workspace.open(written(tmp_path, 'uri = "s3://evidence/one"\n', head))
    assert caught.value.where.endswith("itss-bridge.toml:4")
    assert "[privacy] key" in caught.value.fix


@pytest.mark.parametrize(
    "endpoint",
    ["http://minio.example.org:9000", "https://key:secret@minio.example.org", "ftp://minio", "https://169.254.169.254"],
)
def test_an_endpoint_that_would_show_or_lose_credentials_is_refused(endpoint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Place("s3://evidence/one", endpoint)
    assert caught.value.where == "evidence.endpoint"
    assert "key:secret" not in str(caught.value)


def test_a_virtual_hosted_bucket_is_part_of_the_address() -> None:
    place = Place("s3://evidence/one", "https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou", virtual_hosted=True)
    settings = place.settings()
    assert settings["aws_endpoint"] == "https://evidence.oss-cn-hangzhou.aliyuncs.com"
    assert settings["aws_virtual_hosted_style_request"] == "true"
    assert "aws_secret_access_key" not in settings
    assert "aws_allow_http" not in Bucket(place).options


def test_no_credential_is_ever_shown(s3: Server) -> None:
    place = Place("s3://evidence/one", s3.endpoint, access_key=ACCESS_KEY, secret=SECRET)
    assert SECRET not in repr(place)
    assert SECRET not in repr(Bucket(place))


def test_the_wrong_secret_is_access_denied(s3: Server, tmp_path: Path) -> None:
    lake = Lake(
        tmp_path, store=Bucket(Place("s3://evidence/one", s3.endpoint, access_key=ACCESS_KEY, secret="wrong-one"))
    )
    with pytest.raises(AccessDenied) as caught:
        lake.streams()
    assert "wrong-one" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_not_an_empty_lake(s3: Server, tmp_path: Path) -> None:
    lake = Lake(tmp_path, store=Bucket(Place("s3://nowhere/one", s3.endpoint, access_key=ACCESS_KEY, secret=SECRET)))
    with pytest.raises((SourceUnavailable, AccessDenied), match="object store"):
        lake.streams()


def test_a_store_that_does_not_answer_ends_the_command_with_5(
    tmp_path: Path, bridge_command: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("obstore", reason="needs the group `lakes`")
    monkeypatch.setattr("itss_bridge.evidence.bucket.RETRIES", 0)
    for name in ("LAKE_ACCESS_KEY", "LAKE_SECRET", "LAKE_PRIVACY_KEY"):
        monkeypatch.setenv(name, "something-secret")
    root = written(tmp_path, WHOLE.format("http://127.0.0.1:9"))
    ran = bridge_command("verify", "-w", root, "--json")
    assert ran.code == 5
    assert json.loads(ran.out)["error"]["what"] == "the object store cannot be used"
    assert "something-secret" not in ran.out + ran.err


def test_a_secret_that_cannot_be_resolved_is_named_by_its_reference(tmp_path: Path) -> None:
    root = written(tmp_path, WHOLE.format("http://127.0.0.1:9"))
    with pytest.raises(UsageError, match="environment variable is not set") as caught:
        Bridge(root).lake.streams()
    assert caught.value.where == "env:LAKE_ACCESS_KEY"
