"""What is backed up before a migration: the least from which its rollback is exact, proven for each choice."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from sodaf_nb.backup import MigrationBackupManager
from sodaf_nb.errors import MigrationBackupError, MigrationRestoreError, UsageError
from sodaf_nb.options import RollbackOptions, SyncOptions
from tests.acceptance.making import World, doctype, field

V1 = doctype(field("title"), field("qty"), field("gone"), field("kept", "Int"))
V2 = doctype(field("title"), field("qty", "Int"), field("kept", "Int"))
ROWS = tuple(
    {"title": f"t{n}", "qty": q, "gone": f"g{n}", "kept": n} for n, q in enumerate(("1", "007", None, b"\x00\xff", "5"))
)
ANSWERS = {"removed_fields": "drop", "accept": {"DS03", "DS08"}}
SAVED = {"auto": "column", "column": "column", "full": "full", "incremental": "incremental"}


@pytest.fixture
def made(tmp_path):
    """Makes worlds whose backups are as asked for; all are closed in the end."""
    worlds = []

    def make(backup, **options):
        folder = tmp_path / f"{backup}{len(worlds)}"
        folder.mkdir()
        worlds.append(World(folder, backup=backup, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


def filled(world, rows=ROWS):
    world.sync(V1)
    world.insert("tabThing", rows)
    if world.applier.options.backup == "incremental":
        world.applier.backups.create_backup("Thing", "tabThing")
        world.run("UPDATE tabThing SET gone = 'since the base' WHERE name = 'R2'")
    return world


def newest(world):
    return world.applier.backups.list_backups()[0]


def test_an_incremental_backup_is_rehearsed_as_one_on_copies_of_what_it_builds_on(made, monkeypatch):
    world = filled(made("incremental"))
    taken, create = [], MigrationBackupManager.create_backup

    def noted(manager, *args, **given):
        taken.append(create(manager, *args, **given))
        return taken[-1]

    monkeypatch.setattr(MigrationBackupManager, "create_backup", noted)
    found = world.declare(V2).applier.dry_run("Thing", SyncOptions(**ANSWERS))
    assert found.rehearsal.success
    assert [backup.strategy for backup in taken] == ["incremental"]
    assert taken[0].base_id == newest(world).id


def test_an_incremental_backup_with_nothing_to_build_on_is_rehearsed_as_the_full_one_it_will_be(made):
    world = made("incremental")
    world.sync(V1)
    world.insert("tabThing", ROWS)
    assert world.declare(V2).applier.dry_run("Thing", SyncOptions(**ANSWERS)).rehearsal.success


@pytest.mark.parametrize("backup", SAVED)
def test_schema_and_rows_come_back_from_every_strategy_and_later_writes_stay(made, backup):
    world = filled(made(backup, batch_size=2))
    before = world.state()
    result = world.sync(V2, **ANSWERS)
    assert newest(world).strategy == SAVED[backup]
    assert Path(result.backup_path).name == newest(world).id
    world.run(
        "INSERT INTO tabThing (name, title, qty) VALUES ('new', 'n', 9)",
        "UPDATE tabThing SET qty = 77, title = 'edited' WHERE name = 'R1'",
        "DELETE FROM tabThing WHERE name = 'R3'",
    )
    world.applier.rollback_migration(result.migration_id)
    after = world.state()
    assert after.objects == before.objects
    assert after.columns == before.columns
    for key in ("R2", "R4", "R5"):
        assert after.rows["tabThing"][key] == before.rows["tabThing"][key]
    edited = before.rows["tabThing"]["R1"] | {"qty": ("text", "77"), "title": ("text", "edited")}
    assert after.rows["tabThing"]["R1"] == edited
    assert world.ask("SELECT title, qty, typeof(qty), gone FROM tabThing WHERE name = 'new'") == [
        ("n", "9", "text", None)
    ]
    assert "R3" not in after.rows["tabThing"]


@pytest.mark.parametrize("backup", SAVED)
def test_without_later_writes_a_rollback_and_its_rollback_are_exact(made, backup):
    world = filled(made(backup))
    before = world.state()
    result = world.sync(V2, **ANSWERS)
    after = world.state()
    undone = world.applier.rollback_migration(result.migration_id, RollbackOptions(accept="all"))
    assert world.state() == before
    world.applier.rollback_migration(undone.migration_id, RollbackOptions(accept="all"))
    assert world.state() == after


@pytest.mark.parametrize("backup", ["auto", "column"])
def test_a_column_backup_holds_the_key_and_what_is_at_risk_and_nothing_else(made, backup):
    world = filled(made(backup))
    world.sync(V2, **ANSWERS)
    assert newest(world).columns == ("name", "qty", "gone")


def test_the_history_keeps_the_definition_of_the_table_in_the_backup(made):
    world = filled(made("auto"))
    result = world.sync(V2, **ANSWERS)
    info = world.applier.history.get_migration(result.migration_id).rollback_info
    assert info["backup_sql"] == [newest(world).create_sql]
    assert '"kept"' not in info["backup_sql"][0]


@pytest.mark.parametrize("backup", SAVED)
def test_a_renamed_table_and_column_are_saved_by_their_present_names(made, backup):
    world = made(backup)
    world.sync(doctype(field("title"), field("qty"), name="Old"))
    world.insert("tabOld", ({"title": "a", "qty": "007"}, {"title": "b", "qty": "2"}))
    if backup == "incremental":
        world.applier.backups.create_backup("Old", "tabOld")
    before = world.state()
    world.doctypes.unregister("Old")
    options = {"renamed_from": "Old", "field_renames": {"qty": "amount"}, "accept": {"DS08"}}
    result = world.sync(doctype(field("title"), field("amount", "Int"), name="New"), **options)
    assert (newest(world).table, newest(world).strategy) == ("tabOld", SAVED[backup])
    world.applier.rollback_migration(result.migration_id)
    assert world.state() == before


KEY_RETYPED = doctype(field("title"), autoname="autoincrement")


def whole(world, reason):
    if reason == "the whole table is dropped":
        created = world.sync(V1)
        world.insert("tabThing", ROWS)
        return lambda: world.applier.rollback_migration(created.migration_id, RollbackOptions(accept="all"))
    if reason == "the key name itself changes":
        world.sync(doctype(field("title")))
        world.insert("tabThing", ({"name": "1", "title": "a"}, {"name": "2", "title": "b"}))
        return lambda: world.sync(KEY_RETYPED, accept="all")
    world.run("CREATE TABLE tabThing (name VARCHAR(140) PRIMARY KEY, title VARCHAR(140), qty VARCHAR(140))")
    world.insert("tabThing", ({"title": "a", "qty": "1"},))
    return lambda: world.sync(doctype(field("title"), field("qty", "Int")), accept="all")


@pytest.mark.parametrize(
    "reason",
    ["the whole table is dropped", "the key name itself changes", "name is no primary key that every row fills"],
)
def test_the_whole_table_is_saved_where_columns_would_not_be_enough(made, reason):
    world = made("auto")
    change = whole(world, reason)
    before = world.state()
    result = change()
    assert newest(world).strategy == "full"
    world.applier.rollback_migration(result.migration_id, RollbackOptions(accept="all"))
    assert world.state().rows == before.rows


@pytest.mark.parametrize(
    "reason",
    ["the whole table is dropped", "the key name itself changes", "name is no primary key that every row fills"],
)
def test_columns_that_would_not_be_enough_are_refused_before_anything_is_written(made, reason):
    world = made("column")
    change = whole(world, reason)
    before, raw = world.state(), world.file.read_bytes()
    with pytest.raises(MigrationBackupError, match=reason) as caught:
        change()
    assert 'backup="auto"' in caught.value.hint
    assert (world.state(), world.file.read_bytes()) == (before, raw)
    assert list(world.applier.backups.list_backups()) == []


def test_a_dry_run_of_what_would_be_refused_is_refused_too(made):
    world = made("column")
    whole(world, "the key name itself changes")
    world.declare(KEY_RETYPED)
    with pytest.raises(MigrationBackupError, match="would not be exact"):
        world.applier.dry_run("Thing", SyncOptions(accept="all"))


@pytest.mark.parametrize(
    ("backup", "shown"),
    [
        ("auto", {"columns": "name, gone, qty", "strategy": "column", "why": "nothing else is at risk"}),
        ("column", {"columns": "name, gone, qty", "strategy": "column", "why": "nothing else is at risk"}),
        ("full", {"columns": "all columns", "strategy": "full", "why": "as asked for"}),
        ("incremental", {"columns": "all columns", "strategy": "incremental", "why": "as asked for"}),
    ],
)
def test_a_dry_run_says_what_would_be_saved_and_why(made, backup, shown):
    world = filled(made(backup))
    world.declare(V2)
    files = sorted(world.folder.rglob("*"))
    dry = world.applier.dry_run("Thing", SyncOptions(**ANSWERS))
    assert dry.backup_preview == ({"table": "tabThing", "rows": 5, **shown},)
    assert f"({shown['strategy']}: {shown['why']})" in "\n".join(dry.notes())
    assert json.loads(dry.to_json())["backup_preview"] == [dict(dry.backup_preview[0])]
    assert sorted(world.folder.rglob("*")) == files, "nothing is left behind"
    world.sync(V2, **ANSWERS)
    assert newest(world).strategy == shown["strategy"]


def test_an_incremental_backup_without_a_base_is_a_full_one_and_that_is_said(made):
    world = made("incremental")
    world.sync(V1)
    world.insert("tabThing", ROWS)
    before = world.state()
    world.declare(V2)
    (shown,) = world.applier.dry_run("Thing", SyncOptions(**ANSWERS)).backup_preview
    assert (shown["strategy"], "no earlier backup" in shown["why"]) == ("full", True)
    result = world.sync(V2, **ANSWERS)
    assert [w for w in result.warnings if "backed up" in w] == [f"All of tabThing was backed up: {shown['why']}"]
    world.applier.rollback_migration(result.migration_id)
    assert world.state() == before


def test_a_rollback_from_a_chain_whose_base_is_gone_changes_nothing(made):
    world = filled(made("incremental"))
    result = world.sync(V2, **ANSWERS)
    base = newest(world).base_id
    assert base not in world.applier.backups.cleanup(older_than_days=0, keep={newest(world).id})
    shutil.rmtree(world.backups / base)
    before = world.state()
    with pytest.raises(MigrationRestoreError, match="what it builds on is missing"):
        world.applier.rollback_migration(result.migration_id)
    assert world.state() == before


@pytest.mark.parametrize("backup", SAVED)
def test_where_nothing_is_at_risk_nothing_is_saved(made, backup):
    world = made(backup)
    world.sync(V1)
    world.declare(V2)
    assert world.applier.dry_run("Thing", SyncOptions(**ANSWERS)).backup_preview == ()
    assert world.sync(V2, **ANSWERS).backup_path is None


@pytest.mark.parametrize("backup", ["none", "", None, "Full"])
def test_a_word_that_is_no_choice_of_backup_is_refused(made, backup):
    with pytest.raises(UsageError, match="choose from auto, full, column, incremental"):
        made(backup)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_size_below_one_is_refused(made, size):
    with pytest.raises(UsageError, match="batch size"):
        made("auto", batch_size=size)


def test_a_full_disk_stops_the_apply_and_leaves_no_backup(world, monkeypatch):
    world.sync(doctype(field("title"), field("gone")))
    world.insert("tabThing", [{"title": "a", "gone": "x"}])
    before, written = world.state(), []

    def full(fd, data):
        written.append(len(data))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("sodaf_nb.backup.store.os.write", full)
        with pytest.raises(MigrationBackupError, match="No space left on device"):
            world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
    assert written
    assert world.state() == before
    assert [path.name for path in world.backups.iterdir() if not path.name.startswith("audit-")] == []
    assert world.statuses() == ["applied", "failed"]
    world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})


def test_a_rehearsal_proves_the_way_back_from_what_an_apply_would_save(world, monkeypatch):
    world.sync(doctype(field("title"), field("gone")))
    world.insert("tabThing", [{"title": "a", "gone": "x"}])
    taken, real = [], MigrationBackupManager.create_backup

    def noted(self, *args, **kinds):
        taken.append((kinds["strategy"], kinds["columns"]))
        return real(self, *args, **kinds)

    monkeypatch.setattr(MigrationBackupManager, "create_backup", noted)
    world.declare(doctype(field("title")))
    dry = world.applier.dry_run("Thing", SyncOptions(removed_fields="drop", accept={"DS03"}))
    assert (dry.success, dry.rehearsal.rows_equal) == (True, True)
    assert taken == [("column", ("gone",))]
