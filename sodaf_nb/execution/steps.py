"""Runs a script's steps and proves the result: the same for an apply and for its rehearsal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sodaf_nb.database import Session, require_catalog
from sodaf_nb.database.uniqueness import SAMPLES
from sodaf_nb.errors import MigrationExecutionError, MigrationRollbackError, StalePlanError
from sodaf_nb.errors import Step as NextStep
from sodaf_nb.options import ConflictPolicy
from sodaf_nb.plan import CreateTable, DropTable, Plan, RestoreRows, RowChange
from sodaf_nb.plan.names import concerned
from sodaf_nb.plan.operations import ROW_CHANGES
from sodaf_nb.schema import Schema
from sodaf_nb.sql import Script
from sodaf_nb.sql.quoting import quote
from sodaf_nb.sql.script import Step
from sodaf_nb.tabular import counted
from sodaf_nb.validation.evidence import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A statement that ran.

    Args:
        sql: The statement.
        rows: Rows it wrote, 0 where the engine does not count.
        milliseconds: How long it took.
    """

    sql: str
    rows: int
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Values that were edited since the migration which a rollback takes back.

    Args:
        column: `table.column`.
        rows: How many.
        samples: Keys of up to five of them.
    """

    column: str
    rows: int
    samples: tuple[str, ...] = ()

    def to_text(self, policy: ConflictPolicy) -> str:
        """Return what becomes of them, as a sentence."""
        fate = _FATES[policy]
        such = f", such as {', '.join(map(repr, self.samples))}" if self.samples else ""
        return f"{counted(self.rows, 'value')} of {self.column} edited since the migration: {fate}{such}."


_FATES: Mapping[ConflictPolicy, str] = MappingProxyType(
    {
        "keep_newer": "the newer ones stay, where the column can hold them",
        "take_older": "OVERWRITTEN by those of the backup",
        "stop": "they STOP the rollback",
    }
)


def conflict_of(session: Session, step: Step) -> Conflict | None:
    """Return what a step finds edited since; None when there is nothing. Ask before it runs.

    Raises:
        MigrationRollbackError: If it finds something, and that is to stop the rollback.
    """
    if step.contest is None:
        return None
    rows = int(session.value(f"SELECT COUNT(*) FROM ({step.contest.query}) AS c"))
    if not rows:
        return None
    found = session.rows(f"SELECT k FROM ({step.contest.query}) AS c ORDER BY k LIMIT {SAMPLES}")
    conflict = Conflict(column=step.contest.column, rows=rows, samples=tuple(str(key) for (key,) in found))
    if step.contest.stops:
        raise _stopped(conflict)
    return conflict


def run_step(
    session: Session,
    number: int,
    step: Step,
    conflicts: list[Conflict] | None = None,
    effects: list[Effect] | None = None,
) -> tuple[Ran, ...]:
    """Run one step inside a savepoint and return what ran; on an error the step is taken back.

    Values found edited since go into `conflicts`, what a change of rows alone did into `effects`.

    Raises:
        MigrationExecutionError: If the engine refuses a statement, or a check or a guard finds fault.
    """
    with session.savepoint(f"sodaf_step_{number}"):
        if step.rows is not None:
            return _run_rows(session, step, step.rows, ([] if conflicts is None else conflicts), effects)
        _require_checked(session, step)
        if (conflict := conflict_of(session, step)) and conflicts is not None:
            conflicts.append(conflict)
        ran = tuple(_run(session, statement) for statement in step.statements)
        for guard in step.guards:
            if session.rows(guard.query):
                raise MigrationExecutionError(
                    f"{guard.otherwise}. Everything was taken back.",
                    hint="look at the rows concerned; a backfill value fills empty ones",
                )
        _require_checked(session, step)
    return ran


def _run_rows(
    session: Session, step: Step, change: RowChange, conflicts: list[Conflict], effects: list[Effect] | None
) -> tuple[Ran, ...]:
    started = time.perf_counter()
    changed = session.change_rows(change)
    found = [Conflict(column=what, rows=rows, samples=keys) for what, rows, keys in changed.found]
    if found and isinstance(change, RestoreRows) and change.on_conflict == "stop":
        raise _stopped(found[0])
    _require_planned(change, changed.effect)
    conflicts.extend(found)
    if effects is not None:
        effects.append(changed.effect)
    spent = (time.perf_counter() - started) * 1000
    return (Ran(sql=";\n".join(step.statements), rows=changed.effect.rows, milliseconds=spent),)


def _require_planned(change: RowChange, effect: Effect) -> None:
    """Stop when a patch does on these rows what it did not on the copy: no backup holds what it would lose."""
    # Where rows may go, the whole table is in the backup.
    other = [name for name in effect.columns if name not in change.columns and not change.deletes]
    made, gone = effect.inserted and not change.inserts, effect.deleted and not change.deletes
    if other or made or gone:
        parts = [*other, *["new rows"] * bool(made), *["deleted rows"] * bool(gone)]
        raise StalePlanError(
            f"{change.name} would write what it did not when it was tried: {', '.join(parts)}.",
            hint="the rows moved meanwhile; run it again",
        )


def _stopped(conflict: Conflict) -> MigrationRollbackError:
    return MigrationRollbackError(
        f"{conflict.to_text('stop')} Everything was taken back.",
        hint=("look at those rows, then keep them with ", NextStep("on_conflict", ("keep_newer",))),
    )


def _require_checked(session: Session, step: Step) -> None:
    for check in step.checks:
        try:
            session.execute(check.statement)
        except MigrationExecutionError:
            raise MigrationExecutionError(f"{check.otherwise}. Everything was taken back.", hint=check.hint) from None


def _run(session: Session, statement: str) -> Ran:
    started = time.perf_counter()
    rows = session.execute(statement)
    return Ran(sql=statement, rows=rows, milliseconds=(time.perf_counter() - started) * 1000)


def run_steps(
    session: Session,
    steps: Sequence[Step],
    tell: Callable[[str, int], None],
    conflicts: list[Conflict] | None = None,
    effects: list[Effect] | None = None,
) -> tuple[Ran, ...]:
    """Run all steps, each announced with its title and number, and return what ran."""
    ran: list[Ran] = []
    for number, step in enumerate(steps):
        tell(step.title, number)
        ran.extend(run_step(session, number, step, conflicts, effects))
    return tuple(ran)


def affected_rows(session: Session, ran: Sequence[Ran]) -> int:
    """Return the rows that statements wrote; rows of the engine's own tables are not counted."""
    return sum(each.rows for each in ran if not session.dialect.is_bookkeeping(each.sql))


def require_outcome(session: Session, plan: Plan, script: Script, rows: Mapping[str, int]) -> Schema:
    """Return the schema if it and the number of rows are what was planned.

    Args:
        session: The transaction in which the script ran.
        plan: The plan.
        script: Its SQL.
        rows: Table name before to its number of rows before; empty where an apply counts none.

    Raises:
        MigrationExecutionError: If the catalog or the number of rows is another one.
    """
    after = require_catalog(session, script.objects)
    if not any(isinstance(o, (CreateTable, DropTable, *ROW_CHANGES)) for o in plan.operations):
        _require_rows(session, plan, rows)
    return after


def _require_rows(session: Session, plan: Plan, before: Mapping[str, int]) -> None:
    names = concerned(plan.operations, plan.table)
    present = next((name for name in before if name in names), None)
    if present is None:  # not counted, because the plan only writes the catalog
        return
    rows = int(session.value(f"SELECT COUNT(*) FROM {quote(plan.table)}"))
    if rows != before[present]:
        raise MigrationExecutionError(
            f"{plan.table} had {before[present]} rows and would have {rows}. Everything was taken back.",
            hint="somebody may have written meanwhile; plan again",
        )
