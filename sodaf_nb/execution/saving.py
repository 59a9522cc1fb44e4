"""What is backed up before a job: the least that makes its rollback exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from sodaf_nb.backup import BackupInfo, MigrationBackupManager
from sodaf_nb.backup.choice import Strategy
from sodaf_nb.errors import MigrationBackupError, UsageError
from sodaf_nb.execution.job import Job
from sodaf_nb.plan.names import endangered_now
from sodaf_nb.plan.operations import ROW_CHANGES
from sodaf_nb.plan.rollback import KEY

BackupOption = Literal["auto", "full", "column", "incremental"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What a backup of a job's endangered data saves.

    Args:
        table: The table.
        strategy: How much of it.
        columns: Of a column backup the columns at risk; empty otherwise.
        why: The reason, in half a sentence.
    """

    table: str
    strategy: Strategy
    columns: tuple[str, ...] = ()
    why: str

    def take(self, backups: MigrationBackupManager, job: Job, migration_id: str) -> BackupInfo:
        """Take the backup and prove it."""
        return backups.create_backup(
            job.plan.doctype,
            self.table,
            strategy=self.strategy,
            columns=self.columns,
            migration_id=migration_id,
            schema_fingerprint=job.plan.made_for,
        )

    def preview(self, backups: MigrationBackupManager, job: Job) -> dict[str, Any]:
        """Return what would be saved, as a row for people."""
        taken, note = backups.preview_backup(self.table, strategy=self.strategy, columns=self.columns)
        saved = ", ".join((KEY, *self.columns)) if taken == "column" else "all columns"
        rows = job.evidence.facts.rows[self.table]
        return {"table": self.table, "rows": rows, "columns": saved, "strategy": taken, "why": note or self.why}


def require_known(option: str) -> None:
    """Refuse a word that is no choice of backup.

    Raises:
        UsageError: If it is none.
    """
    if option not in get_args(BackupOption):
        raise UsageError(f"There is no backup {option!r}.", hint=f"choose from {', '.join(get_args(BackupOption))}")


def saving_for(job: Job, option: BackupOption, backups: MigrationBackupManager) -> Saving | None:
    """Return what has to be backed up before a job; None when no data is at risk.

    Args:
        job: The job.
        option: What the user asks for.
        backups: Asked for the live table's key.

    Raises:
        MigrationBackupError: If a column backup is asked for, and a rollback from it would not be exact.
    """
    tables = {table for table, _column in job.risks}
    if not tables:
        return None
    (table,) = tables  # one backup holds one table; a plan that endangers two must not run with half of it saved
    if option in ("full", "incremental"):
        return Saving(table=table, strategy=option, why="as asked for")
    obstacle = _obstacle(job, table, backups)
    if not obstacle:
        columns = tuple(column for _table, column in job.risks if column is not None)
        return Saving(table=table, strategy="column", columns=columns, why="nothing else is at risk")
    if option == "column":
        raise MigrationBackupError(
            f"A rollback of {table} from a column backup would not be exact: {obstacle}.",
            hint='nothing was changed; choose backup="auto", which takes the whole table where it has to, or "full"',
        )
    return Saving(table=table, strategy="full", why=obstacle)


def _obstacle(job: Job, table: str, backups: MigrationBackupManager) -> str:
    """Return why the columns at risk alone are not enough; empty when they are."""
    columns = [column for _number, _table, column in endangered_now(job.plan.operations)]
    if None in columns:
        return "rows are deleted" if isinstance(job.plan.operations[0], ROW_CHANGES) else "the whole table is dropped"
    if any(column is not None and column.lower() == KEY for column in columns):
        return f"the key {KEY} itself changes"
    if [name.lower() for name in backups.lasting_key(table)] != [KEY]:
        return f"{KEY} is no primary key that every row fills"
    return ""
