"""A history and backups that version 0.1 wrote are read, added to and rolled back; see data/0.1."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sodaf_nb.errors import MigrationRollbackError
from sodaf_nb.options import RollbackOptions
from tests.acceptance.making import World, doctype, field

DATA = Path(__file__).parent / "data" / "0.1"
BEFORE = [
    ("R1", "t0", "1", "text", "g0"),
    ("R2", "t1", "007", "text", "g1"),
    ("R3", None, None, "null", "g2"),
    ("R4", "t3", "x", "text", "g3"),
    ("R5", "t4", "5", "text", "g4"),
]
ROWS = "SELECT name, title, qty, typeof(qty), gone FROM tabThing ORDER BY name"


@pytest.fixture
def old(tmp_path):
    """The database of 0.1 at the place it never had, with the rights that backups had then."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.executescript((DATA / "shop.sql").read_text())
    shutil.copytree(DATA / "backups", tmp_path / "backups")
    for path in (tmp_path / "backups").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    world = World(tmp_path)
    yield world
    world.close()


def test_an_old_history_is_read_and_not_written_by_reading(old):
    raw = old.file.read_bytes()
    history = old.applier.history.get_migration_history()
    assert [(r.doctype, r.version, r.status, r.dialect, r.statements) for r in history] == [
        ("Other", 2, "applied", "", ()),
        ("Other", 1, "applied", "", ()),
        ("Thing", 2, "applied", "", ()),
        ("Thing", 1, "applied", "", ()),
    ]
    assert len(history.to_frame()) == 4
    assert old.applier.history.drift().unknown == ("Thing", "Other")
    assert "kept no list" in repr(old.applier.history.drift())
    assert old.file.read_bytes() == raw


def test_an_old_migration_is_rolled_back_from_an_old_backup_and_the_table_grows_with_it(old):
    records = old.ask("SELECT * FROM tabMigrationHistory ORDER BY rowid")
    migration = old.applier.history.get_migration_history("Thing")[0]
    old.declare(doctype(field("something", "Date"), name="Thing"))
    undone = old.applier.rollback_migration(migration.id)
    assert old.ask(ROWS) == [*BEFORE, ("new", "later", "9", "text", None)]
    after = old.ask("SELECT * FROM tabMigrationHistory ORDER BY rowid")
    width = len(records[0])
    assert after[0][:width] == records[0]
    assert [row[width:] for row in after[:4]] == [("", "[]", None, None, "{}")] * 4
    record = old.applier.history.get_migration(undone.migration_id)
    assert (record.dialect, [s["sql"] for s in record.statements]) == ("sqlite", list(record.sql))
    old.applier.rollback_migration(undone.migration_id, RollbackOptions(accept={"DS03", "DS08"}))
    assert old.ask("SELECT title FROM tabThing WHERE name = 'R3'") == [("untitled",)]


def test_the_table_grows_in_the_transaction_of_the_first_write_alone(old):
    columns = old.ask("SELECT name FROM pragma_table_info('tabMigrationHistory')")
    old.run("CREATE TRIGGER no BEFORE INSERT ON tabMigrationHistory BEGIN SELECT RAISE(ABORT, 'no'); END")
    migration = old.applier.history.get_migration_history("Thing")[0]
    with pytest.raises(Exception, match="no"):
        old.applier.rollback_migration(migration.id)
    assert old.ask("SELECT name FROM pragma_table_info('tabMigrationHistory')") == columns


def test_an_old_backup_is_restored_and_drilled(old):
    (backup,) = old.applier.backups.list_backups()
    assert (backup.database_id, old.applier.backups.drill().success) == (None, True)
    beside = old.applier.backups.restore_backup(backup.id, as_table="old")
    assert beside.row_count == 5
    old.applier.rollback_migration(beside.migration_id, RollbackOptions(accept={"DS02"}))
    with pytest.raises(MigrationRollbackError, match="nothing to undo"):
        old.applier.rollback_migration(beside.migration_id)
