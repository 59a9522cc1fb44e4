"""Restores of backups in the history: noted in their own transaction, and taken back like migrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sodaf_nb.backup import MigrationBackupManager, RestoreResult
from sodaf_nb.backup.ids import ulid
from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.database import Session
from sodaf_nb.execution import recorder
from sodaf_nb.history import MigrationHistoryManager, MigrationRecord, objects_of
from sodaf_nb.options import ApplyOptions
from sodaf_nb.plan import CreateTable, Plan
from sodaf_nb.results import MigrationResult
from sodaf_nb.schema import Schema, encode
from sodaf_nb.schema.closure import schema_fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreLog:
    """Notes restores.

    Args:
        history: Where.
        options: Who does it, and where.
        clock: Gives the time in UTC.
    """

    history: MigrationHistoryManager
    options: ApplyOptions
    clock: Callable[[], datetime]

    def note(
        self, session: Session, result: RestoreResult, manifest: Manifest, undoes: str | None = None
    ) -> RestoreResult:
        """Write a restore's entry in its own transaction and return the result with the entry's id."""
        now, after = self.clock(), session.reflect()
        plan = _plan(result, manifest, after)
        info: dict[str, Any] = {"plan": encode(plan), "restored": _restored(result)}
        info |= {"backup_id": result.replaced_backup_id} if result.replaced_backup_id else {}
        info |= {"rollback_of": undoes} if undoes else {}
        record = MigrationRecord(
            id=ulid(now),
            doctype=manifest.doctype,
            version=0,  # numbered when it is written
            timestamp=now.isoformat(),
            sql=(),
            rollback_sql=(),
            status="applied",
            applied_by=recorder.user(self.options),
            execution_time=0.0,
            affected_rows=result.added + result.changed + result.removed,
            backup_path=None,
            error=None,
            rollback_info=info,
            fingerprint_before=plan.made_for,
            fingerprint_after=schema_fingerprint(after, [result.table]),
            plan_id=plan.id,
            environment=recorder.environment_facts(self.options.environment, session.dialect),
            metadata={"summary": [_summary(result)], "accepted": [], "findings": [], "columns": []},
            dialect=recorder.engine_name(session.dialect),
            backup_id=result.replaced_backup_id,
            objects=objects_of(after, result.table),
        )
        self.history.record(session, record)
        if undoes:
            self.history.mark_rolled_back(
                session, undoes, {"rolled_back_by": record.id, "rolled_back_at": now.isoformat()}
            )
        return replace(result, migration_id=record.id)


def _plan(result: RestoreResult, manifest: Manifest, after: Schema) -> Plan:
    """Return what a restore did to the structure: it made the table, or nothing."""
    others = Schema(objects=tuple(o for o in after.objects if o.table.lower() != result.table.lower()))
    made = after.table(result.table) if result.created else None
    return Plan(
        doctype=manifest.doctype,
        table=result.table,
        operations=(CreateTable(table=made),) if made else (),
        made_for=schema_fingerprint(others if made else after, [result.table]),
        kind="restore",
    )


def _restored(result: RestoreResult) -> dict[str, Any]:
    return {"backup_id": result.backup_id, "created": result.created, "columns": list(result.columns)}


def _summary(result: RestoreResult) -> str:
    columns = f".{', '.join(result.columns)}" if result.columns else ""
    counts = f"{result.added} added, {result.changed} changed, {result.removed} removed"
    return f"< {result.table}{columns} restored from a backup: {counts}"


def replaced_by(record: MigrationRecord) -> str | None:
    """Return the backup of what a restore replaced; None for any other record."""
    return record.rollback_info.get("backup_id") if "restored" in record.rollback_info else None


def undo_restore(
    backups: MigrationBackupManager, log: RestoreLog, record: MigrationRecord, *, dry_run: bool, yes_on: str | None
) -> MigrationResult:
    """Put back what a restore replaced, to the row; what is there now is backed up before.

    Raises:
        SodafError: As `restore_backup` raises.
    """

    def note(session: Session, result: RestoreResult, manifest: Manifest) -> RestoreResult:
        return log.note(session, result, manifest, undoes=record.id)

    result = backups.restore_backup(
        str(replaced_by(record)), dry_run=dry_run, any_database=True, record=note, yes_on=yes_on
    )
    kept = backups.get(result.replaced_backup_id).path if result.replaced_backup_id else None
    return MigrationResult(
        success=True,
        migration_id=result.migration_id,
        doctype=record.doctype,
        outcome="not_applied" if dry_run else "applied",
        affected_rows=result.added + result.changed + result.removed,
        backup_path=str(kept) if kept else None,
        metadata={"changes": tuple(result.to_rows()), "reason": result.heading()},
    )
