"""The engine `spark`: population queries on Apache Spark, over the same evidence as DuckDB."""

from collections.abc import Sequence

from itss_bridge.contracts import Engine
from itss_bridge.hookspecs import hookimpl


@hookimpl
def itss_bridge_engines() -> Sequence[type[Engine]]:
    """Spark, on this machine or on a cluster."""
    from itss_bridge_spark.engine import SparkEngine

    return [SparkEngine]
