"""Backups of exactly what is at risk, proven restorable before anything is changed."""

from __future__ import annotations

from sodaf_nb.backup.manager import MigrationBackupManager
from sodaf_nb.backup.retention import PruneResult, Retention, Ties
from sodaf_nb.backup.strategies import BackupStrategy, FullBackupStrategy
from sodaf_nb.backup.values import BackupInfo, BackupList, RestoreResult

__all__ = [
    "BackupInfo",
    "BackupList",
    "BackupStrategy",
    "FullBackupStrategy",
    "MigrationBackupManager",
    "PruneResult",
    "RestoreResult",
    "Retention",
    "Ties",
]
