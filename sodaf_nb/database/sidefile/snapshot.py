"""A live table held still and copied to a side file."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.database.identity import identity_of
from sodaf_nb.database.sidefile.changes import gone_sql, write_changes
from sodaf_nb.database.sidefile.engine import (
    BASE,
    PROOF,
    SIDE,
    SideFileError,
    add_sign,
    attach,
    engine_errors,
    first_value,
    full_name,
    open_file,
)
from sodaf_nb.database.sidefile.facts import TableFacts, table_facts
from sodaf_nb.database.sidefile.rows import ROWS, compare_tables, copy_rows, exact_rows
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.database import SQLiteDatabase


class Snapshot:
    """One committed state of a live database, held still; made by `hold`.

    Args:
        connection: A connection of our own, which nothing else uses.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA query_only=OFF")  # the side file is written through it; a file's main is mode=ro
        connection.execute("PRAGMA ignore_check_constraints=ON")  # rows older than a CHECK are copied as they are
        add_sign(connection)  # now: a connection with an unfinished SELECT takes no function twice
        connection.execute("BEGIN")
        # An unfinished SELECT keeps the read transaction, so the state read, open after the COMMIT of a copy:
        # what was copied can then be compared with exactly the state it came from, whoever writes meanwhile.
        self._anchor = connection.execute("SELECT 1 FROM main.sqlite_master UNION ALL SELECT 2 FROM main.sqlite_master")
        self._readers: list[Generator[list[tuple[Any, ...]], None, None]] = []

    def close(self) -> None:
        """End every unfinished SELECT: one that a traceback still holds would keep the connection and its lock."""
        for reader in self._readers:
            reader.close()
        self._anchor.close()

    def facts(self, table: str) -> TableFacts:
        """Return the facts of a table.

        Raises:
            SideFileError: If there is no such table or it cannot be copied.
        """
        found = table_facts(self._connection, "main", table)
        if found is None:
            raise SideFileError(f"there is no table {table}")
        return found

    def identity(self) -> str | None:
        """Return the database's id; None when it was never migrated."""
        with engine_errors():
            return identity_of(lambda sql: self._connection.execute(sql).fetchall())

    def rows(self, facts: TableFacts, *, size: int = ROWS) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a table's rows as `exact_rows` does."""
        self._readers.append(exact_rows(self._connection, "main", facts, size=size))
        return self._readers[-1]

    def copy_table(self, facts: TableFacts, path: Path) -> int:
        """Write a table, or of its columns those that the facts name, to a new side file; return the number of rows."""
        with engine_errors():
            self._make_side(path, facts.create_sql)
            rows = copy_rows(self._connection, facts, "main", SIDE)
            self._connection.execute("COMMIT")
        return rows

    def copy_changes(self, facts: TableFacts, base: Path, path: Path) -> int:
        """Write what changed in a table since a side file was written; return the table's number of rows."""
        attach(self._connection, base, BASE)
        with engine_errors():
            self._make_side(path, facts.create_sql, gone_sql(facts))
            write_changes(self._connection, facts)
            self._connection.execute("COMMIT")
            return int(first_value(self._connection, f"SELECT count(*) FROM {full_name('main', facts.name)}"))

    def _make_side(self, path: Path, *create_sql: str) -> None:
        _make_side(path, create_sql, first_value(self._connection, "PRAGMA main.encoding"))
        attach(self._connection, path, SIDE)
        self._connection.execute(f"PRAGMA {SIDE}.journal_mode=OFF").fetchall()

    def equals(self, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly the rows of this table, of the columns those the facts name."""
        attach(self._connection, path, PROOF)
        return compare_tables(self._connection, facts, "main", PROOF)


@contextmanager
def hold(database: SQLiteDatabase) -> Iterator[Snapshot]:
    """Hold the committed state of a database through a connection of our own.

    Raises:
        SideFileError: If the database cannot be read.
    """
    with engine_errors():
        connection = database.connect(read_only=True)
    with closing(connection):
        with engine_errors():
            snapshot = Snapshot(connection)
        with closing(snapshot):
            yield snapshot


def _make_side(path: Path, create_sql: tuple[str, ...], encoding: str) -> None:
    with closing(open_file(path, "rwc")) as connection:
        # Attached files must share one text encoding, so it is set before the first page is written.
        connection.execute(f"PRAGMA encoding={quote(encoding)}")
        for sql in create_sql:
            connection.execute(sql)
