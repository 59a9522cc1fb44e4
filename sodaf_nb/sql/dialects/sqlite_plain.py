"""Operations on whole tables, on names, on indexes and on values that come back: one path each."""

from __future__ import annotations

from dataclasses import replace

from sodaf_nb.plan import (
    AlterColumn,
    CreateIndex,
    CreateTable,
    DedupeColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
)
from sodaf_nb.schema import Index, Kind, Table
from sodaf_nb.sql.dedupe import Duplicates
from sodaf_nb.sql.dialect import BACKUP, SchemaCopy
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects import sqlite_checks as checks
from sodaf_nb.sql.dialects.sqlite_rebuild import numbered_key
from sodaf_nb.sql.dialects.sqlite_statistics import statistics_of, table_renamed
from sodaf_nb.sql.dialects.sqlite_step import ran, step_of, undisturbed
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Contest, Path, Step

_GOES_ALONG = "the engine renames it in views, triggers and indexes too; no row is touched"


def plain_step(operation: Operation, shadow: SchemaCopy) -> Step:
    """Return the step of an operation that changes no column, having run it on the shadow.

    Raises:
        EngineRefusedError: If the engine refuses it.
    """
    path, why, statements = _plain(operation, shadow)
    if isinstance(operation, (RestoreColumn, RetargetReference, DedupeColumn)) and statements:
        statements = undisturbed(operation.table, shadow, statements)
    if isinstance(operation, RenameTable):
        statements += table_renamed(statistics_of(shadow), operation.old, operation.new)
    step = replace(step_of([operation], path, why, statements), contest=_contested(operation, shadow))
    return ran(step, [operation], shadow)


def _plain(operation: Operation, shadow: SchemaCopy) -> tuple[Path, str, list[str]]:
    match operation:
        case CreateTable(table=table):
            return "metadata only", "a new table has no rows", _create_table(table)
        case DropTable(table=table):
            return "in place", "its pages are freed", [f"DROP TABLE {quote(table.name)}"]
        case RenameTable(old=old, new=new):
            return "metadata only", _GOES_ALONG, _rename_table(old, new)
        case RenameColumn(table=name, old=old, new=new):
            rename = f"ALTER TABLE {quote(name)} RENAME COLUMN {quote(old)} TO {quote(new)}"
            return "metadata only", _GOES_ALONG, [rename]
        case CreateIndex(index=index):
            return "in place", "reads the rows once", [_create_index(index)]
        case DropIndex(index=index):
            return "metadata only", "no row is touched", [f"DROP INDEX {quote(str(index.name))}"]
        case RetargetReference():
            return "in place", "only rows that name the DocType are written", [_retarget(operation)]
        case DedupeColumn(undone=True):
            return "metadata only", "no row is touched before its value comes back", []
        case DedupeColumn():
            duplicates = _duplicates(operation, quote(operation.table), operation.column, shadow)
            return "in place", "only rows that share a value are written", [duplicates.update]
        case RestoreColumn():
            statements = [_restore_column(operation, shadow), *_restore_rowids(operation)]
            return "in place", "only rows that were not edited since are written", statements
        case RestoreTable(table=table):
            return "in place", "every row of the backup is written", [_restore_table(table)]
        case _:
            raise TypeError(f"{type(operation).__name__} is a column operation")


def _create_table(table: Table) -> list[str]:
    if table.sql is not None:
        return [table.sql]
    lines = [spelling.column_sql(c, primary_key=(c.name,) == table.primary_key) for c in table.columns]
    body = ",\n  ".join(lines)
    return [f"CREATE TABLE {quote(table.name)} (\n  {body}\n)"]


def _rename_table(old: str, new: str) -> list[str]:
    # SQLite refuses a rename in letter case only, so it goes through a second name.
    if old.lower() != new.lower():
        return [f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}"]
    between = f"sodaf_case_{new}"
    return [f"ALTER TABLE {quote(a)} RENAME TO {quote(b)}" for a, b in ((old, between), (between, new))]


def _create_index(index: Index) -> str:
    unique = "UNIQUE " if index.unique else ""
    columns = ", ".join(map(quote, index.columns))
    return f"CREATE {unique}INDEX {quote(str(index.name))} ON {quote(index.table)} ({columns})"


def _retarget(operation: RetargetReference) -> str:
    column = quote(operation.column)
    return (
        f"UPDATE {quote(operation.table)} SET {column} = {literal(operation.new)} "
        f"WHERE {column} = {literal(operation.old)}"
    )


