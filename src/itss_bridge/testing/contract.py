"""The contract of a connector, as checks that pytest runs."""

from itss_bridge.testing.complete import Complete
from itss_bridge.testing.counted import Counted
from itss_bridge.testing.declared import Declared
from itss_bridge.testing.doors import Doors
from itss_bridge.testing.manners import Manners
from itss_bridge.testing.moving import Moving
from itss_bridge.testing.whole import Whole


class ConnectorContract(Declared, Doors, Complete, Counted, Moving, Manners, Whole):
    """Inherit it, name the connector and its stand-in, and run pytest.

    ```python
    class TestSurveys(ConnectorContract):
        connector = Surveys
        stand_in = SurveyTool
    ```

    A check that your tool cannot pass is named in `waived`, with the reason; it is skipped and the reason shown.
    """
