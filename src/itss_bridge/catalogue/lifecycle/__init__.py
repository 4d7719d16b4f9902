"""The life cycle of a certificate: processes, states, rules about time and people, dates, materials to hand in."""

from itss_bridge.catalogue.lifecycle.links import problems, reachable
from itss_bridge.catalogue.lifecycle.read import lifecycle
from itss_bridge.catalogue.lifecycle.shapes import (
    Case,
    Checklist,
    Deadline,
    LifeCycle,
    Material,
    Move,
    Process,
    Quantity,
    Return,
    Role,
    Rule,
    State,
    Step,
)

__all__ = [
    "Case",
    "Checklist",
    "Deadline",
    "LifeCycle",
    "Material",
    "Move",
    "Process",
    "Quantity",
    "Return",
    "Role",
    "Rule",
    "State",
    "Step",
    "lifecycle",
    "problems",
    "reachable",
]
