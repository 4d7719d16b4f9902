"""The built-in connector for files against the contract that every connector has to keep."""

from datetime import UTC, datetime
from typing import ClassVar

from itss_bridge.files import Files
from itss_bridge.testing import ConnectorContract, StandIn

WHOLE = "a row need not say when it was changed, so a file is read whole"


class FolderOfTables(StandIn):
    people = ("li.lei", "han.mei")

    def start(self):
        self.config = {"folder": str(self.folder)}
        self.rows = {f"p{n:02}": (self.people[n % 2], datetime(2026, 1, 1 + n, tzinfo=UTC)) for n in range(20)}
        self.write()

    def stop(self):
        pass

    def write(self):
        rows = [f"{key},{at.isoformat()},{name}" for key, (name, at) in self.rows.items()]
        (self.folder / "person.csv").write_text("\n".join(["id,changed_at,person", *rows, ""]), "utf-8")

    def truth(self):
        return {"person": {key: at for key, (_, at) in self.rows.items()}}

    def change(self):
        self.rows["p03"] = ("han.mei", datetime.now(UTC))
        self.rows["p20"] = ("li.lei", datetime.now(UTC))
        self.write()

    def remove(self):
        del self.rows["p04"]
        self.write()


class TestFiles(ConnectorContract):
    connector = Files
    stand_in = FolderOfTables
    waived: ClassVar = {
        "test_a_later_read_gives_only_what_changed": WHOLE,
        "test_the_far_future_holds_nothing": WHOLE,
    }