def _duplicates(operation: DedupeColumn, table: str, column: str, shadow: SchemaCopy) -> Duplicates:
    present = shadow.schema().table(operation.table)
    found = present.column(column) if present else None
    equal = checks.collation(found.definition) if found and found.definition else None
    return Duplicates(
        source=table, column=column, key=operation.key, how=operation.how, collation=equal, by_bytes=spelling.BY_BYTES
    )


def _restore_column(operation: RestoreColumn, shadow: SchemaCopy) -> str:
    table, column = quote(operation.table), quote(operation.column)
    source, same_row, untouched = _matching(operation, shadow)
    kept = "" if operation.on_conflict == "take_older" or not untouched else f" AND {untouched}"
    return f"UPDATE main.{table} SET {column} = b.{column} FROM {source} AS b WHERE {same_row}{kept}"


def _matching(operation: RestoreColumn, shadow: SchemaCopy) -> tuple[str, str, str]:
    """Return the backup's rows, the condition that a row is theirs, and that nobody edited it; empty when none can."""
    table, column, key = quote(operation.table), quote(operation.column), quote(operation.key)
    source = f"{BACKUP}.{table}"
    matched = _there_and_back(f"b.{key}", operation.key_retyped)
    if _numbers_keys(operation.key_retyped):
        source, matched = _renumbered(operation, source), "b.sodaf_key"
    value = f"b.{column}"
    if operation.deduped is not None:
        done = replace(operation.deduped, table=operation.table)
        duplicates = _duplicates(done, source, operation.column, shadow)
        source, value = duplicates.marked, duplicates.left_in("b")
    left = matched if operation.column == operation.key else _there_and_back(value, operation.retyped)
    untouched = f"main.{table}.{column} IS ({left})" if operation.finds_edits else ""
    return source, f"main.{table}.{key} = {matched}", untouched


def _contested(operation: Operation, shadow: SchemaCopy) -> Contest | None:
    """Return what finds the rows whose value was edited since and is another one than the backup's."""
    if not isinstance(operation, RestoreColumn) or not operation.finds_edits or operation.column == operation.key:
        return None
    source, same_row, untouched = _matching(operation, shadow)
    table, column, key = quote(operation.table), quote(operation.column), quote(operation.key)
    here, there = f"main.{table}.{column}", f"b.{column}"
    other = f"({here} IS NOT {there} COLLATE BINARY OR typeof({here}) <> typeof({there}))"
    query = f"SELECT b.{key} AS k FROM main.{table}, {source} AS b WHERE {same_row} AND NOT ({untouched}) AND {other}"
    name = f"{operation.table}.{operation.column}"
    return Contest(column=name, query=query, stops=operation.on_conflict == "stop")


def _restore_rowids(operation: RestoreColumn) -> list[str]:
    """Return the statements that give rows their numbers back after their key was a number for a while.

    A number key is the rowid itself. Two passes over negative numbers keep rows from meeting on the way;
    a row written since keeps its number, and one whose number it took stays below zero.
    """
    if operation.column != operation.key or not _numbers_keys(operation.key_retyped):
        return []
    table, key = quote(operation.table), quote(operation.key)
    taken = f"SELECT 1 FROM main.{table} AS o WHERE o.rowid = -1 - main.{table}.rowid"
    return [
        f"UPDATE main.{table} SET rowid = -1 - b.rowid FROM {BACKUP}.{table} AS b WHERE b.{key} = main.{table}.{key}",
        f"UPDATE main.{table} SET rowid = -1 - rowid WHERE rowid < 0 AND NOT EXISTS ({taken})",
    ]


def _there_and_back(value: str, change: AlterColumn | None) -> str:
    if change is None:
        return value
    there = spelling.forward(change.before, change.after, change.backfill, value)
    return spelling.convert(f"({there})", change.after, change.before).expression


def _numbers_keys(change: AlterColumn | None) -> bool:
    return change is not None and change.after.type.kind is Kind.INTEGER


def _renumbered(operation: RestoreColumn, source: str) -> str:
    """Return the backup with each row's key as it is after going to a number and back to text."""
    change = operation.key_retyped
    if change is None:
        return source
    number = numbered_key(quote(operation.key), change.before, change.after, source)
    return f"(SELECT *, CAST({number} AS TEXT) AS sodaf_key FROM {source})"


def _restore_table(table: Table) -> str:
    names = ", ".join(quote(c.name) for c in table.columns if not c.hidden)
    name = quote(table.name)
    return f"INSERT INTO main.{name} ({names}) SELECT {names} FROM {BACKUP}.{name}"
