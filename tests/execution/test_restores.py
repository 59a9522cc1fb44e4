"""A restore is looked at first, noted in the history, backed up before, and taken back like a migration."""

from contextlib import closing

import pytest

from sodaf_nb import Database
from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.database import exclusive
from sodaf_nb.errors import LockedError, MigrationRestoreError, UsageError
from sodaf_nb.execution import trial
from sodaf_nb.options import RollbackOptions
from tests.acceptance.making import World, doctype, field
from tests.acceptance.state import take
from tests.backup.helpers import run

V1 = doctype(field("title"), field("qty", "Int"))


@pytest.fixture
def saved(world):
    world.sync(V1)
    world.insert("tabThing", [{"title": f"t{n}", "qty": n} for n in range(5)])
    world.before = world.state()
    world.backup = world.applier.backups.create_backup("Thing", "tabThing")
    world.run(
        "UPDATE tabThing SET qty = 70 WHERE name IN ('R1', 'R2')",
        "DELETE FROM tabThing WHERE name = 'R3'",
        "INSERT INTO tabThing (name) VALUES ('new')",
    )
    world.later = world.state()
    return world


def restore(world, **options):
    return world.applier.backups.restore_backup(world.backup.id, **options)


def test_a_dry_restore_says_what_would_change_and_changes_no_byte(saved):
    raw = saved.file.read_bytes()
    result = restore(saved, dry_run=True)
    assert saved.file.read_bytes() == raw
    assert (result.added, result.changed, result.removed, result.row_count) == (1, 2, 1, 5)
    assert (result.heading(), result.to_rows()[0]["would be"]) == ("tabThing: would be restored", "replaced")
    assert (result.dry_run, result.migration_id, result.replaced_backup_id) == (True, None, None)
    done = restore(saved)
    assert (done.added, done.changed, done.removed) == (1, 2, 1)
    assert saved.state() == saved.before


def test_a_restore_is_in_the_history_and_taken_back_to_the_row(saved):
    result = restore(saved)
    kept = saved.applier.backups.list_backups()
    record = saved.applier.history.get_migration(result.migration_id)
    assert (record.status, record.affected_rows, record.applied_by) == ("applied", 4, "tester")
    assert record.fingerprint_before == record.fingerprint_after
    (row, *_rest) = saved.applier.history.get_migration_history().to_rows()
    assert (row["kind"], row["version"]) == ("restore", 2)
    assert row["changes"] == "< tabThing restored from a backup: 1 added, 2 changed, 1 removed"
    raw = saved.file.read_bytes()
    dry = saved.applier.dry_run_rollback(result.migration_id)
    assert (saved.file.read_bytes(), saved.applier.backups.list_backups()) == (raw, kept)
    assert dry.success
    assert dry.conflicts == ("Rows of tabThing: 1 added, 2 changed, 1 removed.",)
    assert dry.rehearsal.to_text() == "Rehearsed on a copy with all 5 rows: up and back, rows and objects equal."
    assert saved.applier.rollback_migration(result.migration_id, RollbackOptions(dry_run=True)).outcome == "not_applied"
    assert saved.state() == saved.before
    undone = saved.applier.rollback_migration(result.migration_id)
    assert saved.state() == saved.later
    assert (undone.outcome, undone.heading()) == ("applied", "Thing: rolled back #2 (#3)")
    assert saved.statuses() == ["applied", "rolled_back", "applied"]
    saved.applier.rollback_migration(undone.migration_id)
    assert saved.state() == saved.before


def test_what_a_restore_replaced_is_kept_while_it_can_be_taken_back(saved):
    result = restore(saved)
    assert result.replaced_backup_id in saved.applier.history.backups_in_use()
    saved.applier.rollback_migration(result.migration_id)
    assert result.replaced_backup_id not in saved.applier.history.backups_in_use()


def test_a_restore_stands_in_no_migrations_way(saved):
    changed = saved.sync(doctype(field("title"), field("qty")))
    again = saved.applier.backups.create_backup("Thing", "tabThing")
    saved.applier.backups.restore_backup(again.id)
    saved.applier.rollback_migration(changed.migration_id)
    assert saved.state() == saved.later


def test_a_table_that_a_restore_made_goes_when_it_is_taken_back(saved):
    saved.run("DROP TABLE tabThing")
    before = saved.state()
    result = restore(saved)
    assert (result.created, result.added) == (True, 5)
    assert saved.state() == saved.before
    saved.applier.rollback_migration(result.migration_id, RollbackOptions(accept={"DS02"}))
    assert saved.state() == before


def test_chosen_columns_of_a_full_backup_come_back_alone(saved):
    saved.run("UPDATE tabThing SET title = 'edited' WHERE name = 'R1'")
    dry = restore(saved, columns=("qty",), dry_run=True)
    result = restore(saved, columns=("qty",))
    assert (dry.changed, result.changed, result.row_count, result.left_out) == (2, 2, 4, 1)
    rows = "SELECT name, title, qty, typeof(qty) FROM tabThing ORDER BY name"
    assert saved.ask(rows) == [
        ("R1", "edited", 0, "integer"),
        ("R2", "t1", 1, "integer"),
        ("R4", "t3", 3, "integer"),
        ("R5", "t4", 4, "integer"),
        ("new", None, None, "null"),
    ]
    saved.applier.rollback_migration(result.migration_id)
    assert saved.ask("SELECT qty FROM tabThing WHERE name = 'R1'") == [(70,)]


