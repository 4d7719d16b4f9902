"""One Spark for this process: started at the first use, as quiet and as local as can be, stopped at the end."""

import atexit
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Mapping
from functools import cache
from tempfile import TemporaryFile
from typing import IO, Any

from itss_bridge.errors import UsageError
from itss_bridge.messages import say

MASTER_VARIABLE = "ITSS_BRIDGE_SPARK_MASTER"
_EVERYWHERE = {
    "spark.app.name": "itss-bridge",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.catalogImplementation": "in-memory",
}
_ON_THIS_MACHINE = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # a shuffle into 200 parts is for clusters
    "spark.sql.shuffle.partitions": str(os.cpu_count() or 1),
}
# What numbers depend on; set for each engine, whatever the surrounding Spark is used for.
_SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    # a file that is missing or broken must never pass for one without rows
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}
_END_OF_LOG = 2000


def session() -> Any:
    """A Spark session with views of its own; all share this process's Spark.

    Raises:
        UsageError: PySpark or Java is missing, or Spark does not start.
    """
    fresh = _spark().newSession()
    for key, value in _SEMANTICS.items():
        fresh.conf.set(key, value)
    return fresh


@cache
def _spark() -> Any:
    SparkContext, SparkSession = _imported()  # noqa: N806 - classes
    running = SparkContext._active_spark_context  # noqa: SLF001 - PySpark has no other way to ask without starting one
    return SparkSession(running or _started(os.environ.get(MASTER_VARIABLE) or "local[*]"))


def _imported() -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what PySpark thinks of other libraries' releases
        try:
            import pyspark.testing.utils  # noqa: F401 - PySpark asks it later what else is installed
            from pyspark import SparkContext
            from pyspark.logger import PySparkLogger
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise UsageError(
                say("the engine spark needs PySpark"),
                cause=str(error),
                fix=say("install the extra: pip install 'itss-bridge-spark[spark]', or measure with duckdb"),
            ) from None
    # each failure would be logged to stderr as JSON, beside the error that says what to do
    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)
    return SparkContext, SparkSession


def settings(master: str) -> Mapping[str, str]:
    """What Spark is started with, over what `spark-defaults.conf` says."""
    chosen = {"spark.master": master, **_EVERYWHERE}
    if not master.startswith("local"):
        return chosen
    return chosen | _ON_THIS_MACHINE | {"spark.pyspark.python": os.environ.get("PYSPARK_PYTHON") or sys.executable}


def _started(master: str) -> Any:
    """A Spark context whose Java talks into a file that vanishes with it."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    java = shutil.which("java", path=f"{os.environ['JAVA_HOME']}/bin" if os.environ.get("JAVA_HOME") else None)
    if java is None:
        raise UsageError(
            say("the engine spark needs Java 17 or newer"),
            where="JAVA_HOME" if os.environ.get("JAVA_HOME") else "PATH",
            cause=say("there is no program java"),
            fix=say("install it, or measure with duckdb"),
        )
    with TemporaryFile() as log:
        try:
            conf = SparkConf(loadDefaults=False).setAll(list(settings(master).items()))
            gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
            context = SparkContext(conf=conf, gateway=gateway)
        except Exception as error:  # noqa: BLE001 - Java's exceptions come as many kinds
            raise UsageError(
                say("Spark does not start"),
                where=f"{MASTER_VARIABLE} = {master}",
                cause=_last_words(log) or str(error).splitlines()[0],
                fix=say("correct the address or Spark's own configuration, or measure with duckdb"),
            ) from None
    atexit.register(context.stop)
    return context


def _last_words(log: IO[bytes]) -> str:
    """The last exception that Java has written down."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - _END_OF_LOG))
    lines = log.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if "Exception" in line or "Error" in line), "")
