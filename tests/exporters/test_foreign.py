"""What strangers wrote is made harmless, and otherwise left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.exporters.foreign import CELL_LIMIT, cell, is_formula, link, plain


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.service-now.com/nav_to.do?uri=incident.do%3Fsys_id%3D0a1b&x=[1]#frag",
        "https://acme.atlassian.net/browse/OPS-12",
        "https://例子.example/页",
        "http://127.0.0.1:8001/browse/OPS-1",
        "http://localhost:8001/x",
        "http://[::1]:8001/x",
    ],
)
def test_addresses_of_tools_are_links(url: str) -> None:
    assert link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        " https://acme.example/",
        "https://acme.example/a b",
        "https://acme.example/\n",
        "http://acme.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "https://user:secret@acme.example/",
        "https://user@acme.example/",
        "https:///nohost",
        "https://acme.example:99999/",
        "https://[::1/",
        "//acme.example/x",
        "/x",
        "ftp://acme.example/",
        "https://acme.example/\\evil",
        'https://acme.example/"onclick="x',
        "https://acme.example/" + "x" * 2079,
    ],
)
def test_everything_else_is_no_link(url: str) -> None:
    assert link(url) == ""


@given(st.text())
def test_plain_text_can_always_be_encoded_and_parsed(text: str) -> None:
    from xml.etree import ElementTree as ET
    from xml.sax.saxutils import escape

    ET.fromstring(f"<t>{escape(plain(text))}</t>".encode())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text
    assert cell(text, "{digest}") == text


@given(st.text(alphabet="a字😀", min_size=1, max_size=5), st.integers(CELL_LIMIT - 10, CELL_LIMIT + 10))
def test_a_cell_never_exceeds_what_a_spreadsheet_holds(piece: str, length: int) -> None:
    text = (piece * (length // len(piece) + 1))[:length]
    shown = cell(text, "[cut {digest}]")
    assert len(shown.encode("utf-16-le")) // 2 <= CELL_LIMIT
    assert shown == text or (shown.endswith("]") and text.startswith(shown.rpartition("[")[0]))


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t1", " =1", "'=1", '"=1', "＝1", "\ufeff=1", "\r\n1"])
def test_formula_triggers_are_seen_behind_anything(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize("text", ["", "INC0010023", "OPS-12", "5.2 a)", "服务级别", "a=b", "≥ 90 %", "(1)"])
def test_ordinary_references_are_no_formulas(text: str) -> None:
    assert not is_formula(text)
