"""Whether the history a job was made for still stands, asked again while nobody else migrates."""

from __future__ import annotations

from collections.abc import Collection

from sodaf_nb.database import Database
from sodaf_nb.database.patching.notes import has_notes
from sodaf_nb.errors import MigrationRollbackError, StalePlanError, Step, UsageError
from sodaf_nb.execution.job import Job
from sodaf_nb.execution.undoing import require_in_force
from sodaf_nb.history import MigrationHistoryManager, MigrationRecord
from sodaf_nb.plan import RestoreRows, RunPatch


def require_standing(job: Job, history: MigrationHistoryManager, database: Database) -> None:
    """Stop a job that somebody else overtook; a change of the schema is noticed by the plan's own fingerprint.

    Raises:
        StalePlanError: If its patch is in force by now.
        MigrationRollbackError: If what it takes back is not in force any more, newer migrations stand on it, or
            what was noted of it is gone.
    """
    for patch in (o for o in job.plan.operations if isinstance(o, RunPatch)):
        if (done := already_done(history.get_migration_history(job.plan.doctype), patch)) is not None:
            raise StalePlanError(f"{done} Nothing was changed.", hint=("what is in force is in ", Step("history")))
    if job.plan.undoes is None:
        return
    record = history.require(job.plan.undoes)
    require_in_force(history.get_migration_history(), record)
    noted = {o.noted for o in job.plan.operations if isinstance(o, RestoreRows)}
    with database.read() as session:
        if record.affected_rows and not all(has_notes(session, mark) for mark in noted):
            raise MigrationRollbackError(
                "What was noted of that patch is gone from the database, so it cannot be taken back.",
                hint=("its backup still has the rows: ", Step("history")),
            )


def already_done(records: Collection[MigrationRecord], patch: RunPatch) -> str | None:
    """Return why there is nothing to do when the same patch is in force; None when none of its name is.

    Raises:
        UsageError: If another one of that name is.
    """
    by_id = {record.id: record for record in records}
    for record in records:
        digest = record.metadata.get("patch", {}).get(patch.name)
        if digest is None or not _is_in_force(record, by_id):
            continue
        if digest == patch.digest:
            return f"The patch {patch.name} is in force already."
        raise UsageError(
            f"Another patch named {patch.name} is in force.", hint="give this one another name, or roll that one back"
        )
    return None


def _is_in_force(record: MigrationRecord, by_id: dict[str, MigrationRecord]) -> bool:
    """Tell whether what a migration did stands: a rollback of its rollback puts it in force again."""
    if record.status != "rolled_back":
        return record.status == "applied"
    undone_by = by_id.get(str(record.rollback_info.get("rolled_back_by")))
    return undone_by is not None and not _is_in_force(undone_by, by_id)
