"""Runs a script's steps and proves the result: the same for an apply and for its rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sodaf_nb.database import Session, require_catalog
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.plan import CreateTable, DropTable, Plan
from sodaf_nb.plan.names import concerned
from sodaf_nb.schema import Schema
from sodaf_nb.sql import Script
from sodaf_nb.sql.quoting import quote
from sodaf_nb.sql.script import Step


def run_step(session: Session, number: int, step: Step) -> int:
    """Run one step inside a savepoint and return the rows it wrote; on an error the step is taken back.

    Rows of the engine's own tables are not counted.

    Raises:
        MigrationExecutionError: If the engine refuses a statement, or a check or a guard finds fault.
    """
    with session.savepoint(f"sodaf_step_{number}"):
        _require_checked(session, step)
        written = [(statement, session.execute(statement)) for statement in step.statements]
        for guard in step.guards:
            if session.rows(guard.query):
                raise MigrationExecutionError(
                    f"{guard.otherwise}. Everything was taken back.",
                    hint="look at the rows concerned; a backfill value fills empty ones",
                )
        _require_checked(session, step)
    return sum(rows for statement, rows in written if not session.dialect.is_bookkeeping(statement))


def _require_checked(session: Session, step: Step) -> None:
    for check in step.checks:
        try:
            session.execute(check.statement)
        except MigrationExecutionError:
            raise MigrationExecutionError(f"{check.otherwise}. Everything was taken back.", hint=check.hint) from None


def run_steps(session: Session, steps: Sequence[Step], tell: Callable[[str, int], None]) -> int:
    """Run all steps, each announced with its title and number, and return the rows they changed."""
    affected = 0
    for number, step in enumerate(steps):
        tell(step.title, number)
        affected += run_step(session, number, step)
    return affected


def require_outcome(session: Session, plan: Plan, script: Script, rows: Mapping[str, int]) -> Schema:
    """Return the schema if it and the number of rows are what was planned.

    Args:
        session: The transaction in which the script ran.
        plan: The plan.
        script: Its SQL.
        rows: Table name before to its number of rows before.

    Raises:
        MigrationExecutionError: If the catalog or the number of rows is another one.
    """
    after = require_catalog(session, script.objects)
    if not any(isinstance(o, (CreateTable, DropTable)) for o in plan.operations):
        _require_rows(session, plan, rows)
    return after


def _require_rows(session: Session, plan: Plan, before: Mapping[str, int]) -> None:
    names = concerned(plan.operations, plan.table)
    present = next(name for name in before if name in names)
    rows = int(session.value(f"SELECT COUNT(*) FROM {quote(plan.table)}"))
    if rows != before[present]:
        raise MigrationExecutionError(
            f"{plan.table} had {before[present]} rows and would have {rows}. Everything was taken back.",
            hint="somebody may have written meanwhile; plan again",
        )
