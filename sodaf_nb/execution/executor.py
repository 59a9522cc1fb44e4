"""Runs a job: one lock, one transaction, a savepoint a step, verified before the commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sodaf_nb import work
from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.backup.ids import ulid
from sodaf_nb.backup.surroundings import utc_now
from sodaf_nb.database import Database, Patience, Session, gather, require_same_violations
from sodaf_nb.errors import (
    MigrationCancelledError,
    MigrationExecutionError,
    SodafError,
    StalePlanError,
)
from sodaf_nb.execution import recorder
from sodaf_nb.execution.job import Job, plan_fingerprint
from sodaf_nb.execution.recovery import recovered
from sodaf_nb.execution.saving import Saving, require_known, saving_for
from sodaf_nb.execution.space import Free, free_bytes, require_space, space_for
from sodaf_nb.execution.standing import require_standing
from sodaf_nb.execution.steps import Conflict, Ran, affected_rows, require_outcome, run_steps
from sodaf_nb.history import AttemptLog, MigrationHistoryManager, Recovery, objects_of
from sodaf_nb.options import ApplyOptions
from sodaf_nb.plan.pairs import touched_tables
from sodaf_nb.results import DiskSpace, MigrationResult
from sodaf_nb.schema import Schema
from sodaf_nb.validation import MigrationValidator, Severity, require_accepted
from sodaf_nb.validation.evidence import Effect

# An interrupt is an exception without words, and so is a process told to end.
_STOPPED: dict[type[BaseException], str] = {
    KeyboardInterrupt: "stopped by the user",
    SystemExit: "the process was told to end",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What happened inside the transaction."""

    backup: Any
    affected_rows: int
    milliseconds: float
    statements: tuple[Ran, ...]
    conflicts: tuple[str, ...] = ()


