"""A lake in a bucket of an S3-compatible object store: MinIO, SeaweedFS, Alibaba OSS, AWS and others."""

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, BinaryIO, Self
from urllib.parse import urlsplit

from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.evidence.store import Put, Store
from itss_bridge.messages import say
from itss_bridge.secrets import redact
from itss_bridge.transport.origin import Origin

_CHUNK = 4 << 20
_NO_RIGHT = re.compile(r"status code: 40[13]\b")
RETRIES = 5
_PATIENT = timedelta(seconds=30)
_BY_REFERENCE = ("access_key", "secret", "session")
_WHOLE = 64 << 20
"""A file up to this size goes up in one request; a larger one in parts."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, where it is reached, and the account; no account: what the machine itself gives (AWS_… or its role)."""

    uri: str
    endpoint: str = ""
    region: str = "us-east-1"
    virtual_hosted: bool = False
    access_key: str = ""
    secret: str = field(default="", repr=False)
    session: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """UsageError when the endpoint is no address, or would show credentials to the network."""
        if self.endpoint:
            try:
                Origin.parse(self.endpoint)
            except UsageError as error:
                raise UsageError(error.what, where="evidence.endpoint", fix=error.fix) from None

    @property
    def bucket(self) -> str:
        return urlsplit(self.uri).netloc

    @property
    def prefix(self) -> str:
        return urlsplit(self.uri).path.strip("/")

    @property
    def address(self) -> str:
        """Where requests go; a virtual-hosted bucket is part of the host's name."""
        if not (self.endpoint and self.virtual_hosted):
            return self.endpoint.rstrip("/")
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}"

    def settings(self) -> dict[str, str]:
        """As delta-rs and obstore both spell it; what is empty is left to the machine."""
        told = {
            "aws_endpoint": self.address,
            "aws_region": self.region,
            "aws_virtual_hosted_style_request": str(self.virtual_hosted or not self.endpoint).lower(),
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.session,
            "aws_conditional_put": "etag",
        }
        return {name: value for name, value in told.items() if value}

    def redacted(self, text: str) -> str:
        return redact(text, filter(None, (self.secret, self.session)))


class Bucket(Store):
    """A prefix of a bucket. A PUT is whole and lasting once it is acknowledged; commits are conditional PUTs."""

    shared = True

    def __init__(self, place: Place, folder: str = "") -> None:
        self._place = place
        self._folder = folder
        self.uri = "/".join(filter(None, (f"s3://{place.bucket}", place.prefix, folder)))
        self.options: Mapping[str, str] = {**place.settings(), **_plain_http(place), **_patience()}

    def under(self, folder: str) -> Self:
        inner = type(self)(self._place, f"{self._folder}/{folder}".strip("/"))
        inner.__dict__["_store"] = self._store  # one pool of connections
        return inner

    def where(self, name: str) -> str:
        return f"{self.uri}/{name}".rstrip("/")

    def folders(self) -> list[str]:
        return sorted(path.rsplit("/", 1)[-1] for path in self._listed("")["common_prefixes"])

    def sizes(self, folder: str = "") -> dict[str, int]:
        found = self._listed(folder)["objects"]
        return dict(sorted((one["path"].rsplit("/", 1)[-1], int(one["size"])) for one in found))

    def exists(self, name: str) -> bool:
        import obstore

        try:
            with self._talking(name):
                obstore.head(self._store, self._key(name))
        except FileNotFoundError:
            return False
        return True

    def chunks(self, name: str) -> Iterator[bytes]:
        import obstore

        with self._talking(name):
            for chunk in obstore.get(self._store, self._key(name)).stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile() as file:
            file.writelines(self.chunks(name))
            file.seek(0)
            yield file

    def put(self, name: str, content: bytes) -> None:
        self.put_if(name, content, "overwrite")

    def put_if(self, name: str, content: bytes, mode: Any) -> str | None:
        """Put under a condition, `create` or `{"e_tag": …}`; the new ETag, None when the condition does not hold."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._talking(name):
            try:
                made = obstore.put(self._store, self._key(name), content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return None
        return str(made["e_tag"])

    def tagged(self, name: str) -> tuple[bytes, str] | None:
        """A file and its ETag; None when it is not there."""
        import obstore

        try:
            with self._talking(name):
                found = obstore.get(self._store, self._key(name))
                return bytes(found.bytes()), str(found.meta["e_tag"])
        except FileNotFoundError:
            return None

    def write(self, name: str, render: Callable[[BinaryIO], None]) -> Put:
        import obstore

        with tempfile.TemporaryFile() as file:
            render(file)
            size = file.tell()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            with self._talking(name):
                obstore.put(self._store, self._key(name), file, use_multipart=size > _WHOLE)
        return Put(digest, size)

    def delete(self, names: Iterable[str]) -> None:
        import obstore

        keys = [self._key(name) for name in names]
        with self._talking(""):
            for key in keys:
                obstore.delete(self._store, key)

    def settle(self, *names: str) -> None:
        """An acknowledged PUT lasts already."""

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}".strip("/")

    def _listed(self, folder: str) -> Any:
        import obstore

        with self._talking(folder):
            try:
                return obstore.list_with_delimiter(self._store, self._key(folder))
            except FileNotFoundError as error:  # a prefix need not be there; the bucket must
                raise OSError(str(error)) from None

    @cached_property
    def _store(self) -> Any:
        try:
            from obstore.store import S3Store
        except ImportError:
            raise UsageError(
                say("a lake in an object store needs a further package"),
                where=self.uri,
                fix=say('install it: pip install "itss-bridge[s3]"'),
            ) from None
        options = {"allow_http": bool(_plain_http(self._place)), "timeout": "60s", "connect_timeout": "10s"}
        place = self._place
        retries = {"max_retries": RETRIES, "retry_timeout": _PATIENT}
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=place.settings(),
            client_options=options,
            retry_config=retries,
        )

    @contextmanager
    def _talking(self, name: str) -> Iterator[None]:
        """What the store refuses or fails to do, in our own words; FileNotFoundError goes through."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            yield
        except (FileNotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except (BaseError, OSError) as error:
            if _NO_RIGHT.search(str(error)):
                raise self._refused(AccessDenied, say("the object store refuses this account"), name, error) from None
            raise self._refused(SourceUnavailable, say("the object store cannot be used"), name, error) from None

    def _refused(
        self, kind: type[AccessDenied | SourceUnavailable], what: str, name: str, error: Exception
    ) -> Exception:
        return kind(
            what,
            where=self.where(name),
            cause=self._place.redacted(str(error).splitlines()[0]),
            fix=say("check [evidence] in itss-bridge.toml, the account's rights, and that the bucket is there"),
        )


def _patience() -> dict[str, str]:
    """How often delta-rs asks again, and for how long: as often as we do ourselves."""
    return {"max_retries": str(RETRIES), "retry_timeout": f"{_PATIENT.seconds}s"}


def _plain_http(place: Place) -> dict[str, str]:
    """Only where the endpoint says http, which `Place` allows on loopback alone."""
    return {"aws_allow_http": "true"} if place.endpoint.startswith("http://") else {}


def bucket(table: Mapping[str, Any], resolved: Callable[[str, str], str]) -> Bucket:
    """The bucket that `[evidence]` of a workspace names; *resolved* is told a reference and the key it stands under."""
    secrets = {key: resolved(table[key], f"evidence.{key}") for key in _BY_REFERENCE if key in table}
    return Bucket(Place(**{**table, **secrets}))
