"""Templates: whatever fits the schema can be written into one, and is read back as it was."""

import io
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from itss_bridge.cli.template import command
from itss_bridge.contracts import Slice
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.field_words import MEANING
from itss_bridge.files import ENVELOPE, Files, rules
from itss_bridge.template import EXPLANATION, columns, template
from itss_bridge.transport import GuardedSession

every_stream = pytest.mark.parametrize("stream", stream_names())
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40)
TEXT = WORDS.map(str.strip).filter(bool)
DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1))
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=ZONES).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


def read(folder: Path, stream: str) -> list:
    files = Files({"folder": str(folder)}, GuardedSession("https://nowhere.invalid"), {})
    return [record for page in files.read(Slice(stream, {})) for record in page.records]


def opened(stream: str, language: str = "zh"):
    return load_workbook(io.BytesIO(template(stream, ".xlsx", language)))


# ---- what is in them ----


@every_stream
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_an_empty_template_is_read_as_no_rows(tmp_path: Path, stream: str, suffix: str) -> None:
    (tmp_path / f"{stream}{suffix}").write_bytes(template(stream, suffix))
    assert read(tmp_path, stream) == []


@every_stream
def test_the_columns_are_the_envelope_and_every_field_that_fits_into_a_cell(stream: str) -> None:
    fields = schema(f"streams/{stream}")["properties"]
    flat = [name for name, rule in fields.items() if rule.get("items", {}).get("type") != "object"]
    assert list(columns(stream)) == [*ENVELOPE, *flat]
    header = next(opened(stream).worksheets[0].iter_rows(values_only=True))
    assert list(header) == list(columns(stream))
    assert template(stream, ".csv").decode("utf-8-sig").strip().split(",") == list(columns(stream))


@every_stream
def test_every_column_is_explained_in_both_languages(stream: str) -> None:
    _, sheet = opened(stream).worksheets
    assert sheet.title == EXPLANATION
    explained = {row[0]: row for row in sheet.iter_rows(min_row=3, values_only=True)}
    assert list(explained) == list(columns(stream))
    for name, rule in columns(stream).items():
        _, chinese, english, how, values = explained[name]
        assert english == rule["description"]
        assert re.search("[一-鿿]", chinese)
        assert "·" in how
        assert (values or "").split() == [word for word in rule.get("enum", ()) if word]


def test_every_description_has_its_chinese_and_no_chinese_is_left_over() -> None:
    described = {
        rule["description"]
        for stream in stream_names()
        for name, rule in rules(stream).items()
        if rule.get("items", {}).get("type") != "object"
    }
    assert described == MEANING.keys()


@pytest.mark.parametrize(("language", "truth"), [("zh", '"是,否"'), ("en", '"true,false"')])
def test_what_can_be_chosen_is_offered_as_a_list(language: str, truth: str) -> None:
    sheet = opened("certificate", language).worksheets[0]
    names = [cell.value for cell in sheet[1]]
    offered = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    lists = {names[next(iter(rule.sqref.ranges)).min_col - 1]: rule.formula1 for rule in offered}
    assert lists == {
        "holder": '"organisation,person"',
        "core_post": truth,
        "status": '"valid,suspended,withdrawn,expired"',
    }


@every_stream
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_template_is_the_same_to_the_byte(stream: str, suffix: str) -> None:
    assert template(stream, suffix) == template(stream, suffix)


@pytest.mark.parametrize(
    ("stream", "suffix"), [("certificates", ".xlsx"), ("certificate", ".docx"), ("certificate", "")]
)
def test_an_unknown_stream_or_kind_is_refused_with_those_there_are(stream: str, suffix: str) -> None:
    with pytest.raises(UsageError) as caught:
        template(stream, suffix)
    assert caught.value.fix


# ---- there and back ----


