"""What taking a migration back needs to know, and whether it can be: read from its record alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sodaf_nb.errors import MigrationRollbackError, SodafError, Step
from sodaf_nb.execution.job import Source, plan_fingerprint
from sodaf_nb.history import History, MigrationRecord, standing_on, standing_records
from sodaf_nb.options import ConflictPolicy
from sodaf_nb.plan import Plan
from sodaf_nb.plan.rollback import make_rollback
from sodaf_nb.results import BatchMigrationResult, MigrationResult
from sodaf_nb.schema import Schema, decode


def rollback_plan(record: MigrationRecord, live: Schema, on_conflict: ConflictPolicy) -> tuple[Plan, Source | None]:
    """Return the plan that takes a migration back from the schema as it is now, and the backup it reads."""
    info = record.rollback_info
    risks = frozenset((table, column) for table, column in info.get("risks", ()))
    draft = make_rollback(decode(info["plan"]), undoes=record.id, made_for="", backed_up=risks, on_conflict=on_conflict)
    return replace(draft, made_for=plan_fingerprint(draft, live)), _source(record, info) if risks else None


def _source(record: MigrationRecord, info: dict[str, Any]) -> Source:
    return Source(
        backup_id=info["backup_id"],
        recorded=record.backup_path,
        sha256=record.backup_sha256,
        sql=tuple(info.get("backup_sql", ())),
    )


def require_in_force(history: History, record: MigrationRecord, *, on_top: bool = False) -> None:
    """Stop unless a migration is in force and nothing stands on it, or (`on_top`) what does goes with it.

    Raises:
        MigrationRollbackError: If it failed, was taken back, or newer ones of its table are in force.
    """
    number, look = history.number_of(record.id), ("what is in force is in ", Step("history"))
    if record.status == "failed":
        raise MigrationRollbackError(f"#{number} failed and changed nothing: there is nothing to undo.", hint=look)
    if record.status != "applied":
        raise MigrationRollbackError(
            f"#{number} of {record.doctype} is rolled back: there is nothing to undo.", hint=look
        )
    if not on_top and (newer := standing_on(history, record.id)):
        raise MigrationRollbackError(
            f"Newer migrations of the same table are in force: {', '.join(newer)}.",
            hint=("roll those back first, the newest first, or all with ", Step("through", (record.id,))),
        )


def roll_back_through(
    history: History, record: MigrationRecord, roll_back: Callable[[str], MigrationResult]
) -> BatchMigrationResult:
    """Take a migration back with all newer ones of its table, the newest first, up to the first that fails.

    Raises:
        MigrationRollbackError: If the migration is not in force.
    """
    require_in_force(history, record, on_top=True)
    results: dict[str, MigrationResult] = {}
    for number, each in (*standing_records(history, record.id), (history.number_of(record.id), record)):
        name = f"#{number} {each.doctype}"
        try:
            results[name] = roll_back(each.id)
        except SodafError as error:
            return BatchMigrationResult(results=results, errors={name: error})
    return BatchMigrationResult(results=results)
