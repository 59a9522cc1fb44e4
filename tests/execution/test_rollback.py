"""Taking migrations back: later writes stay, chains are respected, damaged backups change nothing."""

import json
import shutil
from pathlib import Path

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.errors import (
    BlockedMigrationError,
    MigrationBackupError,
    MigrationRestoreError,
    MigrationRollbackError,
    SodafError,
    UsageError,
)
from sodaf_nb.options import ApplyOptions, RollbackOptions
from tests.acceptance.making import doctype, field
from tests.backup.helpers import forge

V1 = doctype(field("title"), field("qty"), field("gone"))
V2 = doctype(field("title"), field("qty", "Int"))
ROWS = tuple({"title": f"t{n}", "qty": q, "gone": f"g{n}"} for n, q in enumerate(("1", "007", None, "x", "5")))
ANSWERS = {"removed_fields": "drop", "accept": {"DS03", "DS08"}}


@pytest.fixture
def changed(world):
    world.sync(V1)
    world.insert("tabThing", ROWS)
    world.before = world.state()
    world.result = world.sync(V2, **ANSWERS)
    return world


def test_inserted_rows_stay_deleted_rows_stay_deleted_edited_values_stay(changed):
    changed.run(
        "INSERT INTO tabThing (name, title, qty) VALUES ('new', 'n', 9)",
        "UPDATE tabThing SET qty = 77, title = 'edited' WHERE name = 'R1'",
        "DELETE FROM tabThing WHERE name = 'R4'",
    )
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.ask("SELECT name, title, qty, typeof(qty), gone FROM tabThing ORDER BY name") == [
        ("R1", "edited", "77", "text", "g0"),
        ("R2", "t1", "007", "text", "g1"),
        ("R3", "t2", None, "null", "g2"),
        ("R5", "t4", "5", "text", "g4"),
        ("new", "n", "9", "text", None),
    ]


def test_an_edit_to_nothing_is_a_later_write_as_well(changed):
    changed.run("UPDATE tabThing SET qty = NULL WHERE name = 'R1'")
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.ask("SELECT qty FROM tabThing WHERE name = 'R1'") == [(None,)]


def test_a_rollback_of_a_created_table_backs_up_its_rows_and_can_itself_be_taken_back(world):
    created = world.sync(V1)
    world.insert("tabThing", ROWS)
    before = world.state()
    with pytest.raises(BlockedMigrationError, match="DS02"):
        world.applier.rollback_migration(created.migration_id)
    assert world.state() == before
    undone = world.applier.rollback_migration(created.migration_id, RollbackOptions(accept={"DS02"}))
    assert world.state().columns == {}
    assert undone.backup_path
    assert [f.rule for f in undone.findings] == ["DS02"]
    world.applier.rollback_migration(undone.migration_id)
    assert world.state() == before
    assert world.statuses() == ["rolled_back", "rolled_back", "applied"]


def test_a_rollback_of_a_rollback_brings_the_change_again(changed):
    after = changed.state()
    undone = changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before
    with pytest.raises(BlockedMigrationError, match=r"DS03.*5 rows hold.*DS08: 2 values"):
        changed.applier.rollback_migration(undone.migration_id)
    assert changed.state() == changed.before
    again = changed.applier.rollback_migration(undone.migration_id, RollbackOptions(accept={"DS03", "DS08"}))
    assert changed.state() == after
    changed.applier.rollback_migration(again.migration_id)
    assert changed.state() == changed.before


def test_the_newest_goes_first(changed):
    newer = changed.sync(doctype(field("title", unique=1), field("qty", "Int")))
    before = changed.state()
    with pytest.raises(MigrationRollbackError, match=r"Newer migrations .* #3 Thing \(1 change\).*newest first"):
        changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == before
    changed.applier.rollback_migration(newer.migration_id)
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before


def test_migrations_of_other_tables_are_not_in_the_way(changed):
    changed.sync(doctype(field("title"), name="Other"))
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.ask("SELECT gone FROM tabThing WHERE name = 'R1'") == [("g0",)]


def test_a_rollback_needs_no_doctype(changed):
    changed.doctypes.unregister("Thing")
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before


