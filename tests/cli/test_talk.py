"""The command line in Chinese: help that fits the terminal, errors and exit codes as in English."""

import os
import re
from collections.abc import Iterator
from unicodedata import east_asian_width

import click
import pytest

from itss_bridge.cli import COMMANDS, itss_bridge, run
from itss_bridge.cli.talk import speak

CLOSING = "，。；：、！？）”"


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setitem(os.environ, "LANGUAGE", "zh")
    yield
    speak("en")


def columns(line: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    "arguments", [[], *([name] for name in COMMANDS), ["fleet", "sync"], ["evidence", "purge"]], ids=" ".join
)
def test_chinese_help_fits_and_says_nothing_in_english(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--help"]) == 0

    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0].startswith("用法：itss-bridge")
    assert "选项：" in lines
    assert max(map(columns, lines)) <= 82  # a mark that ends a sentence may hang over
    assert not [line for line in lines if line.strip() and line.strip()[0] in CLOSING]
    assert not re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,} [a-z]{2,}", text.partition("示例：")[0])


def test_help_that_was_asked_for_in_english_before_is_still_in_chinese(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    speak("en")
    command = itss_bridge.original("template")
    command.get_help_option(click.Context(command))
    request.getfixturevalue("chinese")

    run(["template", "--help"])

    assert "Show this message" not in capsys.readouterr().out


@pytest.mark.usefixtures("chinese")
def test_options_stand_in_one_column(capsys: pytest.CaptureFixture[str]) -> None:
    run(["sync", "--help"])

    lines = [line for line in capsys.readouterr().out.splitlines() if re.match(r"  -{1,2}\w", line)]
    starts = {columns(re.match(r"  \S.*?  +(?=\S)", line)[0]) for line in lines}
    assert len(starts) == 1


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sinc"], 2, "没有命令 'sinc'；是否想写 'sync'？"),
        (["sync", "--bogus"], 2, "没有选项 '--bogus'"),
        (["sync", "--source"], 2, "选项 '--source' 需要取值"),
        (["explain", "nothing-of-ours"], 2, "没有名为 'nothing-of-ours' 的内容"),
        (["gap", "--capacity", "3"], 2, "--capacity 须与 --roadmap 一起使用"),
        (["sync", "-w", "nowhere"], 2, "此处没有工作区"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_are_told_in_chinese(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    assert words in capsys.readouterr().err
