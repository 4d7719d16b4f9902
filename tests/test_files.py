import importlib.resources
import json
import os
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from itss_bridge.contracts import Slice
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.files import Files
from itss_bridge.transport import GuardedSession

SAVED = datetime(2016, 4, 30, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def connector(folder):
    return Files({"folder": str(folder)}, GuardedSession("https://nowhere.invalid"), {})


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    os.utime(path, (SAVED.timestamp(), SAVED.timestamp()))
    return path


def read(folder, stream):
    return [record for page in connector(folder).read(Slice(stream, {})) for record in page.records]


def refused(folder, stream):
    with pytest.raises(UsageError) as caught:
        read(folder, stream)
    return caught.value


# ---- what is read ----


def test_a_table_becomes_typed_records(folder):
    write(
        folder,
        "certificate.csv",
        "id,ref,holder,person,scheme,core_post,awarded_at,expires_at\n"
        "c1,ITSS 三级,organisation,,itss,,2014-05-20,2017-05-19\n"
        "c2,,person,张工,itss-engineer,是,2015-03-02T09:00:00+08:00,\n",
    )
    first, second = read(folder, "certificate")
    assert (first.id, first.ref, first.url, first.changed_at) == ("c1", "ITSS 三级", "", SAVED)
    assert first.data["awarded_at"] == "2014-05-20T00:00:00+00:00"
    assert first.data["person"] is first.data["core_post"] is None
    assert (second.ref, second.data["core_post"]) == ("c2", True)
    assert second.data["awarded_at"] == "2015-03-02T01:00:00+00:00"


def test_a_row_may_say_itself_when_it_was_changed(folder):
    write(folder, "attestation.csv", "id,changed_at,topic,holds\na,2016-03-01,service-business-since,true\n")
    assert read(folder, "attestation")[0].changed_at == datetime(2016, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2016-03-01", "2016/3/1", "2016/03/01", "2016-03-01T08:00:00+08:00"])
def test_a_day_is_midnight_utc_however_the_spreadsheet_rewrites_it(folder, written):
    write(folder, "attestation.csv", f"id,on\na,{written}\n")
    assert read(folder, "attestation")[0].data["on"] == "2016-03-01T00:00:00+00:00"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_lines_change_nothing(folder, encoding, newline):
    text = newline.join(["id,topic,statement", 'a,主题,"两行', '的说明"', ",,", ""])
    write(folder, "attestation.csv", text.encode(encoding))
    (record,) = read(folder, "attestation")
    assert (record.data["topic"], record.data["statement"].split()) == ("主题", ["两行", "的说明"])


def test_lists_are_parted_by_semicolons_of_either_width(folder):
    write(folder, "document.csv", "id,labels,version\nd1,approved; itss-prc-inc-a；knowledge;,3\n")
    assert read(folder, "document")[0].data["labels"] == ["approved", "itss-prc-inc-a", "knowledge"]


def test_numbers_are_numbers(folder):
    write(folder, "attestation.csv", "id,number\na,12\nb,-0.5\nc,\n")
    values = [record.data["number"] for record in read(folder, "attestation")]
    assert values == [12, -0.5, None]
    assert [type(value) for value in values] == [int, float, type(None)]


def test_json_lines_are_read_beside_the_table(folder):
    write(folder, "survey.csv", "id,score,asked_at\ns1,92.5,2016-01-05\n")
    write(folder, "survey.jsonl", '\n{"id": "s2", "score": 80, "recommend": 9, "asked_at": "2016-01-06"}\n')
    assert [(r.id, r.data["score"]) for r in read(folder, "survey")] == [("s1", 92.5), ("s2", 80)]


values_of = {
    "string": st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1).map(str.strip).filter(bool),
    "number": st.one_of(st.integers(0, 100), st.decimals(0, 100, places=3).map(float)),
    "boolean": st.booleans(),
}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_written_to_a_table_is_what_is_read(tmp_path_factory, data):
    rules = schema("streams/attestation")["properties"]
    names = data.draw(st.lists(st.sampled_from(sorted(n for n, r in rules.items() if "format" not in r)), unique=True))
    rows = [
        {name: data.draw(st.none() | values_of[rules[name]["type"][0]]) for name in names}
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    lines = [",".join(["id", *names])]
    lines += [",".join([str(n), *map(cell, row.values())]) for n, row in enumerate(rows)]
    folder = tmp_path_factory.mktemp("table")
    write(folder, "attestation.csv", ("\n".join(lines) + "\n").encode("utf-8-sig"))
    assert [dict(record.data) for record in read(folder, "attestation")] == rows


def cell(value):
    if value is None:
        return ""
    return '"' + (str(value).lower() if isinstance(value, bool) else str(value)).replace('"', '""') + '"'


@pytest.mark.parametrize("stream", stream_names())
def test_an_empty_row_of_every_stream_fits_its_schema(folder, stream):
    names = [name for name, rule in schema(f"streams/{stream}")["properties"].items() if "array" not in rule["type"]]
    write(folder, f"{stream}.csv", ",".join(["id", *names]) + "\nx" + "," * len(names) + "\n")
    Draft202012Validator(schema(f"streams/{stream}"), format_checker=FormatChecker()).validate(
        dict(read(folder, stream)[0].data)
    )


# ---- the contract ----


def test_streams_are_the_files_there_are(folder):
    write(folder, "person.csv", "id\n")
    write(folder, "certificate.jsonl", "")
    write(folder, "README.md", "# not a stream")
    assert connector(folder).streams() == ["certificate", "person"]


def test_count_census_and_slices_speak_of_the_same_rows(folder):
    write(folder, "person.csv", "id\n" + "".join(f"p{n}\n" for n in range(2500)))
    files = connector(folder)
    records = [r for piece in files.slices("person", SAVED) for page in files.read(piece) for r in page.records]
    assert [record.id for record in records] == list(files.census("person"))
    assert (files.count("person").rows, files.count("person").exact) == (2500, True)


def test_a_row_taken_out_is_no_longer_counted(folder):
    write(folder, "person.csv", "id\na\nb\n")
    assert sorted(connector(folder).census("person")) == ["a", "b"]
    write(folder, "person.csv", "id\nb\n")
    assert (list(connector(folder).census("person")), connector(folder).count("person").rows) == (["b"], 1)


def test_the_check_needs_no_network_and_has_this_machines_clock(folder):
    before = datetime.now(UTC)
    files = connector(folder)
    assert before <= files.check().server_time <= datetime.now(UTC)
    assert files.http.requests_made == 0
    assert Draft202012Validator(Files.config_schema).is_valid({"folder": "attestations"})


# ---- what is refused, and how ----


@pytest.mark.parametrize(
    ("stream", "text", "where", "says"),
    [
        ("person", "id,nmae\na,b\n", "person.csv:1:nmae", "no field 'nmae'"),
        ("person", "ref\nb\n", "person.csv:1:id", "no column `id`"),
        ("person", "id,ref,ref\na,b,c\n", "person.csv:1:ref", "twice"),
        ("person", "", "person.csv", "empty"),
        ("attestation", "id,on\na,2016-02-30\n", "attestation.csv:2:on", "not a date"),
        ("attestation", "id,on\na,2016-02-03T10:00:00\n", "attestation.csv:2:on", "not a date"),
        ("attestation", "id,on\na,3/2/2016\n", "attestation.csv:2:on", "not a date"),
        ("attestation", 'id,number\n\na,"1,5"\n', "attestation.csv:3:number", "not a number"),
        ("attestation", "id,number\na,NaN\n", "attestation.csv:2:number", "not a number"),
        ("attestation", "id,holds\na,maybe\n", "attestation.csv:2:holds", "neither true nor false"),
        ("survey", "id,recommend\na,9.5\n", "survey.csv:2:recommend", "not a whole number"),
        ("survey", "id,score\na,101\n", "survey.csv:2:score", "maximum"),
        ("certificate", "id,status\na,lost\n", "certificate.csv:2:status", "not one of"),
        ("person", "id\na\n\nb\na\n", "person.csv:5:id", "also in person.csv row 2"),
        ("person", "id,ref\n,x\n", "person.csv:2:id", "None"),
        ("person", "id,ref\na\n", "person.csv:2:id", "1 cells"),
        ("person", "id\na,b\n", "person.csv:2:id", "2 cells"),
        ("person", 'id\n"a\n', "person.csv", "sound CSV"),
        ("change", "id,history\na,x\n", "change.csv:2:history", "does not fit"),
    ],
)
def test_the_first_thing_wrong_is_named_with_file_row_and_column(folder, stream, text, where, says):
    write(folder, f"{stream}.csv", text)
    error = refused(folder, stream)
    assert error.exit_code == 2
    assert error.where == f"{folder}{os.sep}{where}"
    assert says in str(error)
    assert error.fix or "CSV" in error.what


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ('{"id": "a"}\n{"id": \n', "person.jsonl:2:8", "not JSON"),
        ("[1]\n", "person.jsonl:1:1", "not a JSON object"),
        ('{"id": 7}\n', "person.jsonl:1:id", "7 is not of type"),
        ('{"ref": "x"}\n', "person.jsonl:1:id", "required"),
        ('{"id": "a", "colour": 1}\n', "person.jsonl:1:colour", "no field"),
        ('{"id": "a", "changed_at": "soon"}\n', "person.jsonl:1:changed_at", "not a date"),
        ('{"id": "a", "changed_at": 5}\n', "person.jsonl:1:changed_at", "not of type"),
    ],
)
def test_json_lines_are_judged_as_strictly(folder, text, where, says):
    write(folder, "person.jsonl", text)
    error = refused(folder, "person")
    assert (error.where, error.exit_code) == (f"{folder}{os.sep}{where}", 2)
    assert says in str(error)


