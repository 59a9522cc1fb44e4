"""Operations as SQLite statements, on the cheapest path that works.

Whether ALTER TABLE can do a change is not guessed: it is tried on the empty copy, and where the engine
refuses, the table is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sodaf_nb.plan import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreTable,
    RetargetReference,
    summary,
    table_of,
)
from sodaf_nb.schema import Index, Kind, Table
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError, SchemaCopy
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_rebuild import ColumnOperation, numbered_key, rebuild
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Path, Step

# Each DROP COLUMN is one pass over the table (0.2 of a rebuild, measured), so beyond these a rebuild is cheaper.
_MOST_DROPS = 4
_COLUMN_OPERATIONS = (AddColumn, DropColumn, AlterColumn)


def render(operations: Sequence[Operation], shadow: SchemaCopy) -> tuple[Step, ...]:
    """Return the steps for operations, running each on the shadow as it is made.

    Raises:
        EngineRefusedError: If the engine refuses a statement on every path.
    """
    return tuple(step for batch in _batches(operations) for step in _steps(batch, shadow))


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    def together(operation: Operation) -> tuple[bool, str]:
        return isinstance(operation, _COLUMN_OPERATIONS), table_of(operation)

    for (is_column, _table), batch in groupby(operations, key=together):
        if is_column:
            yield list(batch)
        else:
            yield from ([operation] for operation in batch)


def _steps(batch: list[Operation], shadow: SchemaCopy) -> Iterator[Step]:
    columns = [o for o in batch if isinstance(o, (AddColumn, DropColumn, AlterColumn))]
    if columns:
        yield from _column_steps(columns, shadow)
        return
    path, statements = _plain(batch[0])
    if isinstance(batch[0], (RestoreColumn, RetargetReference)):
        statements = _undisturbed(table_of(batch[0]), statements, shadow)
    for statement in statements:
        shadow.run(statement)
    yield _step(batch, path, statements)


def _undisturbed(table: str, statements: Sequence[str], shadow: SchemaCopy) -> list[str]:
    """Return the statements with the table's triggers out of the way: a migration is no edit by a user."""
    catalog = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE"
    found = shadow.rows(catalog, (table,))
    dropped = [f"DROP TRIGGER {quote(name)}" for name, _sql in found]
    return [*dropped, *statements, *(str(sql) for _name, sql in found)]


def _step(batch: Sequence[Operation], path: Path, statements: Sequence[str]) -> Step:
    title = "; ".join(f"{sign} {thing}: {change}" for sign, thing, change in map(summary, batch))
    return Step(title=title, path=path, table=table_of(batch[0]), statements=tuple(statements))


def _column_steps(columns: list[ColumnOperation], shadow: SchemaCopy) -> Iterator[Step]:
    name = columns[0].table
    try:
        with shadow.trial():
            steps = tuple(_native(columns, shadow))
    except (EngineRefusedError, _NeedsRebuildError):
        schema = shadow.schema()
        table = schema.table(name)
        if table is None:
            raise EngineRefusedError(f"no such table: {name}") from None
        statements = rebuild(table, columns, schema)
        for statement in statements:
            shadow.run(statement)
        steps = (_step(columns, "rebuild", statements),)
    yield from steps


class _NeedsRebuildError(Exception):
    """ALTER TABLE cannot do it; never leaves this module."""


def _native(columns: list[ColumnOperation], shadow: SchemaCopy) -> Iterator[Step]:
    if sum(isinstance(operation, DropColumn) for operation in columns) > _MOST_DROPS:
        raise _NeedsRebuildError
    for operation in columns:
        path, statements = _alter_table(operation, shadow)
        for statement in statements:
            shadow.run(statement)
        yield _step([operation], path, statements)


def _alter_table(operation: ColumnOperation, shadow: SchemaCopy) -> tuple[Path, list[str]]:
    table = quote(operation.table)
    if isinstance(operation, DropColumn) and not operation.column.hidden:
        return "in place", [f"ALTER TABLE {table} DROP COLUMN {quote(operation.column.name)}"]
    if isinstance(operation, AddColumn) and spelling.can_add(operation.column) and _goes_last(operation, shadow):
        added = f"ALTER TABLE {table} ADD COLUMN {spelling.column_sql(operation.column)}"
        if operation.backfill is None:
            return "metadata only", [added]
        filled = f"UPDATE {table} SET {quote(operation.column.name)} = {literal(operation.backfill)}"
        return "in place", [added, *_undisturbed(operation.table, [filled], shadow)]
    raise _NeedsRebuildError


def _goes_last(operation: AddColumn, shadow: SchemaCopy) -> bool:
    if operation.after is None:
        return True
    last = shadow.rows("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid DESC LIMIT 1", (operation.table,))
    return bool(last) and last[0][0].lower() == operation.after.lower()


def _plain(operation: Operation) -> tuple[Path, list[str]]:
    match operation:
        case CreateTable(table=table):
            return "metadata only", _create_table(table)
        case DropTable(table=table):
            return "in place", [f"DROP TABLE {quote(table.name)}"]
        case RenameTable(old=old, new=new):
            return "metadata only", _rename_table(old, new)
        case RenameColumn(table=name, old=old, new=new):
            return "metadata only", [f"ALTER TABLE {quote(name)} RENAME COLUMN {quote(old)} TO {quote(new)}"]
        case CreateIndex(index=index):
            return "in place", [_create_index(index)]
        case DropIndex(index=index):
            return "metadata only", [f"DROP INDEX {quote(str(index.name))}"]
        case RetargetReference():
            return "in place", [_retarget(operation)]
        case RestoreColumn():
            return "in place", [_restore_column(operation), *_restore_rowids(operation)]
        case RestoreTable(table=table):
            return "in place", [_restore_table(table)]
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


def _restore_column(operation: RestoreColumn) -> str:
    table, column, key = quote(operation.table), quote(operation.column), quote(operation.key)
    source = f"{BACKUP}.{table}"
    matched = _there_and_back(f"b.{key}", operation.key_retyped)
    if _numbers_keys(operation.key_retyped):
        source, matched = _renumbered(operation, source), "b.sodaf_key"
    kept = "" if operation.retyped is None else f" AND main.{table}.{column} IS {_left_behind(operation, matched)}"
    return (
        f"UPDATE main.{table} SET {column} = b.{column} FROM {source} AS b WHERE main.{table}.{key} = {matched}{kept}"
    )


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


def _left_behind(operation: RestoreColumn, matched: str) -> str:
    """Return the SQL of what a value has become if nobody edited it since the migration."""
    if operation.column == operation.key:
        return matched
    return _there_and_back(f"b.{quote(operation.column)}", operation.retyped)


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
