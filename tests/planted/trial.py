"""The contract for the sound connector and for each with a planted bug; pytest is pointed here by tests/test_contract.py."""

from tests.planted import later, pieces, records, words
from tests.planted.desk import Desk
from tests.planted.sound import Sound

from itss_bridge.testing import ConnectorContract

BUGS = [
    kind
    for module in (words, records, pieces, later)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Sound) and kind.__module__ == module.__name__
]

for _kind in (Sound, *BUGS):
    _name = f"Test{_kind.__name__}"
    globals()[_name] = type(_name, (ConnectorContract,), {"connector": _kind, "stand_in": Desk, "__module__": __name__})
