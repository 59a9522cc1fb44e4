"""What a backup asks of a live table that is held still, whatever the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sodaf_nb.database.sidefile.facts import TableFacts
from sodaf_nb.database.sidefile.rows import ROWS


class Held(Protocol):
    """One committed state of a live database."""

    def facts(self, table: str) -> TableFacts:
        """Return the facts of a table.

        Raises:
            SideFileError: If there is no such table or it cannot be copied.
        """
        ...

    def identity(self) -> str | None:
        """Return the database's id; None when it was never migrated."""
        ...

    def rows(self, facts: TableFacts, *, size: int = ROWS) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a table's rows, typed, so many at a time."""
        ...

    def copy_table(self, facts: TableFacts, path: Path) -> int:
        """Write a table, or of its columns those that the facts name, to a new side file; return the number of rows."""
        ...

    def copy_changes(self, facts: TableFacts, base: Path, path: Path) -> int:
        """Write what changed in a table since a side file was written; return the table's number of rows."""
        ...

    def equals(self, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly the rows of this table, of the columns those the facts name."""
        ...
