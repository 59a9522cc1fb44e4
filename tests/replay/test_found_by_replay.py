"""Small histories for what the replay, or reading it closely, has found wrong once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import BlockedMigrationError, UnsupportedChangeError
from sodaf_nb.options import ApplyOptions, SyncOptions
from sodaf_nb.results import MigrationResult


class World:
    """One database with one DocType, given as {fieldname: fieldtype}."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "world.db"
        self._doctypes = DocTypeEngine()
        options = ApplyOptions(backup_dir=folder / "backups")
        self.applier = MigrationApplier(Database(f"sqlite:///{self._path}"), self._doctypes, options)

    def sync(self, fields: dict[str, str], *, name: str = "T", options: SyncOptions | None = None) -> MigrationResult:
        """Bring the DocType to these fields."""
        listed = [{"fieldname": field, "fieldtype": kind} for field, kind in fields.items()]
        self._doctypes.register({"doctype": "DocType", "name": name, "fields": listed})
        return self.applier.sync_doctype(name, options)

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """Run a statement as another program would, and return its rows."""
        with closing(sqlite3.connect(self._path)) as db, db:
            return db.execute(sql).fetchall()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a database where `a` was a Data field with the text 5, is kept, and is no field any more."""
    made = World(tmp_path)
    made.sync({"a": "Data"})
    made.run("INSERT INTO tabT (name, a) VALUES ('r1', '5')")
    made.sync({"b": "Data"})
    return made


def test_a_rename_onto_a_kept_column_is_refused_and_not_taken_for_done(world: World) -> None:
    world.run("UPDATE tabT SET b = 'current'")
    with pytest.raises(UnsupportedChangeError, match="has a column a already") as refusal:
        world.sync({"a": "Data"}, options=SyncOptions(field_renames={"b": "a"}))
    assert refusal.value.objects == ("b", "a")
    assert world.run("SELECT a, b FROM tabT") == [("5", "current")]


def test_a_returning_field_of_another_type_is_found_after_a_rollback(world: World) -> None:
    later = world.sync({"b": "Data", "c": "Int"})
    world.applier.rollback_migration(str(later.migration_id))
    with pytest.raises(BlockedMigrationError, match="DS12"):
        world.sync({"a": "Int", "b": "Data"})


def test_a_returning_field_of_another_type_is_found_while_the_doctype_is_renamed(world: World) -> None:
    with pytest.raises(BlockedMigrationError, match="DS12"):
        world.sync({"a": "Int", "b": "Data"}, name="U", options=SyncOptions(renamed_from="T"))
