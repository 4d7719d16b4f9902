"""Many sets of arguments in one query: each answer is the one that its own query gives."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import yaml
from tests.test_metric_cases import CASES, END, METRICS, CaseEngine, moment

from itss_bridge.contracts import Engine
from itss_bridge.evidence import Lake
from itss_bridge.metrics import measure, measure_each
from itss_bridge.metrics.measuring import FAILING_SHOWN
from itss_bridge.model import Metric

PARAMETRISED = sorted(name for name, metric in METRICS.items() if metric.parameters)

Rows = Sequence[Mapping[str, Any]]


class OneByOne(CaseEngine):
    """An engine that was written before it could be asked for several sets at once."""

    def hold_each(
        self, metric: Metric, asked: Sequence[Mapping[str, str]], start: datetime | None, end: datetime
    ) -> bool:
        """Nothing is held."""
        return Engine.hold_each(self, metric, asked, start, end)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CaseEngine, OneByOne]]:
    made = [kind(Lake(tmp_path_factory.mktemp("lake")), END) for kind in (CaseEngine, OneByOne)]
    yield made[0], made[1]
    for engine in made:
        engine.close()


def _cases(name: str) -> list[Mapping[str, Any]]:
    found = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(CASES.glob("*.yaml"))]
    return [case for content in found if content["metric"] == name for case in content["cases"]]


def _rows(cases: Sequence[Mapping[str, Any]]) -> dict[str, Rows]:
    """What all the cases say is there, together."""
    rows: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for number, case in enumerate(cases):
        for stream, given in case["streams"].items():
            rows[stream] += [row | {"id": f"{number}-{row['id']}"} for row in given]
    return rows


@pytest.mark.parametrize("name", PARAMETRISED)
def test_all_sets_at_once_give_what_each_gives_alone(engines: tuple[CaseEngine, OneByOne], name: str) -> None:
    metric, cases = METRICS[name], _cases(name)
    asked = [*(case.get("with", {}) for case in cases), dict.fromkeys(metric.parameters, "1")]
    period = cases[0]["period"]
    start, end = moment(period["from"]) if "from" in period else None, moment(period["to"])
    for engine in engines:
        engine.give(_rows(cases))
    alone = [measure(metric, engines[0], start, end, given) for given in asked]

    for engine in engines:
        assert measure_each(metric, engine, start, end, asked) == alone
    assert any(one.items for one in alone)
    assert [engine.hold_each(metric, asked, start, end) for engine in engines] == [True, False]


def _pages(labels: Sequence[str], count: int) -> Rows:
    """Pages that nobody has approved, the later the number the earlier the ref; every third has none."""
    return [
        {"id": f"{n:03}", "ref": "" if n % 3 == 0 else f"P-{count - n:03}", "labels": labels, "status": "current"}
        for n in range(count)
    ]


def test_of_each_set_the_first_items_are_shown(engines: tuple[CaseEngine, OneByOne]) -> None:
    metric, asked = METRICS["document-approved"], [{"label": "plan"}, {"label": "none"}, {"label": "报告"}]
    engines[0].give({"document": _pages(["plan", "报告"], 2 * FAILING_SHOWN)})

    plan, none, report = measure_each(metric, engines[0], None, END, asked)

    assert plan == measure(metric, engines[0], None, END, asked[0])
    assert len(plan.failing) == FAILING_SHOWN
    assert replace(plan, arguments=asked[2]) == report
    assert (none.value, none.failing) == (0, ())


def test_one_query_answers_all(engines: tuple[CaseEngine, OneByOne], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [{"label": f"label-{n}"} for n in range(40)]
    engines[0].give({"document": _pages(["label-1"], 3)})
    queries: list[str] = []
    bare = CaseEngine.rows
    monkeypatch.setattr(CaseEngine, "rows", lambda engine, sql: queries.append(sql) or bare(engine, sql))

    found = measure_each(METRICS["document-approved"], engines[0], None, END, asked)

    assert [one.items for one in found] == [3 if n == 1 else 0 for n in range(40)]
    assert len(queries) == 1


def test_a_reason_names_the_items_of_its_own_set(engines: tuple[CaseEngine, OneByOne]) -> None:
    metric = replace(
        METRICS["document-approved"],
        population="""
            SELECT d.id, d.ref, d.url, TRUE AS met, business_days(d.created_at, p.end_at) AS value,
                d.created_at AS at
            FROM document AS d CROSS JOIN period AS p CROSS JOIN parameter AS q WHERE list_contains(d.labels, q.label)
        """,
    )
    pages = [
        {"id": label, "ref": label, "labels": [label], "created_at": f"{year}-03-04"}
        for label, year in (("old", 1950), ("older", 1949), ("new", 2015))
    ]
    for engine in engines:
        engine.give({"document": pages}, "china")
        old, older, new = measure_each(metric, engine, None, END, [{"label": str(row["id"])} for row in pages])
        assert ": old" in old.unknown
        assert ": older" in older.unknown
        assert not new.unknown


def test_a_query_that_cannot_be_joined_to_its_arguments_is_asked_one_by_one(
    engines: tuple[CaseEngine, OneByOne],
) -> None:
    fixed = "SELECT id, ref, TRUE AS met, changed_at AS at FROM document"
    told = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, parameter WHERE i < CAST(label AS INTEGER))"
    metric = replace(METRICS["document-approved"], population=f"{told} {fixed} WHERE (SELECT max(i) FROM n) > 2")
    engines[0].give({"document": _pages([], 2)})

    found = measure_each(metric, engines[0], None, END, [{"label": "1"}, {"label": "5"}])

    assert [one.n for one in found] == [0, 2]
