"""The migration history and the attempts that lead to it."""

from sodaf_nb.history.attempts import Attempt, AttemptLog, Recovery
from sodaf_nb.history.manager import MigrationHistoryManager
from sodaf_nb.history.records import History, MigrationRecord

__all__ = ["Attempt", "AttemptLog", "History", "MigrationHistoryManager", "MigrationRecord", "Recovery"]
