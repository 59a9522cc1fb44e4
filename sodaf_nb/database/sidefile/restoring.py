"""Writing into a live database from a side file that is attached to its connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sodaf_nb.database.sidefile.engine import SIDE, SideFileError, add_sign, engine_errors, full_name, open_file
from sodaf_nb.database.sidefile.facts import TableFacts, has_sequences
from sodaf_nb.database.sidefile.rows import copy_rows, count_equal, same_row
from sodaf_nb.errors import LockedError
from sodaf_nb.sql.quoting import quote

if TYPE_CHECKING:
    from sodaf_nb.database.database import SQLiteDatabase


def rename_in_side(path: Path, old: str, new: str) -> None:
    """Give the table of a private side file another name; the engine writes the new CREATE TABLE text."""
    with engine_errors(), closing(open_file(path, "rw")) as connection:
        connection.execute(f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}")


@contextmanager
def writing(database: SQLiteDatabase) -> Iterator[sqlite3.Connection]:
    """Run a block in one write transaction on a connection of its own; any error takes it all back.

    Raises:
        LockedError: If another writer holds the database for longer than its lock timeout.
    """
    with engine_errors():
        connection = database.connect()
    with closing(connection):
        add_sign(connection)
        connection.execute("PRAGMA ignore_check_constraints=ON")  # rows older than a CHECK come back as they were
        _begin(connection, database.name)
        try:
            yield connection
            with engine_errors():
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # the engine may have ended it itself (trap T5)
                connection.execute("ROLLBACK")
            raise


def _begin(connection: sqlite3.Connection, name: str) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        if "locked" not in str(error):
            raise SideFileError(str(error)) from None
        raise LockedError(f"Another writer holds {name}.", hint="wait until it is done and try again") from None


def create_from_side(
    connection: sqlite3.Connection, facts: TableFacts, objects: Sequence[tuple[str, str, str]], sequence: int | None
) -> None:
    """Create the side file's table with its rows, then its indexes and triggers, and set its counter."""
    with engine_errors():
        connection.execute(facts.create_sql)
        copy_rows(connection, facts, SIDE, "main")
        # After the rows: index pages are then written in order, and no trigger sees the copy.
        for _kind, _label, sql in objects:
            connection.execute(sql)
        _raise_sequence(connection, facts.name, sequence)


def replace_from_side(connection: sqlite3.Connection, live: TableFacts, side: TableFacts, sequence: int | None) -> None:
    """Replace all rows of a live table by the side file's; no trigger fires and the counter never goes back."""
    triggers = [entry for entry in live.objects if entry[0] == "trigger"]
    with engine_errors():
        with _set_aside(connection, triggers):
            connection.execute(f"DELETE FROM {full_name('main', live.name)}")
            copy_rows(connection, side, SIDE, "main")
        _raise_sequence(connection, live.name, sequence)


def update_from_side(
    connection: sqlite3.Connection, live: TableFacts, side: TableFacts, key: Sequence[str]
) -> tuple[int, int]:
    """Give the live rows that the side file knows by their key the side file's values, and no trigger fires.

    Returns:
        The number of rows that were found, and of those that hold exactly the side file's values now.
    """
    keys = [quote(name) for name in key]
    values = [name for name in side.stored() if name not in keys]
    table, source = full_name("main", live.name), full_name(SIDE, side.name)
    changes = ", ".join(f"{name} = b.{name}" for name in values)
    # Indexes too: a unique one looks at each row in turn, while values may be on their way to one another.
    with engine_errors(), _set_aside(connection, live.objects):
        rows = connection.execute(f"UPDATE {table} AS a SET {changes} FROM {source} AS b WHERE {same_row(keys)}")
        return rows.rowcount, count_equal(connection, table, source, keys, values)


@contextmanager
def _set_aside(connection: sqlite3.Connection, objects: Sequence[tuple[str, str, str]]) -> Iterator[None]:
    """Run a block without these indexes and triggers, and make them again."""
    for kind, name, _sql in objects:
        connection.execute(f"DROP {kind.upper()} {full_name('main', name)}")
    yield
    for _kind, _name, sql in objects:
        connection.execute(sql)


def _raise_sequence(connection: sqlite3.Connection, table: str, sequence: int | None) -> None:
    # The copy has made the table's entry, also when there were no rows; a table without one needs none.
    if sequence is not None and has_sequences(connection, "main"):
        raise_it = "UPDATE main.sqlite_sequence SET seq=max(seq, ?) WHERE name=?"
        connection.execute(raise_it, (sequence, table))
