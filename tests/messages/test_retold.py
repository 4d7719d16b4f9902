"""Reasons that evidence keeps in English are told in Chinese: known again by the templates that made them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import entry_points
from string import Formatter
from typing import Any

import pytest
from tests.messages.catalogue import current, packages

from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import Message, retold, say
from itss_bridge.metrics.measuring import obstacle_of
from itss_bridge.model import StreamState, Text
from itss_bridge.sync import _verdict
from itss_bridge.wording import as_reason

LOADED = {"itss_bridge", *(point.module.partition(".")[0] for point in entry_points(group="itss_bridge"))}
MOMENT = datetime(2026, 3, 31, tzinfo=UTC)
NOT_TELLING = 8
"""Templates with fewer letters of their own are not looked for: half of all sentences would fit them."""


def templates() -> Iterator[str]:
    for package in packages():
        for message in current(package):
            with_places = isinstance(message.id, str) and message.id and places(message.id)
            letters = sum(map(str.isalpha, "".join(literals(message.id)))) if with_places else 0
            if letters >= NOT_TELLING and package.name in LOADED and "click" not in str(message.locations):
                yield message.id


def places(template: str) -> dict[str, Any]:
    try:
        fields = [(name, spec) for _, name, spec, _ in Formatter().parse(template) if name]
    except ValueError:
        return {}
    if not all(name.isidentifier() for name, _ in fields):  # braces that stand for themselves
        return {}
    return {name: MOMENT if spec and "%Y" in spec else 7 if spec else f"«{name}»" for name, spec in fields}


def literals(template: str) -> list[str]:
    return [literal for literal, _, _, _ in Formatter().parse(template)]


@pytest.mark.parametrize("template", sorted(set(templates())))
def test_every_sentence_of_ours_is_known_again(template: str) -> None:
    message = Message(template, places(template))

    assert retold(str(message), "zh") == message.told("zh")


@pytest.mark.parametrize(("expected", "seen", "missing", "hidden"), [(9, 8, 0, 0), (9, 8, 1, 0), (9, 9, 0, 2)])
def test_why_a_stream_is_incomplete_is_told_to_chinese_readers(
    expected: int, seen: int, missing: int, hidden: int
) -> None:
    state, reason = _verdict(expected, seen, missing, hidden)
    kept = StreamState("servicenow", "incident", state, expected, seen, MOMENT, "", str(reason))

    told = retold(str(obstacle_of("incident", {"incident": [kept]})), "zh")

    assert told.startswith("servicenow 的事件数据流不完整：")
    assert not any(c.isalpha() and c.isascii() for c in told.removeprefix("servicenow"))


def test_a_failure_is_told_part_by_part() -> None:
    what, cause = say("the tool answered {status}", status=503), say("the tool is overloaded or under maintenance")
    kept = str(SourceUnavailable(what, where="GET /x", cause=cause, fix=say("try again later")))

    assert retold(kept, "zh") == "工具返回 503；GET /x；工具过载或正在维护；请稍后再试"
    assert retold(f"{kept}; not finished", "zh").endswith("请稍后再试；尚未采集完")


@pytest.mark.parametrize(
    "text", ["", "said by a tool", "it is not known to us", "INC0001 | said by a tool", "{not} a %(template)s", "是"]
)
def test_what_others_said_stays_as_they_said_it(text: str) -> None:
    assert retold(text, "zh") == text
    assert retold(text, "en") == text


def test_english_is_the_sentence_itself() -> None:
    message = say("{stream}: no source gives it", stream="incident")

    assert as_reason(message) == Text("incident: no source gives it", "事件：没有数据源提供")
    assert type(as_reason(message).en) is str
