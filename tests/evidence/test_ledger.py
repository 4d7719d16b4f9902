"""The digest chain."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.evidence.ledger import GENESIS, Entry, SourceMark, batch_digest, canonical

NOW = datetime(2026, 3, 31, 16, tzinfo=UTC)
MARK = SourceMark("complete", NOW, 3, 3, NOW, "", NOW, NOW, ("a", "b"))
ENTRY = Entry(0, GENESIS, "r1", NOW, 3, "d" * 64, "0.parquet", "f" * 64, "", {"jira": MARK}).sealed()


def test_an_entry_comes_back_from_its_text_as_it_was() -> None:
    assert Entry.of(ENTRY.text()) == ENTRY


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, sequence=1),
        replace(ENTRY, previous="1" * 64),
        replace(ENTRY, run="r2"),
        replace(ENTRY, at=NOW.replace(second=1)),
        replace(ENTRY, rows=2),
        replace(ENTRY, digest="e" * 64),
        replace(ENTRY, file="1.parquet"),
        replace(ENTRY, file_digest="e" * 64),
        replace(ENTRY, log_before="e" * 64),
        replace(ENTRY, sources={"jira": replace(MARK, state="incomplete")}),
        replace(ENTRY, sources={"jira": replace(MARK, cursor=None)}),
    ],
)
def test_every_part_of_an_entry_is_under_its_head(changed: Entry) -> None:
    assert changed.expected_head() != ENTRY.head


@given(st.lists(st.text("0123456789abcdef", min_size=4, max_size=4)), st.randoms())
def test_a_batch_is_the_same_in_any_order(digests: list[str], random) -> None:
    shuffled = digests.copy()
    random.shuffle(shuffled)
    assert batch_digest(shuffled) == batch_digest(digests)


def test_a_batch_with_a_row_twice_is_another_batch() -> None:
    assert batch_digest(["a", "a", "b"]) != batch_digest(["a", "b"])


def test_there_is_one_spelling_of_a_value() -> None:
    assert canonical({"b": NOW, "a": [1, "中"]}) == '{"a":[1,"中"],"b":"2026-03-31T16:00:00Z"}'.encode()
