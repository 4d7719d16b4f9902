"""Every shipped metric can be told in Spark's words; what is not known to mean the same is refused by name."""

import pytest
from tests.test_metric_cases import METRICS

from itss_bridge.metrics.measuring import _ALL, _BEYOND, SUMMARY

pytest.importorskip("sqlglot", reason="sqlglot is not installed")
pytest.importorskip("itss_bridge_spark", reason="itss-bridge-spark is not installed")

from itss_bridge_spark.dialect import BusinessTime, Untranslatable, spark

TIME = BusinessTime(28_800, rests=True)


@pytest.mark.parametrize("name", METRICS)
def test_every_shipped_metric_can_be_told(name: str) -> None:
    for time in (TIME, BusinessTime(86_400, rests=False)):
        assert spark(METRICS[name].population, time).startswith(("SELECT", "WITH"))


def test_what_measuring_asks_can_be_told() -> None:
    by_month = "CASE WHEN \"at\" < TIMESTAMPTZ '2016-01-31T16:00:00+00:00' THEN 0 END"

    for sql in (*(SUMMARY.format(by=by) for by in ("NULL", '"priority"', by_month)), _ALL, _BEYOND):
        assert spark(sql, TIME)


@pytest.mark.parametrize(
    "part",
    [
        "regexp_matches(ref, 'a.')",
        "upper(ref)",
        "CAST(priority AS VARCHAR)",
        "CAST(value AS BIGINT)",
        "CAST(value AS DECIMAL(18, 3))",
        "ref LIKE 'a\\_%'",
        "ref LIKE url",
        "EXTRACT(WEEK FROM opened_at)",
        "opened_at + INTERVAL '1' MONTH",
        "priority // 2",
        "priority % 2",
        "date_trunc('MONTH', opened_at)",
        "ROUND(value, priority)",
        "[1, 2]",
        "QUANTILE_CONT(value, 0.5)",
        "made_up(ref)",
    ],
)
def test_what_may_mean_something_else_is_refused_and_named(part: str) -> None:
    with pytest.raises(Untranslatable, match="it is not known that Spark gives the same for"):
        spark(f"SELECT id, {part} AS value FROM incident", TIME)


def test_a_quantile_within_a_population_is_refused() -> None:
    with pytest.raises(Untranslatable, match="QUANTILE_CONT"):
        spark("SELECT id FROM (SELECT quantile_cont(value, [0.5]) AS id FROM incident)", TIME)


def test_json_of_another_kind_than_text_is_refused() -> None:
    with pytest.raises(Untranslatable, match="no kind of JSON"):
        spark("""SELECT from_json(history, '[{"at": "TIMESTAMP"}]') AS id FROM incident""", TIME)


def test_what_is_no_sql_is_refused() -> None:
    with pytest.raises(Untranslatable):
        spark("SELECT FROM WHERE (", TIME)
