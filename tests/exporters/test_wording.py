"""One place for the words, in both languages, for everything that can be shown."""

import re
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from itss_bridge import wording
from itss_bridge.model import (
    Check,
    Criterion,
    Finding,
    Mapping,
    Metric,
    Relationship,
    RulePack,
    Status,
    StreamState,
    Text,
    Verdict,
)

pytestmark = pytest.mark.content

# Signs that are the same in both languages.
SAME = {"%", ""}


def texts() -> Iterator[tuple[str, Text]]:
    for table, entries in vars(wording).items():
        if table.isupper() and isinstance(entries, dict):
            yield from ((f"{table}[{key}]", text) for key, text in entries.items() if isinstance(text, Text))
    yield from ((f"READING[{n}]", text) for n, text in enumerate(wording.READING))


@pytest.mark.parametrize(("where", "text"), list(texts()))
def test_every_text_is_there_in_both_languages(where: str, text: Text) -> None:
    if text.zh in SAME:
        return
    assert re.search("[\u4e00-\u9fff]", text.zh), f"{where} has no Chinese"
    assert not re.search("[\u4e00-\u9fff]", text.en), f"{where} has Chinese in the English"
    assert text.en.strip() or where.startswith("UNIT"), f"{where} has no English"


@pytest.mark.parametrize(("where", "text"), list(texts()))
def test_both_languages_have_the_same_places_to_fill(where: str, text: Text) -> None:
    def places(language: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text[language])}

    assert places("en") - {None} == places("zh") - {None}, where


def test_every_unit_of_a_shipped_metric_has_a_name() -> None:
    files = (Path(__file__).parents[2] / "mappings" / "metrics").glob("*.yaml")
    units = {u for f in files for u in re.findall(r"(?m)^unit: \"?([^\"\n]+)", f.read_text("utf-8"))}
    assert units <= set(wording.UNIT)


def literals(owner: type, field: str) -> set[str]:
    return set(get_args(get_type_hints(owner)[field]))


def test_every_value_that_the_model_can_take_has_a_word() -> None:
    assert set(wording.STATUS) == set(wording.STATUS_LETTER) == set(wording.STATUS_MEANING) == set(Status)
    assert set(wording.LEVEL_STATE) == set(Status)
    assert set(wording.VERDICT) == set(wording.VERDICT_STATUS) == set(Verdict)
    assert set(wording.RELATIONSHIP) == set(wording.SYMBOL) == set(Relationship)
    assert set(wording.BASIS) == literals(Finding, "basis")
    assert set(wording.STREAM_STATE) == literals(StreamState, "state")
    assert set(wording.AUTHORITY) == literals(RulePack, "authority")
    assert set(wording.REVIEW) == literals(Mapping, "review")
    assert set(wording.KIND) == literals(Check, "kind")
    assert set(wording.BETTER) == literals(Metric, "better")
    assert set(wording.LEVEL) == {1, 2, 3, 4}


def test_every_stream_that_has_a_schema_has_a_name() -> None:
    schemas = Path(__file__).parents[2] / "schemas" / "streams"
    assert {path.stem for path in schemas.glob("*.json")} <= set(wording.STREAM)


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_letters_and_labels_tell_all_statuses_apart(language: str) -> None:
    for table in (wording.STATUS, wording.STATUS_LETTER, wording.STATUS_MEANING):
        assert len({text[language] for text in table.values()}) == len(Status)
    assert len({text[language] for text in wording.SHEET.values()}) == len(wording.SHEET)
    assert all(len(text[language]) == 1 for text in wording.STATUS_LETTER.values())


def test_no_verdict_but_met_is_shown_as_conforming() -> None:
    conforming = {verdict for verdict, status in wording.VERDICT_STATUS.items() if status is Status.CONFORMING}
    assert conforming == {Verdict.MET}


def test_every_phrase_and_head_is_used_somewhere() -> None:
    files = Path(wording.__file__).parent.parent.rglob("*")
    code = "\n".join(p.read_text("utf-8") for p in files if p.suffix in {".py", ".j2"})
    for table in (wording.PHRASE, wording.HEAD):
        unused = [name for name in table if len(re.findall(rf'"{name}"|\.{name}\b', code)) < 2]
        unused = [name for name in unused if not name.startswith("forecast_")]  # chosen by the forecast's method
        assert not unused, unused


@pytest.mark.parametrize(
    ("criterion", "unit", "en", "zh"),
    [
        (Criterion(">=", Decimal(90), 6), "%", "≥ 90 % · last 6 months", "≥ 90 % · 近 6 个月"),
        (Criterion("<=", Decimal("97.50"), None), "h", "≤ 97.5 h · all time", "≤ 97.5 小时 · 不限期间"),
        (Criterion("measured", None, 12), "", "measured (n ≥ 1) · last 12 months", "须有实测数据 (n ≥ 1) · 近 12 个月"),
        (Criterion("measured", Decimal(3), None), "", "measured (n ≥ 3) · all time", "须有实测数据 (n ≥ 3) · 不限期间"),
        (Criterion(">", Decimal(1000), None), "count", "> 1,000 · all time", "> 1,000 个 · 不限期间"),
    ],
)
def test_a_criterion_reads_well_in_both_languages(criterion: Criterion, unit: str, en: str, zh: str) -> None:
    assert wording.needed(criterion, unit) == Text(en, zh)


def test_no_data_is_never_a_zero() -> None:
    assert wording.quantity(None, "%") == Text("no data", "无数据")
    assert wording.quantity(0.0, "%") == Text("0 %", "0 %")
    assert wording.quantity(-0.125, "furlongs") == Text("-0.12 furlongs", "-0.12 furlongs")


def test_a_stream_of_a_plugin_keeps_its_own_name() -> None:
    assert wording.stream("badge") == Text("badge", "badge")
    assert wording.element("space") == Text("space", "space")


def test_an_unknown_phrase_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(KeyError):
        wording.phrase("nothing")
    with pytest.raises(KeyError):
        wording.phrase("alarm_lead", n=1)