def test_a_rollback_follows_the_record_and_not_the_doctype_of_today(changed):
    changed.declare(doctype(field("something"), field("else_", "Date")))
    changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before


def test_a_rollback_happens_once(changed):
    changed.applier.rollback_migration(changed.result.migration_id)
    with pytest.raises(MigrationRollbackError, match="rolled back: there is nothing to undo"):
        changed.applier.rollback_migration(changed.result.migration_id)


def test_an_unknown_migration_is_named(world):
    with pytest.raises(MigrationRollbackError, match="no migration 'NONE'"):
        world.applier.rollback_migration("NONE")


def test_a_dry_rollback_changes_nothing(changed):
    raw = changed.file.read_bytes()
    dry = changed.applier.dry_run_rollback(changed.result.migration_id)
    result = changed.applier.rollback_migration(changed.result.migration_id, RollbackOptions(dry_run=True))
    assert changed.file.read_bytes() == raw
    assert dry.success
    assert dry.sql == result.sql
    assert result.outcome == "not_applied"
    assert any("come back" in row["change"] for row in dry.to_rows())


@pytest.mark.parametrize("damage", ["flipped byte", "no data", "no folder", "cut"])
def test_a_damaged_backup_changes_nothing(changed, damage):
    from pathlib import Path

    folder = Path(changed.result.backup_path)
    data = next(file for file in folder.iterdir() if file.name.startswith("data"))
    if damage == "flipped byte":
        raw = bytearray(data.read_bytes())
        raw[len(raw) // 2] ^= 1
        data.write_bytes(raw)
    elif damage == "cut":
        data.write_bytes(data.read_bytes()[:-1])
    elif damage == "no data":
        data.unlink()
    else:
        shutil.rmtree(folder)
    before = changed.state()
    with pytest.raises(MigrationRestoreError):
        changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == before
    record = changed.applier.history.get_migration(changed.result.migration_id)
    assert record.status == "applied"
    assert changed.statuses() == ["applied", "applied", "failed"]


def test_no_backup_no_migration(world):
    world.sync(V1)
    world.insert("tabThing", ROWS)
    before = world.state()
    world.backups.write_text("a file where the folder should be")
    with pytest.raises(MigrationBackupError):
        world.sync(V2, **ANSWERS)
    assert world.state() == before
    assert world.statuses() == ["applied", "failed"]


def test_a_rollback_is_refused_when_the_schema_moved_by_hand(changed):
    changed.run("ALTER TABLE tabThing DROP COLUMN qty")
    before = changed.state()
    with pytest.raises(SodafError, match=r"qty|tabThing"):
        changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == before


def test_what_somebody_added_since_survives_a_rollback(changed):
    changed.run(
        "CREATE INDEX mine ON tabThing (title)",
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER spy AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (new.name); END",
    )
    changed.applier.rollback_migration(changed.result.migration_id)
    assert {"index mine", "trigger spy"} <= {f"{kind} {name}" for kind, name, _ in changed.state().objects}
    assert changed.ask("SELECT count(*) FROM log") == [(0,)], "a rollback is no edit: no trigger fires"
    assert changed.ask("SELECT gone FROM tabThing WHERE name = 'R1'") == [("g0",)]


def test_a_backfill_fires_no_trigger(world):
    world.sync(doctype(field("title")))
    world.insert("tabThing", ({"title": "a"},))
    world.run(
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER spy AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (new.name); END",
    )
    world.sync(doctype(field("title"), field("qty", "Int")), backfill={"qty": 1})
    assert world.ask("SELECT qty FROM tabThing") == [(1,)]
    assert world.ask("SELECT count(*) FROM log") == [(0,)]


def test_rows_written_before_a_required_unique_field_comes_back_are_looked_at_by_the_engine(world):
    world.sync(doctype(field("title"), field("code", required=1, unique=1)))
    world.insert("tabThing", ({"code": "1"}, {"code": "2"}))
    dropped = world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
    world.run("INSERT INTO tabThing (name) VALUES ('one'), ('two')")
    before = world.state()
    with pytest.raises(SodafError):
        world.applier.rollback_migration(dropped.migration_id)
    assert world.state() == before


def test_a_migration_that_was_taken_back_meanwhile_is_not_taken_back_again(changed):
    job = changed.applier._rollback_job(changed.applier._in_force(changed.result.migration_id), RollbackOptions())
    changed.applier.rollback_migration(changed.result.migration_id)
    with pytest.raises(MigrationRollbackError, match="nothing to undo"):
        changed.applier._executor.execute(job)
    assert changed.state() == changed.before


def test_two_rollbacks_of_one_migration_at_the_same_schema_end_with_one(world):
    """An empty change of nothing but the history: both plans fit the schema, only the first finds it in force."""
    world.sync(doctype(field("title")))
    result = world.sync(doctype(field("title"), field("qty")))
    job = world.applier._rollback_job(world.applier._in_force(result.migration_id), RollbackOptions())
    world.run(f"UPDATE tabMigrationHistory SET status = 'rolled_back' WHERE id = '{result.migration_id}'")
    before = world.state()
    with pytest.raises(MigrationRollbackError, match="is rolled back: there is nothing to undo"):
        world.applier._executor.execute(job)
    assert world.state() == before


def test_values_written_since_stop_a_rollback_that_would_drop_them(world):
    world.sync(doctype(field("title")))
    world.insert("tabThing", ({"title": "a"}, {"title": "b"}, {"title": "c"}))
    added = world.sync(doctype(field("title"), field("city"), field("size", "Int", default="3")))
    world.run("UPDATE tabThing SET city = 'Oslo', size = 4 WHERE name = 'R2'")
    before = world.state()
    with pytest.raises(BlockedMigrationError, match=r"tabThing\.city .* 1 row .*tabThing\.size .* 1 row"):
        world.applier.rollback_migration(added.migration_id)
    assert world.state() == before
    assert world.statuses() == ["applied", "applied"]
    undone = world.applier.rollback_migration(added.migration_id, RollbackOptions(accept={"DS03"}))
    record = world.applier.history.get_migration(undone.migration_id)
    assert record.metadata["accepted"] == ["DS03"]
    world.applier.rollback_migration(undone.migration_id)
    assert world.state() == before


def test_values_that_no_longer_convert_stop_a_rollback(world):
    world.sync(doctype(field("qty", "Int")))
    world.insert("tabThing", ({"qty": 1}, {"qty": 2}))
    retyped = world.sync(doctype(field("qty")))
    world.run("UPDATE tabThing SET qty = 'many' WHERE name = 'R2'")
    before = world.state()
    with pytest.raises(BlockedMigrationError) as stop:
        world.applier.rollback_migration(retyped.migration_id)
    assert [(f.rule, f.count, f.samples) for f in stop.value.findings] == [("DS08", 1, ("R2",))]
    assert world.state() == before


@pytest.mark.parametrize(
    ("old", "new", "filler"), [(None, "Data", "n/a"), ("Data", "Data", "n/a"), ("Int", "Date", "1900-01-01")]
)
def test_what_a_migration_filled_is_no_loss_and_comes_again_with_a_redo(world, old, new, filler):
    world.sync(doctype(field("title"), *([field("code", old)] if old else [])))
    world.insert("tabThing", ({"title": "a"}, {"title": "b"}))
    before = world.state()
    filled = world.sync(doctype(field("title"), field("code", new, required=1)), backfill={"code": filler})
    after = world.state()
    assert world.ask("SELECT DISTINCT code FROM tabThing") == [(filler,)]
    undone = world.applier.rollback_migration(filled.migration_id)
    assert world.state() == before
    again = world.applier.rollback_migration(undone.migration_id)
    assert world.state() == after
    world.run("UPDATE tabThing SET code = '2000-02-02' WHERE name = 'R2'")
    dry = world.applier.dry_run_rollback(again.migration_id)
    lost = [f.count for f in dry.findings if f.rule in ("DS03", "DS08")]
    assert lost == ([] if old == "Data" else [1])
    assert dry.success is (old == "Data")


def test_a_moved_working_directory_and_a_moved_backup_directory_are_no_obstacle(changed, tmp_path):
    other = MigrationApplier(changed.database, changed.doctypes, ApplyOptions(backup_dir=tmp_path / "another"))
    assert other.dry_run_rollback(changed.result.migration_id).success
    other.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before


def test_a_backup_that_is_nowhere_is_said_with_the_places(changed, tmp_path):
    changed.backups.rename(tmp_path / "moved")
    other = MigrationApplier(changed.database, changed.doctypes, ApplyOptions(backup_dir=tmp_path / "another"))
    with pytest.raises(MigrationRestoreError, match=r"not in .*another nor in .*backups\."):
        other.rollback_migration(changed.result.migration_id)
    found = MigrationApplier(changed.database, changed.doctypes, ApplyOptions(backup_dir=tmp_path / "moved"))
    found.rollback_migration(changed.result.migration_id)
    assert changed.state() == changed.before


def test_a_backup_that_was_exchanged_for_another_sound_one_is_refused(changed):
    folder = Path(changed.result.backup_path)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    forge(folder, note="exchanged")
    assert manifest["id"] == folder.name
    before = changed.state()
    with pytest.raises(MigrationRestoreError, match="another one than the history knows"):
        changed.applier.rollback_migration(changed.result.migration_id)
    assert changed.state() == before


def test_newer_migrations_of_the_table_are_taken_back_with_an_older_one(changed):
    changed.sync(doctype(field("title", unique=1), field("qty", "Int")))
    changed.sync(doctype(field("title"), name="Other"))
    changed.sync(doctype(field("title", unique=1), field("qty", "Int"), field("more")))
    other = changed.ask("SELECT * FROM tabOther")
    batch = changed.applier.rollback_through(changed.result.migration_id)
    assert list(batch.results) == ["#5 Thing", "#3 Thing", "#2 Thing"]
    assert batch.success
    assert changed.ask("SELECT * FROM tabOther") == other
    changed.run("DROP TABLE tabOther")
    assert changed.state() == changed.before


def test_a_way_back_through_several_stops_at_the_first_that_fails_and_says_so(changed):
    changed.sync(doctype(field("title"), field("qty", "Int"), field("more")))
    changed.sync(doctype(field("title", unique=1), field("qty", "Int"), field("more")))
    changed.run("UPDATE tabThing SET more = 'written' WHERE name = 'R1'")
    batch = changed.applier.rollback_through(changed.result.migration_id)
    assert (list(batch.results), list(batch.errors)) == (["#4 Thing"], ["#3 Thing"])
    assert "DS03" in batch.failed["#3 Thing"]
    assert changed.statuses() == ["applied", "applied", "applied", "rolled_back", "applied"]


def test_a_way_back_through_several_is_tried_in_its_order_and_changes_nothing(changed):
    changed.sync(doctype(field("title", unique=1), field("qty", "Int")))
    changed.sync(doctype(field("title", unique=1), field("qty", "Int"), field("more")))
    changed.run("UPDATE tabThing SET more = 'written' WHERE name = 'R1'")
    raw, backups = changed.file.read_bytes(), changed.applier.backups.list_backups()
    found = changed.applier.dry_run_through(changed.result.migration_id)
    assert list(found.results) == ["#4 Thing", "#3 Thing", "#2 Thing"]
    assert found.heading() == "Dry run of a rollback of 3 migrations: stops at #4 Thing"
    assert [result.success for result in found.results.values()] == [False, True, True]
    assert {result.rehearsal.to_text() for result in found.results.values()} == {
        "Rehearsed on a copy with all 5 rows: up and back, rows and objects equal."
    }
    assert any("DS03" in note for note in found.notes())
    options = RollbackOptions(accept="all")
    again = changed.applier.dry_run_through(changed.result.migration_id, options)
    assert again.success
    assert again.heading().endswith("ready to apply")
    assert (changed.file.read_bytes(), changed.applier.backups.list_backups()) == (raw, backups)
    assert again.to_rows()[0]["migration"] == "#4 Thing"
    changed.applier.rollback_through(changed.result.migration_id, options)
    assert changed.state() == changed.before


def test_a_way_back_through_several_says_which_cannot_be_tried(changed):
    changed.sync(doctype(field("title"), field("qty", "Int"), field("more")))
    changed.run("ALTER TABLE tabThing DROP COLUMN more")
    found = changed.applier.dry_run_through(changed.result.migration_id)
    assert (found.success, list(found.results), list(found.errors)) == (False, [], ["#3 Thing"])
    assert found.failed["#3 Thing"] in found.notes()[0]


def test_several_are_tried_by_a_method_of_its_own(changed):
    with pytest.raises(UsageError):
        changed.applier.rollback_through(changed.result.migration_id, RollbackOptions(dry_run=True))


@pytest.fixture
def edited(changed):
    changed.run(
        "UPDATE tabThing SET qty = 77 WHERE name = 'R1'",
        "UPDATE tabThing SET qty = NULL WHERE name = 'R5'",
        "UPDATE tabThing SET title = 'new title' WHERE name = 'R2'",
        "INSERT INTO tabThing (name, qty) VALUES ('new', 5)",
    )
    return changed


VALUES = "SELECT name, qty FROM tabThing ORDER BY name"
FATE = "2 values of tabThing.qty edited since the migration: "


def test_values_edited_since_are_listed_before_and_kept(edited):
    dry = edited.applier.dry_run_rollback(edited.result.migration_id)
    assert dry.success
    assert dry.conflicts == (f"{FATE}the newer ones stay, where the column can hold them, such as 'R1', 'R5'.",)
    assert FATE in repr(dry)
    assert "R1" not in str(edited.applier.dry_run_rollback(edited.result.migration_id, RollbackOptions(mask=("name",))))
    undone = edited.applier.rollback_migration(edited.result.migration_id)
    assert undone.warnings == dry.conflicts
    assert edited.ask(VALUES) == [("R1", "77"), ("R2", "007"), ("R3", None), ("R4", "x"), ("R5", None), ("new", "5")]


def test_the_older_values_can_be_taken_and_what_they_overwrote_comes_back_with_a_redo(edited):
    older = RollbackOptions(on_conflict="take_older")
    before = edited.state()
    dry = edited.applier.dry_run_rollback(edited.result.migration_id, older)
    assert (dry.success, dry.conflicts) == (True, (f"{FATE}OVERWRITTEN by those of the backup, such as 'R1', 'R5'.",))
    undone = edited.applier.rollback_migration(edited.result.migration_id, older)
    assert edited.ask(VALUES) == [("R1", "1"), ("R2", "007"), ("R3", None), ("R4", "x"), ("R5", "5"), ("new", "5")]
    assert edited.ask("SELECT title FROM tabThing WHERE name = 'R2'") == [("new title",)]
    redo = RollbackOptions(accept={"DS03", "DS08"}, on_conflict="take_older")
    edited.applier.rollback_migration(undone.migration_id, redo)
    assert edited.state() == before


def test_a_value_edited_since_can_stop_a_rollback(edited):
    before = edited.state()
    stop = RollbackOptions(on_conflict="stop")
    dry = edited.applier.dry_run_rollback(edited.result.migration_id, stop)
    assert (dry.success, "STOP the rollback" in dry.rehearsal.problem) == (False, True)
    with pytest.raises(MigrationRollbackError, match=r"2 values of tabThing\.qty .* STOP .* 'R1', 'R5'"):
        edited.applier.rollback_migration(edited.result.migration_id, stop)
    assert edited.state() == before
    assert edited.statuses() == ["applied", "applied", "failed"]


@pytest.mark.parametrize("policy", ["keep_newer", "take_older", "stop"])
def test_without_edits_every_policy_ends_the_same(changed, policy):
    options = RollbackOptions(on_conflict=policy)
    assert changed.applier.dry_run_rollback(changed.result.migration_id, options).conflicts == ()
    changed.applier.rollback_migration(changed.result.migration_id, options)
    assert changed.state() == changed.before


def test_an_empty_table_that_a_rollback_drops_comes_back_without_a_backup(world):
    world.sync(doctype(field("title")))
    newest = world.applier.history.get_latest("Thing")
    before = world.state()

    assert world.applier.dry_run_rollback(newest.id).rehearsal.success
    undone = world.applier.rollback_migration(newest.id)
    assert world.state() != before
    world.applier.rollback_migration(undone.migration_id)

    assert world.state() == before
