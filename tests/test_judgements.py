"""People's own words: dated, named, shown beside what was measured, and never more than that."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.assess import Terms, assess, carried
from itss_bridge.catalogue import Catalogue, load
from itss_bridge.errors import UsageError
from itss_bridge.judgements import judgements, notes, plan, standing
from itss_bridge.model import Judgement, Measurement, Status

NOW = datetime(2026, 3, 31, tzinfo=UTC)
HEAD = "judgements:\n"
ROW = """\
  - requirement: itss:prc-inc-a
    status: partial
    reason: 抽查发现三张工单无关闭记录
    role: 内审组长
    on: {on}
    expires: {expires}
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def written(folder: Path, text: str, name: str = "2026.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str) -> tuple[Judgement, ...]:
    return judgements([written(folder, text)], {"itss:prc-inc-a"})


def test_a_judgement_says_who_why_and_how_long(tmp_path: Path) -> None:
    (found,) = read(tmp_path, HEAD + ROW.format(on="2026-01-10", expires="2026-07-01"))
    assert (found.status, found.role) == (Status.PARTIAL, "内审组长")
    assert (found.on, found.expires) == (date(2026, 1, 10), date(2026, 7, 1))
    assert found.where.endswith("2026.yaml:2:5")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (HEAD + ROW.format(on="2026-02-30", expires="2026-07-01"), ":6:9", "there is no day 2026-02-30"),
        (HEAD + ROW.format(on="2026-07-01", expires="2026-07-01"), ":7:14", "expires before it begins"),
        (HEAD + ROW.replace("prc-inc-a", "prc-inc").format(on="2026-01-10", expires="2026-07-01"), ":2:18", "judged"),
        (HEAD + ROW.replace("partial", "fine").format(on="2026-01-10", expires="2026-07-01"), ":3:13", "fine"),
        (HEAD + 2 * ROW.format(on="2026-01-10", expires="2026-07-01"), ":8:5", "judged twice"),
        (HEAD + "  - requirement: itss:prc-inc-a\n    status: partial\n", ":2:5", "required"),
    ],
    ids=["no such day", "ends before it begins", "groups others", "no status", "twice", "without a reason"],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, place: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert caught.value.where.endswith(place)
    assert says in str(caught.value)


def judgement(status: Status = Status.CONFORMING, on: int = 1, expires: int | None = None, **more) -> Judgement:
    ends = None if expires is None else date(2026, 1, expires)
    values = {"requirement": "itss:prc-inc-a", **more}
    return Judgement(
        status=status, reason="理由", role="质量负责人", on=date(2026, 1, on), expires=ends, where="", **values
    )


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(21, 31) | st.none()), unique_by=lambda t: t[0]),
    st.integers(1, 31),
)
def test_of_all_that_have_begun_the_newest_counts_until_it_expires(rows: list, day: int) -> None:
    given_ones = [judgement(on=on, expires=expires) for on, expires in rows]
    begun = sorted((j for j in given_ones if j.on.day <= day), key=lambda j: j.on)
    counts = standing(given_ones, date(2026, 1, day))
    expected = begun[-1:] if begun and begun[-1].stands(date(2026, 1, day)) else []
    assert list(counts.values()) == expected


def test_one_that_expired_is_named_and_one_that_was_renewed_is_not() -> None:
    old, new = judgement(on=2, expires=10), judgement(on=9)
    assert [note.zh for note in notes([old], date(2026, 1, 10))]
    assert notes([old], date(2026, 1, 9)) == ()
    assert notes([old, new], date(2026, 1, 10)) == ()


def terms(*given_ones: Judgement) -> Terms:
    packs = ("itss-application-2020",)
    return Terms(3, packs, packs, {}, {j.requirement: j for j in given_ones})


def everything(catalogue: Catalogue, value: float) -> dict[str, Measurement]:
    measured = Measurement("m", {}, value, "%", 1, value, 1, {}, None, NOW, {}, 1, ())
    return {rule.id: measured for rule in catalogue.rules}


def test_what_was_measured_stays_beside_the_judgement(catalogue: Catalogue) -> None:
    given_one = judgement(Status.CONFORMING)
    finding = assess(catalogue, everything(catalogue, 0.0), terms(given_one), NOW).findings["itss:prc-inc-a"]
    assert (finding.status, finding.basis) == (Status.CONFORMING, "judgement")
    assert finding.measured is Status.PARTIAL
    assert finding.judgement is given_one
    assert finding.checks
    assert "质量负责人" in finding.reason.zh


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_no_judgement_changes_a_level(catalogue: Catalogue, data: st.DataObject) -> None:
    names = sorted(r.id for r in catalogue.requirements.values() if r.assessable and "spare" not in r.id)
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=5))
    status = data.draw(st.sampled_from(Status))
    measured = everything(catalogue, data.draw(st.sampled_from([0.0, 1e9])))
    alone = assess(catalogue, measured, terms(), NOW)
    beside = assess(catalogue, measured, terms(*(judgement(status, requirement=name) for name in chosen)), NOW)
    assert beside.levels == alone.levels


@given(st.sampled_from(Status), st.sampled_from(Status))
def test_a_judgement_takes_from_others_and_gives_them_nothing(measured: Status, judged: Status) -> None:
    rising = [Status.NONCONFORMING, Status.UNDETERMINED, Status.PARTIAL, Status.CONFORMING]
    brought = carried(measured, judgement(judged))
    if measured in rising and judged in rising:
        assert rising.index(brought) == min(rising.index(measured), rising.index(judged))
    if judged is Status.NOT_APPLICABLE:
        assert brought is Status.NOT_APPLICABLE


def test_a_clause_loses_what_a_judgement_takes_from_its_source(catalogue: Catalogue) -> None:
    measured = everything(catalogue, 1e9)
    alone = assess(catalogue, measured, terms(), NOW).findings
    target = next(f for f in alone.values() if f.basis == "mappings" and f.status is not Status.UNDETERMINED)
    taken = [judgement(Status.UNDETERMINED, requirement=s.requirement) for s in target.supports]
    after = assess(catalogue, measured, terms(*taken), NOW).findings[target.requirement]
    assert after.status is Status.UNDETERMINED
    raised = [replace(j, status=Status.CONFORMING) for j in taken]
    nothing = assess(catalogue, everything(catalogue, 0.0), terms(), NOW).findings[target.requirement]
    assert assess(catalogue, everything(catalogue, 0.0), terms(*raised), NOW).findings[target.requirement] == nothing


ACTION = "  - check: {check}\n    owner: 流程经理\n    due: 2026-06-30\n    effort: 3\n"


def test_actions_are_read_from_several_files(tmp_path: Path) -> None:
    one = written(tmp_path, "capacity: 40\nactions:\n" + ACTION.format(check="a"))
    two = written(tmp_path, "actions:\n" + ACTION.format(check="b"), "more.yaml")
    found = plan([one, two], {"a", "b"})
    assert (found.capacity, set(found.actions)) == (40, {"a", "b"})
    assert found.actions["a"].due == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("actions:\n" + ACTION.format(check="c"), ":2:12"),
        ("actions:\n" + 2 * ACTION.format(check="a"), ":6:5"),
        ("actions:\n" + ACTION.format(check="a").replace("06-30", "06-31"), ":4:10"),
        ("actions:\n" + ACTION.format(check="a").replace("effort: 3", "effort: many"), ":5:13"),
    ],
    ids=["no such check", "twice", "no such day", "no number"],
)
def test_a_wrong_action_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan([written(tmp_path, text)], {"a"})
    assert caught.value.where.endswith(place)
