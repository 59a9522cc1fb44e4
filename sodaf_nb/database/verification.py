"""What must hold before a migration may commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sodaf_nb.database.session import Session
from sodaf_nb.errors import MigrationExecutionError
from sodaf_nb.schema import Schema, SchemaObject

Violations = Mapping[tuple[str, str, int], int]
"""(child table, parent table, number of the key) to the rows that point to nothing"""


def violations(session: Session) -> Violations:
    """Return how many rows violate each foreign key.

    Compared before and after, never demanded to be none: old violations are not ours (trap R9). Tables with a
    key that the engine cannot check, because its target is not unique, are passed over: MF06 reports them.
    """
    try:
        found = session.rows(_VIOLATIONS.format("pragma_foreign_key_check"))
    except MigrationExecutionError:
        tables = [name for (name,) in session.rows("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        found = [row for table in tables for row in _of_table(session, table)]
    return {(table, parent, key): rows for table, parent, key, rows in found}


_VIOLATIONS = 'SELECT "table", parent, fkid, COUNT(*) FROM {} GROUP BY "table", parent, fkid'


def _of_table(session: Session, table: str) -> list[tuple[Any, ...]]:
    try:
        return session.rows(_VIOLATIONS.format("pragma_foreign_key_check(?)"), (table,))
    except MigrationExecutionError:
        return []


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


def require_same_violations(before: Violations, after: Violations) -> None:
    """Stop when the migration made rows point to nothing.

    Raises:
        MigrationExecutionError: With the tables concerned.
    """
    new = sorted({key[0] for key, rows in after.items() if rows > before.get(key, 0)})
    if new:
        raise MigrationExecutionError(
            f"Rows of {', '.join(new)} would point to rows that no longer exist. Everything was taken back.",
            hint="look at the foreign keys of those tables and plan again",
        )
