"""Backups of exactly what is at risk, proven restorable before anything is changed."""

from __future__ import annotations

from sodaf_nb.backup.drill import Drilled, DrillResult
from sodaf_nb.backup.manager import MigrationBackupManager
from sodaf_nb.backup.retention import PruneResult, Retention, Ties
from sodaf_nb.backup.strategies import (
    BackupStrategy,
    ColumnBackupStrategy,
    FullBackupStrategy,
    IncrementalBackupStrategy,
)
from sodaf_nb.backup.values import BackupInfo, BackupList, RestoreResult

__all__ = [
    "BackupInfo",
    "BackupList",
    "BackupStrategy",
    "ColumnBackupStrategy",
    "DrillResult",
    "Drilled",
    "FullBackupStrategy",
    "IncrementalBackupStrategy",
    "MigrationBackupManager",
    "PruneResult",
    "RestoreResult",
    "Retention",
    "Ties",
]
