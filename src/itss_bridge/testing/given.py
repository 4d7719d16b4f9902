"""What an author gives to the contract, and what each check is given."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from itss_bridge.contracts import Connector
from itss_bridge.testing.bench import Bench
from itss_bridge.testing.stand_in import StandIn


class Given:
    """Filled in by the author; the fixtures give each check a bench."""

    connector: ClassVar[type[Connector]]
    """The class to try."""

    stand_in: ClassVar[type[StandIn]]
    """The tool to try it on."""

    few_requests: ClassVar[int] = 3
    """How many requests one stream may take when nothing has changed."""

    waived: ClassVar[Mapping[str, str]] = {}
    """Name of a check → why this tool cannot pass it. Shown as the reason of the skip."""

    @pytest.fixture(scope="class")
    @classmethod
    def still(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
        """A bench that all checks share which move nothing at the tool."""
        with Bench.running(cls.connector, cls.stand_in, tmp_path_factory.mktemp("stand-in")) as bench:
            yield bench

    @pytest.fixture
    def bench(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
        """A bench of its own, for a check that moves the tool."""
        with Bench.running(self.connector, self.stand_in, tmp_path_factory.mktemp("stand-in")) as bench:
            yield bench

    @pytest.fixture(autouse=True)
    def _waive(self, request: pytest.FixtureRequest) -> None:
        for name, reason in self.waived.items():
            if not hasattr(self, name):
                pytest.fail(f"waived names {name!r}, which is no check", pytrace=False)
            if not reason.strip():
                pytest.fail(f"{name} is waived without a reason", pytrace=False)
        if request.node.name in self.waived:
            pytest.skip(f"waived: {self.waived[request.node.name]}")
