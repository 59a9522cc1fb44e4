"""The one object that joins the parts: compare, plan, judge, back up, apply, record, take back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.backup.surroundings import Surroundings
from sodaf_nb.database import Database
from sodaf_nb.diff import SchemaDiff
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import MigrationCancelledError, SodafError, UsageError
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
from sodaf_nb.execution.answering import own_answers
from sodaf_nb.execution.approval import head_of, remembered, require_approved, review_of
from sodaf_nb.execution.explaining import explanations
from sodaf_nb.execution.guard import Guard
from sodaf_nb.execution.judging import Background, Judge
from sodaf_nb.execution.outcomes import nothing_done, rehearsed_only, touched_rows
from sodaf_nb.execution.patching import patch_job
from sodaf_nb.execution.pending import Pending, pending
from sodaf_nb.execution.planning import Planning
from sodaf_nb.execution.restores import RestoreLog, replaced_by, undo_restore
from sodaf_nb.execution.trial import Trial
from sodaf_nb.execution.undoing import require_in_force, roll_back_through, rollback_plan
from sodaf_nb.fronts import WithPanel
from sodaf_nb.history import (
    Approval,
    Approvals,
    Attempt,
    AttemptLog,
    AuditLog,
    MigrationHistoryManager,
    MigrationRecord,
    Recovery,
)
from sodaf_nb.options import Accept, ApplyOptions, Choices, PatchOptions, RollbackOptions, SyncOptions
from sodaf_nb.plan import Plan
from sodaf_nb.results import BatchDryRunResult, BatchMigrationResult, DryRunResult, MigrationResult
from sodaf_nb.schema import Schema
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.validation import MigrationValidator, blocking, require_accepted, require_known
from sodaf_nb.validation.acceptance import accepted_ids
from sodaf_nb.validation.freshness import require_reviewed, stale


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
        self.access = Guard(database, audit, self.options, clock)
        self._restores = RestoreLog(history=self.history, options=self.options, clock=clock)
        self.backups = MigrationBackupManager(
            database,
            self.options.backup_dir,
            compression=self.options.compression,
            recipients=self.options.recipients,
            identity=self.options.identity,
            clock=clock,
            batch_size=self.options.batch_size,
            around=Surroundings(
                ties=lambda: backup_ties(database),
                record=self._restores.note,
                happened=self.history.is_migration_applied,
                removing=self.access.removing,
                restoring=self.access.require_restore,
            ),
        )
        self._executor = MigrationExecutor(database, self.history, self.backups, self.options, clock)
        self._attempts = AttemptLog(database, audit)
        self._generator = SQLGenerator(database.dialect)
        validator = MigrationValidator(policy=self.options.policy)
        self._judge = Judge(
            database=database, doctypes=doctypes, history=self.history, generator=self._generator, validator=validator
        )
        self._planning = Planning(database, doctypes, self._judge)
        self._trial = Trial(
            database=database,
            backups=self.backups.directory,
            options=self.options,
            make=lambda copy, own: MigrationApplier(copy, doctypes, own, clock=clock),
        )
        self._rehearser = Rehearser(database, self._generator, self.backups, self.options)

    def diff(self, doctype: str, options: SyncOptions | None = None, *, live: Schema | None = None) -> SchemaDiff:
        """Return what differs between a DocType and the database.

        Args:
            doctype: The DocType.
            options: The answers given so far; None takes the defaults.
            live: The schema as it was read before, for many DocTypes at once; None reads it now.
        """
        return self._planning.diff(doctype, options or SyncOptions(), live or self.database.reflect())

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
            require_reviewed(job.plan, job.live, given.plan_id, self._planning.reviewed)
        return self._carried_out(job, given)

    def sync_all_doctypes(self, options: SyncOptions | None = None) -> BatchMigrationResult:
        """Bring every loaded DocType to the database, targets of links first.

        Each is a migration of its own; one that fails does not stop the others and is named with its error.
        """
        given = options or SyncOptions()
        require_known(given.accept)
        if not given.dry_run:
            self.access.require_named(given.yes_on)
        results: dict[str, MigrationResult] = {}
        errors: dict[str, SodafError] = {}
        for name in self.doctypes.dependency_order():
            try:
                results[name] = self.sync_doctype(name, own_answers(given, self._planning.columns(name)))
            except SodafError as error:
                errors[name] = error
        return BatchMigrationResult(results=results, errors=errors)

    def apply_plan(self, plan: Plan, *, accept: Accept = (), yes_on: str | None = None) -> MigrationResult:
        """Carry out a plan made and reviewed earlier, perhaps by another process and read with `Plan.load`.

        Raises:
            StalePlanError: If the schema or the history moved since, or more rows are at risk than were approved.
            SodafError: As `sync_doctype` raises.
        """
        require_known(accept)
        live = self.database.reflect()
        if plan_fingerprint(plan, live) != plan.made_for:
            message = f"The schema of {plan.table} changed after the plan was made"
            raise stale(
                message, plan, live, self._planning.reviewed.get(plan.id) or remembered(plan, self.database.dialect)
            )
        job = self._judge.job(plan, live, SyncOptions(accept=accept))
        require_approved(plan, job, head_of(self.history, plan))
        return self._carried_out(job, SyncOptions(yes_on=yes_on))

    def approve(self, plan: Plan | str, *, expires: timedelta = timedelta(days=1)) -> Approval:
        """Note that this person agrees to a plan, which a protected connection asks of somebody who does not apply it.

        Args:
            plan: The plan, or the whole id of one, or of a backup that is to be put back.
            expires: How long the approval holds, 30 days at most; it holds for that plan alone, and for one time.

        Raises:
            UsageError: If that is no id, or the time cannot be used.
            AccessError: If the person may not approve.
            StalePlanError: If the database is not as the plan was made for.
        """
        return self.access.approve(plan, expires)

    def approvals(self) -> Approvals:
        """Return all approvals, the newest first, with what each is worth now."""
        return self.access.approvals()

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
            return self._numbered(
                undo_restore(self.backups, self._restores, record, dry_run=given.dry_run, yes_on=given.yes_on),
                record.id,
            )
        return self._carried_out(self._rollback_job(record, given), given)

    def rollback_through(self, migration_id: str, options: RollbackOptions | None = None) -> BatchMigrationResult:
        """Take a migration back with all newer ones of its table, the newest first.

        Each is a rollback and a transaction of its own; the first that fails ends it, those before it stay done.

        Raises:
            MigrationRollbackError: If the migration is not in force; nothing was changed then.
            UsageError: If the options ask for a dry run, which `dry_run_through` makes.
        """
        self.access.require_named((options or RollbackOptions()).yes_on)
        if options and options.dry_run:
            raise UsageError("Several migrations are tried by a method of its own.", hint="call dry_run_through")
        history, record = self.history.get_migration_history(), self.history.require(migration_id)
        return roll_back_through(history, record, lambda each: self.rollback_migration(each, options))

    def dry_run_through(self, migration_id: str, options: RollbackOptions | None = None) -> BatchDryRunResult:
        """Return what `rollback_through` would do: tried and taken back one after the other on a copy with all rows.

        Raises:
            SodafError: As `Trial.through` raises; what goes wrong with one of them is in the result.
        """
        history, record = self.history.get_migration_history(), self.history.require(migration_id)
        return self._trial.through(history, record, options or RollbackOptions())

    def dry_run_rollback(self, migration_id: str, options: RollbackOptions | None = None) -> DryRunResult:
        """Return what taking a migration back would do, rehearsed on a copy; nothing is changed.

        Raises:
            SodafError: As `dry_run` and `rollback_migration` raise before they write.
        """
        given, started = options or RollbackOptions(), time.perf_counter()
        record = self._in_force(migration_id)
        if replaced_by(record) is not None:
            return self._trial.restore(record)
        job = self._rollback_job(record, given)
        return self._dry(job, given, time.perf_counter() - started)

    def patch(self, doctype: str, body: str, options: PatchOptions | None = None) -> MigrationResult:
        """Change rows of one DocType by SQL or Python, after trying it on a copy: a migration like any other.

        Raises:
            PatchRefusedError: If it wants what it may not do, or fails.
            SodafError: As `sync_doctype` and `execution.patching.patch_job` raise.
        """
        given = options or PatchOptions()
        return self._carried_out(self._patch_job(doctype, body, given), given)

    def dry_run_patch(self, doctype: str, body: str, options: PatchOptions | None = None) -> DryRunResult:
        """Return what a patch would do: run on a private copy with all rows, and taken back there.

        Raises:
            SodafError: As `dry_run` raises, and `patch` before it writes.
        """
        given, started = options or PatchOptions(), time.perf_counter()
        job = self._patch_job(doctype, body, given)
        return self._dry(job, given, time.perf_counter() - started)

    def _patch_job(self, doctype: str, body: str, options: PatchOptions) -> Job:
        return patch_job(self._judge, doctype, body, options, lambda what: self._rehearser.tell(what, 0))

    def pending(self) -> Pending:
        """Return the loaded DocTypes that the database does not match yet; only reads."""
        live = self.database.reflect()
        return pending(self.doctypes.dependency_order(), lambda name: self.diff(name, live=live))

    def recover(self) -> Recovery:
        """Settle attempts that a crash interrupted and say what became of them.

        Raises:
            AccessError: If the person may not change the database.
        """
        self.access.require_operator()
        return self._executor.recover()

    def interrupted(self) -> tuple[Attempt, ...]:
        """Return the attempts that a crash left open, for `recover` to settle; only reads."""
        return self._attempts.interrupted()

    def _job(self, doctype: str, options: SyncOptions) -> Job:
        return self._planning.job(doctype, options)

    def _rollback_job(self, record: MigrationRecord, options: RollbackOptions) -> Job:
        require_known(options.accept)
        live = self.database.reflect()
        plan, source = rollback_plan(record, live, options.on_conflict)
        return self._judge.job(plan, live, options, Background(source=source))

    def _in_force(self, migration_id: str) -> MigrationRecord:
        record = self.history.require(migration_id)
        require_in_force(self.history.get_migration_history(), record)
        return record

    def _carried_out(self, job: Job, options: Choices) -> MigrationResult:
        if not job.plan.operations:
            return nothing_done(job, "nothing_to_do", str(job.plan.empty_text()))
        require_accepted(job.plan.doctype, job.findings, job.accept)
        saving_for(job, self.options.backup, self.backups)  # refuses what could not be taken back exactly
        if options.dry_run:
            return rehearsed_only(job, self._rehearse(job, options).rehearsal)
        job = self.access.checked(job, options.yes_on)
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

    def _dry(self, job: Job, options: Choices, prepared_s: float) -> DryRunResult:
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

    def _rehearse(self, job: Job, options: Choices) -> Rehearsed:
        try:
            return self._rehearser.rehearse(job, wanted=options.rehearsal, mask=options.mask)
        except KeyboardInterrupt:
            raise MigrationCancelledError(
                "The dry run was stopped by the user; nothing was changed.", hint="run it again when ready"
            ) from None
