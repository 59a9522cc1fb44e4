"""Migrations with encrypted backups and with retention, from the apply to the rollback."""

import logging
from contextlib import contextmanager

import pytest

from sodaf_nb import ApplyOptions, Retention, RollbackOptions
from sodaf_nb.backup.encryption import FILE_VARIABLE, VARIABLE
from sodaf_nb.database import exclusive
from sodaf_nb.errors import LockedError, MigrationBackupError, MigrationRestoreError, UsageError
from sodaf_nb.execution import backup_ties
from tests.acceptance.making import World, doctype, field
from tests.backup.keys import Pair, stanzas

V1 = doctype(field("title"), field("qty"), field("gone"))
V2 = doctype(field("title"), field("qty", "Int"))
ROWS = tuple({"title": f"t{n}", "qty": q, "gone": f"g{n}"} for n, q in enumerate(("1", "007", None, "x", "5")))
ANSWERS = {"removed_fields": "drop", "accept": {"DS03", "DS08"}}


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


@pytest.fixture
def pairs(tmp_path):
    return [Pair(tmp_path, name) for name in ("ann", "bob", "eve")]


@contextmanager
def world_with(folder, **options):
    world = World(folder, **options)
    try:
        yield world
    finally:
        world.close()


def changed(world):
    """Apply V1, insert rows, apply V2 and return the state between the two and the second result."""
    world.sync(V1)
    world.insert("tabThing", ROWS)
    return world.state(), world.sync(V2, **ANSWERS)


def test_each_of_two_recipients_rolls_back_and_a_third_person_cannot(tmp_path, pairs, monkeypatch):
    ann, bob, eve = pairs
    with world_with(tmp_path, recipients=(ann.public, bob.public)) as world:
        before, result = changed(world)
        (data,) = world.backups.glob("*/data*")
        assert stanzas(data.read_bytes()) == 3
        after = world.state()
        with pytest.raises(MigrationRestoreError, match="no secret key is at hand") as caught:
            world.applier.rollback_migration(result.migration_id)
        assert VARIABLE in caught.value.hint
        assert world.state() == after
        monkeypatch.setenv(VARIABLE, eve.secret)
        with pytest.raises(MigrationRestoreError, match="no matching keys"):
            world.applier.rollback_migration(result.migration_id)
        assert world.state() == after
        monkeypatch.setenv(VARIABLE, bob.secret)
        undone = world.applier.rollback_migration(result.migration_id)
        assert world.state() == before
        again = world.applier.rollback_migration(undone.migration_id, RollbackOptions(accept={"DS03", "DS08"}))
        assert world.state() == after
    monkeypatch.delenv(VARIABLE)
    with world_with(tmp_path, recipients=(ann.public, bob.public), identity=ann.file) as world:
        world.declare(V2).applier.rollback_migration(again.migration_id)
        assert world.state() == before


def test_a_secret_shows_in_no_result_no_history_no_log_and_no_file(tmp_path, pairs, monkeypatch, caplog, capfd):
    ann, bob, eve = pairs
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(VARIABLE, eve.secret)
    home = tmp_path / "world"
    home.mkdir()
    shown = []
    with world_with(home, recipients=(ann.public, bob.public), retention=Retention(keep_last=5)) as world:
        shown += [repr(world.applier.options), repr(world.applier), repr(world.applier.backups)]
        _before, result = changed(world)
        shown += [repr(result), result.to_json(), result._repr_html_()]
        with pytest.raises(MigrationRestoreError) as caught:
            world.applier.rollback_migration(result.migration_id)
        shown.append(repr(caught.value) + str(caught.value))
        monkeypatch.setenv(VARIABLE, ann.secret)
        undone = world.applier.rollback_migration(result.migration_id)
        listed = world.applier.backups.list_backups()
        shown += [repr(undone), undone.to_json(), repr(listed), repr(listed.to_frame().to_dict())]
        shown += [repr(world.applier.history.get_migration_history()[:])]
    shown += [caplog.text, *capfd.readouterr()]
    everything = "\n".join(shown).encode() + b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
    assert b"AGE-SECRET-KEY" not in everything.upper()
    for pair in pairs:
        assert pair.secret[16:40].encode() not in everything.upper()


