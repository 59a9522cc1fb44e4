"""What changed in a table since a side file of it was written, kept in a side file and put on top again.

Such a file holds the table with the rows that are new or changed, whole, and a second table with the
identities of the rows that are gone. Rows are compared by value and by type, so no hash can hide a change.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sodaf_nb.database.sidefile.engine import (
    BASE,
    SIDE,
    SideFileError,
    attach,
    engine_errors,
    first_value,
    full_name,
    open_file,
    open_side,
)
from sodaf_nb.database.sidefile.facts import TableFacts, check_side
from sodaf_nb.database.sidefile.rows import copy_rows, same_row, same_values
from sodaf_nb.sql.quoting import quote

GONE = "sodaf_gone"


def gone_sql(facts: TableFacts) -> str:
    """Return the CREATE TABLE text of the second table: its rows have the identities that they have in the first."""
    if not facts.key:
        return f"CREATE TABLE {GONE}(id INTEGER PRIMARY KEY)"
    columns = ", ".join(f"{quote(name)} {facts.plain_type(name)}" for name in facts.key)
    return f"CREATE TABLE {GONE}({columns}, PRIMARY KEY ({', '.join(facts.identity())})) WITHOUT ROWID"


def write_changes(connection: sqlite3.Connection, facts: TableFacts) -> None:
    """Fill a new side file with what the live table has otherwise than the base; both are attached."""
    live, base = full_name("main", facts.name), full_name(BASE, facts.name)
    names, identity = ", ".join(facts.copied()), facts.identity()
    alike = f"{same_row(identity)} AND {same_values(facts.stored())}"
    connection.execute(
        f"INSERT INTO {full_name(SIDE, facts.name)}({names}) SELECT {names} FROM {live} AS a"
        f" WHERE NOT EXISTS (SELECT 1 FROM {base} AS b WHERE {alike})"
    )
    connection.execute(
        f"INSERT INTO {full_name(SIDE, GONE)} SELECT {', '.join(identity)} FROM {base} AS b"
        f" WHERE NOT EXISTS (SELECT 1 FROM {live} AS a WHERE {same_row(identity)})"
    )


def apply_changes(path: Path, changes: Path, facts: TableFacts) -> None:
    """Bring a private side file to the state that a file of changes on top of it describes.

    Raises:
        SideFileError: If the changes are damaged, or do not fit.
    """
    _require_changes(changes, facts)
    with engine_errors(), closing(open_file(path, "rw")) as connection:
        attach(connection, changes, SIDE)
        connection.execute("BEGIN")
        # All of the old before any of the new: a value that is unique may have moved from row to row.
        for source in (full_name(SIDE, GONE), full_name(SIDE, facts.name)):
            old = f"EXISTS (SELECT 1 FROM {source} AS b WHERE {same_row(facts.identity())})"
            connection.execute(f"DELETE FROM {full_name('main', facts.name)} AS a WHERE {old}")
        copy_rows(connection, facts, SIDE, "main")
        connection.execute("COMMIT")


def _require_changes(path: Path, facts: TableFacts) -> None:
    with open_side(path) as connection:
        same_table = check_side(connection, facts.name, beside=GONE).create_sql == facts.create_sql
        with engine_errors():
            gone = first_value(connection, "SELECT sql FROM sqlite_master WHERE name=?", (GONE,))
    if not same_table or gone != gone_sql(facts):
        raise SideFileError(f"its changes are not those of a table {facts.name} as it was then")
