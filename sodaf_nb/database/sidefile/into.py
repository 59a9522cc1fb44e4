"""Putting a side file's table into a live database: what each engine does, and how SQLite does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sodaf_nb.database.sidefile.engine import SIDE, attach
from sodaf_nb.database.sidefile.facts import TableFacts, ascii_lower, table_facts
from sodaf_nb.database.sidefile.restoring import (
    SideDifference,
    columns_difference,
    create_from_side,
    difference,
    replace_from_side,
    update_from_side,
)
from sodaf_nb.database.sidefile.rows import compare_tables

if TYPE_CHECKING:
    from sodaf_nb.database.session import Session, SQLiteSession

Objects = Sequence[tuple[str, str, str]]


class Restoring(Protocol):
    """One transaction in which a side file's table can be compared with a live one and written into it.

    Each method raises `SideFileError` when the engine refuses, or the table cannot take the rows.
    """

    @property
    def session(self) -> Session:
        """The transaction."""
        ...

    def facts(self, table: str) -> TableFacts | None:
        """Return the facts of a live table; None when there is none."""
        ...

    def attach(self, path: Path, side: TableFacts) -> TableFacts:
        """Make a side file readable, and return its facts as this engine understands them."""
        ...

    def same_shape(self, live: TableFacts, side: TableFacts) -> bool:
        """Return True when a live table can hold exactly the side file's rows."""
        ...

    def difference(self, live: TableFacts, side: TableFacts) -> SideDifference:
        """Return what makes the rows of a live table those of the side file."""
        ...

    def columns_difference(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> SideDifference:
        """Return how many live rows that the side file knows by their key hold other values than it does."""
        ...

    def create(self, side: TableFacts, objects: Objects | None, sequence: int | None) -> None:
        """Create the side file's table with its rows.

        Args:
            side: The side file's table.
            objects: What is made beside the table; None for rows and columns alone, under a new name.
            sequence: The counter of its key.
        """
        ...

    def replace(self, live: TableFacts, side: TableFacts, sequence: int | None) -> None:
        """Make the rows of a live table those of the side file; no trigger fires and no counter goes back."""
        ...

    def update(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> tuple[int, int]:
        """Give the live rows known by their key the side file's values, and no trigger fires.

        Returns:
            The number of rows that were found, and of those that hold exactly the side file's values now.
        """
        ...

    def holds(self, side: TableFacts) -> bool:
        """Return True when the live table has exactly the side file's rows."""
        ...

    def is_taken(self, name: str) -> bool:
        """Return True when there is something of that name."""
        ...


class SQLiteRestoring:
    """A transaction on SQLite; the side file is attached to it.

    Args:
        session: The transaction.
    """

    def __init__(self, session: SQLiteSession) -> None:
        self.session: Session = session
        self._raw = session.raw

    def facts(self, table: str) -> TableFacts | None:
        """Return the facts of a live table."""
        return table_facts(self._raw, "main", table)

    def attach(self, path: Path, side: TableFacts) -> TableFacts:
        """Attach a side file."""
        attach(self._raw, path, SIDE)
        return side

    def same_shape(self, live: TableFacts, side: TableFacts) -> bool:
        """Return True when columns, their order, the key and the row numbers are the same."""
        return _shape(live) == _shape(side)

    def difference(self, live: TableFacts, side: TableFacts) -> SideDifference:
        """Return what makes the rows of a live table those of the side file."""
        return difference(self._raw, live, side)

    def columns_difference(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> SideDifference:
        """Return how many live rows hold other values."""
        return columns_difference(self._raw, live, side, key)

    def create(self, side: TableFacts, objects: Objects | None, sequence: int | None) -> None:
        """Create the side file's table with its rows, then its indexes and triggers, and set its counter."""
        create_from_side(self._raw, side, objects or (), sequence)

    def replace(self, live: TableFacts, side: TableFacts, sequence: int | None) -> None:
        """Replace all rows."""
        replace_from_side(self._raw, live, side, sequence)

    def update(self, live: TableFacts, side: TableFacts, key: Sequence[str]) -> tuple[int, int]:
        """Give the live rows the side file's values."""
        return update_from_side(self._raw, live, side, key)

    def holds(self, side: TableFacts) -> bool:
        """Compare value by value and to the last bit."""
        return compare_tables(self._raw, side, "main", SIDE)

    def is_taken(self, name: str) -> bool:
        """Return True when there is something of that name."""
        query = "SELECT 1 FROM main.sqlite_master WHERE name = ? COLLATE NOCASE"
        return bool(self.session.rows(query, (name,)))


def _shape(facts: TableFacts) -> tuple[object, ...]:
    return (named(facts), [ascii_lower(name) for name in facts.key], facts.rowid, facts.carries_rowid)


def named(facts: TableFacts) -> list[tuple[str, str]]:
    """Return (name, declared type) of a table's columns in a form that can be compared."""
    return [(ascii_lower(name), ascii_lower(kind)) for name, kind in facts.columns]