def values(rule: dict) -> st.SearchStrategy:
    """(what is meant, what is typed into the cell) for one column."""
    if rule.get("format") == "date-time":
        days = DAYS.map(lambda day: (f"{day}T00:00:00+00:00", day))
        return days | MOMENTS.map(lambda moment: (moment.astimezone(UTC).isoformat(), moment.isoformat()))
    if "enum" in rule:
        return st.sampled_from([word for word in rule["enum"] if word]).map(lambda word: (word, word))
    word = TEXT.map(lambda text: re.sub("[;；]", "", text).strip()).filter(bool)
    least, most = rule.get("minimum", 0), rule.get("maximum", 10**6)
    of_kind = {
        "boolean": st.sampled_from([(True, True), (False, False), (True, "是"), (False, "否"), (True, "true")]),
        "integer": st.integers(least, most).map(lambda n: (n, n)),
        "number": st.decimals(least, most, places=3).map(float).map(lambda n: (n, n)),
        "array": st.lists(word, min_size=1, max_size=3).map(lambda words: (words, "； ".join(words))),
        "string": TEXT.map(lambda text: (text, text)),
    }
    return of_kind[next(kind for kind in rule["type"] if kind != "null")]


def escaped(text: str) -> str:
    """As Excel writes text that looks like its own escapes."""
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_filled_into_a_workbook_is_read_back(tmp_path_factory, data) -> None:
    stream, rows = filled(data)
    folder = tmp_path_factory.mktemp("filled")
    book = opened(stream)
    sheet = book.worksheets[0]
    place = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, 2):
        sheet.cell(number, place["id"], f"r{number}")
        for name, (_, typed) in row.items():
            cell = sheet.cell(number, place[name])
            cell.value = escaped(typed) if isinstance(typed, str) else typed
            if isinstance(typed, str):
                cell.data_type = "s"  # openpyxl takes text that begins with = for a formula
    book.save(folder / f"{stream}.xlsx")
    expected = [
        {name: row[name][0] if name in row else None for name in columns(stream) if name not in ENVELOPE}
        for row in rows
    ]
    assert [dict(record.data) for record in read(folder, stream)] == expected


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_filled_into_a_table_is_read_back(tmp_path_factory, data) -> None:
    stream, rows = filled(data)
    folder = tmp_path_factory.mktemp("filled")
    names = list(columns(stream))
    lines = [",".join(quoted(name, number, row) for name in names) for number, row in enumerate(rows)]
    header = template(stream, ".csv")
    (folder / f"{stream}.csv").write_bytes(header + "".join(f"{line}\r\n" for line in lines).encode())
    expected = [{name: row[name][0] if name in row else None for name in names if name not in ENVELOPE} for row in rows]
    assert [dict(record.data) for record in read(folder, stream)] == expected


def filled(data) -> tuple[str, list[dict]]:
    stream = data.draw(st.sampled_from(stream_names()))
    fields = {name: rule for name, rule in columns(stream).items() if name not in ENVELOPE}
    chosen = data.draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=6))
    row = st.fixed_dictionaries({}, optional={name: values(fields[name]) for name in chosen})
    return stream, data.draw(st.lists(row, max_size=4))


def quoted(name: str, number: int, row: dict) -> str:
    typed = f"r{number}" if name == "id" else row[name][1] if name in row else ""
    text = typed.isoformat() if isinstance(typed, date) else str(typed)
    return '"' + text.replace('"', '""') + '"'


# ---- the command ----


def run(*arguments: str):
    return CliRunner().invoke(command, arguments)


def test_the_command_writes_a_template_and_overwrites_nothing(tmp_path: Path) -> None:
    target = tmp_path / "certificate.xlsx"
    ran = run("certificate", str(target))
    assert ran.exit_code == 0
    assert ran.stdout.strip() == str(target)
    assert target.read_bytes() == template("certificate", ".xlsx")
    again = run("certificate", str(target))
    assert isinstance(again.exception, UsageError)
    assert "never overwritten" in again.exception.fix


def test_the_command_names_the_file_after_the_stream_and_tells_scripts(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = json.loads(run("person", "--json").stdout)
    assert told == {"file": "person.xlsx", "stream": "person", "columns": list(columns("person"))}
    assert (tmp_path / "person.xlsx").is_file()


def test_a_wrong_stream_leaves_no_file(tmp_path: Path) -> None:
    assert isinstance(run("people", str(tmp_path / "people.xlsx")).exception, UsageError)
    assert list(tmp_path.iterdir()) == []
