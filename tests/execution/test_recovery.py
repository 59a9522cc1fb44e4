"""The decision table of recovery, a test a row: attempt, history row, backup -> what it says and does."""

import fcntl
import os
import shutil

import pytest

from sodaf_nb.errors import MigrationCancelledError, MigrationRestoreError
from sodaf_nb.history import AttemptLog
from sodaf_nb.options import SyncOptions
from tests.acceptance.making import doctype, field

V1 = doctype(field("title"), field("gone"))
V2 = doctype(field("title"))


@pytest.fixture
def shop(world):
    world.sync(V1)
    world.insert("tabThing", [{"title": "a", "gone": "g"}])
    return world


def drop(world):
    return world.sync(V2, removed_fields="drop", accept={"DS03"})


def outcomes(world):
    return [attempt.outcome for attempt in world.applier.recover().attempts]


def start(world, migration_id="A"):
    AttemptLog(world.database).start(migration_id, "Thing", "beef", "2024-02-29T12:30:45+00:00")


def draft(world):
    made = world.backups / ".partial-01M8748M2TQDSRJ37KHE5P3D3S"
    made.mkdir(mode=0o700, parents=True)
    (made / "data.sqlite.zst").write_bytes(b"half")
    return made


def test_without_an_attempt_there_is_nothing_to_say(shop):
    assert outcomes(shop) == []


def test_started_without_a_backup_was_aborted(shop):
    start(shop)
    assert (outcomes(shop), outcomes(shop)) == (["aborted"], [])


def test_started_with_half_a_backup_was_aborted_and_the_half_is_deleted(shop):
    left = draft(shop)
    start(shop)
    assert outcomes(shop) == ["aborted"]
    assert not left.exists()


def test_a_draft_that_somebody_is_writing_stays(shop):
    held = draft(shop)
    fd = os.open(held, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        outcomes(shop)
        assert held.exists()
    finally:
        os.close(fd)
    outcomes(shop)
    assert not held.exists()


def test_started_with_a_published_backup_was_aborted_and_the_backup_stays(shop):
    start(shop)
    shop.applier.backups.create_backup("Thing", "tabThing", migration_id="A")
    assert outcomes(shop) == ["aborted"]
    (kept,) = shop.applier.backups.list_backups()
    assert shop.applier.backups.validate_backup(kept.id).verified


def test_started_with_its_history_row_is_done(shop, monkeypatch):
    monkeypatch.setattr(AttemptLog, "finish", lambda *_: None)
    drop(shop)
    monkeypatch.undo()
    assert (outcomes(shop), outcomes(shop)) == (["done"], [])


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_done_without_its_backup_cannot_be_taken_back_and_says_so_each_time(shop, harm):
    result = drop(shop)
    folder = next(shop.backups.glob("0*"))
    if harm == "missing":
        shutil.rmtree(folder)
    else:
        (folder / "manifest.json").write_bytes(b"{}")
    assert (outcomes(shop), outcomes(shop)) == (["rollback_unavailable"], ["rollback_unavailable"])
    with pytest.raises(MigrationRestoreError):
        shop.applier.rollback_migration(result.migration_id)


def test_done_without_its_history_row_is_for_a_person_to_decide(shop):
    shop.run("DELETE FROM tabMigrationHistory")
    assert (outcomes(shop), outcomes(shop)) == (["tampered"], ["tampered"])


def test_an_error_while_the_lock_is_given_back_does_not_make_a_migration_look_failed(shop, monkeypatch):
    from contextlib import contextmanager

    @contextmanager
    def troubled():
        yield
        raise KeyboardInterrupt

    job = shop.declare(V2).applier._job("Thing", SyncOptions(removed_fields="drop", accept={"DS03"}))
    monkeypatch.setattr(shop.database, "exclusive", troubled)
    assert shop.applier._executor.execute(job).outcome == "applied"


def test_an_interrupt_before_anything_began_is_told_in_words(shop, monkeypatch):
    job = shop.declare(V2).applier._job("Thing", SyncOptions(removed_fields="drop", accept={"DS03"}))
    monkeypatch.setattr(shop.database, "exclusive", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(MigrationCancelledError):
        shop.applier._executor.execute(job)


def test_a_rollback_that_failed_leaves_the_audit_log_whole(shop, monkeypatch):
    result = drop(shop)
    shutil.move(next(shop.backups.glob("0*")), shop.folder / "elsewhere")
    with pytest.raises(MigrationRestoreError):
        shop.applier.rollback_migration(result.migration_id)
    history = shop.applier.history
    assert history.audit.verify(history.get_migration_history()).problems == ()