class MigrationExecutor:
    """Carries out jobs. After any failure the database is exactly as before, and the history says so.

    Args:
        database: The database to change.
        history: Where the outcome is recorded, in the same transaction.
        backups: Where endangered data is saved first.
        options: Choices for all jobs.
        clock: Gives the time in UTC.
        free: Says how much room a disk has.

    Raises:
        UsageError: If the options ask for a backup that is none.
    """

    def __init__(
        self,
        database: Database,
        history: MigrationHistoryManager,
        backups: MigrationBackupManager,
        options: ApplyOptions,
        clock: Callable[[], datetime] = utc_now,
        *,
        free: Free = free_bytes,
    ) -> None:
        require_known(options.backup)
        self._free = free
        self._database = database
        self._history = history
        self._backups = backups
        self._options = options
        self._clock = clock
        self._attempts = AttemptLog(database, history.audit)
        self._validator = MigrationValidator(policy=options.policy)

    def recover(self) -> Recovery:
        """Settle attempts whose process died, and delete what they left; refuses while a migration runs.

        Raises:
            LockedError: If another migration is running.
        """
        with self._database.exclusive():
            return recovered(self._attempts, self._history, self._backups)

    def execute(self, job: Job) -> MigrationResult:
        """Run a job.

        Raises:
            LockedError: If another migration or writer holds the database.
            NoSpaceError: If a disk has too little room; nothing was written.
            StalePlanError: If the schema moved since the plan was made.
            BlockedMigrationError: If the rows changed so that more would be lost than was accepted.
            MigrationBackupError: If endangered data could not be saved and proven; nothing was changed.
            MigrationExecutionError: If a step or the verification failed; nothing was changed.
            MigrationTimeoutError: If a statement took longer than it may; nothing was changed.
            MigrationCancelledError: If the user interrupted it; nothing was changed.
        """
        ended: list[MigrationResult] = []
        try:
            with self._database.exclusive():
                ended.append(self._alone(job))
        except (Exception, KeyboardInterrupt) as error:
            # An error while the lock is given back changes nothing of what was committed.
            if not ended:
                raise _as_ours(error) from error
        return self._cleaned_up(ended[0])

    def _alone(self, job: Job) -> MigrationResult:
        """Run a job while nobody else migrates."""
        require_space(job, self._saving(job), self._database, self._backups, self._free)
        require_standing(job, self._history, self._database)
        migration_id = self._started(job)
        done = self._settled(job, migration_id)
        # The commit stands whatever becomes of this note; `recover` settles what it leaves open.
        with suppress(Exception, KeyboardInterrupt):
            self._attempts.finish(migration_id, "done")
            self._history.note_audit_head()
        return _result(job, migration_id, done)

    def space(self, job: Job) -> DiskSpace:
        """Return what a job takes on the disks at most."""
        return space_for(job, self._saving(job), self._database, self._backups, self._free)

    def _saving(self, job: Job) -> Saving | None:
        return saving_for(job, self._options.backup, self._backups)

    def _cleaned_up(self, result: MigrationResult) -> MigrationResult:
        """Delete what the retention lets go. The commit stands whatever becomes of that, an interrupt too."""
        if self._options.retention is None:
            return result
        try:
            removed = self._backups.cleanup(retention=self._options.retention)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  see above
            warning = f"Old backups were not cleaned up: {str(error) or type(error).__name__}"
            return replace(result, warnings=(*result.warnings, warning))
        return replace(result, metadata={**result.metadata, "removed_backups": removed})

    def _started(self, job: Job) -> str:
        try:
            self._attempts.settle()
            migration_id = ulid(self._clock())
            self._attempts.start(migration_id, job.plan.doctype, job.plan.id, self._timestamp())
        except BaseException as error:
            raise _as_ours(error) from error
        return migration_id

    def _settled(self, job: Job, migration_id: str) -> _Done:
        """Run the transaction and decide by the history whether it happened."""
        progress: list[_Done] = []
        try:
            return self._transaction(job, migration_id, progress)
        except BaseException as error:
            if progress and self._is_committed(migration_id):
                return progress[0]
            error = work.as_stopped(error)
            self._record_failure(job, migration_id, error)
            raise _as_ours(error) from error

    def _is_committed(self, migration_id: str) -> bool:
        try:
            return self._history.is_migration_applied(migration_id)
        except SodafError as error:
            raise MigrationExecutionError(
                f"The commit was interrupted, and whether it happened cannot be read now: {error}.",
                hint="run recover when the database can be read again; it says what became of the migration",
            ) from error

    def _transaction(self, job: Job, migration_id: str, progress: list[_Done]) -> _Done:
        started = time.perf_counter()
        tables = touched_tables(job.plan)
        with self._attached(job) as attach, self._database.write(self._patience(), hold=tables) as session:
            job = self._rechecked(session, job)
            before = session.violations()
            backup = self._saved(job, migration_id)
            session.hold(tables, self._patience())
            attach(session)
            conflicts: list[Conflict] = []
            ran = self._run(session, job, conflicts)
            after = require_outcome(session, job.plan, job.script, job.evidence.facts.rows)
            require_same_violations(job.plan.operations, before, session.violations())
            milliseconds = (time.perf_counter() - started) * 1000
            rows = affected_rows(session, ran)
            texts = tuple(conflict.to_text(job.on_conflict) for conflict in conflicts)
            done = _Done(backup=backup, affected_rows=rows, milliseconds=milliseconds, statements=ran, conflicts=texts)
            self._record(session, job, migration_id, done, after)
            progress.append(done)
            work.close()
        return done

    @contextmanager
    def _attached(self, job: Job) -> Iterator[Callable[[Session], None]]:
        """Yield what makes a rollback's backup readable inside the transaction."""
        if job.source is None:
            yield lambda _session: None
            return
        with job.source.opened(self._backups) as path:
            yield lambda session: session.attach_backup(str(path))

    def _rechecked(self, session: Session, job: Job) -> Job:
        """Return the job judged on the rows as they are now that nobody else can write."""
        live = session.reflect()
        if plan_fingerprint(job.plan, live) != job.plan.made_for:
            raise StalePlanError(
                f"The schema of {job.plan.table} changed after the plan was made.",
                hint="make a new plan and review it again",
            )
        facts = replace(gather(session, job.plan, live), effect=job.evidence.facts.effect)
        now = job.with_facts(facts)
        require_accepted(job.plan.doctype, self._validator.validate(now.evidence), job.accept)
        return now

    def _saved(self, job: Job, migration_id: str) -> Any:
        saving = self._saving(job)
        if saving is None:
            return None
        self._tell("back up and verify", 0, len(job.script.up))
        return saving.take(self._backups, job, migration_id)

    def _run(self, session: Session, job: Job, conflicts: list[Conflict]) -> tuple[Ran, ...]:
        total, effects = len(job.script.up), list[Effect]()
        steps = job.script.up
        ran = run_steps(session, steps, lambda title, number: self._tell(title, number, total), conflicts, effects)
        for effect in effects:  # counted on these rows now, where before it was on a copy
            facts = replace(job.evidence.facts, effect=effect)
            found = self._validator.validate(job.with_facts(facts).evidence)
            require_accepted(job.plan.doctype, found, job.accept)
        self._tell("verify", total, total)
        return ran

    def _record(self, session: Session, job: Job, migration_id: str, done: _Done, after: Schema) -> None:
        facts = self._facts(migration_id, done.milliseconds)
        facts |= {"statements": tuple(map(asdict, done.statements)), "objects": objects_of(after, job.plan.table)}
        after_print = plan_fingerprint(job.plan, after)
        record = recorder.success(job, backup=done.backup, after=after_print, affected_rows=done.affected_rows, **facts)
        self._history.record(session, record)
        if job.plan.undoes:
            info = {"rolled_back_by": migration_id, "rolled_back_at": self._timestamp()}
            self._history.mark_rolled_back(session, job.plan.undoes, info)

    def _record_failure(self, job: Job, migration_id: str, error: BaseException) -> None:
        # Best effort: a database that cannot be written now must not hide the error itself.
        with suppress(Exception):
            self._attempts.finish(migration_id, "aborted")
            with self._database.write() as session:
                why = str(error) or _STOPPED.get(type(error), type(error).__name__)
                self._history.record(session, recorder.failure(job, why, **self._facts(migration_id, 0.0)))
            self._history.note_audit_head()

    def _facts(self, migration_id: str, milliseconds: float) -> dict[str, Any]:
        return {
            "id": migration_id,
            "timestamp": self._timestamp(),
            "applied_by": recorder.user(self._options),
            "execution_time": milliseconds,
            "environment": self._options.environment,
        }

    def _timestamp(self) -> str:
        return self._clock().isoformat()

    def _patience(self) -> Patience:
        options = self._options
        return Patience(
            lock_timeout_s=options.lock_timeout_s,
            retries=options.retries,
            statement_timeout_s=options.statement_timeout_s,
            waiting=lambda tries: self._tell(f"wait for another writer, try {tries + 1}", 0, 1),
        )

    def _tell(self, what: str, done: int, total: int) -> None:
        work.tell(what, done, total)
        if self._options.progress is not None:
            self._options.progress(what, done, total)


