"""Changes of a table's columns: each on the cheapest path that works, else all of them in one rebuild.

Whether ALTER TABLE can do a change is not guessed: it is tried on the empty copy, and where the engine
refuses, the table is rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from sodaf_nb.plan import AddColumn, AlterColumn, DropColumn, Operation
from sodaf_nb.schema import Column, Table
from sodaf_nb.sql.dialect import EngineRefusedError, SchemaCopy
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects.sqlite_ddl import alter_column_text, normalise, parse_create_table
from sodaf_nb.sql.dialects.sqlite_edit import InPlace, NeedsRebuildError, alter_in_place
from sodaf_nb.sql.dialects.sqlite_rebuild import ColumnOperation, altered_text, rebuild
from sodaf_nb.sql.dialects.sqlite_statistics import statistics_of
from sodaf_nb.sql.dialects.sqlite_step import ran, step_of, undisturbed
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Step


def column_steps(columns: list[ColumnOperation], shadow: SchemaCopy, most_passes: int) -> Iterator[Step]:
    """Yield the steps of column changes of one table, having run them on the shadow; a rebuild is one step for all."""
    try:
        with shadow.trial():
            steps = tuple(_without_rebuild(columns, shadow, most_passes))
    except (EngineRefusedError, NeedsRebuildError) as error:
        table = _present(columns[0].table, shadow)
        statements = rebuild(table, columns, shadow.schema())
        steps = (ran(step_of(columns, "rebuild", str(error), statements), columns, shadow),)
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
            step = ran(_cheap_step(group, shadow), group, shadow)
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
        return step_of(group, "in place", "one pass writes every row without the column", [drop])
    return _alter_columns([o for o in group if isinstance(o, AlterColumn)], shadow)


def _alter_columns(alters: list[AlterColumn], shadow: SchemaCopy) -> Step:
    name = alters[0].table
    if statement := _native(alters, shadow):
        return step_of(alters, "metadata only", "the engine itself changes the column; no row is touched", [statement])
    quiet = partial(undisturbed, name, shadow)
    change = alter_in_place(_present(name, shadow), alters, quiet, measured=statistics_of(shadow))
    return _changed(alters, change, change.statements)


def _native(alters: list[AlterColumn], shadow: SchemaCopy) -> str:
    """Return the engine's own statement for a change; empty where it has none, or it would write another text.

    SQLite has DROP NOT NULL from 3.53 on. Its SET NOT NULL is not used: where a row stands against it, it says
    neither which table nor which column.
    """
    alter = alters[0]
    table, column = alter.table, alter.before.name
    only = replace(alter.before, nullable=True, definition=alter.after.definition) == alter.after
    if len(alters) > 1 or alter.before.nullable or not only:
        return ""
    statement = f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} DROP NOT NULL"
    text = parse_create_table(_present(table, shadow).sql or "")
    wanted = text.with_column_text(column, altered_text(text, alter)).to_sql()
    shadow.run("SAVEPOINT sodaf_native")
    refused = shadow.refusal(statement)
    same = not refused and normalise(_present(table, shadow).sql or "") == normalise(wanted)
    shadow.run("ROLLBACK TO sodaf_native")
    shadow.run("RELEASE sodaf_native")
    return statement if same else ""


def _changed(batch: Sequence[Operation], change: InPlace, statements: Sequence[str]) -> Step:
    if change.writes:
        return step_of(batch, "in place", "one pass writes the rows that need it", statements, change.guards)
    return step_of(batch, "metadata only", "no stored value changes", statements, change.guards)


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
        return step_of([operation], "metadata only", "rows take the default from the catalog", [statement])
    filled = f"UPDATE {table} SET {quote(column.name)} = {literal(operation.backfill)}"
    statements = [statement, *undisturbed(operation.table, shadow, [filled])]
    return step_of([operation], "in place", "one pass fills every row", statements)


def _optional(column: Column) -> Column:
    text = column.definition and alter_column_text(column.definition, nullable=True)
    return replace(column, nullable=True, definition=text)


def _fill_and_require(operation: AddColumn, added: Column, statement: str, shadow: SchemaCopy) -> Step:
    """Return the step that adds an optional column, fills it, and then makes it required."""
    present = _present(operation.table, shadow)
    text = parse_create_table(present.sql or "").with_column(spelling.column_sql(added))
    alter = AlterColumn(table=operation.table, before=added, after=operation.column, backfill=operation.backfill)
    quiet = partial(undisturbed, operation.table, shadow)
    change = alter_in_place(replace(present, sql=text.to_sql()), [alter], quiet, measured=())
    return _changed([operation], change, [statement, *change.statements])


def _goes_last(operation: AddColumn, shadow: SchemaCopy) -> bool:
    if operation.after is None:
        return True
    last = shadow.rows("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid DESC LIMIT 1", (operation.table,))
    return bool(last) and last[0][0].lower() == operation.after.lower()
