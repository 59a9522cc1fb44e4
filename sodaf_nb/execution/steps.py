"""One step of a script on a live session: its statements, then what must hold after them."""

from __future__ import annotations

from sodaf_nb.database import Session
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.sql import Step

# Statements that keep the engine's own tables in order; no row of the user's is written by them.
_BOOKKEEPING = ("UPDATE main.sqlite_", "UPDATE sqlite_", "INSERT INTO sqlite_")


def run_step(session: Session, step: Step) -> int:
    """Run a step and return the rows it wrote; rows of the engine's own tables are not counted.

    Raises:
        MigrationExecutionError: If the engine refuses a statement, or a guard finds fault.
    """
    written = 0
    for statement in step.statements:
        rows = session.execute(statement)
        written += 0 if statement.startswith(_BOOKKEEPING) else rows
    for guard in step.guards:
        if session.rows(guard.query):
            raise MigrationExecutionError(
                f"{guard.otherwise}. Everything was taken back.",
                hint="look at the rows concerned; a backfill value fills empty ones",
            )
    return written