def _as_ours(error: BaseException) -> BaseException:
    """Return the error to raise: ours as they are, an interrupt in words, anything else wrapped."""
    if isinstance(error, (SodafError, MemoryError, SystemExit)):
        return error
    if isinstance(error, KeyboardInterrupt):
        return MigrationCancelledError(
            "The migration was stopped by the user and taken back; nothing was changed.", hint="apply again when ready"
        )
    return MigrationExecutionError(
        f"The migration failed and was taken back; nothing was changed: {error}.",
        hint="the history has a failed entry with this message",
    )


def _about_backup(backup: Any) -> Iterator[str]:
    if backup is not None and backup.note:
        yield f"All of {backup.table} was backed up: {backup.note}"


def _result(job: Job, migration_id: str, done: _Done) -> MigrationResult:
    left = (f for f in job.findings if f.severity is not Severity.INFO)
    return MigrationResult(
        success=True,
        migration_id=migration_id,
        doctype=job.plan.doctype,
        outcome="applied",
        sql=job.script.sql,
        warnings=(*(f"{f.rule}: {f.message}" for f in left), *done.conflicts, *_about_backup(done.backup)),
        affected_rows=done.affected_rows,
        execution_time_ms=done.milliseconds,
        backup_path=str(done.backup.path) if done.backup else None,
        findings=job.findings,
        metadata={"plan_id": job.plan.id, "changes": tuple(job.plan.to_rows()), "script": job.script.digest},
    )
