"""Secrets are found where the reference says, stay masked, and are taken out of texts."""

import base64
import pickle
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge import secrets
from itss_bridge.errors import UsageError
from itss_bridge.secrets import MASK, Secret, redact, resolve


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_environment_file_or_command_without_its_last_line_break(tmp_path, monkeypatch, ending):
    path = tmp_path / "with space"
    path.write_bytes(("密 pass:word" + ending).encode())
    monkeypatch.setenv("TOOL_TOKEN", "密 pass:word" + ending)
    printing = f"command:'{sys.executable}' -c \"print(open('{path}', newline='').read(), end='')\""
    for reference in ("env:TOOL_TOKEN", f"file:{path}", printing if sys.platform != "win32" else f"file:{path}"):
        assert resolve(reference) == "密 pass:word"


def test_a_file_below_the_home_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "token").write_text("t0k3n\n")
    assert resolve("file:~/token") == "t0k3n"


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("env:NOT_SET_ANYWHERE", "not set"),
        ("env:", "not set"),
        ("env:EMPTY", "empty"),
        ("env:ONLY_BREAK", "empty"),
        ("env:TWO_LINES", "line break"),
        ("env:TWO_BREAKS", "line break"),
        ("env:BELL", "control character"),
        ("file:/nonexistent/secret", "cannot be read"),
        ("file:/", "cannot be read"),
        ("file:nul\0byte", "cannot be read"),
        ("command:/nonexistent/program --show", "command failed"),
        ("command:", "command failed"),
        ("command:echo 'unbalanced", "command failed"),
        ("command:false", "command failed"),
        ("keyring:no-user", "names a service and a user"),
        ("keyring:/user", "names a service and a user"),
    ],
)
def test_a_secret_that_cannot_be_found_is_a_usage_error_with_a_fix(monkeypatch, reference, problem):
    values = {"EMPTY": "", "ONLY_BREAK": "\n", "TWO_LINES": "one\ntwo", "TWO_BREAKS": "one\n\n", "BELL": "a\ab"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with pytest.raises(UsageError, match=problem) as caught:
        resolve(reference)
    assert caught.value.exit_code == 2
    assert caught.value.fix


@pytest.mark.parametrize("reference", ["plain-text-password", "env", "vault:path", "", ":", "ENV:NAME"])
def test_a_reference_of_another_kind_is_left_to_the_plugins(reference):
    assert resolve(reference) is None


def test_a_failing_command_does_not_show_what_it_printed():
    with pytest.raises(UsageError) as caught:
        resolve(f"command:{sys.executable} -c \"import sys; print('s3'+'cr3t'); sys.exit(3)\"")
    assert "status 3" in caught.value.cause
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_command_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.1)
    with pytest.raises(UsageError, match="command failed") as caught:
        resolve(f'command:{sys.executable} -c "import time; time.sleep(30)"')
    assert "longer than 0.1 seconds" in caught.value.cause


def broken_keyring(_service, _user):
    raise RuntimeError("no backend: s3cr3t")


def test_a_keyring_is_asked_by_service_and_user(monkeypatch):
    answering = SimpleNamespace(get_password=lambda service, user: f"{service}|{user}")
    monkeypatch.setitem(sys.modules, "keyring", answering)
    found = resolve("keyring:https://acme.example/bridge@acme.example")
    assert found == "https://acme.example|bridge@acme.example"


@pytest.mark.parametrize(
    ("get_password", "problem"),
    [(lambda _service, _user: None, "holds no such secret"), (broken_keyring, "cannot be read")],
)
def test_a_keyring_that_is_empty_or_broken_is_a_usage_error(monkeypatch, get_password, problem):
    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=get_password))
    with pytest.raises(UsageError, match=problem) as caught:
        resolve("keyring:service/user")
    assert "s3cr3t" not in str(caught.value)


def test_without_the_keyring_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="no keyring is installed") as caught:
        resolve("keyring:service/user")
    assert "install the package keyring" in caught.value.fix


def test_a_secret_shows_itself_only_when_asked_by_name():
    secret = Secret("s3cr3t")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret}", repr([secret]), repr({"a": secret})]
    assert not [text for text in shown if "s3cr3t" in text]
    assert all(MASK in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@given(secret=st.text(min_size=4).filter(lambda text: "*" not in text), before=st.text(), after=st.text())
def test_a_redacted_text_does_not_hold_the_secret_in_any_form(secret, before, after):
    encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode() if secret.isascii() else ""
    text = f"{before} {secret} {quote(secret, errors='replace')} {encoded} {after}"
    clean = redact(text, [secret])
    assert secret not in clean
    assert not encoded or encoded not in clean


def test_the_longest_secret_is_taken_out_first_and_texts_without_secrets_stay():
    assert redact("user:secret-long", ["secret", "secret-long", "user:secret-long"]) == MASK
    assert redact("nothing here", ["secret"]) == "nothing here"
    assert redact("a b c", ["a", ""]) == "a b c"
