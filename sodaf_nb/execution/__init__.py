"""Carrying a job out, and proving that it did what was planned."""

from sodaf_nb.execution.executor import MigrationExecutor, utc_now
from sodaf_nb.execution.job import Job, plan_fingerprint

__all__ = ["Job", "MigrationExecutor", "plan_fingerprint", "utc_now"]
