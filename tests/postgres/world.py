"""One PostgreSQL database with its DocTypes, backups and applier, as the acceptance cases need it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.options import ApplyOptions, SyncOptions
from tests.postgres.state import State, read


class World:
    """One database with its DocTypes, backups and applier.

    Args:
        url: Its address.
        pg: A connection of a user's own program.
        folder: Where backups lie.
    """

    def __init__(self, url, pg, folder: Path) -> None:
        self.pg = pg
        self.database = Database(url)
        self.doctypes = DocTypeEngine()
        self.applier = MigrationApplier(
            self.database, self.doctypes, ApplyOptions(backup_dir=folder / "backups", applied_by="tester")
        )

    def sync(self, *doctypes: Any, **options: Any) -> Any:
        """Register DocTypes and bring the last one to the database."""
        for each in doctypes:
            self.doctypes.register(each)
        return self.applier.sync_doctype(str(doctypes[-1]["name"]), SyncOptions(**options))

    def run(self, *statements: str) -> None:
        """Run SQL by hand; a name like tabThing is quoted, which SQLite does without."""
        for statement in statements:
            self.pg.execute(re.sub(r'(?<!["\w])(tab[A-Z]\w*)', r'"\1"', statement))

    def insert(self, table: str, rows: Iterable[Any]) -> None:
        """Insert rows; a row without a name is called R1, R2 ... by its place."""
        for place, given in enumerate(rows, start=1):
            row = {"name": f"R{place}"} | dict(given)
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join(["%s"] * len(row))
            # As texts of no type yet: what they become is the column's business.
            values = [None if value is None else str(value) for value in row.values()]
            self.pg.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)

    def values(self, table: str, column: str) -> tuple[Any, ...]:
        """Return one column's values in the order of the keys."""
        found = self.pg.execute(f'SELECT "{column}" FROM "{table}" ORDER BY name::text COLLATE "C"')
        return tuple(str(value) if isinstance(value, (date, datetime, time)) else value for (value,) in found)

    def state(self) -> State:
        """Return everything the database holds."""
        return read(self.pg)

    def close(self) -> None:
        """Close the database."""
        self.database.close()
