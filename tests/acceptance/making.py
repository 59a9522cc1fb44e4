"""DocTypes, databases and rows for the tests, in few words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.options import ApplyOptions
from tests.acceptance.state import State, quoted, take

Json = Mapping[str, Any]


def field(fieldname: str, fieldtype: str = "Data", **attributes: Any) -> Json:
    """Return a field."""
    return {"fieldname": fieldname, "fieldtype": fieldtype, "label": fieldname.title(), **attributes}


def doctype(*fields: Json, name: str = "Thing", **attributes: Any) -> Json:
    """Return a DocType."""
    return {"doctype": "DocType", "name": name, "fields": list(fields), **attributes}


class World:
    """One database file with its DocTypes, backups and applier.

    Args:
        folder: Where all of it lies.
        options: Options of the applier beside the folder of the backups; `dialect` is the database's.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.file = folder / "shop.db"
        self.database = Database(f"sqlite:///{self.file}", lock_timeout_s=options.pop("lock_timeout_s", 5.0))
        self.database.dialect = options.pop("dialect", self.database.dialect)
        self.doctypes = DocTypeEngine()
        self.backups = folder / "backups"
        self.applier = MigrationApplier(
            self.database, self.doctypes, ApplyOptions(backup_dir=self.backups, applied_by="tester", **options)
        )

    def declare(self, *doctypes: Json) -> World:
        """Register DocTypes."""
        for each in doctypes:
            self.doctypes.register(each)
        return self

    def sync(self, *doctypes: Json, **options: Any) -> Any:
        """Register DocTypes and bring the last one to the database."""
        from sodaf_nb.options import SyncOptions

        self.declare(*doctypes)
        return self.applier.sync_doctype(str(doctypes[-1]["name"]), SyncOptions(**options))

    def run(self, *statements: str) -> None:
        """Run SQL by hand, as a user's own program would."""
        with closing(sqlite3.connect(self.file)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    def insert(self, table: str, rows: Iterable[Json]) -> None:
        """Insert rows; a row without a name is called R1, R2 ... by its place."""
        with closing(sqlite3.connect(self.file)) as db:
            for place, given in enumerate(rows, start=1):
                row = {"name": f"R{place}"} | dict(given)
                names = ", ".join(map(quoted, row))
                marks = ", ".join("?" * len(row))
                db.execute(f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", tuple(row.values()))
            db.commit()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(sqlite3.connect(self.file)) as db:
            return db.execute(sql).fetchall()

    def state(self) -> State:
        """Return everything the file holds."""
        return take(self.file)

    def statuses(self) -> list[str]:
        """Return the statuses of the history, oldest first."""
        return [record.status for record in self.applier.history.get_migration_history()][::-1]

    def close(self) -> None:
        """Close the database."""
        self.database.close()
