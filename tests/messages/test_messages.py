"""Every message is said in both languages, with the same places to fill; the compiled files are what the texts say."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from tests.messages.catalogue import Package, as_mo, as_po, current, gathered, packages, untranslated

from itss_bridge.messages import say, spoken, told

PACKAGES = packages()
names = pytest.mark.parametrize("package", PACKAGES, ids=[p.name for p in PACKAGES])
SHELL = ("python3 -m ", "jql = ")
ERRORS = {"BridgeError", "UsageError", "GateNotMet", "AccessDenied", "SourceUnavailable", "IntegrityError", "Locked"}


@names
def test_the_catalogue_is_what_the_code_says(package: Package) -> None:
    catalogue = gathered(package)
    assert package.po.read_bytes() == as_po(catalogue), "run `python -m tests.messages`"
    assert package.mo.read_bytes() == as_mo(catalogue), "run `python -m tests.messages`"


@names
def test_every_message_is_translated(package: Package) -> None:
    assert not untranslated(current(package))


@names
def test_a_translation_fills_the_same_places(package: Package) -> None:
    for message in current(package):
        if isinstance(message.id, tuple):  # Chinese has one form; it is filled with what either English form is
            assert {*places(message.string[0])} <= {*places(message.id[0]), *places(message.id[1])}, message.id
        else:
            assert places(message.id) == places(message.string), message.id


def places(text: str) -> list[str]:
    try:
        fields = sorted(f"{name}!{convert}:{spec}" for _, name, spec, convert in Formatter().parse(text) if name)
    except ValueError:
        fields = []
    return fields + sorted(re.findall(r"%\(\w+\)[sd]|%[sd]", text))


@names
def test_what_an_error_says_can_be_told_in_both_languages(package: Package) -> None:
    """No error is raised with a text that gettext cannot know: an f-string, or a literal that nobody gathers."""
    loose = [place for path in sorted(package.folder.rglob("*.py")) for place in loose_texts(path)]
    assert not loose


def loose_texts(path: Path) -> list[str]:
    found = []
    for call in (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in ERRORS:
            continue
        texts = [*call.args, *(k.value for k in call.keywords if k.arg in {"cause", "fix"})]
        found += [f"{path.name}:{text.lineno}" for text in texts if is_loose(text)]
    return found


def is_loose(text: ast.AST) -> bool:
    """A sentence outside any call: calls make their own texts, or are `say`; what is told to a shell is nobody's."""
    if isinstance(text, ast.Call):
        return False
    if isinstance(text, ast.Constant):
        return isinstance(text.value, str) and " " in text.value.strip() and not text.value.startswith(SHELL)
    return isinstance(text, ast.JoinedStr) or any(map(is_loose, ast.iter_child_nodes(text)))


def test_a_message_is_told_in_either_language() -> None:
    message = say("there is no command {name!r}; {hint}", name="x", hint=say("did you mean {name!r}?", name="y"))
    assert message == "there is no command 'x'; did you mean 'y'?"
    assert told(message, "en") == message
    assert "'x'" in str(told(message, "zh"))
    assert "there" not in str(told(message, "zh"))


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        (["matrix", "--lang", "zh"], {"LANG": "en_GB.UTF-8"}, "zh"),
        (["matrix", "--lang=en"], {"LANG": "zh_CN"}, "en"),
        (["matrix", "--lang", "klingon"], {}, "en"),
    ],
)
def test_the_language_of_talk(arguments: list[str], environ: dict[str, str], language: str) -> None:
    assert spoken(arguments, environ) == language
