"""How a backup's values come back: only where nobody wrote since."""

from __future__ import annotations

from sodaf_nb.plan import AlterColumn, DedupeColumn, Operation, RestoreColumn
from sodaf_nb.schema import Kind, Table
from sodaf_nb.sql.dedupe import Duplicates
from sodaf_nb.sql.dialect import BACKUP
from sodaf_nb.sql.dialects.postgres import type_sql
from sodaf_nb.sql.dialects.postgres_alter import renumbered
from sodaf_nb.sql.dialects.postgres_values import conversion
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Contest

# Made for the transaction of the rollback, and gone with it.
SOURCE = f"pg_temp.{BACKUP}"


def restore_column(operation: RestoreColumn, namespace: str, version: int) -> str:
    """Return the statement that brings one column's values back.

    Args:
        operation: What to bring back.
        namespace: The table's schema.
        version: The server's version number.
    """
    table, column = f"{quote(namespace)}.{quote(operation.table)}", quote(operation.column)
    source, same_row, untouched = _matching(operation, version)
    kept = "" if operation.on_conflict == "take_older" or not untouched else f" AND {untouched}"
    return f"UPDATE {table} AS t SET {column} = b.{column} FROM {source} AS b WHERE {same_row}{kept}"


def contest(operation: Operation, namespace: str, version: int) -> Contest | None:
    """Return what finds the rows whose value was edited since and is another one than the backup's."""
    if not isinstance(operation, RestoreColumn) or not operation.finds_edits or operation.column == operation.key:
        return None
    source, same_row, untouched = _matching(operation, version)
    table, column = f"{quote(namespace)}.{quote(operation.table)}", quote(operation.column)
    other = f"t.{column} IS DISTINCT FROM b.{column}"
    rows = f"FROM {table} AS t, {source} AS b WHERE {same_row} AND NOT ({untouched}) AND {other}"
    name = f"{operation.table}.{operation.column}"
    stops = operation.on_conflict == "stop"
    return Contest(column=name, query=f"SELECT b.{quote(operation.key)} AS k {rows}", stops=stops)


def _matching(operation: RestoreColumn, version: int) -> tuple[str, str, str]:
    """Return the backup's rows, the condition that a row is theirs, and that nobody edited it; empty when none can."""
    column, key = quote(operation.column), quote(operation.key)
    source, matched = SOURCE, _there_and_back(f"b.{key}", operation.key_retyped, version)
    if operation.key_retyped is not None and operation.key_retyped.after.type.kind is Kind.INTEGER:
        source, matched = _renumbered(operation.key_retyped, key), "b.sodaf_key"
    value = f"b.{column}"
    if operation.deduped is not None:
        duplicates = duplicates_of(operation.deduped, source, operation.column)
        source, value = duplicates.marked, duplicates.left_in("b")
    left_behind = matched if operation.column == operation.key else _there_and_back(value, operation.retyped, version)
    untouched = f"t.{column} IS NOT DISTINCT FROM ({left_behind})" if operation.finds_edits else ""
    return source, f"t.{key} = {matched}", untouched


def duplicates_of(operation: DedupeColumn, source: str, column: str) -> Duplicates:
    """Return the rows of a table, or of a backup of it, that share values of a column."""
    return Duplicates(source=source, column=column, key=operation.key, how=operation.how)


def _there_and_back(value: str, change: AlterColumn | None, version: int) -> str:
    if change is None:
        return value
    there, back = type_sql(change.after.type), type_sql(change.before.type)
    filler = (
        change.backfill if change.backfill is not None else (None if change.after.nullable else change.after.default)
    )
    forward = f"({conversion(value, change.before.type, change.after.type, version=version).expression})::{there}"
    if filler is not None:
        forward = f"COALESCE({forward}, {literal(filler)}::{there})"
    return f"({conversion(f'({forward})', change.after.type, change.before.type, version=version).expression})::{back}"


def _renumbered(change: AlterColumn, key: str) -> str:
    """Return the backup with each row's key as it is after going to a number and back to text."""
    number = renumbered(key, change.before.type, change.after.type, SOURCE)
    return f"(SELECT *, ({number})::text AS sodaf_key FROM {SOURCE})"


def restore_table(table: Table, qualified: str) -> list[str]:
    """Return the statements that write all rows of a backup into a table made anew."""
    names = ", ".join(quote(c.name) for c in table.columns if not c.hidden)
    kept = " OVERRIDING SYSTEM VALUE" if any(c.autoincrement for c in table.columns) else ""
    return [f"INSERT INTO {qualified} ({names}){kept} SELECT {names} FROM {SOURCE}"]
