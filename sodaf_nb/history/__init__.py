"""The migration history and the attempts that lead to it."""

from sodaf_nb.history.approvals import Approval, Approvals
from sodaf_nb.history.attempts import Attempt, AttemptLog, Recovery
from sodaf_nb.history.audit import AuditLog, AuditReport
from sodaf_nb.history.drift import Drift, Drifted, objects_of
from sodaf_nb.history.manager import MigrationHistoryManager
from sodaf_nb.history.records import History, MigrationRecord, error_text, kind_of
from sodaf_nb.history.standing import standing_on, standing_records
from sodaf_nb.history.statistics import Numbers, Statistics

__all__ = [
    "Approval",
    "Approvals",
    "Attempt",
    "AttemptLog",
    "AuditLog",
    "AuditReport",
    "Drift",
    "Drifted",
    "History",
    "MigrationHistoryManager",
    "MigrationRecord",
    "Numbers",
    "Recovery",
    "Statistics",
    "error_text",
    "kind_of",
    "objects_of",
    "standing_on",
    "standing_records",
]
