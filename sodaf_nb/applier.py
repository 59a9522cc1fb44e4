"""The one object that joins the parts: compare, plan, judge, back up, apply, record, take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.database import Database, gather
from sodaf_nb.diff import Answers, SchemaComparisonEngine, SchemaDiff
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import MigrationRollbackError, RenameQuestionError, SodafError, StalePlanError
from sodaf_nb.execution import Job, MigrationExecutor, backup_ties, plan_fingerprint, saving_for, utc_now
from sodaf_nb.history import MigrationHistoryManager, MigrationRecord, Recovery
from sodaf_nb.options import Accept, ApplyOptions, RollbackOptions, SyncOptions
from sodaf_nb.plan import Plan, RenameTable
from sodaf_nb.plan.chain import in_the_way
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.plan.rollback import make_rollback
from sodaf_nb.results import BatchMigrationResult, DryRunResult, MigrationResult
from sodaf_nb.schema import Schema, decode
from sodaf_nb.schema.closure import schema_fingerprint
from sodaf_nb.sql import SQLGenerator, syntax_errors
from sodaf_nb.validation import Evidence, Finding, MigrationValidator, blocking, require_accepted


class MigrationApplier:
    """Brings DocTypes to a database and takes migrations back.

    Args:
        database: The database to change.
        doctypes: The loaded DocTypes.
        options: Choices for all migrations; None takes the safe defaults.
        clock: Gives the time in UTC.
    """

    def __init__(
        self,
        database: Database,
        doctypes: DocTypeEngine,
        options: ApplyOptions | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.database = database
        self.doctypes = doctypes
        self.options = options or ApplyOptions()
        self.history = MigrationHistoryManager(database)
        self.backups = MigrationBackupManager(
            database,
            self.options.backup_dir,
            compression=self.options.compression,
            recipients=self.options.recipients,
            identity=self.options.identity,
            ties=lambda: backup_ties(database),
            clock=clock,
            batch_size=self.options.batch_size,
        )
        self._executor = MigrationExecutor(database, self.history, self.backups, self.options, clock)
        self._comparison = SchemaComparisonEngine(database, doctypes)
        self._generator = SQLGenerator(database.dialect)
        self._validator = MigrationValidator()

    def diff(self, doctype: str, options: SyncOptions | None = None) -> SchemaDiff:
        """Return what differs between a DocType and the database."""
        return self._comparison.compare_schema(doctype, _answers(options or SyncOptions()))

    def plan(self, doctype: str, options: SyncOptions | None = None) -> Plan:
        """Return the plan that would bring a DocType to the database.

        Raises:
            RenameQuestionError: If columns would be dropped that may have been renamed.
            UnsupportedChangeError: If the change would damage something no DocType mentions.
        """
        given = options or SyncOptions()
        live = self.database.reflect()
        return self._planned(self._diff(doctype, given, live), given, live)

    def dry_run(self, doctype: str, options: SyncOptions | None = None) -> DryRunResult:
        """Return what an apply would do: the same pipe, stopped before the backup."""
        given = options or SyncOptions()
        return self._dry(self._job(doctype, given), given.accept)

    def sync_doctype(self, doctype: str, options: SyncOptions | None = None) -> MigrationResult:
        """Bring one DocType to the database.

        Raises:
            BlockedMigrationError: If findings stop it that were not accepted.
            StalePlanError: If another plan was reviewed than the one needed now.
            SodafError: As `plan` and `MigrationExecutor.execute` raise.
        """
        given = options or SyncOptions()
        job = self._job(doctype, given)
        _require_reviewed(job.plan, given.plan_id)
        return self._carried_out(job, dry_run=given.dry_run)

    def sync_all_doctypes(self, options: SyncOptions | None = None) -> BatchMigrationResult:
        """Bring every loaded DocType to the database, targets of links first.

        Each is a migration of its own; one that fails does not stop the others and is named with its error.
        """
        results: dict[str, MigrationResult] = {}
        failed: dict[str, str] = {}
        for name in self.doctypes.dependency_order():
            try:
                results[name] = self.sync_doctype(name, options)
            except SodafError as error:
                failed[name] = f"[{error.code}] {error}"
        return BatchMigrationResult(results=results, failed=failed)

    def apply_plan(self, plan: Plan, *, accept: Accept = ()) -> MigrationResult:
        """Carry out a plan made and reviewed earlier.

        Raises:
            StalePlanError: If the database moved since the plan was made.
            SodafError: As `sync_doctype` raises.
        """
        live = self.database.reflect()
        if plan_fingerprint(plan, live) != plan.made_for:
            raise StalePlanError(
                f"The schema of {plan.table} changed after the plan was made.",
                hint="make a new plan and review it again",
            )
        return self._carried_out(self._judged(plan, live, accept=accept), dry_run=False)

    def rollback_migration(self, migration_id: str, options: RollbackOptions | None = None) -> MigrationResult:
        """Take a migration back: structure by its recorded plan, data from its backup; later writes stay.

        Raises:
            MigrationRollbackError: If it is not in force, or newer migrations of its table are.
            MigrationRestoreError: If its backup is missing or damaged; nothing was changed.
            SodafError: As `sync_doctype` raises.
        """
        given = options or RollbackOptions()
        return self._carried_out(self._rollback_job(migration_id, given), dry_run=given.dry_run)

    def dry_run_rollback(self, migration_id: str, options: RollbackOptions | None = None) -> DryRunResult:
        """Return what taking a migration back would do; nothing is changed."""
        given = options or RollbackOptions()
        return self._dry(self._rollback_job(migration_id, given), given.accept)

    def recover(self) -> Recovery:
        """Settle attempts that a crash interrupted and say what became of them."""
        return self._executor.recover()

    def _diff(self, doctype: str, options: SyncOptions, live: Schema) -> SchemaDiff:
        diff = self._comparison.compare_schema(doctype, _answers(options), live=live)
        _require_answered(diff, options)
        return diff

    def _planned(self, diff: SchemaDiff, options: SyncOptions, live: Schema) -> Plan:
        names = [name for name in (diff.table, diff.renamed_from) if name]
        context = Context(
            live=live,
            made_for=schema_fingerprint(live, names),
            references=self.doctypes.references_to(diff.doctype),
            backfill=options.backfill,
        )
        return make_plan(diff, context)

    def _job(self, doctype: str, options: SyncOptions) -> Job:
        live = self.database.reflect()
        diff = self._diff(doctype, options, live)
        plan = self._planned(diff, options, live)
        kept = {column.name for column in diff.orphan_columns}
        pairs = tuple((c.old, c.new) for c in diff.candidates if c.old in kept)
        return self._judged(plan, live, accept=options.accept, rename_candidates=pairs)

    def _rollback_job(self, migration_id: str, options: RollbackOptions) -> Job:
        record = self.history.require(migration_id)
        self._require_in_force(record)
        live = self.database.reflect()
        info = record.rollback_info
        plan: Plan = decode(info["plan"])
        risks = frozenset((table, column) for table, column in info.get("risks", ()))
        draft = make_rollback(plan, undoes=record.id, made_for="", backed_up=risks)
        rollback = replace(draft, made_for=plan_fingerprint(draft, live))
        backup_sql = tuple(info.get("backup_sql", ()))
        backup_id = info.get("backup_id") if risks else None
        return self._judged(rollback, live, accept=options.accept, backup_sql=backup_sql, backup_id=backup_id)

    def _require_in_force(self, record: MigrationRecord) -> None:
        if record.status != "applied":
            raise MigrationRollbackError(
                f"That migration of {record.doctype} is {record.status.replace('_', ' ')}: there is nothing to undo.",
                hint="look at the history for what is in force",
            )
        newer = in_the_way(record.id, [(r.id, r.status, r.rollback_info) for r in self.history.get_migration_history()])
        if newer:
            raise MigrationRollbackError(
                f"Newer migrations of the same table are in force: {', '.join(newer)}.",
                hint="roll those back first, the newest first",
            )

    def _judged(
        self,
        plan: Plan,
        live: Schema,
        *,
        accept: Accept,
        backup_sql: tuple[str, ...] = (),
        backup_id: str | None = None,
        rename_candidates: tuple[tuple[str, str], ...] = (),
    ) -> Job:
        script = self._generator.generate(plan, live, backup=backup_sql)
        with self.database.read() as session:
            facts = gather(session, plan, session.reflect())
        evidence = Evidence(
            plan=plan,
            script=script,
            facts=facts,
            syntax_errors=syntax_errors(script, live, backup=backup_sql, dialect=self.database.dialect),
            managed=self._managed_before(plan),
            rename_candidates=rename_candidates,
        )
        return Job(
            plan=plan,
            script=script,
            live=live,
            dialect=self.database.dialect,
            evidence=evidence,
            findings=self._validator.validate(evidence),
            accept=accept,
            managed=self._managed_after(plan),
            backup_id=backup_id,
        )

    def _managed_before(self, plan: Plan) -> frozenset[str] | None:
        former = (o.old.removeprefix("tab") for o in plan.operations if isinstance(o, RenameTable))
        records = self.history.get_migration_history(next(former, plan.doctype))
        # A rollback names no columns: what is in force again is what the migration before it left.
        named = (r.metadata["columns"] for r in records if r.status == "applied" and r.metadata["columns"])
        columns = next(named, None)
        return None if columns is None else frozenset(columns)

    def _managed_after(self, plan: Plan) -> tuple[str, ...]:
        wanted = self.doctypes.wanted_table(plan.doctype) if plan.doctype in self.doctypes else None
        return wanted.column_names() if wanted and plan.kind == "sync" else ()

    def _carried_out(self, job: Job, *, dry_run: bool) -> MigrationResult:
        if not job.plan.operations:
            return _nothing_done(job, "nothing_to_do", str(job.plan.empty_text()))
        require_accepted(job.plan.doctype, job.findings, job.accept)
        saving_for(job, self.options.backup, self.backups)  # refuses what could not be taken back exactly
        if dry_run:
            return _nothing_done(job, "not_applied", "Dry run: nothing was changed.")
        return self._executor.execute(job)

    def _dry(self, job: Job, accept: Accept) -> DryRunResult:
        saving = saving_for(job, self.options.backup, self.backups)
        left: tuple[Finding, ...] = blocking(job.findings, accept)
        return DryRunResult(
            success=not left,
            doctype=job.plan.doctype,
            plan=job.plan,
            sql=job.script.sql,
            rollback_sql=job.script.rollback_sql,
            findings=job.findings,
            affected_rows=_touched_rows(job),
            backup_preview=(saving.preview(self.backups, job),) if saving else (),
            accepted=("all",) if accept == "all" else tuple(sorted(accept)),
        )


def _answers(options: SyncOptions) -> Answers:
    return Answers(
        renamed_from=options.renamed_from,
        field_renames=options.field_renames,
        drop_removed=options.removed_fields == "drop",
    )


def _require_answered(diff: SchemaDiff, options: SyncOptions) -> None:
    dropped = {column.name for column in diff.removed_columns}
    open_questions = [c for c in diff.candidates if c.old in dropped]
    if open_questions and options.accept != "all" and "BC06" not in options.accept:
        pairs = ", ".join(f"{c.old} -> {c.new} ({', '.join(c.reasons)})" for c in open_questions)
        first = open_questions[0]
        raise RenameQuestionError(
            f"{diff.doctype}: dropped and added fields may be renames: {pairs}.",
            hint=f"answer with field_renames={{{first.old!r}: {first.new!r}}}, or accept BC06 to drop them",
        )


def _require_reviewed(plan: Plan, plan_id: str | None) -> None:
    if plan_id is not None and plan.id != plan_id:
        raise StalePlanError(
            f"The plan for {plan.doctype} is now {plan.id[:12]}, not the reviewed {plan_id[:12]}.",
            hint="review the new plan and apply it by its id",
        )


def _nothing_done(job: Job, outcome: Any, reason: str) -> MigrationResult:
    return MigrationResult(
        success=True,
        migration_id=None,
        doctype=job.plan.doctype,
        outcome=outcome,
        sql=job.script.sql,
        findings=job.findings,
        metadata={"reason": reason, "plan_id": job.plan.id, "changes": tuple(job.plan.to_rows())},
    )


def _touched_rows(job: Job) -> int:
    return sum(job.evidence.facts.rows.values()) if any(s.path != "metadata only" for s in job.script.up) else 0
