"""Says why a backup is not made, before anything is written or after nothing is left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sodaf_nb.backup.codecs import CODECS
from sodaf_nb.backup.encryption import HOW_TO_OPEN, EncryptionError
from sodaf_nb.backup.manifest import STRATEGIES
from sodaf_nb.backup.strategies import BackupStrategy
from sodaf_nb.database.sidefile import SideFileError, TableFacts
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError

_OTHER_BASE = "name another base, or leave it out to have the newest one taken that fits"


def require_sensible(strategy: str, columns: Collection[str], base_id: str | None) -> None:
    """Check that the arguments of a backup go together.

    Raises:
        UsageError: If they do not.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"There is no backup strategy {strategy!r}.", hint=f"choose from {', '.join(STRATEGIES)}")
    if bool(columns) != (strategy == "column") or isinstance(columns, str):
        raise UsageError("A column backup names its columns, and no other names any.", hint='columns=("title",)')
    if base_id is not None and strategy != "incremental":
        raise UsageError("Only an incremental backup builds on another.", hint='strategy="incremental"')


def require_choices(compression: str, batch_size: object) -> None:
    """Check what a manager of backups is made with.

    Raises:
        UsageError: If there is no such compression, or the batch size is not 1 or more.
    """
    if compression not in CODECS:
        raise UsageError(f"There is no compression {compression!r}.", hint=f"choose from {', '.join(CODECS)}")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise UsageError(f"The batch size is {batch_size!r}, not a number of rows.", hint="choose 1 or more")


def require_one_way(columns: Collection[str], as_table: str | None) -> None:
    """Check that the arguments of a restore go together.

    Raises:
        UsageError: If they do not.
    """
    if columns and as_table is not None:
        raise UsageError("A table of its own is restored whole.", hint="leave out the columns, or the new name")


def saved_by(strategy: BackupStrategy, facts: TableFacts) -> TableFacts:
    """Return the facts of the table that a strategy saves.

    Raises:
        MigrationBackupError: If the table cannot be saved like this.
    """
    try:
        return strategy.saved(facts)
    except SideFileError as error:
        if strategy.base is not None:
            raise _refused(facts.name, f"{strategy.base.id} is no base for it: {error}", _OTHER_BASE) from None
        raise _refused(facts.name, str(error), "name other columns, or save them all") from None


def _refused(table: str, reason: str, hint: str) -> MigrationBackupError:
    return MigrationBackupError(
        f"No backup of {table} was made: {reason.rstrip('.')}.", hint=f"nothing was changed; {hint}"
    )


def unusable_base(table: str, error: MigrationRestoreError) -> MigrationBackupError:
    """Return the refusal of a base that was named and cannot be read, or not opened."""
    return _refused(table, error.message, HOW_TO_OPEN if error.hint == HOW_TO_OPEN else _OTHER_BASE)


@contextmanager
def no_backup(table: str) -> Iterator[None]:
    """Say in our words that no backup was made.

    Raises:
        MigrationBackupError: If anything stands in its way.
    """
    try:
        yield
    except EncryptionError as error:
        raise _refused(table, str(error), HOW_TO_OPEN) from None
    except (OSError, SideFileError, MigrationRestoreError) as error:
        reason = error.message if isinstance(error, MigrationRestoreError) else str(error)
        raise _refused(table, reason, "check space and rights of the backup directory, then try again") from None
