"""Writing into a live database from a side file that is attached to its connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sodaf_nb.database.sidefile.engine import SIDE, engine_errors, first_value, full_name, open_file
from sodaf_nb.database.sidefile.facts import TableFacts, has_sequences
from sodaf_nb.database.sidefile.rows import copy_rows, count_equal, count_pairs, same_row
from sodaf_nb.sql.quoting import quote


def rename_in_side(path: Path, old: str, new: str) -> None:
    """Give the table of a private side file another name; the engine writes the new CREATE TABLE text."""
    with engine_errors(), closing(open_file(path, "rw")) as connection:
        connection.execute(f"ALTER TABLE {quote(old)} RENAME TO {quote(new)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SideDifference:
    """What a restore changes in a table: numbers of rows.

    Args:
        added: Rows that are not in the table now.
        changed: Rows that hold other values now.
        removed: Rows of the table that go, because the backup does not have them.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0


def difference(connection: sqlite3.Connection, live: TableFacts, side: TableFacts) -> SideDifference:
    """Return what makes the rows of a live table those of the side file; rows are told by their identity."""
    one, two, names = full_name("main", live.name), full_name(SIDE, side.name), side.identity()
    with engine_errors():
        here, there = (int(first_value(connection, f"SELECT count(*) FROM {table}")) for table in (one, two))
        both = count_pairs(connection, one, two, names)
        equal = count_equal(connection, one, two, names, side.stored())
    return SideDifference(added=there - both, changed=both - equal, removed=here - both)


def columns_difference(
    connection: sqlite3.Connection, live: TableFacts, side: TableFacts, key: Sequence[str]
) -> SideDifference:
    """Return how many live rows that the side file knows by their key hold other values than it does."""
    one, two, keys = full_name("main", live.name), full_name(SIDE, side.name), [quote(name) for name in key]
    values = [name for name in side.stored() if name not in keys]
    with engine_errors():
        equal = count_equal(connection, one, two, keys, values)
        return SideDifference(changed=count_pairs(connection, one, two, keys) - equal)


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
