"""Tries ways back whose steps build on each other: they are really taken, on a private copy of the database.

The copy has all rows of the tables concerned, and the history and the audit log with them; the backups that are
read are copied too. What is taken back there is taken back by the code, and under the rules, of a real rollback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sodaf_nb.backup.lending import lend
from sodaf_nb.database import Database
from sodaf_nb.database.identity import ATTEMPTS
from sodaf_nb.database.rehearsable import Rehearsable
from sodaf_nb.errors import SodafError
from sodaf_nb.execution.rehearsal import equal_tables
from sodaf_nb.execution.undoing import require_in_force
from sodaf_nb.history import History, MigrationRecord, standing_records
from sodaf_nb.history.audit import TABLE as AUDIT
from sodaf_nb.history.manager import TABLE as HISTORY
from sodaf_nb.options import ApplyOptions, RollbackOptions
from sodaf_nb.plan import Operation, Plan, RestoreColumn, RestoreTable
from sodaf_nb.plan.names import concerned
from sodaf_nb.plan.rollback import KEY
from sodaf_nb.rehearsal import Rehearsal
from sodaf_nb.results import BatchDryRunResult, DryRunResult, MigrationResult
from sodaf_nb.schema import Schema, decode
from sodaf_nb.schema.closure import neighbours
from sodaf_nb.sql.quoting import quote
from sodaf_nb.tabular import Row


class Undoing(Protocol):
    """What takes migrations back."""

    def dry_run_rollback(self, migration_id: str, options: RollbackOptions | None = None) -> DryRunResult:
        """Return what taking one back would do."""
        ...

    def rollback_migration(self, migration_id: str, options: RollbackOptions | None = None) -> MigrationResult:
        """Take one back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Tries ways back of one database.

    Args:
        database: The live database, which is only read.
        backups: The directory of its backups.
        options: Choices for all migrations.
        make: Makes what takes migrations back, for the copy.
    """

    database: Database
    backups: Path
    options: ApplyOptions
    make: Callable[[Database, ApplyOptions], Undoing]

    def through(self, history: History, record: MigrationRecord, options: RollbackOptions) -> BatchDryRunResult:
        """Return what taking a migration back with all newer ones of its table would do.

        Each is tried on the copy and then taken back there, findings that would stop it too, so that those below
        it are tried as well.

        Raises:
            MigrationRollbackError: If the migration is not in force.
            MigrationRestoreError: If a backup that is needed is missing or damaged.
            MigrationExecutionError: If there is no room for a copy with all rows.
        """
        require_in_force(history, record, on_top=True)
        numbered = (*standing_records(history, record.id), (history.number_of(record.id), record))
        results: dict[str, DryRunResult] = {}
        with self._copied([each for _number, each in numbered]) as (_copy, undoing):
            for number, each in numbered:
                name = f"#{number} {each.doctype}"
                try:
                    results[name] = undoing.dry_run_rollback(each.id, options)
                    if each is not record:
                        undoing.rollback_migration(each.id, replace(options, accept="all", dry_run=False, yes_on=None))
                except SodafError as error:
                    return BatchDryRunResult(results=results, errors={name: error})
        return BatchDryRunResult(results=results)

    def restore(self, record: MigrationRecord) -> DryRunResult:
        """Return what taking a restore back would do: done on the copy, taken back there, and compared.

        Raises:
            MigrationRestoreError: If the backup of what it replaced is missing, damaged or does not fit any more.
            MigrationExecutionError: If there is no room for a copy with all rows.
        """
        table = decode(record.rollback_info["plan"]).table
        with self._copied([record]) as (copy, undoing):
            before = copy.database.reflect()
            done = undoing.rollback_migration(record.id)
            plan = Plan(
                doctype=record.doctype,
                table=table,
                operations=tuple(_restoring(record, table, copy.database.reflect())),
                made_for=record.fingerprint_after or "",
                kind="rollback",
                undoes=record.id,
            )
            undoing.rollback_migration(str(done.migration_id), RollbackOptions(accept="all"))
            rehearsal = _compared(copy, table, before)
        return DryRunResult(
            success=rehearsal.success,
            doctype=record.doctype,
            plan=plan,
            affected_rows=done.affected_rows,
            backup_preview=(_saved(plan, rehearsal.rows),) if done.backup_path else (),
            rehearsal=rehearsal,
            conflicts=tuple(_told(row) for row in done.to_rows()),
        )

    @contextmanager
    def _copied(self, records: Iterable[MigrationRecord]) -> Iterator[tuple[Rehearsable, Undoing]]:
        plans = [(each, decode(each.rollback_info["plan"])) for each in records]
        live = self.database.reflect()
        tables = {name for _each, plan in plans for name in concerned(plan.operations, plan.table)}
        wanted = {*neighbours(live, sorted(tables)), HISTORY, AUDIT, ATTEMPTS}
        with self.database.rehearsal_copy(live, sorted(wanted), "full", lambda _what: None) as copy:
            backups = copy.before.parent / "lent"
            for each, _plan in plans:
                if backup_id := each.rollback_info.get("backup_id"):
                    lend(self.backups, backup_id, backups, recorded=each.backup_path)
            # What is encrypted stays so; what is taken on the copy is gone with it.
            own = replace(
                self.options,
                backup_dir=backups,
                recipients=(),
                retention=None,
                progress=None,
                access=None,  # who may change the database may not matter to a copy
                environment="dev",
            )
            yield copy, self.make(copy.database, own)


def _restoring(record: MigrationRecord, table: str, after: Schema) -> Iterator[Operation]:
    columns = record.rollback_info["restored"]["columns"]
    made = after.table(table)
    yield from (RestoreColumn(table=table, column=column, key=KEY) for column in columns)
    yield from [RestoreTable(table=made)] if made is not None and not columns else []


def _compared(copy: Rehearsable, table: str, before: Schema) -> Rehearsal:
    with copy.database.read() as session:
        rows = int(session.value(f"SELECT COUNT(*) FROM {quote(table)}")) if session.has_table(table) else 0
    with copy.compared() as connection:
        rows_equal = before.table(table) is None or equal_tables(connection, table)
    catalog = copy.dialect.catalog
    objects_equal = catalog(copy.database.reflect()) == catalog(before)
    return Rehearsal(
        scope="full",
        rows=rows,
        total_rows=rows,
        tables=(table,),
        ran_up=True,
        ran_down=True,
        rows_equal=rows_equal,
        objects_equal=objects_equal,
        problem="" if rows_equal and objects_equal else f"not as before: {table}",
    )


def _saved(plan: Plan, rows: int) -> dict[str, object]:
    columns = [operation.column for operation in plan.operations if isinstance(operation, RestoreColumn)]
    return {
        "table": plan.table,
        "rows": rows,
        "columns": ", ".join((KEY, *columns)) if columns else "all columns",
        "strategy": "column" if columns else "full",
        "why": "they are replaced",
    }


def _told(row: Row) -> str:
    return f"Rows of {row['table']}: {row['added']} added, {row['changed']} changed, {row['removed']} removed."
