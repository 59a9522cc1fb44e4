"""What of a table a backup saves. A strategy copies rows to a side file and proves the copy."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

from sodaf_nb.database.sidefile import Snapshot, TableFacts


class BackupStrategy(Protocol):
    """One choice of what to save.

    Args:
        kind: The word for it in manifests.
    """

    kind: ClassVar[str]

    def copy(self, source: Snapshot, facts: TableFacts, path: Path) -> int:
        """Write the rows at risk to a new side file and return how many there are."""

    def proves(self, source: Snapshot, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly what this strategy saves of the table."""


class FullBackupStrategy:
    """Saves every row and every stored column."""

    kind: ClassVar[str] = "full"

    def copy(self, source: Snapshot, facts: TableFacts, path: Path) -> int:
        """Write the whole table to a new side file and return the number of rows."""
        return source.copy_table(facts, path)

    def proves(self, source: Snapshot, facts: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly the rows of the table, types included."""
        return source.equals(facts, path)
