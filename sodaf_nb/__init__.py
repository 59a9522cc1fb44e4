"""Change the schema of a live database from a notebook without fear.

Public names load on first use, so that importing the package and loading the extension stay light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sodaf_nb.access import Access
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.backup import (
        BackupStrategy,
        ColumnBackupStrategy,
        FullBackupStrategy,
        IncrementalBackupStrategy,
        MigrationBackupManager,
        Retention,
    )
    from sodaf_nb.database import Database
    from sodaf_nb.diff import SchemaComparisonEngine, SchemaDiff
    from sodaf_nb.doctype import DocType, DocTypeEngine, Field
    from sodaf_nb.doctype.drafting import Draft, draft_doctypes
    from sodaf_nb.errors import (
        AccessError,
        ApprovalError,
        AuditError,
        BlockedMigrationError,
        DatabaseError,
        DocTypeNotFoundError,
        InvalidDocTypeError,
        LockedError,
        MigrationBackupError,
        MigrationCancelledError,
        MigrationExecutionError,
        MigrationPendingError,
        MigrationRestoreError,
        MigrationRollbackError,
        MigrationTimeoutError,
        NoSpaceError,
        PatchRefusedError,
        PlanFileError,
        RenameQuestionError,
        SodafError,
        StalePlanError,
        UnsupportedChangeError,
        UsageError,
    )
    from sodaf_nb.execution import MigrationExecutor
    from sodaf_nb.history import MigrationHistoryManager, MigrationRecord
    from sodaf_nb.options import ApplyOptions, PatchOptions, RollbackOptions, SyncOptions
    from sodaf_nb.plan import Plan
    from sodaf_nb.results import BatchDryRunResult, BatchMigrationResult, DryRunResult, MigrationResult
    from sodaf_nb.session import PlanSession
    from sodaf_nb.sql import SQLGenerator
    from sodaf_nb.validation import Finding, MigrationValidator

__version__ = "0.1.0"

_HOMES = {
    "access": ("Access",),
    "applier": ("MigrationApplier",),
    "backup": (
        "BackupStrategy",
        "ColumnBackupStrategy",
        "FullBackupStrategy",
        "IncrementalBackupStrategy",
        "MigrationBackupManager",
        "Retention",
    ),
    "database": ("Database",),
    "diff": ("SchemaComparisonEngine", "SchemaDiff"),
    "doctype": ("DocType", "DocTypeEngine", "Field"),
    "doctype.drafting": ("Draft", "draft_doctypes"),
    "errors": (
        "AccessError",
        "ApprovalError",
        "AuditError",
        "BlockedMigrationError",
        "DatabaseError",
        "DocTypeNotFoundError",
        "InvalidDocTypeError",
        "LockedError",
        "MigrationBackupError",
        "MigrationCancelledError",
        "MigrationExecutionError",
        "MigrationPendingError",
        "MigrationRestoreError",
        "MigrationRollbackError",
        "MigrationTimeoutError",
        "NoSpaceError",
        "PatchRefusedError",
        "PlanFileError",
        "RenameQuestionError",
        "SodafError",
        "StalePlanError",
        "UnsupportedChangeError",
        "UsageError",
    ),
    "execution": ("MigrationExecutor",),
    "history": ("MigrationHistoryManager", "MigrationRecord"),
    "options": ("ApplyOptions", "PatchOptions", "RollbackOptions", "SyncOptions"),
    "plan": ("Plan",),
    "session": ("PlanSession",),
    "results": ("BatchDryRunResult", "BatchMigrationResult", "DryRunResult", "MigrationResult"),
    "sql": ("SQLGenerator",),
    "validation": ("Finding", "MigrationValidator"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Access",
    "AccessError",
    "ApplyOptions",
    "ApprovalError",
    "AuditError",
    "BackupStrategy",
    "BatchDryRunResult",
    "BatchMigrationResult",
    "BlockedMigrationError",
    "ColumnBackupStrategy",
    "Database",
    "DatabaseError",
    "DocType",
    "DocTypeEngine",
    "DocTypeNotFoundError",
    "Draft",
    "DryRunResult",
    "Field",
    "Finding",
    "FullBackupStrategy",
    "IncrementalBackupStrategy",
    "InvalidDocTypeError",
    "LockedError",
    "MigrationApplier",
    "MigrationBackupError",
    "MigrationBackupManager",
    "MigrationCancelledError",
    "MigrationExecutionError",
    "MigrationExecutor",
    "MigrationHistoryManager",
    "MigrationPendingError",
    "MigrationRecord",
    "MigrationRestoreError",
    "MigrationResult",
    "MigrationRollbackError",
    "MigrationTimeoutError",
    "MigrationValidator",
    "NoSpaceError",
    "PatchOptions",
    "PatchRefusedError",
    "Plan",
    "PlanFileError",
    "PlanSession",
    "RenameQuestionError",
    "Retention",
    "RollbackOptions",
    "SQLGenerator",
    "SchemaComparisonEngine",
    "SchemaDiff",
    "SodafError",
    "StalePlanError",
    "SyncOptions",
    "UnsupportedChangeError",
    "UsageError",
    "draft_doctypes",
    "load_ipython_extension",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Register the magics; called by `%load_ext sodaf_nb`."""
    from sodaf_nb.notebook.extension import load_ipython_extension as load  # noqa: PLC0415  IPython only

    load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the magics away; called by `%unload_ext sodaf_nb`."""
    from sodaf_nb.notebook.extension import unload_ipython_extension as unload  # noqa: PLC0415  IPython only

    unload(ip)
