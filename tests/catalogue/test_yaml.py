"""The strict loader: what is text stays text, what cannot be read at a glance is refused, and every refusal says where."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itss_bridge.catalogue.load import KINDS
from itss_bridge.catalogue.yaml import MAX_BYTES, MAX_DEPTH, Document, parsed, read
from itss_bridge.data import folder
from itss_bridge.errors import UsageError
from itss_bridge.forms import form

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "file.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def refused(path: Path, kind: str | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parsed(path) if kind is None else read(path, kind)
    return caught.value


def place_of(path: Path) -> str:
    """Where the document begins, or where it is refused; nothing else may happen."""
    try:
        return parsed(path).where()
    except UsageError as error:
        return error.where


@pytest.mark.parametrize(
    "text",
    [
        "8.10",
        "no",
        "yes",
        "on",
        "off",
        "8:30",
        "017",
        "1e3",
        "~",
        "0x1F",
        "-0",
        "+5",
        "2026-03-01",
        ".inf",
        "True",
        "9" * 5000,
        "=",
    ],
)
def test_what_other_loaders_turn_into_something_else_stays_text(write: Write, text: str) -> None:
    content = parsed(write(f"a: {text}\nb: ['{text}', \"{text}\"]\nc:\n- {text}\n")).content

    assert content == {"a": text, "b": [text, text], "c": [text]}


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("false", False), ("null", None), ("", None), ("5", 5), ("-12", -12), ("0", 0)]
)
def test_only_three_words_and_whole_numbers_are_more_than_text(write: Write, text: str, value: object) -> None:
    content = parsed(write(f"plain: {text}\nquoted: '{text}'\n")).content

    assert content == {"plain": value, "quoted": text}
    assert type(content["plain"]) is type(value)


@pytest.mark.parametrize("key", ["true", "5", "null", "no", "8.10", "<<"])
def test_a_key_is_text_whatever_it_looks_like(write: Write, key: str) -> None:
    assert parsed(write(f"{key}: x\n")).content == {key: "x"}


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("a: &x 1\n", 1, 4, "anchors, aliases and tags"),
        ("ok: 1\nb: *x\n", 2, 4, "anchors, aliases and tags"),
        ("a: [1, !!str 2]\n", 1, 8, "anchors, aliases and tags"),
        ("a: ! x\n", 1, 4, "anchors, aliases and tags"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, 4, "anchors, aliases and tags"),
        ("a: 1\n中: 2\n中: 3\n", 3, 1, "stands twice"),
        ("a:\n  b: 1\n  'b': 2\n", 3, 3, "stands twice"),
        ("5: a\n'5': b\n", 2, 1, "stands twice"),
        ("a:\n\tb: c\n", 2, 1, "not YAML"),
        ("a: [1, 2\n", 2, 1, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, 1, "not YAML"),
        ("? [a, b]\n: c\n", 1, 3, "a key must be plain text"),
        ("a: b\x00\n", 1, 5, "not YAML"),
        ("ok: 1\n中: b\x07\n", 2, 5, "not YAML"),
        ("", 1, 1, "empty"),
        ("# nothing but a comment\n", 1, 1, "empty"),
        ("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "\n", 1, 3 + MAX_DEPTH, f"deeper than {MAX_DEPTH}"),
        (b"ok: 1\n\xe4\xb8\xad: \xff\n", 2, 4, "not UTF-8"),
        ("a: 中\n".encode("gb18030"), 1, 4, "not UTF-8"),
        ("a: x\n".encode("utf-16"), 1, 1, "not UTF-8"),
        (b"#" * (MAX_BYTES + 1), 1, 1, "larger than"),
    ],
)
def test_a_refusal_names_file_line_and_column(
    write: Write, text: str | bytes, line: int, column: int, what: str
) -> None:
    path = write(text)
    error = refused(path)

    assert what in error.what
    assert error.where == f"{path}:{line}:{column}"
    assert error.cause or error.fix or "twice" in error.what or "key" in error.what


def test_bottomless_nesting_is_refused_wherever_the_parser_notices_it(write: Write) -> None:
    path = write("a: " + "[" * 300_000)
    error = refused(path)
    assert f"deeper than {MAX_DEPTH}" in error.what
    assert error.where.startswith(f"{path}:1:")


def test_a_file_that_is_not_there_is_said_not_thrown(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "none.yaml").what


def test_a_byte_order_mark_is_no_content(write: Write) -> None:
    assert parsed(write(b"\xef\xbb\xbfa: 1\n")).content == {"a": 1}


def test_nesting_up_to_the_limit_is_read(write: Write) -> None:
    inside = parsed(write("[" * MAX_DEPTH + "]" * MAX_DEPTH)).content
    for _ in range(MAX_DEPTH - 1):
        (inside,) = inside

    assert inside == []


def test_every_value_knows_its_line_and_column(write: Write) -> None:
    path = write("a:\n  - b: 中\n    c: |\n      text\n")
    document = parsed(path)

    assert document.where(("a", 0, "b")) == f"{path}:2:8"
    assert document.where(("a", 0, "missing", 3)) == f"{path}:2:5", "what is not there is where it should be"
    assert document.where() == f"{path}:1:1"


def test_a_bare_number_where_text_is_meant_is_explained(write: Write) -> None:
    text = "sources:\n  - id: 8\n    title: x\n    authority: primary\n"
    error = refused(write(text), "sources")

    assert error.where.endswith(":2:9")
    assert "write '8' in quotes" in error.fix


def of_each_kind() -> list[tuple[str, Document]]:
    """One shipped file of every kind: the shortest, since the slow judge is asked often."""
    return [
        (schema, parsed(min((folder("mappings") / kind).glob("*.yaml"), key=lambda path: path.stat().st_size)))
        for kind, schema in KINDS.items()
    ]


ODD = st.sampled_from([None, True, 0, -1, 10**30, "", "8.10", "中", "x" * 300, [], ["a", "a"], {}, {"en": "a"}])


@settings(deadline=None, max_examples=300)
@given(which=st.sampled_from(of_each_kind()), data=st.data())
def test_the_quick_judge_says_what_the_one_says_that_explains(which: tuple[str, Document], data: st.DataObject) -> None:
    kind, document = which
    content = deepcopy(document.content)
    *way, last = data.draw(st.sampled_from([path for path in document.marks if path]))
    around = content
    for key in way:
        around = around[key]
    if data.draw(st.booleans()):
        around[last] = data.draw(ODD)
    else:
        del around[last]

    assert form(kind).fits(content) is not any(form(kind).misfits(content))


def test_a_document_that_fits_its_schema_is_read(write: Write) -> None:
    document = read(write("sources:\n  - {id: '8', title: x, authority: primary}\n"), "sources")

    assert document.content["sources"][0]["id"] == "8"


SNIPPETS = ["a: ", "- ", "\n", "  ", "[", "]", "{", "}", ": ", ",", "'", '"', "|", ">", "&x ", "*x", "!t ", "? ", "---", "%YAML 1.1", "#", "\t", "\x00", "\x85", "\u2028", "中", "8.10", "null", "0" * 30, "9" * 30, "\ufeff"]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.lists(st.sampled_from(SNIPPETS), max_size=40).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_give_a_document_or_a_refusal(write: Write, content: bytes) -> None:
    path = write(content)

    assert place_of(path).startswith(f"{path}:")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(parts=st.lists(st.sampled_from([*SNIPPETS, "metric: x\n", "title: {en: a, zh: b}\n", "unit: 5\n"]), max_size=20))
def test_any_text_read_as_a_metric_gives_a_refusal_with_its_place(write: Write, parts: list[str]) -> None:
    path = write("".join(parts))

    assert refused(path, "metric").where.startswith(f"{path}:")


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(PLAIN, min_size=1, max_size=5))
def test_quoted_text_comes_back_as_it_was_written(write: Write, values: list[str]) -> None:
    quoted = "".join("- '{}'\n".format(value.replace("'", "''")) for value in values)

    assert parsed(write(quoted)).content == values