def test_options_never_show_what_may_be_a_secret(pairs):
    shown = repr(ApplyOptions(recipients=(pairs[0].secret,), identity=pairs[0].secret))
    assert "AGE-SECRET" not in shown


def test_a_recipient_that_is_none_stops_before_the_database_is_touched(tmp_path):
    with pytest.raises(UsageError, match="Recipient 1"):
        World(tmp_path, recipients=("age1nobody",))
    assert not (tmp_path / "shop.db").exists() or (tmp_path / "shop.db").stat().st_size == 0


def test_a_key_file_that_others_read_stops_the_migration_and_nothing_was_changed(tmp_path, pairs):
    pairs[0].file.chmod(0o644)
    with world_with(tmp_path, recipients=(pairs[0].public,), identity=pairs[0].file) as world:
        world.sync(V1)
        world.insert("tabThing", ROWS)
        before = world.state()
        with pytest.raises(MigrationBackupError, match="mode 0644"):
            world.sync(V2, **ANSWERS)
        assert world.state() == before
        assert world.statuses() == ["applied", "failed"]
        assert not world.backups.exists()


# ---------------------------------------------------------------- retention


def backup_ids(world):
    return [backup.id for backup in world.applier.backups.list_backups()][::-1]


def test_without_retention_nothing_is_ever_deleted(world):
    changed(world)
    world.applier.backups.create_backup("Thing", "tabThing")
    world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
    assert len(backup_ids(world)) == 3


def test_after_each_migration_the_rules_hold_and_every_rollback_still_works(tmp_path):
    with world_with(tmp_path, retention=Retention(keep_days=0)) as world:
        first, one = changed(world)
        world.applier.backups.create_backup("Thing", "tabThing")
        assert len(backup_ids(world)) == 2
        second = world.state()
        two = world.sync(doctype(field("title")), removed_fields="drop", accept={"DS03"})
        assert len(backup_ids(world)) == 2  # the one by hand is gone, those of migrations in force stay
        assert len(two.metadata["removed_backups"]) == 1
        assert not any("cleaned up" in warning for warning in two.warnings)
        world.applier.rollback_migration(two.migration_id)
        assert world.state() == second
        assert len(backup_ids(world)) == 1
        undone = world.applier.rollback_migration(one.migration_id)
        assert world.state() == first
        assert set(backup_ids(world)) == backup_ties(world.database).needed
        world.applier.rollback_migration(undone.migration_id, RollbackOptions(accept={"DS03", "DS08"}))
        assert world.state() == second


def test_a_cleanup_that_fails_is_a_warning_and_the_migration_stands(tmp_path, monkeypatch):
    with world_with(tmp_path, retention=Retention(keep_days=0)) as world:
        world.sync(V1)
        world.insert("tabThing", ROWS)
        world.applier.backups.create_backup("Thing", "tabThing")

        def refuse(*_args):
            raise OSError(13, "Permission denied")

        for error, text in ((refuse, "Permission denied"), (interrupt, "KeyboardInterrupt")):
            with monkeypatch.context() as patch:
                patch.setattr("sodaf_nb.backup.store.BackupStore.remove", error)
                result = world.sync(V2, **ANSWERS)
            assert result.outcome == "applied"
            assert "Old backups were not cleaned up" in result.warnings[-1]
            assert text in result.warnings[-1]
            assert world.statuses()[-1] == "applied"
            world.applier.rollback_migration(result.migration_id)
            world.declare(V1)
            world.applier.backups.create_backup("Thing", "tabThing")


def interrupt(*_args):
    raise KeyboardInterrupt


def test_the_backup_of_a_migration_that_failed_after_it_goes_like_any_other(tmp_path):
    def progress(what, _done, _total):
        if what == "verify" and breaking:
            raise RuntimeError("no")

    breaking = []
    with world_with(tmp_path, progress=progress) as world:
        world.sync(V1)
        world.insert("tabThing", ROWS)
        breaking.append(1)
        with pytest.raises(Exception, match="no"):
            world.sync(V2, **ANSWERS)
        (orphan,) = backup_ids(world)
        result = world.applier.backups.prune(Retention(keep_days=0))
        assert result.removed == (orphan,)


