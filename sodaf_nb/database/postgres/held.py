"""A PostgreSQL table held still for a backup, and the side file that its rows are kept in.

Backups are SQLite files whatever the engine: packing, encryption, chains and checks are the same code. Each value
is kept as the text by which the server writes it, whole numbers as numbers; under pinned settings that text is the
value, which is what dumps rely on. What a column was is part of its declared type in the file, so a backup says
by itself how to read it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from sodaf_nb.database.postgres.refusals import primary
from sodaf_nb.database.sidefile import ROWS, SideFileError, Snapshot, TableFacts, engine_errors, open_side, table_facts
from sodaf_nb.database.sidefile.engine import open_file
from sodaf_nb.database.workspace import workspace
from sodaf_nb.schema import Kind, Schema, Table
from sodaf_nb.sql.dialect import BACKUP
from sodaf_nb.sql.dialects.postgres import type_sql
from sodaf_nb.sql.dialects.postgres_copy import unquote_type
from sodaf_nb.sql.quoting import literal, quote

if TYPE_CHECKING:
    from sodaf_nb.database.postgres.session import PostgresSession

_INTEGERS = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)
_INT = re.compile("int", re.IGNORECASE)
_DECLARED = re.compile(r"(?:TEXT|INTEGER) '((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresFacts(TableFacts):
    """What must be known of a PostgreSQL table to copy it to a side file exactly."""

    def plain_type(self, column: str) -> str:
        """Return a declared type that stores and compares values as this column does, and says what it was."""
        return dict(self.columns)[column]


class PostgresHeld:
    """One committed state of a PostgreSQL database; made by `held_still`.

    Args:
        session: A transaction of our own that sees one state and is taken back in the end.
        folder: A private folder.
    """

    def __init__(self, session: PostgresSession, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._opened = ExitStack()
        self._staged: Snapshot | None = None

    @cached_property
    def _schema(self) -> Schema:
        return self._session.reflect()

    def close(self) -> None:
        """Close what was opened."""
        self._opened.close()

    def facts(self, table: str, *, ordered: bool = False) -> TableFacts:
        """Return the facts of a table.

        Args:
            table: The table.
            ordered: True puts its columns in the order of their names, which does not change when one comes back.

        Raises:
            SideFileError: If there is no such table or it cannot be copied.
        """
        found = self._schema.table(table)
        if found is None:
            raise SideFileError(f"there is no table {table}")
        columns = sorted(found.columns, key=lambda column: column.name) if ordered else found.columns
        create = _side_sql(replace(found, columns=tuple(columns)))
        with engine_errors(), closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(create)
            made = table_facts(connection, "main", table)
        if made is None:
            raise SideFileError(f"{table} cannot be kept in a side file")
        return PostgresFacts(**{name: getattr(made, name) for name in TableFacts.__dataclass_fields__})

    def identity(self) -> str | None:
        """Return the database's id; None when it was never migrated."""
        return self._session.identity()

    def rows(self, facts: TableFacts, *, size: int = ROWS) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a table's rows, typed, so many at a time."""
        return self._stage(facts).rows(facts, size=size)

    def copy_table(self, facts: TableFacts, path: Path) -> int:
        """Write a table, or of its columns those that the facts name, to a new side file; return the number of rows."""
        names = [name for name, _type in facts.columns]
        columns = ", ".join(f"{quote(name)}::text" for name in names)
        whole = [number for number, (_name, kind) in enumerate(facts.columns) if kind.startswith("INTEGER ")]
        marks = ", ".join("?" * len(names))
        insert = f"INSERT INTO {quote(facts.name)} ({', '.join(map(quote, names))}) VALUES ({marks})"
        with engine_errors(), _driver_errors(), closing(open_file(path, "rwc")) as file:
            file.execute(facts.create_sql)
            file.execute("BEGIN")
            with self._session.connection.cursor() as cursor:
                query = f"COPY (SELECT {columns} FROM {quote(facts.name)}) TO STDOUT"
                with cursor.copy(query.encode()) as copy:
                    written = file.executemany(insert, (_numbered(row, whole) for row in copy.rows())).rowcount
            file.execute("COMMIT")
        return max(written, 0)

    def copy_changes(self, facts: TableFacts, base: Path, path: Path) -> int:
        """Write what changed in a table since a side file was written; return the table's number of rows."""
        plain = TableFacts(**{name: getattr(facts, name) for name in TableFacts.__dataclass_fields__})
        return self._stage(facts).copy_changes(plain, base, path)

    def equals(self, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file, restored into a table of the server, gives exactly the rows of this one."""
        with _driver_errors(), self._session.savepoint("sodaf_proof"):
            restored = load(self._session, path)
            names = ", ".join(f"{quote(name)}::text" for name, _type in facts.columns)
            mine, its = f"SELECT {names} FROM {quote(facts.name)}", f"SELECT {names} FROM {restored}"
            counts = f"(SELECT count(*) FROM {quote(facts.name)}), (SELECT count(*) FROM {restored})"
            # As many rows, and none that the other lacks as often: the same rows, duplicates counted.
            lacking = f"SELECT count(*) FROM ({mine} EXCEPT ALL {its}) AS lacking"
            ((live, copied, different),) = self._session.rows(f"SELECT {counts}, ({lacking})")
            self._session.execute(f"DROP TABLE {restored}")
        return (live, different) == (copied, 0)

    def _stage(self, facts: TableFacts) -> Snapshot:
        """Return the table in a file of its own, where side files can be compared with it."""
        if self._staged is None:
            path = self._folder / "live.sqlite"
            self.copy_table(self.facts(facts.name), path)
            connection = self._opened.enter_context(closing(open_file(path, "ro")))
            self._staged = self._opened.enter_context(closing(Snapshot(connection)))
        return self._staged


@contextmanager
def held_still(session: PostgresSession) -> Iterator[PostgresHeld]:
    """Hold the state that a transaction of our own sees."""
    with (
        workspace("backup") as folder,
        _driver_errors(),
        closing(PostgresHeld(session, Path(folder))) as held,
    ):
        yield held


def load(session: PostgresSession, path: Path) -> str:
    """Write a side file's table into a temporary table of the server, with the types it had, and return its name.

    Raises:
        SideFileError: If the file is damaged.
    """
    with open_side(path) as file, engine_errors():
        (table,) = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchone()
        facts = table_facts(file, "main", table)
        if facts is None:
            raise SideFileError("the data is not one sound table")
        session.execute(f"DROP TABLE IF EXISTS pg_temp.{BACKUP}")
        session.execute(f"CREATE TEMP TABLE {BACKUP} ({_typed(facts.columns)}) ON COMMIT DROP")
        names = ", ".join(quote(name) for name, _type in facts.columns)
        found = file.execute(f"SELECT {names} FROM {quote(table)}")
        query = f"COPY pg_temp.{BACKUP} ({names}) FROM STDIN".encode()
        with session.connection.cursor() as cursor, cursor.copy(query) as copy:
            for row in found:
                copy.write_row(row)
    return f"pg_temp.{BACKUP}"


def _typed(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{quote(name)} {_type_of(declared)}" for name, declared in columns)


def _type_of(declared: str) -> str:
    match = _DECLARED.fullmatch(declared)
    if match is None:
        raise SideFileError("it is no backup of a PostgreSQL table")
    return unquote_type(match[1])


def _side_sql(table: Table) -> str:
    """Return the CREATE TABLE text of the side file: affinities that keep each value, and the types in quotes."""
    lines = []
    for column in (c for c in table.columns if not c.hidden):
        affinity = "INTEGER" if column.type.kind in _INTEGERS else "TEXT"
        declared = literal(_without_affinity(type_sql(column.type)))
        required = " NOT NULL" if column.name in table.primary_key else ""
        lines.append(f"{quote(column.name)} {affinity} {declared}{required}")
    if not table.primary_key:
        return f"CREATE TABLE {quote(table.name)} ({', '.join(lines)})"
    key = ", ".join(map(quote, table.primary_key))
    return f"CREATE TABLE {quote(table.name)} ({', '.join(lines)}, PRIMARY KEY ({key})) WITHOUT ROWID"


def _without_affinity(text: str) -> str:
    # SQLite looks for INT anywhere in a declared type, and would make a number of a text that looks like one.
    return re.sub(
        "int", lambda match: f"%{ord(match[0][0]):02x}{match[0][1:]}", text.replace("%", "%25"), flags=re.IGNORECASE
    )


def _numbered(row: tuple[Any, ...], whole: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for number in whole:
        values[number] = None if values[number] is None else int(values[number])
    return tuple(values)


@contextmanager
def _driver_errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise SideFileError(primary(error)) from None