@pytest.mark.parametrize("columns", [("nothing",), ("name",)])
def test_columns_that_cannot_be_put_back_alone_change_nothing(saved, columns):
    with pytest.raises(MigrationRestoreError):
        restore(saved, columns=columns)
    assert saved.state() == saved.later


def test_the_way_back_of_restored_columns_is_tried_with_those_columns(saved):
    result = restore(saved, columns=("qty",))
    dry = saved.applier.dry_run_rollback(result.migration_id)
    assert dry.success
    assert dry.backup_preview[0]["columns"] == "name, qty"
    assert len(dry.to_rows()) == 1


def test_a_way_back_of_a_restore_that_does_not_lead_back_again_fails_the_dry_run(saved, monkeypatch):
    result = restore(saved)
    monkeypatch.setattr(trial, "equal_tables", lambda _connection, _name: False)
    dry = saved.applier.dry_run_rollback(result.migration_id)
    assert (dry.success, dry.rehearsal.problem) == (False, "not as before: tabThing")


def test_the_way_back_of_a_restore_is_tried_where_the_table_was_dropped_since(saved):
    result = restore(saved)
    saved.run("DROP TABLE tabThing")
    dry = saved.applier.dry_run_rollback(result.migration_id)
    assert (dry.success, dry.backup_preview) == (True, ())


def test_columns_and_a_name_of_its_own_do_not_go_together(saved):
    with pytest.raises(UsageError):
        restore(saved, columns=("qty",), as_table="other")


def test_columns_of_a_table_without_a_key_are_refused(world):
    world.run("CREATE TABLE plain (a, b)", "INSERT INTO plain VALUES (1, 2)")
    made = world.applier.backups.create_backup("Plain", "plain")
    with pytest.raises(MigrationRestoreError, match="no key"):
        world.applier.backups.restore_backup(made.id, columns=("a",))


def test_another_file_gets_the_table_exactly_and_no_history(saved, tmp_path):
    saved.run("CREATE INDEX mine ON tabThing (title)", "CREATE TRIGGER t AFTER DELETE ON tabThing BEGIN SELECT 1; END")
    made = saved.applier.backups.create_backup("Thing", "tabThing")
    with closing(Database(str(tmp_path / "scratch.db"))) as other:
        result = saved.applier.backups.restore_backup(made.id, into=other)
        assert (result.created, result.migration_id) == (True, None)
        copy, live = take(tmp_path / "scratch.db"), saved.state()
        assert copy == live
        run(other, "DELETE FROM tabThing")
        again = saved.applier.backups.restore_backup(made.id, into=other)
        assert take(tmp_path / "scratch.db") == live
        assert saved.applier.backups.get(again.replaced_backup_id).row_count == 0
    assert saved.statuses() == ["applied"]


def other_shop(saved, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = World(tmp_path / "elsewhere")
    other.sync(V1)
    other.insert("tabThing", [{"title": "theirs"}])
    return other


def test_a_backup_of_another_database_of_the_same_name_is_refused(saved, tmp_path):
    other = other_shop(saved, tmp_path)
    foreign = other.applier.backups.create_backup("Thing", "tabThing")
    (other.backups / foreign.id).rename(saved.backups / foreign.id)
    with pytest.raises(MigrationRestoreError, match=r"another database, which was named shop\.db") as refused:
        saved.applier.backups.restore_backup(foreign.id)
    assert "any_database" in refused.value.hint
    assert saved.state() == saved.later
    saved.applier.backups.restore_backup(foreign.id, as_table="theirs")
    assert saved.ask("SELECT title FROM theirs") == [("theirs",)]
    saved.applier.backups.restore_backup(foreign.id, any_database=True)
    assert saved.ask("SELECT title FROM tabThing") == [("theirs",)]
    assert foreign.id not in saved.applier.backups.cleanup(older_than_days=0)
    other.close()


def test_a_copy_of_a_database_is_the_same_database(saved, tmp_path):
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "staging.db").write_bytes(saved.file.read_bytes())
    copy = World(tmp_path / "copy")
    copy.applier.database.close()
    with closing(Database(str(tmp_path / "copy" / "staging.db"))) as database:
        MigrationBackupManager(database, saved.backups).restore_backup(saved.backup.id)
    assert take(tmp_path / "copy" / "staging.db") == saved.before
    copy.close()


def test_a_backup_without_an_id_is_told_by_its_name_and_that_is_said(world):
    world.run("CREATE TABLE plain (a)", "INSERT INTO plain VALUES (1)")
    made = world.applier.backups.create_backup("Plain", "plain")
    assert made.database_id is None
    result = world.applier.backups.restore_backup(made.id)
    assert "told by name and columns" in result.notes()[-1]


def test_no_restore_while_a_migration_runs(saved):
    with exclusive(saved.database.uri, saved.database.file), pytest.raises(LockedError):
        restore(saved)
    assert saved.state() == saved.later


def test_a_restore_beside_the_table_is_looked_at_first_as_well(saved):
    result = restore(saved, as_table="beside", dry_run=True)
    assert (result.table, result.created, result.added, result.dry_run) == ("beside", True, 5, True)
    assert saved.state() == saved.later
    with pytest.raises(MigrationRestoreError, match="already something named tabMigrationHistory"):
        restore(saved, as_table="tabMigrationHistory", dry_run=True)
