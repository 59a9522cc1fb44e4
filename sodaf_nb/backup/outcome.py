"""What became of a restore: told by the history, not by what came last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.restore import Record
from sodaf_nb.backup.values import RestoreResult
from sodaf_nb.errors import MigrationCancelledError, MigrationRestoreError

if TYPE_CHECKING:
    from sodaf_nb.database import Session

Happened = Callable[[str], bool]
"""Says whether the restore of an id is in the history"""


def told_truly(restore: Callable[[Record], RestoreResult], record: Record, happened: Happened) -> RestoreResult:
    """Run a restore; an error that comes in or after its commit is one only if the history has no entry of it.

    Args:
        restore: Restores, and notes it with what it is given.
        record: Notes the restore in its own transaction.
        happened: Asked when an error came after the note was written.

    Raises:
        MigrationCancelledError: If the user stopped it; nothing was changed.
        MigrationRestoreError: If the file system refused; nothing was changed.
        SodafError: As `restore` raises.
    """
    noted: list[RestoreResult] = []

    def remembered(session: Session, result: RestoreResult, manifest: Manifest) -> RestoreResult:
        noted.append(record(session, result, manifest))
        return noted[0]

    try:
        return restore(remembered)
    except BaseException as error:
        if noted and noted[0].migration_id and happened(noted[0].migration_id):
            return noted[0]
        if isinstance(error, KeyboardInterrupt):
            raise MigrationCancelledError(
                "The restore was stopped by the user; nothing was changed.", hint="restore again when ready"
            ) from error
        if isinstance(error, OSError):
            raise MigrationRestoreError(
                f"The backup could not be unpacked: {error.strerror or error}; nothing was changed.",
                hint="check space and rights of the folder for temporary files, which TMPDIR names",
            ) from None
        raise
