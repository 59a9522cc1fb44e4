"""The migration history and the attempts that lead to it."""

from sodaf_nb.history.attempts import Attempt, AttemptLog, Recovery
from sodaf_nb.history.manager import MigrationHistoryManager
from sodaf_nb.history.records import History, MigrationRecord, error_text
from sodaf_nb.history.standing import standing_on, standing_records

__all__ = [
    "Attempt",
    "AttemptLog",
    "History",
    "MigrationHistoryManager",
    "MigrationRecord",
    "Recovery",
    "error_text",
    "standing_on",
    "standing_records",
]
