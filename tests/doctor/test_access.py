"""Secrets by reference, and TLS against a real server on loopback with certificates made for the test."""

import datetime as dt
import ipaddress
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.doctor import access
from itss_bridge.workspace import Source

GOOD = '[workspace]\norganisation = "晨星信息"\n'
NOW = dt.datetime.now(dt.UTC)
CANARY = "canary-7f3a"


def bridge(root: Path, reference: str) -> Bridge:
    source = f'[sources.jira]\nconnector = "jira"\nurl = "https://acme.example"\nsecret = "{reference}"\n'
    (root / "itss-bridge.toml").write_text(GOOD + source, "utf-8")
    return Bridge(root)


@pytest.mark.parametrize("reference", ["env:TOKEN", "file:{root}/token", "command:cat {root}/token"])
def test_a_secret_is_named_by_where_it_comes_from_and_never_shown(tmp_path: Path, monkeypatch, reference: str) -> None:
    monkeypatch.setenv("TOKEN", CANARY)
    (tmp_path / "token").write_text(CANARY)
    (tmp_path / "token").chmod(0o600)
    findings = list(access.secrets(bridge(tmp_path, reference.format(root=tmp_path))))
    assert [one.state for one in findings] == ["ok"]
    assert reference.partition(":")[0] in findings[0].what
    assert CANARY not in repr(findings)


def test_arguments_of_a_command_are_not_shown(tmp_path: Path) -> None:
    (one,) = access.secrets(bridge(tmp_path, f"command:echo {CANARY}"))
    assert one.what.endswith("command:echo")


@pytest.mark.parametrize("reference", ["env:NOT_SET_HERE", "file:/nowhere", "command:false", "keyring:x"])
def test_a_reference_that_leads_nowhere_is_a_problem_of_configuration(
    tmp_path: Path, monkeypatch, reference: str
) -> None:
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    (one,) = access.secrets(bridge(tmp_path, reference))
    assert (one.state, one.code, one.about) == ("problem", 2, "sources.jira")
    assert one.fix


def test_a_file_that_others_may_read_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(CANARY)
    (tmp_path / "token").chmod(0o644)
    ok, loose = access.secrets(bridge(tmp_path, f"file:{tmp_path}/token"))
    assert (ok.state, loose.state) == ("ok", "warning")
    assert "chmod 600" in loose.fix


def test_a_workspace_file_that_anybody_may_write_is_warned_about(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TOKEN", CANARY)
    opened = bridge(tmp_path, "env:TOKEN")
    (tmp_path / "itss-bridge.toml").chmod(0o666)
    assert [one.state for one in access.secrets(opened)] == ["ok", "warning"]
    assert (tmp_path / "itss-bridge.toml").stat().st_mode & stat.S_IWOTH


def made(folder: Path, *, days: int, name: str = "127.0.0.1") -> Path:
    """A certificate of its own, and its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509", reason="certificates are made with cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stand-in")])
    shown = [x509.IPAddress(ipaddress.ip_address(name))] if name[0].isdigit() else [x509.DNSName(name)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=400))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(shown), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{name}-{days}.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def serving(certificate: Path | None) -> Iterator[str]:
    """A server that does no more than shake hands, or not even that."""

    class Server(ThreadingTCPServer):
        daemon_threads = True

        def get_request(self):
            connection, address = super().get_request()
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                connection = context.wrap_socket(connection, server_side=True)
            return connection, address

        def handle_error(self, request, client_address) -> None:
            """A client that hangs up is what is tested."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/jira"
        server.shutdown()


def looked(url: str, **table: str):
    (finding,) = access.encrypted(Source("jira", "jira", {"url": url, **table}), NOW)
    return finding


def test_protocol_and_end_of_the_certificate_are_told(tmp_path: Path) -> None:
    pem = made(tmp_path, days=200)
    with serving(pem) as url:
        told = looked(url, ca_bundle=str(pem))
    assert told.state == "ok"
    assert "TLSv1.3" in told.what
    assert f"{NOW + dt.timedelta(days=200):%Y-%m-%d}" in told.what
    assert str(pem) in told.what


def test_a_certificate_that_ends_soon_is_warned_about(tmp_path: Path) -> None:
    pem = made(tmp_path, days=20)
    with serving(pem) as url:
        assert looked(url, ca_bundle=str(pem)).state == "warning"


@pytest.mark.parametrize(
    ("days", "name", "trusted", "fix"),
    [(200, "127.0.0.1", False, "ca_bundle"), (-1, "127.0.0.1", True, "renew"), (200, "other.example", True, "url")],
)
def test_a_certificate_that_is_not_accepted_is_a_problem_with_its_own_fix(
    tmp_path: Path, days: int, name: str, trusted: bool, fix: str
) -> None:
    pem = made(tmp_path, days=days, name=name)
    with serving(pem) as url:
        problem = looked(url, **({"ca_bundle": str(pem)} if trusted else {}))
    assert (problem.state, problem.code) == ("problem", 5)
    assert fix in problem.fix


def test_a_server_that_speaks_no_tls_is_a_problem() -> None:
    with serving(None) as url:
        assert looked(url).state == "problem"


def test_a_host_that_is_not_there_cannot_be_told() -> None:
    assert looked("https://127.0.0.1:9").state == "unknown"


def test_loopback_without_encryption_is_what_the_session_allows() -> None:
    assert looked("http://127.0.0.1:8080").state == "ok"
