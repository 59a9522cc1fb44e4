"""What of a table a backup saves. A strategy copies rows to a side file and proves the copy."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, Protocol

from sodaf_nb.backup.manifest import Manifest
from sodaf_nb.backup.reader import Unpacked
from sodaf_nb.database.sidefile import SideFileError, TableFacts
from sodaf_nb.database.sidefile.held import Held


class BackupStrategy(Protocol):
    """One choice of what to save.

    Args:
        kind: The word for it in manifests.
    """

    kind: ClassVar[str]

    @property
    def base(self) -> Manifest | None:
        """The backup it builds on; None when it stands alone."""

    def saved(self, facts: TableFacts) -> TableFacts:
        """Return the facts of the table that the backup gives back.

        Raises:
            SideFileError: If the table cannot be saved like this.
        """

    def copy(self, source: Held, saved: TableFacts, path: Path) -> None:
        """Write the rows to save to a new side file."""

    def proves(self, source: Held, saved: TableFacts, path: Path) -> bool:
        """Tell whether a backup, read back, gives exactly what it was to save of the live table.

        The two are compared with each other value by value, by type and to the last bit, the sign of a zero
        included (`compare_tables`). For a backup that stands alone the reader then only has to find the
        bytes that were written, which their SHA-256 says: the content digest was taken from these very bytes,
        so reading and hashing every row once more would prove nothing new.
        """


class _TableCopy:
    """A backup that stands alone: a table of the rows as they are."""

    base: Manifest | None = None

    def copy(self, source: Held, saved: TableFacts, path: Path) -> None:
        """Write the rows to save to a new side file."""
        source.copy_table(saved, path)

    def proves(self, source: Held, saved: TableFacts, path: Path) -> bool:
        """Tell whether a side file holds exactly what is to be saved of the table, types included."""
        return source.equals(saved, path)


class FullBackupStrategy(_TableCopy):
    """Saves every row and every stored column."""

    kind: ClassVar[str] = "full"

    def saved(self, facts: TableFacts) -> TableFacts:
        """Return the facts of the whole table."""
        return facts


class ColumnBackupStrategy(_TableCopy):
    """Saves some columns of every row, and the key by which the rows are found again.

    Args:
        columns: Names of the columns; those of the key come by themselves.
    """

    kind: ClassVar[str] = "column"

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = tuple(columns)

    def saved(self, facts: TableFacts) -> TableFacts:
        """Return the facts of a table of key and columns alone.

        Raises:
            SideFileError: If the table has no key that lasts, does not store a column, or it is part of the key.
        """
        if not facts.lasting_key:
            raise SideFileError(NO_KEY)
        return facts.only(self._columns)


class IncrementalBackupStrategy:
    """Saves the rows that were changed, added or deleted since another backup of the same table.

    Rows are compared with those of the base value by value, not by hashes of them, so nothing can be missed.

    Args:
        base: That backup, checked; full or incremental itself.
    """

    kind: ClassVar[str] = "incremental"

    def __init__(self, base: Unpacked) -> None:
        self._base = base

    @property
    def base(self) -> Manifest:
        """The backup it builds on."""
        return self._base.manifest

    def saved(self, facts: TableFacts) -> TableFacts:
        """Return the facts of the whole table, which the chain gives back.

        Raises:
            SideFileError: If the base is not of this table, as it is defined now.
        """
        if self.base.table != facts.name:
            raise SideFileError(f"it is a backup of {self.base.table}")
        if self.base.strategy == "column":
            raise SideFileError("it holds some columns only")
        if self.base.create_sql != facts.create_sql:
            raise SideFileError("the table was defined otherwise then")
        return facts

    def copy(self, source: Held, saved: TableFacts, path: Path) -> None:
        """Write what changed since the base to a new side file."""
        source.copy_changes(saved, self._base.path, path)

    def proves(self, source: Held, saved: TableFacts, path: Path) -> bool:
        """Tell whether the table that the chain gives back holds exactly the rows of the live one."""
        return source.equals(saved, path)


NO_KEY = "it has no primary key that every row fills, by which rows could be found again"