def test_a_cleanup_beside_a_running_migration_is_refused(world):
    world.sync(V1)
    with exclusive(world.database.uri, world.database.file), pytest.raises(LockedError):
        world.applier.backups.cleanup()


def test_two_databases_of_one_name_in_one_directory_leave_each_others_backups_alone(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "backups").symlink_to(tmp_path / "a" / "backups")
    with world_with(tmp_path / "a") as one, world_with(tmp_path / "b") as two:
        changed(one)
        first, result = changed(two)
        result = two.applier.rollback_migration(result.migration_id)
        pruned = one.applier.backups.prune(Retention(keep_last=0))
        assert pruned.removed == ()
        assert {v.reason for v in pruned.verdicts} == {"a rollback may need it", "it belongs to another database"}
        assert two.state() == first


def test_a_fresh_database_knows_of_no_migration(world):
    assert backup_ties(world.database).migrations == frozenset()
    assert backup_ties(world.database).needed == frozenset()


@pytest.mark.parametrize("strategy", ["column", "incremental"])
def test_an_encrypted_column_or_incremental_backup_brings_schema_and_rows_back(tmp_path, pairs, strategy):
    ann, bob, _eve = pairs
    with world_with(tmp_path, recipients=(ann.public, bob.public), identity=ann.file, backup=strategy) as world:
        world.sync(V1)
        world.insert("tabThing", ROWS)
        world.applier.backups.create_backup("Thing", "tabThing")
        world.run("UPDATE tabThing SET gone = 'since the base' WHERE name = 'R2'")
        before, result = world.state(), world.sync(V2, **ANSWERS)
        saved = world.applier.backups.list_backups()[0]
        assert (saved.strategy, saved.note) == (strategy, "")
        assert saved.recipients == (ann.public, bob.public)
        assert not any(data.read_bytes().find(b"since the base") >= 0 for data in world.backups.glob("*/data*"))
        after = world.state()
    with world_with(tmp_path, backup=strategy) as world:
        with pytest.raises(MigrationRestoreError, match="no secret key is at hand"):
            world.declare(V2).applier.rollback_migration(result.migration_id)
        assert world.state() == after
    with world_with(tmp_path, identity=bob.file, backup=strategy) as world:
        world.declare(V2).applier.rollback_migration(result.migration_id)
        assert world.state() == before


def test_an_incremental_backup_on_an_encrypted_one_needs_a_key_that_opens_it(tmp_path, pairs):
    ann, bob, _eve = pairs
    with world_with(tmp_path, recipients=(ann.public,), backup="incremental") as world:
        world.sync(V1)
        world.insert("tabThing", ROWS)
        backups = world.applier.backups
        base = backups.create_backup("Thing", "tabThing")
        assert backups.preview_backup("tabThing", strategy="incremental")[0] == "full"
        taken = backups.create_backup("Thing", "tabThing", strategy="incremental")
        assert taken.strategy == "full"
        assert "no secret key is at hand" in taken.note
        with pytest.raises(MigrationBackupError, match="no secret key is at hand") as caught:
            backups.create_backup("Thing", "tabThing", strategy="incremental", base_id=base.id)
        assert VARIABLE in caught.value.hint
    with world_with(tmp_path, recipients=(bob.public,), identity=ann.file) as world:
        taken = world.applier.backups.create_backup("Thing", "tabThing", strategy="incremental")
        assert taken.strategy == "full"
        assert "not all of the recipients" in taken.note


def test_a_key_file_that_is_not_there_lets_nothing_build_on_an_encrypted_backup(tmp_path, pairs):
    ann, _bob, _eve = pairs
    with world_with(tmp_path, recipients=(ann.public,), identity=tmp_path / "nowhere.key") as world:
        world.sync(V1)
        with world_with(tmp_path, recipients=(ann.public,)) as other:
            other.applier.backups.create_backup("Thing", "tabThing")
        strategy, note = world.applier.backups.preview_backup("tabThing", strategy="incremental")
        assert (strategy, "no secret key is at hand" in note) == ("full", True)
