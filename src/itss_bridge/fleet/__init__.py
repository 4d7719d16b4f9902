"""Many workspaces run as one job: each is one task, and what they tell becomes one portfolio."""

from itss_bridge.fleet.portfolio import Portfolio, portfolio
from itss_bridge.fleet.roster import Fleet, Member, open_fleet
from itss_bridge.fleet.running import exit_code, run
from itss_bridge.fleet.tasks import Done, Task, perform

__all__ = ["Done", "Fleet", "Member", "Portfolio", "Task", "exit_code", "open_fleet", "perform", "portfolio", "run"]
