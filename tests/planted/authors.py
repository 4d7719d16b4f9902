"""Mistakes in how the contract itself is used: tests/test_contract.py looks at what it says about them."""

from typing import ClassVar

from tests.planted.desk import Desk
from tests.planted.later import IgnoresSince
from tests.planted.sound import Sound

from itss_bridge.testing import ConnectorContract


class TestWaivedWithAReason(ConnectorContract):
    connector = IgnoresSince
    stand_in = Desk
    waived: ClassVar = {"test_the_far_future_holds_nothing": "the desk has no search by time"}


class TestWaivedWithoutReason(TestWaivedWithAReason):
    waived: ClassVar = {"test_the_far_future_holds_nothing": " "}


class TestWaivedByAWrongName(TestWaivedWithAReason):
    waived: ClassVar = {"test_the_near_future_holds_nothing": "the desk has no search by time"}


class IdleDesk(Desk):
    def change(self):
        pass


class TestNothingChanges(ConnectorContract):
    connector = Sound
    stand_in = IdleDesk


class HalfADesk(Desk):
    def truth(self):
        return {"incident": super().truth()["incident"]}


class TestTruthOfHalf(ConnectorContract):
    connector = Sound
    stand_in = HalfADesk


class DeskWithoutAddress(Desk):
    def start(self):
        super().start()
        self.url = ""


class TestNoAddress(ConnectorContract):
    connector = Sound
    stand_in = DeskWithoutAddress
