"""What must hold before a migration may commit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sodaf_nb.database.session import Key, Session, Violations
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.plan import Operation, RenameColumn, RenameTable
from sodaf_nb.schema import Schema, SchemaObject


def require_catalog(session: Session, expected: Iterable[SchemaObject]) -> Schema:
    """Return the live schema if it is exactly what the empty copy predicted.

    Raises:
        MigrationExecutionError: With the names of the objects that differ.
    """
    catalog = session.dialect.catalog
    live = session.reflect()
    wanted = catalog(Schema(objects=tuple(expected)))
    changed = set(catalog(live).items()) ^ set(wanted.items())
    names = sorted({f"{kind} {name}" for (kind, name), _text in changed})
    if names:
        raise MigrationExecutionError(
            f"The schema did not become what was planned: {', '.join(names)}. Everything was taken back.",
            hint="plan again; if it happens twice, report it with the DocType",
        )
    return live


def require_same_violations(operations: Sequence[Operation], before: Violations, after: Violations) -> None:
    """Stop when a migration made rows point to nothing.

    Args:
        operations: What it did; keys are followed through its renames.
        before: What was violated before.
        after: What is violated now.

    Raises:
        MigrationExecutionError: With the tables concerned.
    """
    known = {_renamed(key, operations): rows for key, rows in before.items()}
    new = sorted({key[0] for key, rows in after.items() if rows > known.get(key, 0)})
    if new:
        raise MigrationExecutionError(
            f"Rows of {', '.join(new)} would point to rows that no longer exist. Everything was taken back.",
            hint="look at the foreign keys of those tables and plan again",
        )


def _renamed(key: Key, operations: Sequence[Operation]) -> Key:
    """Return what a foreign key is after the renames."""
    child, parent, columns = key
    for operation in operations:
        if isinstance(operation, RenameTable):
            old, new = operation.old.lower(), operation.new.lower()
            child, parent = (new if name == old else name for name in (child, parent))
        if isinstance(operation, RenameColumn) and operation.table.lower() == child:
            old, new = operation.old.lower(), operation.new.lower()
            columns = tuple(new if name == old else name for name in columns)
    return child, parent, columns
