"""The sample report in its three sizes, made once."""

import pytest
from tests.exporters.payloads import infested_report
from tests.sample_report import sample_report

from itss_bridge.model import Report


@pytest.fixture(scope="session")
def report() -> Report:
    return sample_report()


@pytest.fixture(scope="session")
def large() -> Report:
    """About 250 assessable requirements and 200 checks, each unmet one with 50 failing items."""
    return sample_report(copies=2, checks=200, failing=50)


@pytest.fixture(scope="session")
def infested() -> Report:
    return infested_report()
