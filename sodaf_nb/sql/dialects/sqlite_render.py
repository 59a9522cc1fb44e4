"""Operations as SQLite statements, on the cheapest path that works.

Whether ALTER TABLE can do a change is not guessed: it is tried on the empty copy, and where the engine
refuses, the table is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
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
from sodaf_nb.schema import Column, Index, Kind, Table
from sodaf_nb.sql.dialect import BACKUP, EngineRefusedError, SchemaCopy
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_ddl import alter_column_text, parse_create_table
from sodaf_nb.sql.dialects.sqlite_edit import InPlace, NeedsRebuildError, alter_in_place
from sodaf_nb.sql.dialects.sqlite_rebuild import ColumnOperation, numbered_key, rebuild
from sodaf_nb.sql.dialects.sqlite_reflection import STATISTICS
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Contest, Guard, Path, Step

# Each DROP COLUMN, and each UPDATE of most rows, is one pass over the table (0.2 of a rebuild, measured).
MOST_PASSES = 4
_GOES_ALONG = "the engine renames it in views, triggers and indexes too; no row is touched"
_COLUMN_OPERATIONS = (AddColumn, DropColumn, AlterColumn)


def render(operations: Sequence[Operation], shadow: SchemaCopy, *, most_passes: int = MOST_PASSES) -> tuple[Step, ...]:
    """Return the steps for operations, running each on the shadow as it is made.

    Args:
        operations: What to do, in order.
        shadow: The empty copy; it has the wanted schema afterwards.
        most_passes: Passes over a table from which on a rebuild is cheaper; below 0, columns always mean a rebuild.

    Raises:
        EngineRefusedError: If the engine refuses a statement on every path.
    """
    return tuple(step for batch in _batches(operations) for step in _steps(batch, shadow, most_passes))


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    def together(operation: Operation) -> tuple[bool, str]:
        return isinstance(operation, _COLUMN_OPERATIONS), table_of(operation)

    for (is_column, _table), batch in groupby(operations, key=together):
        if is_column:
            yield list(batch)
        else:
            yield from ([operation] for operation in batch)


def _steps(batch: list[Operation], shadow: SchemaCopy, most_passes: int) -> Iterator[Step]:
    columns = [o for o in batch if isinstance(o, (AddColumn, DropColumn, AlterColumn))]
    if columns:
        yield from _column_steps(columns, shadow, most_passes)
        return
    path, why, statements = _plain(batch[0])
    if isinstance(batch[0], (RestoreColumn, RetargetReference)):
        statements = _undisturbed(table_of(batch[0]), shadow, statements)
    yield _ran(replace(_step(batch, path, why, statements), contest=_contested(batch[0])), shadow)


def _ran(step: Step, shadow: SchemaCopy) -> Step:
    for statement in step.statements:
        shadow.run(statement)
    return step


def _undisturbed(table: str, shadow: SchemaCopy, statements: Sequence[str]) -> list[str]:
    """Return the statements with the table's triggers out of the way: a migration is no edit by a user."""
    catalog = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE"
    found = shadow.rows(catalog, (table,))
    dropped = [f"DROP TRIGGER {quote(name)}" for name, _sql in found]
    return [*dropped, *statements, *(str(sql) for _name, sql in found)]


def _step(
    batch: Sequence[Operation], path: Path, why: str, statements: Sequence[str], guards: Sequence[Guard] = ()
) -> Step:
    title = "; ".join(f"{sign} {thing}: {change}" for sign, thing, change in map(summary, batch))
    return Step(
        title=title,
        path=path,
        why=why,
        table=table_of(batch[0]),
        statements=tuple(statements),
        guards=tuple(guards),
        covers=len(batch),
    )


def _column_steps(columns: list[ColumnOperation], shadow: SchemaCopy, most_passes: int) -> Iterator[Step]:
    try:
        with shadow.trial():
            steps = tuple(_without_rebuild(columns, shadow, most_passes))
    except (EngineRefusedError, NeedsRebuildError) as error:
        table = _present(columns[0].table, shadow)
        steps = (_ran(_step(columns, "rebuild", str(error), rebuild(table, columns, shadow.schema())), shadow),)
    yield from steps


def _present(name: str, shadow: SchemaCopy) -> Table:
    table = shadow.schema().table(name)
    if table is None:
        raise EngineRefusedError(f"no such table: {name}")
    return table


def _without_rebuild(columns: list[ColumnOperation], shadow: SchemaCopy, most_passes: int) -> Iterator[Step]:
    passes = 0
    for kind, run in groupby(columns, key=type):
        for group in [list(run)] if kind is AlterColumn else ([operation] for operation in run):
            step = _ran(_cheap_step(group, shadow), shadow)
            passes += step.path == "in place"
            if passes > most_passes:
                raise NeedsRebuildError(
                    f"one rebuild is cheaper than more than {max(most_passes, 0)} passes over the rows"
                )
            yield step


