"""Carries a job out and takes it back on a private copy with its rows, and compares everything.

The statements are those an apply runs, run by the same code; the way back is the one a rollback would
take. Its data comes from a proven backup of the copy, taken as an apply would take it. Of a large table
only the first rows are backed up, to measure the time, and the data comes from the untouched second copy:
a backup of a million rows takes longer than everything else together (45 of 120 s of processor time).
An incremental backup is taken of all rows that the copy has: on copies of the backups it would build on.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sodaf_nb import work
from sodaf_nb.backup import BackupInfo, MigrationBackupManager
from sodaf_nb.backup.digest import content_digest
from sodaf_nb.backup.lending import lend_base
from sodaf_nb.database import Database, Session, require_same_violations
from sodaf_nb.database.copies import BEFORE
from sodaf_nb.database.lonerows import lone_rows
from sodaf_nb.database.rehearsable import Rehearsable
from sodaf_nb.database.rowchanges import may_hold_minus_zero, row_changes, same_rows
from sodaf_nb.database.sidefile import SideFileError, exact_rows, table_facts
from sodaf_nb.errors import MigrationBackupError, SodafError, StalePlanError
from sodaf_nb.execution.counting import counted, row_counts
from sodaf_nb.execution.job import Job, plan_fingerprint
from sodaf_nb.execution.saving import saving_for
from sodaf_nb.execution.steps import Conflict, require_outcome, run_step, run_steps
from sodaf_nb.options import ApplyOptions, ConflictPolicy, RehearsalScope
from sodaf_nb.plan.operations import ROW_CHANGES
from sodaf_nb.plan.pairs import table_pairs, touched_tables
from sodaf_nb.plan.rollback import KEY, make_rollback
from sodaf_nb.rehearsal import ColumnChange, PreviewRow, Rehearsal, is_masked
from sodaf_nb.schema import Schema, fingerprint
from sodaf_nb.schema.closure import neighbours
from sodaf_nb.sql import SQLGenerator
from sodaf_nb.sql.script import Step

if TYPE_CHECKING:
    from sqlite3 import Connection

# Copy, back up, up, compare the values, down, compare with before.
_PHASES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a rehearsal found.

    Args:
        rehearsal: Whether it worked.
        changes: What becomes of each column's values; empty when the statements did not all run.
        rows: A few rows before and after.
        conflicts: Values a rollback finds edited since, as sentences.
        lock_s: Seconds an apply would hold the write lock; None when that was not measured.
    """

    rehearsal: Rehearsal
    changes: tuple[ColumnChange, ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    conflicts: tuple[str, ...] = ()
    lock_s: float | None = None


class _StoppedError(BaseException):
    """Carries what a progress callable raised past everything that handles errors of the rehearsal itself."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Rehearser:
    """Rehearses jobs of one database.

    Args:
        database: The live database, which is only read.
        generator: Makes the SQL of the way back.
        backups: Where the data is that a rollback brings back.
        options: Choices for all jobs.
    """

    def __init__(
        self, database: Database, generator: SQLGenerator, backups: MigrationBackupManager, options: ApplyOptions
    ) -> None:
        self.database = database
        self.generator = generator
        self.backups = backups
        self.options = options

    def rehearse(self, job: Job, *, wanted: RehearsalScope = "auto", mask: Collection[str] = ()) -> Rehearsed:
        """Carry a job out on a copy and take it back; nothing is left of it afterwards.

        Args:
            job: What to rehearse; it has operations.
            wanted: `full` or `sample` rows, or `auto` to decide by size.
            mask: Columns whose values are not shown.

        Raises:
            StalePlanError: If the live schema moved since the job was made.
            Exception: Whatever the progress callable raises.
        """
        started = time.perf_counter()
        try:
            found = self._rehearsed(job, wanted, mask)
        except _StoppedError as stopped:
            raise stopped.error from None
        work.check()  # a stop that a part took for a fault of its own
        return replace(found, rehearsal=replace(found.rehearsal, seconds=time.perf_counter() - started))

    def _rehearsed(self, job: Job, wanted: RehearsalScope, mask: Collection[str]) -> Rehearsed:
        job, tables = counted(job, self.database), neighbours(job.live, touched_tables(job.plan))
        if any(isinstance(o, ROW_CHANGES) for o in job.plan.operations):
            tables, wanted = frozenset(job.live.tables), "full"  # what it reads nobody knows beforehand
        try:
            with self.database.rehearsal_copy(job.live, tables, wanted, lambda what: self.tell(what, 0)) as copy:
                return _OnCopy(self, job, copy).run(mask)
        except StalePlanError:
            raise
        except (SodafError, SideFileError, OSError) as error:
            total = sum(job.evidence.facts.rows.values())
            problem = f"no copy could be made: {_reason(error)}"
            return Rehearsed(rehearsal=Rehearsal(scope="full", rows=total, total_rows=total, problem=problem))

    def tell(self, what: str, phase: int) -> None:
        """Report a phase to whoever listens."""
        work.tell(f"rehearse: {what}", phase, _PHASES)
        if self.options.progress is None:
            return
        try:
            self.options.progress(f"rehearse: {what}", phase, _PHASES)
        except Exception as error:  # noqa: BLE001  whatever it is, it is the caller's own and goes back to him
            raise _StoppedError(error) from None


class _OnCopy:
    """One rehearsal; what is known of it grows while it runs.

    Args:
        rehearser: Whose rehearsal it is.
        job: What is rehearsed.
        copy: Where.

    Raises:
        StalePlanError: If the copy has another schema than the job was made for.
    """

    def __init__(self, rehearser: Rehearser, job: Job, copy: Rehearsable) -> None:
        self._parts = rehearser
        self._job = job
        self._copy = copy
        self._before = copy.database.reflect()
        if plan_fingerprint(job.plan, self._before) != job.plan.made_for:
            raise StalePlanError(
                f"The schema of {job.plan.table} changed while it was looked at.", hint="run the dry run again"
            )
        with copy.database.read() as session:
            self._counts = row_counts(session, job.evidence.facts.rows)
        self._options = rehearser.options
        self._backups = MigrationBackupManager(
            copy.database,
            copy.before.parent / "backups",
            compression=self._options.compression,
            identity=self._options.identity,
        )
        self._at_risk = sorted({table for table, _column in job.risks})
        self._backup: BackupInfo | None = None
        self._after = self._before
        self._conflicts: list[Conflict] = []
        self._found = Rehearsed(
            rehearsal=Rehearsal(
                scope=copy.scope,
                rows=sum(self._counts.values()),
                total_rows=sum(job.evidence.facts.rows.values()),
                tables=copy.tables,
                limit=copy.limit,
                reason=copy.reason,
                known=job.script.problem,
                locked=copy.locked(),
            )
        )

    def run(self, mask: Collection[str]) -> Rehearsed:
        """Run both ways and return what was found."""
        with self._failing("backup"):
            self._save()
        with self._failing("up"), self._timed("seconds_up"):
            self._up()
        with self._failing("comparing the values"):
            self._look(mask)
        if self._found.rehearsal.ran_up and not self._found.rehearsal.problem:
            with self._failing("the way back", known=True):
                self._down()
                self._compare()
        return replace(self._found, lock_s=self._lock_seconds(), conflicts=tuple(self._said(mask)))

    def _said(self, mask: Collection[str]) -> Iterator[str]:
        """Yield what was found edited since, without keys that are masked."""
        part = " (In the rows that were tried.)" if self._copy.scope == "sample" else ""
        for found in self._conflicts:
            shown = replace(found, samples=()) if is_masked(KEY, mask) else found
            yield shown.to_text(self._job.on_conflict) + part

    # Each part below says what it does; the first that goes wrong is the problem that is reported.

    @contextmanager
    def _failing(self, part: str, *, known: bool = False) -> Iterator[None]:
        try:
            yield
        except (SodafError, SideFileError, OSError) as error:
            if not (known and self._found.rehearsal.known):
                self._fail(part, error)

    def _fail(self, part: str, error: BaseException) -> None:
        self._note(problem=self._found.rehearsal.problem or f"{part}: {_reason(error)}")

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._note(**{what: time.perf_counter() - started})

    def _note(self, **facts: object) -> None:
        self._found = replace(self._found, rehearsal=replace(self._found.rehearsal, **facts))  # type: ignore[arg-type]

    def _save(self) -> None:
        if not self._at_risk:
            return
        self._parts.tell("back up the copy", 1)
        if len(self._at_risk) > 1:
            names = ", ".join(self._at_risk)
            raise MigrationBackupError(f"The plan endangers {names}, and one backup holds one table.")
        (table,) = self._at_risk
        rows = self._counts[table]
        incremental = self._options.backup == "incremental" and self._copy.scope == "full"
        if incremental:
            self._lend_base(table)
        if incremental or self._copy.measured_on is None or rows <= self._copy.measured_on:
            self._backup = self._back_up(self._copy.database, table)
            return
        with self._copy.database.rehearsal_copy(self._before, [table], "sample", lambda _what: None) as small:
            self._back_up(small.database, table)
        self._note(seconds_backup=self._found.rehearsal.seconds_backup * rows / self._copy.measured_on)

    def _lend_base(self, table: str) -> None:
        lend_base(
            self._parts.database,
            table,
            self._parts.backups.directory,
            self._backups.directory,
            recipients=self._options.recipients,
            identity=self._options.identity,
        )

    def _back_up(self, database: Database, table: str) -> BackupInfo:
        """Take what an apply would take; of first rows only, to which no earlier backup fits, never what changed."""
        manager = MigrationBackupManager(
            database,
            self._backups.directory,
            compression=self._options.compression,
            identity=self._options.identity,
        )
        saving = saving_for(self._job, self._options.backup, manager)
        columns, strategy = (saving.columns, saving.strategy) if saving else ((), "full")
        with self._timed("seconds_backup"):
            return manager.create_backup(self._job.plan.doctype, table, strategy=strategy, columns=columns)

    def _up(self) -> None:
        ran: list[str] = []
        with self._source() as attach, self._copy.database.write() as session:
            known = session.violations()
            if attach is not None:
                session.attach_backup(str(attach))
            failed = 0
            for number, step in enumerate(self._job.script.up):
                self._parts.tell(step.title, 2)
                failed += not self._ran(session, number, step)
                ran.extend(step.statements)
            self._note(script=fingerprint(tuple(ran)))
            if failed:
                # A step that failed was taken back; the others are kept, so that the values can be looked at.
                self._after = session.reflect()
                return
            self._after = require_outcome(session, self._job.plan, self._job.script, self._counts)
            if self._copy.scope == "full":  # in a sample rows point to rows that were left out
                require_same_violations(self._job.plan.operations, known, session.violations())
        self._note(ran_up=True)

    def _ran(self, session: Session, number: int, step: Step) -> bool:
        started = time.perf_counter()
        try:
            run_step(session, number, step, self._conflicts)
        except SodafError as error:
            self._fail(step.title, error)
            return False
        finally:
            self._note(step_seconds=(*self._found.rehearsal.step_seconds, time.perf_counter() - started))
        return True

    @contextmanager
    def _source(self) -> Iterator[Path | None]:
        """Yield the data that the job itself brings back; None unless it is a rollback that does."""
        if self._job.source is None:
            yield None
            return
        with self._job.source.opened(self._parts.backups) as path:
            yield path

    def _look(self, mask: Collection[str]) -> None:
        self._parts.tell("compare the values", 3)
        catalog = self._job.dialect.catalog
        wanted = _tables(catalog(Schema(objects=self._job.script.objects)))
        if _tables(catalog(self._after)) != wanted:
            return
        pairs = table_pairs(self._job.plan, self._before, self._after)
        with self._copy.compared() as connection:
            changes, rows = row_changes(connection, pairs, self._copy.dialect, mask)
            if isinstance(self._job.plan.operations[0], ROW_CHANGES):
                gone, made = lone_rows(connection, pairs[0], mask)
                rows = (*gone[:2], *made[:1], *rows, *gone[2:], *made[1:])
        self._found = replace(self._found, changes=changes, rows=rows)

    def _down(self) -> None:
        # What took older values over newer ones is taken back by the same rule: those of its own backup.
        policy: ConflictPolicy = "take_older" if self._job.on_conflict == "take_older" else "keep_newer"
        plan = make_rollback(
            self._job.plan, undoes="rehearsal", made_for="", backed_up=self._job.risks, on_conflict=policy
        )
        saved = [self._before.table(name) for name in self._at_risk]
        texts = tuple(table.sql for table in saved if table and table.sql)
        texts = (self._backup.create_sql,) if self._backup else texts
        script = self._parts.generator.generate(plan, self._copy.database.reflect(), backup=texts)
        with self._timed("seconds_down"), self._saved() as data, self._copy.database.write() as session:
            if data is not None:
                session.attach_backup(str(data))
            run_steps(session, script.up, lambda title, _number: self._parts.tell(title, 4))
            require_outcome(session, plan, script, self._counts)
        self._note(ran_down=True)

    @contextmanager
    def _saved(self) -> Iterator[Path | None]:
        if self._backup is not None:
            with self._backups.open_data(self._backup.id) as path:
                yield path
        else:
            yield self._copy.before if self._at_risk else None

    def _compare(self) -> None:
        self._parts.tell("compare with before", 5)
        catalog = self._job.dialect.catalog
        changed = set(catalog(self._copy.database.reflect()).items()) ^ set(catalog(self._before).items())
        with self._copy.compared() as connection:
            rows = [name for name in self._copy.tables if not equal_tables(connection, name)]
        self._note(objects_equal=not changed, rows_equal=not rows)
        names = [*(f"rows of {name}" for name in rows), *sorted({f"{kind} {name}" for (kind, name), _ in changed})]
        if names:
            raise SideFileError(f"not as before: {', '.join(names)}")

    def _lock_seconds(self) -> float | None:
        """Return how long an apply would hold the write lock: it takes the backup and runs all steps under it."""
        found = self._found.rehearsal
        if not found.ran_up:
            return None
        scale = found.total_rows / found.rows if found.rows and found.scope == "sample" else 1.0
        steps = 1.0 if all(step.path == "metadata only" for step in self._job.script.up) else scale
        return found.seconds_backup * scale + found.seconds_up * steps


def _tables(catalog: Mapping[tuple[str, str], str]) -> dict[str, str]:
    return {name: text for (kind, name), text in catalog.items() if kind == "table"}


def equal_tables(connection: Connection, name: str) -> bool:
    """Tell whether a copy's table is as in the one nobody changes, to the sign of zero."""
    facts = table_facts(connection, BEFORE, name)
    if not same_rows(connection, name) or facts is None:
        return False
    if not may_hold_minus_zero(facts):
        return True
    digests = {content_digest(exact_rows(connection, schema, facts)) for schema in ("main", BEFORE)}
    return len(digests) == 1


def _reason(error: BaseException) -> str:
    text = error.message if isinstance(error, SodafError) else str(error)
    return text.strip().removesuffix(".")
