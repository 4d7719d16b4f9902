"""Where Spark can run: a session for the whole run, or one reason why there is none."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from tests.conftest import shared  # noqa: F401 - the recorded data, where they are at hand

WHY_NOT = next(
    (
        reason
        for reason, missing in (
            ("itss-bridge-spark is not installed", find_spec("itss_bridge_spark") is None),
            ("PySpark is not installed: pip install 'itss-bridge-spark[spark]'", find_spec("pyspark") is None),
            ("there is no Java, which Spark needs", shutil.which("java") is None),
        )
        if missing
    ),
    "",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs Spark where there is none."""
    if WHY_NOT:
        for item in items:
            if item.get_closest_marker("spark"):
                item.add_marker(pytest.mark.skip(reason=WHY_NOT))


@pytest.fixture(scope="session", autouse=True)
def quick_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hundreds of queries over a dozen rows each: compiling each of them would take most of the time."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(
        "spark.sql.codegen.wholeStage false\n"
        "spark.sql.codegen.factoryMode NO_CODEGEN\n"
        "spark.sql.adaptive.enabled false\n"
        "spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC\n",
        "utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(folder))
        patch.setenv("ITSS_BRIDGE_SPARK_MASTER", "local[2]")
        yield
