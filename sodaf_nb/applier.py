"""The one object that joins the parts: compare, plan, judge, back up, apply, record, take back."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.database import Database
from sodaf_nb.diff import Answers, SchemaComparisonEngine, SchemaDiff
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import (
    MigrationCancelledError,
    RenameQuestionError,
    SodafError,
    Step,
    UsageError,
)
from sodaf_nb.execution import (
    Job,
    MigrationExecutor,
    Rehearsed,
    Rehearser,
    backup_ties,
    plan_fingerprint,
    recorder,
    saving_for,
    utc_now,
)
from sodaf_nb.execution.approval import head_of, remembered, require_approved, review_of
from sodaf_nb.execution.explaining import explanations
from sodaf_nb.execution.judging import Again, Background, Judge
from sodaf_nb.execution.outcomes import nothing_done, rehearsed_only, touched_rows
from sodaf_nb.execution.pending import Pending, pending
from sodaf_nb.execution.restores import RestoreLog, refuse_restore, replaced_by, undo_restore
from sodaf_nb.execution.undoing import require_in_force, roll_back_through, rollback_plan
from sodaf_nb.fronts import WithPanel
from sodaf_nb.history import Attempt, AttemptLog, AuditLog, MigrationHistoryManager, MigrationRecord, Recovery
from sodaf_nb.options import Accept, ApplyOptions, RollbackOptions, SyncOptions
from sodaf_nb.plan import Plan
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.results import BatchMigrationResult, DryRunResult, MigrationResult
from sodaf_nb.schema import Schema
from sodaf_nb.schema.closure import schema_fingerprint
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.validation import MigrationValidator, blocking, require_accepted, require_known
from sodaf_nb.validation.acceptance import accepted_ids, takes_all
from sodaf_nb.validation.freshness import Reviewed, require_reviewed, reviewed, stale

# Plans that are remembered, so that one that moved can be told from the one that was reviewed.
_MOST_REVIEWED = 100


class MigrationApplier(WithPanel):
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
        audit = AuditLog(database, self.options.backup_dir, recorder.user(self.options), clock)
        self.history = MigrationHistoryManager(database, audit)
        self._restores = RestoreLog(history=self.history, options=self.options, clock=clock)
        self.backups = MigrationBackupManager(
            database,
            self.options.backup_dir,
            compression=self.options.compression,
            recipients=self.options.recipients,
            identity=self.options.identity,
            ties=lambda: backup_ties(database),
            clock=clock,
            batch_size=self.options.batch_size,
            record=self._restores.note,
            removing=audit.removing,
            happened=self.history.is_migration_applied,
        )
        self._executor = MigrationExecutor(database, self.history, self.backups, self.options, clock)
        self._attempts = AttemptLog(database, audit)
        self._reviewed: dict[str, Reviewed] = {}
        self._comparison = SchemaComparisonEngine(database, doctypes)
        self._generator = SQLGenerator(database.dialect)
        validator = MigrationValidator(policy=self.options.policy)
        self._judge = Judge(
            database=database, doctypes=doctypes, history=self.history, generator=self._generator, validator=validator
        )
        self._rehearser = Rehearser(database, self._generator, self.backups, self.options)

    def diff(self, doctype: str, options: SyncOptions | None = None) -> SchemaDiff:
        """Return what differs between a DocType and the database."""
        return self._comparison.compare_schema(doctype, self._answers(doctype, options or SyncOptions()))

    def plan(self, doctype: str, options: SyncOptions | None = None) -> Plan:
        """Return the plan that would bring a DocType to the database, with what a reviewer needs to see.

        Raises:
            RenameQuestionError: If columns would be dropped that may have been renamed.
            UnsupportedChangeError: If the change would damage something no DocType mentions.
        """
        job = self._job(doctype, options or SyncOptions())
        return replace(job.plan, review=review_of(job, head_of(self.history, job.plan)))

    def dry_run(self, doctype: str, options: SyncOptions | None = None) -> DryRunResult:
        """Return what an apply would do: its statements run up and back on a private copy with the rows.

        Raises:
            MigrationCancelledError: If the user interrupts it.
            SodafError: As `plan` raises; also StalePlanError when the schema moves meanwhile.
        """
        given, started = options or SyncOptions(), time.perf_counter()
        job = self._job(doctype, given)
        return self._dry(job, given, time.perf_counter() - started)

    def sync_doctype(self, doctype: str, options: SyncOptions | None = None) -> MigrationResult:
        """Bring one DocType to the database.

        Raises:
            BlockedMigrationError: If findings stop it that were not accepted.
            StalePlanError: If another plan was reviewed than the one needed now.
            SodafError: As `plan` and `MigrationExecutor.execute` raise.
        """
        given = options or SyncOptions()
        job = self._job(doctype, given)
        if given.plan_id is not None:
            require_reviewed(job.plan, job.live, given.plan_id, self._reviewed)
        return self._carried_out(job, given)

    def sync_all_doctypes(self, options: SyncOptions | None = None) -> BatchMigrationResult:
        """Bring every loaded DocType to the database, targets of links first.

        Each is a migration of its own; one that fails does not stop the others and is named with its error.
        """
        given = options or SyncOptions()
        require_known(given.accept)
        results: dict[str, MigrationResult] = {}
        errors: dict[str, SodafError] = {}
        for name in self.doctypes.dependency_order():
            try:
                results[name] = self.sync_doctype(name, self._own(given, name))
            except SodafError as error:
                errors[name] = error
        return BatchMigrationResult(results=results, errors=errors)

    def _own(self, options: SyncOptions, doctype: str) -> SyncOptions:
        """Return options for one of many: the values for fields that it has."""
        fields = {name.lower() for name in self._columns(doctype)}
        return replace(options, backfill={n: v for n, v in options.backfill.items() if n.lower() in fields})

    def apply_plan(self, plan: Plan, *, accept: Accept = ()) -> MigrationResult:
        """Carry out a plan made and reviewed earlier, perhaps by another process and read with `Plan.load`.

        Raises:
            StalePlanError: If the schema or the history moved since, or more rows are at risk than were approved.
            SodafError: As `sync_doctype` raises.
        """
        require_known(accept)
        live = self.database.reflect()
        if plan_fingerprint(plan, live) != plan.made_for:
            message = f"The schema of {plan.table} changed after the plan was made"
            raise stale(message, plan, live, self._reviewed.get(plan.id) or remembered(plan, self.database.dialect))
        job = self._judge.job(plan, live, SyncOptions(accept=accept))
        require_approved(plan, job, head_of(self.history, plan))
        return self._carried_out(job)

    def rollback_migration(self, migration_id: str, options: RollbackOptions | None = None) -> MigrationResult:
        """Take a migration back: structure by its recorded plan, data from its backup; later writes stay.

        Raises:
            MigrationRollbackError: If it is not in force, or newer migrations of its table are.
            MigrationRestoreError: If its backup is missing or damaged; nothing was changed.
            SodafError: As `sync_doctype` raises.
        """
        given = options or RollbackOptions()
        record = self._in_force(migration_id)
        if replaced_by(record) is not None:
            return self._numbered(undo_restore(self.backups, self._restores, record, dry_run=given.dry_run), record.id)
        return self._carried_out(self._rollback_job(record, given), given)

    def rollback_through(self, migration_id: str, options: RollbackOptions | None = None) -> BatchMigrationResult:
        """Take a migration back with all newer ones of its table, the newest first.

        Each is a rollback and a transaction of its own; the first that fails ends it, those before it stay done.

        Raises:
            MigrationRollbackError: If the migration is not in force; nothing was changed then.
        """
        history, record = self.history.get_migration_history(), self.history.require(migration_id)
        return roll_back_through(history, record, lambda each: self.rollback_migration(each, options))

    def dry_run_rollback(self, migration_id: str, options: RollbackOptions | None = None) -> DryRunResult:
        """Return what taking a migration back would do, rehearsed on a copy; nothing is changed.

        Raises:
            SodafError: As `dry_run` and `rollback_migration` raise before they write.
        """
        given, started = options or RollbackOptions(), time.perf_counter()
        record = self._in_force(migration_id)
        refuse_restore(record, self.history.get_migration_history().number_of(record.id))
        job = self._rollback_job(record, given)
        return self._dry(job, given, time.perf_counter() - started)

    def pending(self) -> Pending:
        """Return the loaded DocTypes that the database does not match yet; only reads."""
        return pending(self.doctypes.dependency_order(), self.diff)

    def recover(self) -> Recovery:
        """Settle attempts that a crash interrupted and say what became of them."""
        return self._executor.recover()

    def interrupted(self) -> tuple[Attempt, ...]:
        """Return the attempts that a crash left open, for `recover` to settle; only reads."""
        return self._attempts.interrupted()

    def _diff(self, doctype: str, options: SyncOptions, live: Schema) -> SchemaDiff:
        require_known(options.accept)
        diff = self._comparison.compare_schema(doctype, self._answers(doctype, options), live=live)
        _require_answered(diff, options)
        self._require_fields(doctype, options.backfill)
        return diff

    def _planned(self, diff: SchemaDiff, options: SyncOptions, live: Schema) -> Plan:
        names = [name for name in (diff.table, diff.renamed_from) if name]
        context = Context(
            live=live,
            made_for=schema_fingerprint(live, names),
            references=self.doctypes.references_to(diff.doctype),
            backfill=options.backfill,
        )
        plan = make_plan(diff, context)
        self._reviewed[plan.id] = reviewed(plan, live)
        while len(self._reviewed) > _MOST_REVIEWED:
            self._reviewed.pop(next(iter(self._reviewed)), None)
        return plan

    def _require_fields(self, doctype: str, backfill: Iterable[str]) -> None:
        fields = self._columns(doctype)
        unknown = sorted(name for name in backfill if name.lower() not in map(str.lower, fields))
        if unknown:
            near = difflib.get_close_matches(unknown[0], fields, n=1)
            raise UsageError(
                f"{doctype} has no field {unknown[0]!r} to fill.",
                hint=f"did you mean {near[0]}?" if near else f"fields: {', '.join(fields)}",
            )

    def _columns(self, doctype: str) -> tuple[str, ...]:
        wanted = self.doctypes.wanted_table(doctype)
        return wanted.column_names() if wanted else ()

    def _job(self, doctype: str, options: SyncOptions) -> Job:
        live = self.database.reflect()
        diff = self._diff(doctype, options, live)
        plan = self._planned(diff, options, live)
        kept = {column.name for column in diff.orphan_columns}
        pairs = tuple((c.old, c.new) for c in diff.candidates if c.old in kept)
        return self._judge.job(
            plan, live, options, Background(rename_candidates=pairs, again=self._again(doctype, options))
        )

    def _again(self, doctype: str, options: SyncOptions) -> Again:
        answers = self._answers(doctype, options)
        return lambda after: self._comparison.compare_schema(doctype, answers, live=after)

    def _answers(self, doctype: str, options: SyncOptions) -> Answers:
        return Answers(
            renamed_from=options.renamed_from,
            field_renames=options.field_renames,
            drop_removed=options.removed_fields == "drop",
            clues=self._judge.clues(doctype, options.renamed_from or self.doctypes.get(doctype).renamed_from),
        )

    def _rollback_job(self, record: MigrationRecord, options: RollbackOptions) -> Job:
        require_known(options.accept)
        live = self.database.reflect()
        plan, source = rollback_plan(record, live, options.on_conflict)
        return self._judge.job(plan, live, options, Background(source=source))

    def _in_force(self, migration_id: str) -> MigrationRecord:
        record = self.history.require(migration_id)
        require_in_force(self.history.get_migration_history(), record)
        return record

    def _carried_out(self, job: Job, options: SyncOptions | RollbackOptions | None = None) -> MigrationResult:
        if not job.plan.operations:
            return nothing_done(job, "nothing_to_do", str(job.plan.empty_text()))
        require_accepted(job.plan.doctype, job.findings, job.accept)
        saving_for(job, self.options.backup, self.backups)  # refuses what could not be taken back exactly
        if options and options.dry_run:
            return rehearsed_only(job, self._rehearse(job, options).rehearsal)
        return self._numbered(self._executor.execute(job), job.plan.undoes)

    def _numbered(self, result: MigrationResult, undoes: str | None) -> MigrationResult:
        # It is committed: whatever keeps the history from being read now must not make it look failed.
        with suppress(Exception, KeyboardInterrupt):
            history = self.history.get_migration_history()
            numbers = {"number": history.number_of(result.migration_id or "")}
            if undoes:
                numbers["undoes"] = history.number_of(undoes)
            return replace(result, metadata={**result.metadata, **numbers})
        return result

    def _dry(self, job: Job, options: SyncOptions | RollbackOptions, prepared_s: float) -> DryRunResult:
        found = self._rehearse(job, options) if job.plan.operations else None
        lock_s = found.lock_s if found else None
        left = blocking(job.findings, options.accept)
        saving = saving_for(job, self.options.backup, self.backups)
        disk = self._executor.space(job) if found else None
        return DryRunResult(
            success=not (left or (disk and disk.problem)) and (found is None or found.rehearsal.success),
            doctype=job.plan.doctype,
            plan=job.plan,
            paths=job.script.paths,
            reasons=job.script.reasons,
            sql=job.script.sql,
            rollback_sql=job.script.rollback_sql,
            findings=job.findings,
            affected_rows=touched_rows(job),
            backup_preview=(saving.preview(self.backups, job),) if saving else (),
            accepted=accepted_ids(options.accept),
            kept=job.kept,
            explanations=explanations(job, self.database, found.rehearsal if found else None),
            rehearsal=found.rehearsal if found else None,
            changes=found.changes if found else (),
            preview_rows=found.rows if found else (),
            conflicts=found.conflicts if found else (),
            estimated_time_s=None if lock_s is None else prepared_s + lock_s,
            estimated_lock_s=lock_s,
            disk=disk,
        )

    def _rehearse(self, job: Job, options: SyncOptions | RollbackOptions) -> Rehearsed:
        try:
            return self._rehearser.rehearse(job, wanted=options.rehearsal, mask=options.mask)
        except KeyboardInterrupt:
            raise MigrationCancelledError(
                "The dry run was stopped by the user; nothing was changed.", hint="run it again when ready"
            ) from None


def _require_answered(diff: SchemaDiff, options: SyncOptions) -> None:
    dropped = {column.name for column in diff.removed_columns}
    asked = [c for c in diff.candidates if c.old in dropped]
    open_questions = [c for c in asked if not {"BC06", f"BC06:{c.old}"} & {*accepted_ids(options.accept)}]
    if open_questions and not takes_all(options.accept):
        pairs = ", ".join(f"{c.old} -> {c.new} ({', '.join(c.reasons)})" for c in open_questions)
        rename = Step("rename", (open_questions[0].old, open_questions[0].new))
        raise RenameQuestionError(
            f"{diff.doctype}: dropped and added fields may be renames: {pairs}.",
            hint=("answer with ", rename, ", or drop what was not renamed with ", Step("accept", ("BC06",))),
        )