def _cheap_step(group: list[ColumnOperation], shadow: SchemaCopy) -> Step:
    operation = group[0]
    if isinstance(operation, AddColumn):
        return _add_column(operation, shadow)
    if isinstance(operation, DropColumn):
        if operation.column.hidden:
            raise NeedsRebuildError(f"{operation.column.name} is a generated column")
        drop = f"ALTER TABLE {quote(operation.table)} DROP COLUMN {quote(operation.column.name)}"
        return _step(group, "in place", "one pass writes every row without the column", [drop])
    return _alter_columns([o for o in group if isinstance(o, AlterColumn)], shadow)


def _alter_columns(alters: list[AlterColumn], shadow: SchemaCopy) -> Step:
    name = alters[0].table
    quiet = partial(_undisturbed, name, shadow)
    change = alter_in_place(_present(name, shadow), alters, quiet, measured=_measured(shadow))
    return _changed(alters, change, change.statements)


def _measured(shadow: SchemaCopy) -> bool:
    return bool(shadow.rows("SELECT 1 FROM sqlite_master WHERE name = ?", (STATISTICS,)))


def _changed(batch: Sequence[Operation], change: InPlace, statements: Sequence[str]) -> Step:
    if change.writes:
        return _step(batch, "in place", "one pass writes the rows that need it", statements, change.guards)
    return _step(batch, "metadata only", "no stored value changes", statements, change.guards)


def _add_column(operation: AddColumn, shadow: SchemaCopy) -> Step:
    column = operation.column
    required = not column.nullable and column.default is None and not column.hidden
    added = _optional(column) if required else column
    if not spelling.can_add(added):
        raise NeedsRebuildError(f"the engine adds no column like {column.name} to a table with rows")
    if not _goes_last(operation, shadow):
        raise NeedsRebuildError(f"{column.name} does not stand last")
    table = quote(operation.table)
    statement = f"ALTER TABLE {table} ADD COLUMN {spelling.column_sql(added)}"
    if required:
        return _fill_and_require(operation, added, statement, shadow)
    if operation.backfill is None:
        return _step([operation], "metadata only", "rows take the default from the catalog", [statement])
    filled = f"UPDATE {table} SET {quote(column.name)} = {literal(operation.backfill)}"
    statements = [statement, *_undisturbed(operation.table, shadow, [filled])]
    return _step([operation], "in place", "one pass fills every row", statements)


def _optional(column: Column) -> Column:
    text = column.definition and alter_column_text(column.definition, nullable=True)
    return replace(column, nullable=True, definition=text)


def _fill_and_require(operation: AddColumn, added: Column, statement: str, shadow: SchemaCopy) -> Step:
    """Return the step that adds an optional column, fills it, and then makes it required."""
    present = _present(operation.table, shadow)
    text = parse_create_table(present.sql or "").with_column(spelling.column_sql(added))
    alter = AlterColumn(table=operation.table, before=added, after=operation.column, backfill=operation.backfill)
    quiet = partial(_undisturbed, operation.table, shadow)
    change = alter_in_place(replace(present, sql=text.to_sql()), [alter], quiet, measured=False)
    return _changed([operation], change, [statement, *change.statements])


def _goes_last(operation: AddColumn, shadow: SchemaCopy) -> bool:
    if operation.after is None:
        return True
    last = shadow.rows("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid DESC LIMIT 1", (operation.table,))
    return bool(last) and last[0][0].lower() == operation.after.lower()


def _plain(operation: Operation) -> tuple[Path, str, list[str]]:
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
        case RestoreColumn():
            statements = [_restore_column(operation), *_restore_rowids(operation)]
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


def _restore_column(operation: RestoreColumn) -> str:
    table, column = quote(operation.table), quote(operation.column)
    source, same_row, untouched = _matching(operation)
    kept = "" if operation.on_conflict == "take_older" or not untouched else f" AND {untouched}"
    return f"UPDATE main.{table} SET {column} = b.{column} FROM {source} AS b WHERE {same_row}{kept}"


def _matching(operation: RestoreColumn) -> tuple[str, str, str]:
    """Return the backup's rows, the condition that a row is theirs, and that nobody edited it; empty when none can."""
    table, column, key = quote(operation.table), quote(operation.column), quote(operation.key)
    source = f"{BACKUP}.{table}"
    matched = _there_and_back(f"b.{key}", operation.key_retyped)
    if _numbers_keys(operation.key_retyped):
        source, matched = _renumbered(operation, source), "b.sodaf_key"
    untouched = f"main.{table}.{column} IS {_left_behind(operation, matched)}" if operation.retyped else ""
    return source, f"main.{table}.{key} = {matched}", untouched


def _contested(operation: Operation) -> Contest | None:
    """Return what finds the rows whose value was edited since and is another one than the backup's."""
    if not isinstance(operation, RestoreColumn) or operation.retyped is None or operation.column == operation.key:
        return None
    source, same_row, untouched = _matching(operation)
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