def test_the_same_id_in_both_files_is_refused(folder):
    write(folder, "person.csv", "id\na\n")
    write(folder, "person.jsonl", '{"id": "a"}\n')
    assert "person.csv row 2" in str(refused(folder, "person"))


def test_chinese_excels_own_encoding_is_refused_with_the_way_out(folder):
    write(folder, "attestation.csv", "id,topic\na,b\nc,主题\n".encode("gbk"))
    error = refused(folder, "attestation")
    assert error.where.endswith("attestation.csv:3")
    assert "CSV UTF-8" in error.fix


def test_chinese_that_gbk_and_utf8_spell_with_the_same_bytes_is_not_guessed(folder):
    both = "模摹".encode("gbk")[:2] * 2
    write(folder, "attestation.csv", b"id,topic\na," + both + b"\n")
    error = refused(folder, "attestation")
    assert (error.where[-1], "CSV UTF-8" in error.fix) == ("2", True)
    write(folder, "attestation.csv", b"\xef\xbb\xbfid,topic\na," + both + b"\n")
    assert read(folder, "attestation")[0].data["topic"] == both.decode()


@pytest.mark.parametrize("text", ["Müller", "§ 5", "25 °C ± 1", "naïve façade", "主题"])
def test_other_letters_need_no_byte_order_mark(folder, text):
    write(folder, "attestation.csv", f"id,topic\na,{text}\n")
    assert read(folder, "attestation")[0].data["topic"] == text


