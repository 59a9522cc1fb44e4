"""Carrying a job out, and proving that it did what was planned."""

from sodaf_nb.backup.surroundings import utc_now
from sodaf_nb.execution.executor import MigrationExecutor
from sodaf_nb.execution.job import Job, plan_fingerprint
from sodaf_nb.execution.rehearsal import Rehearsed, Rehearser
from sodaf_nb.execution.saving import saving_for
from sodaf_nb.execution.ties import backup_ties

__all__ = [
    "Job",
    "MigrationExecutor",
    "Rehearsed",
    "Rehearser",
    "backup_ties",
    "plan_fingerprint",
    "saving_for",
    "utc_now",
]
