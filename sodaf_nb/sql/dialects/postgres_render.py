"""Operations as PostgreSQL statements: one ALTER TABLE for all that happens to a table.

Each action that rewrites a table would cost a pass of its own, together they cost one (measured: three actions
0.93 of a copy of the table, one alone 1.3). What a step costs is not guessed: whether a table is rewritten shows
on the empty copy, whose file changes when the live one's would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from sodaf_nb.plan import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DedupeColumn,
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
from sodaf_nb.schema import Index, Table
from sodaf_nb.sql.dialect import SchemaCopy
from sodaf_nb.sql.dialects.postgres import column_sql, name_sql
from sodaf_nb.sql.dialects.postgres_alter import Alteration, altered
from sodaf_nb.sql.dialects.postgres_copy import PostgresCopy
from sodaf_nb.sql.dialects.postgres_restore import contest, duplicates_of, restore_column, restore_table
from sodaf_nb.sql.dialects.postgres_text import split
from sodaf_nb.sql.quoting import literal, quote
from sodaf_nb.sql.script import Path, Step

_COLUMN_OPERATIONS = (AddColumn, DropColumn, AlterColumn)
_FOLLOWS = "the catalog alone changes; views, triggers and indexes follow"
_REWRITES = "one pass writes the table and its indexes anew"


def render(operations: Sequence[Operation], copy: SchemaCopy, namespace: str, version: int) -> tuple[Step, ...]:
    """Return the steps for operations, running each on the copy as it is made.

    Args:
        operations: What to do, in order.
        copy: The empty copy; it has the wanted schema afterwards.
        namespace: The schema the statements name.
        version: The server's version number.

    Raises:
        EngineRefusedError: If the engine refuses a statement.
        UnsupportedChangeError: If something no DocType mentions stands in the way.
    """
    if not isinstance(copy, PostgresCopy):
        raise TypeError(f"not a copy made by this dialect: {type(copy).__name__}")
    writer = _Writer(copy, namespace, version)
    return tuple(step for batch in _batches(operations) for step in writer.steps(batch))


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    def together(operation: Operation) -> tuple[bool, str]:
        return isinstance(operation, _COLUMN_OPERATIONS), table_of(operation)

    for (is_column, _table), batch in groupby(operations, key=together):
        if is_column:
            yield list(batch)
        else:
            yield from ([operation] for operation in batch)


class _Writer:
    """Writes the statements for one schema and tries them on one copy.

    Args:
        copy: The empty copy.
        namespace: The schema the statements name.
        version: The server's version number.
    """

    def __init__(self, copy: PostgresCopy, namespace: str, version: int) -> None:
        self._copy = copy
        self._namespace = namespace
        self._version = version

    def steps(self, batch: list[Operation]) -> Iterator[Step]:
        columns = [o for o in batch if isinstance(o, _COLUMN_OPERATIONS)]
        if columns:
            yield self._column_step(columns)
            return
        path, why, statements = self._plain(batch[0])
        step = self._ran(batch, path, why, statements)
        yield replace(step, contest=contest(batch[0], self._namespace, self._version))

    def _at(self, name: str) -> str:
        return f"{quote(self._namespace)}.{name_sql(name)}"

    def _column_step(self, columns: Sequence[AddColumn | DropColumn | AlterColumn]) -> Step:
        table = self._copy.table(columns[0].table)
        change = altered(columns, table, self._at(table.name), self._version, self._copy)
        before = self._file(table.name)
        step = self._ran(columns, "metadata only", "", self._statements(table, change))
        if self._file(table.name) != before:
            path, why = "rebuild", _REWRITES
        elif change.writes:
            path, why = "in place", "one pass writes the rows that need it"
        elif change.reads:
            path, why = "in place", "one pass looks at the rows and writes none"
        else:
            path, why = "metadata only", "the catalog alone changes; no row is touched"
        return _step(columns, _path(path), why, step.statements)

    def _statements(self, table: Table, change: Alteration) -> list[str]:
        before = self._undisturbed(table.name, change.before) if change.before else []
        clauses = ",\n  ".join(change.clauses)
        main = [f"ALTER TABLE {self._at(table.name)}\n  {clauses}"] if clauses else []
        return [*before, *main, *change.after]

    def _file(self, table: str) -> object:
        return self._copy.rows(
            "SELECT pg_relation_filenode(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = ? AND c.relname = ?",
            (self._copy.namespace, table),
        )

    def _ran(self, batch: Sequence[Operation], path: Path, why: str, statements: Sequence[str]) -> Step:
        for statement in statements:
            self._copy.run(statement)
        return _step(batch, path, why, statements)

    def _undisturbed(self, table: str, statements: Sequence[str]) -> list[str]:
        """Return the statements with the table's triggers out of the way: a migration is no edit by a user."""
        self._copy.table(table)
        found = self._copy.rows(
            "SELECT t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') "
            "AND n.nspname = ? AND c.relname = ? ORDER BY 1",
            (self._copy.namespace, table),
        )
        start = f"ALTER TABLE {self._at(table)}"
        always = {"O": "", "A": "ALWAYS "}
        return [
            *(f"{start} DISABLE TRIGGER {quote(name)}" for name, _state in found),
            *statements,
            *(f"{start} ENABLE {always[state]}TRIGGER {quote(name)}" for name, state in found),
        ]

    def _plain(self, operation: Operation) -> tuple[Path, str, list[str]]:
        match operation:
            case CreateTable(table=table):
                return "metadata only", "a new table has no rows", self._create_table(table)
            case DropTable(table=table):
                return "metadata only", "its files are deleted", [f"DROP TABLE {self._at(table.name)}"]
            case RenameTable(old=old, new=new):
                return "metadata only", _FOLLOWS, [f"ALTER TABLE {self._at(old)} RENAME TO {name_sql(new)}"]
            case RenameColumn(table=table, old=old, new=new):
                rename = f"ALTER TABLE {self._at(table)} RENAME COLUMN {quote(old)} TO {name_sql(new)}"
                return "metadata only", _FOLLOWS, [rename]
            case CreateIndex(index=index):
                return "in place", "reads the rows once", [self._create_index(index)]
            case DropIndex(index=index):
                return "metadata only", "no row is touched", [f"DROP INDEX {self._at(str(index.name))}"]
            case RetargetReference():
                statements = self._undisturbed(operation.table, [self._retarget(operation)])
                return "in place", "only rows that name the DocType are written", statements
            case DedupeColumn(undone=True):
                return "metadata only", "no row is touched before its value comes back", []
            case DedupeColumn():
                duplicates = duplicates_of(operation, self._at(operation.table), operation.column)
                statements = self._undisturbed(operation.table, [duplicates.update])
                return "in place", "only rows that share a value are written", statements
            case RestoreColumn():
                statements = self._undisturbed(
                    operation.table, [restore_column(operation, self._namespace, self._version)]
                )
                return "in place", "only rows that were not edited since are written", statements
            case RestoreTable(table=table):
                statements = self._undisturbed(table.name, restore_table(table, self._at(table.name)))
                return "in place", "every row of the backup is written", statements
            case _:
                raise TypeError(f"{type(operation).__name__} is a column operation")

    def _create_table(self, table: Table) -> list[str]:
        if table.sql is not None:
            return split(table.sql, ";")
        lines = [f"{name_sql(c.name)} {column_sql(c)}" for c in table.columns]
        key = [f"PRIMARY KEY ({', '.join(map(quote, table.primary_key))})"] if table.primary_key else []
        body = ",\n  ".join([*lines, *key])
        return [f"CREATE TABLE {self._at(table.name)} (\n  {body}\n)"]

    def _create_index(self, index: Index) -> str:
        unique = "UNIQUE " if index.unique else ""
        columns = ", ".join(map(quote, index.columns))
        return f"CREATE {unique}INDEX {name_sql(str(index.name))} ON {self._at(index.table)} ({columns})"

    def _retarget(self, operation: RetargetReference) -> str:
        column = quote(operation.column)
        return (
            f"UPDATE {self._at(operation.table)} SET {column} = {literal(operation.new)} "
            f"WHERE {column} = {literal(operation.old)}"
        )


def _path(path: str) -> Path:
    return "rebuild" if path == "rebuild" else "in place" if path == "in place" else "metadata only"


def _step(batch: Sequence[Operation], path: Path, why: str, statements: Sequence[str]) -> Step:
    title = "; ".join(f"{sign} {thing}: {change}" for sign, thing, change in map(summary, batch))
    return Step(
        title=title, path=path, why=why, table=table_of(batch[0]), statements=tuple(statements), covers=len(batch)
    )