def test_a_name_close_to_a_stream_or_column_is_suggested(folder):
    write(folder, "person.csv", "id,rfe\n")
    assert "did you mean 'ref'?" in refused(folder, "person").fix
    write(folder, "certificates.csv", "id\n")
    with pytest.raises(UsageError, match="did you mean 'certificate'"):
        connector(folder).streams()


def test_a_folder_that_is_not_there_is_said(folder):
    with pytest.raises(UsageError, match="no such folder"):
        connector(folder / "elsewhere").streams()


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode), st.just(json.dumps({"id": 1}).encode())))
def test_no_file_whatever_brings_a_traceback(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    for suffix in (".csv", ".jsonl"):
        write(folder, f"survey{suffix}", b"id,score,asked_at\n" * (suffix == ".csv") + content)
        result = read_or_refuse(folder, "survey")
        if isinstance(result, UsageError):
            assert re.search(r"survey\.(csv|jsonl)", result.where)
        else:
            assert all(record.id for record in result)


def read_or_refuse(folder, stream):
    try:
        return read(folder, stream)
    except UsageError as error:
        return error


# ---- what the demo organisation keeps ----

DEMO = importlib.resources.files("itss_bridge_playground") / "data" / "attestations"
ONLY_FROM_FILES = {
    *("attestation", "certificate", "configuration_audit", "contract", "financial_year", "indicator", "outage"),
    *("person", "routine_class", "service_report", "service_time", "spare", "support_group"),
}


def test_the_demo_organisation_keeps_a_file_for_every_stream_that_its_tools_do_not_give():
    with importlib.resources.as_file(DEMO) as kept:
        assert set(connector(kept).streams()) >= ONLY_FROM_FILES
        for stream in connector(kept).streams():
            records = read(kept, stream)
            assert records, stream
            assert all(record.changed_at < datetime(2016, 5, 1, tzinfo=UTC) for record in records), stream
