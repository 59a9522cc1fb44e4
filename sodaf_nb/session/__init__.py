"""One migration in front of a person: a state machine without any user interface."""

from sodaf_nb.session.confirmation import finding_key
from sodaf_nb.session.session import PlanSession
from sodaf_nb.session.values import Progress, Snapshot, State, Target
from sodaf_nb.session.view import change_rows, checks, verdict

__all__ = [
    "PlanSession",
    "Progress",
    "Snapshot",
    "State",
    "Target",
    "change_rows",
    "checks",
    "finding_key",
    "verdict",
]
